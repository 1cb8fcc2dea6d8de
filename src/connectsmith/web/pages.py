"""The start page, the callback and its outcome: plain HTML, no script, nothing fetched or logged.

A callback is never answered with a page: the address that holds code and state must not stay in
the browser, where it could be read, kept, or copied to somebody who asks for it.
"""

import base64
import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from importlib.resources import files
from typing import Final, assert_never
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from connectsmith.errors import (
    AuthorizationEnded,
    CallbackRefused,
    ConnectsmithError,
    Fault,
    SignInRequired,
)
from connectsmith.service.browser_steps import Arrival, Outcome
from connectsmith.service.caller import Caller
from connectsmith.service.desks import Desks
from connectsmith.web.cookies import PageCookies, urls_of
from connectsmith.web.rendering import templates
from connectsmith.web.visit import Visit

CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
LONGEST_QUERY: Final = 16 * 1024
TYPED_LIFETIME: Final = 600
TYPED_LENGTH: Final = 8
"""Characters that `Randomness.typed` makes."""

_STYLE: Final = (files("connectsmith.web") / "static" / "outside-style.css").read_text("utf-8")
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
# No `form-action`: Chromium checks the redirects of a form against it, and the start page's form
# ends at whatever authorization server the definition names.
HEADERS: Final = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
STATUS_OF_FAULT: Final = {
    Fault.CALLER: HTTPStatus.BAD_REQUEST,
    Fault.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Fault.OURS: HTTPStatus.INTERNAL_SERVER_ERROR,
}


def _desks(request: Request) -> Desks:
    desks: Desks = request.app.state.desks
    return desks


def _page(
    request: Request, template: str, *, status: int = HTTPStatus.OK, **context: object
) -> Response:
    name = _desks(request).rules.installation_name
    html = templates().get_template(template).render(style=_STYLE, installation=name, **context)
    return Response(html, status_code=status, media_type="text/html", headers=HEADERS)


def _failure(
    request: Request, message: str, code: str, *, status: int, connector: str = ""
) -> Response:
    return _page(
        request, "failed.html", status=status, connector=connector, message=message, code=code
    )


def _failed(request: Request, error: ConnectsmithError) -> Response:
    status = STATUS_OF_FAULT.get(error.fault, HTTPStatus.CONFLICT)
    if isinstance(error, AuthorizationEnded):
        status = HTTPStatus.GONE
    return _failure(request, error.message, error.code, status=status)


def _leave(url: str) -> RedirectResponse:
    return RedirectResponse(url, status_code=HTTPStatus.SEE_OTHER, headers=HEADERS)


# -- cookies: one for each authorization, so that several can be under way in one browser ----------


_PREFIXES: Final = {True: "__Host-connectsmith_", False: "connectsmith_"}


@dataclass(frozen=True, slots=True)
class Jar:
    """How cookies are named and sent.

    Over https no other host can set them (`__Host-`, which asks for the path `/`). Plain http is
    for loopback only; some browsers keep no `Secure` cookie there.
    """

    secure: bool
    prefixes: tuple[str, ...]
    """What stands before an authorization's id: in what is put, and in what else is read."""

    @classmethod
    def of(cls, request: Request) -> "Jar":
        """Return the jar for a browser."""
        by_https = [each.startswith("https:") for each in urls_of(request)]
        return cls(by_https[0], tuple(_PREFIXES[each] for each in by_https))

    def put(self, response: Response, name: str, value: str, *, connector: str, age: int) -> None:
        """Give the browser a cookie for the callback of a connector."""
        response.set_cookie(
            self.prefixes[0] + name,
            value,
            max_age=age,
            path="/" if self.secure else f"/oauth/callback/{connector}",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )

    def read(self, request: Request) -> dict[str, str]:
        """Return the browser's cookies by what they were put as."""
        return {
            name.removeprefix(prefix): value
            for prefix in reversed(self.prefixes)
            for name, value in request.cookies.items()
            if name.startswith(prefix)
        }


def _typed(authorization: str) -> str:
    return f"typed_{authorization}"


# -- pages ----------------------------------------------------------------------------------------


async def start(request: Request) -> Response:
    """Show one button; a GET changes nothing, so that link previews do no harm."""
    try:
        session = await session_of(request)
        invitation = await _desks(request).browser.invite(
            request.path_params["value"], session.token if session else None
        )
    except ConnectsmithError as error:
        return _failed(request, error)
    return _page(
        request,
        "start.html",
        connector=invitation.connector_name,
        host=invitation.host,
        scopes=invitation.scopes,
    )


async def depart(request: Request) -> Response:
    """Use the start link up, set this authorization's cookie, send the browser on."""
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return _failure(
            request,
            "Press the button on this site's own page.",
            "cross_site",
            status=HTTPStatus.FORBIDDEN,
        )
    desks = _desks(request)
    try:
        session = await session_of(request)
        departure = await desks.browser.depart(
            request.path_params["value"], session.token if session else None
        )
    except ConnectsmithError as error:
        return _failed(request, error)
    response = _leave(departure.url)
    Jar.of(request).put(
        response,
        departure.authorization,
        departure.cookie,
        connector=departure.connector,
        age=departure.lifetime_seconds,
    )
    return response


async def callback(request: Request) -> Response:
    """Take what the authorization server sends back through the browser."""
    if _is_not_a_visit(request):
        return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE, headers=HEADERS)
    desks, connector = _desks(request), request.path_params["connector"]
    jar = Jar.of(request)
    query = request.scope["query_string"][: LONGEST_QUERY + 1].decode("latin-1")
    session = await session_of(request)
    try:
        arrival = await desks.browser.arrive(
            connector, query, jar.read(request), session.token if session else None
        )
    except CallbackRefused:
        return _leave(f"/oauth/callback/{quote(connector)}/refused")
    except ConnectsmithError as error:
        return _failed(request, error)
    if arrival.in_session and session is not None:
        with suppress(ConnectsmithError):  # what became of it stands in its record
            await desks.authorizations.finish(session, arrival.authorization)
    return _arrived(arrival, connector, jar)


def _is_not_a_visit(request: Request) -> bool:
    """Tell whether a browser only looks ahead: that must not use the state up."""
    purpose = request.headers.get("sec-purpose", request.headers.get("purpose", ""))
    return request.method == "HEAD" or purpose.startswith(("prefetch", "preview"))


def _arrived(arrival: Arrival, connector: str, jar: Jar) -> Response:
    if arrival.url is not None:
        return _leave(arrival.url)
    response = _leave(f"/oauth/callback/{connector}/{arrival.authorization}")
    if arrival.typed is not None:
        name = _typed(arrival.authorization)
        jar.put(response, name, arrival.typed, connector=connector, age=TYPED_LIFETIME)
    return response


async def session_of(request: Request) -> Caller | None:
    """Return the operator's session that the browser is signed in with, if any."""
    value = PageCookies.of(request).read(request, "session")
    if value is None:
        return None
    try:
        return (await _desks(request).sign_in.recognise(value)).caller
    except SignInRequired:
        return None


async def arrival(request: Request) -> Response:
    """Let a browser find out that this address arrives here: answer its challenge.

    Any page may ask: the answer says nothing but which installation gives it.
    """
    challenge = request.query_params.get("challenge", "")
    if not CHALLENGE.fullmatch(challenge):
        return Response(status_code=HTTPStatus.BAD_REQUEST, headers=HEADERS)
    answer = _desks(request).arrivals.answer(request.path_params["connector"], challenge)
    return JSONResponse({"answer": answer}, headers=HEADERS | {"Access-Control-Allow-Origin": "*"})


async def refused(request: Request) -> Response:
    """Say that a callback belonged to nothing this browser began."""
    return _failure(
        request,
        "What came back belongs to no sign-in that this browser began here, so it was thrown "
        "away. Start the connection again, and finish it in the same browser.",
        CallbackRefused.code,
        status=HTTPStatus.BAD_REQUEST,
    )


async def outcome(request: Request) -> Response:
    """Show what became of an authorization, at an address that holds neither code nor state."""
    desks = _desks(request)
    connector, authorization = request.path_params["connector"], request.path_params["outcome"]
    cookies = Jar.of(request).read(request)
    try:
        told = await desks.browser.outcome(connector, authorization, cookies.get(authorization, ""))
    except ConnectsmithError as error:
        return _failed(request, error)
    if told.in_session:
        return Visit(request).page("sign_in_window.html", told)
    return _told(request, told, cookies.get(_typed(authorization), ""))


def _told(request: Request, told: Outcome, typed: str) -> Response:
    match told.kind:
        case "typed" if len(typed) == TYPED_LENGTH and typed.isalnum():
            return _page(request, "typed.html", typed=f"{typed[:4]}-{typed[4:]}")
        case "typed" | "received" | "signed_in":
            return _page(request, "received.html", connector=told.connector_name)
        case "failed":
            return _failure(
                request,
                told.message,
                told.code,
                status=HTTPStatus.CONFLICT,
                connector=told.connector_name,
            )
        case _:
            assert_never(told.kind)


async def jwks(request: Request) -> Response:
    """Publish a connector's key set (RFC 7517): public keys, for whoever asks."""
    keys = await _desks(request).keys.published(request.path_params["connector"])
    headers = {"Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff"}
    return JSONResponse(keys, headers=headers)


routes = [
    Route("/oauth/jwks/{connector}", jwks, methods=["GET"]),
    Route("/oauth/start/{value}", start, methods=["GET"]),
    Route("/oauth/start/{value}", depart, methods=["POST"]),
    Route("/oauth/callback/{connector}", callback, methods=["GET"]),
    Route("/oauth/callback/{connector}/arrival", arrival, methods=["GET"]),
    Route("/oauth/callback/{connector}/refused", refused, methods=["GET"]),
    Route("/oauth/callback/{connector}/{outcome}", outcome, methods=["GET"]),
]
