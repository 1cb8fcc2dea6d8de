"""The start page and the callback: plain HTML, no script, nothing fetched, nothing logged."""

import base64
import hashlib
from http import HTTPStatus
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from connectsmith.errors import ConnectsmithError, Fault
from connectsmith.service.browser_steps import Arrival
from connectsmith.service.desks import Desks

LONGEST_QUERY: Final = 16 * 1024
TYPED_COOKIE: Final = "connectsmith_typed"
TYPED_LIFETIME: Final = 600

_STYLE: Final = (files("connectsmith.web") / "templates" / "page.css").read_text("utf-8")
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_TEMPLATES: Final = Environment(
    loader=PackageLoader("connectsmith.web"), autoescape=True, undefined=StrictUndefined
)
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


def _page(template: str, *, status: int = 200, **context: str) -> Response:
    html = _TEMPLATES.get_template(template).render(style=_STYLE, **context)
    return Response(html, status_code=status, media_type="text/html", headers=HEADERS)


def _failure(error: ConnectsmithError) -> Response:
    status = STATUS_OF_FAULT.get(error.fault, HTTPStatus.CONFLICT)
    return _page("failed.html", status=status, connector="", message=error.message, code=error.code)


def _leave(url: str) -> RedirectResponse:
    return RedirectResponse(url, status_code=303, headers=HEADERS)


async def start(request: Request) -> Response:
    """Show one button; a GET changes nothing, so that link previews do no harm."""
    try:
        invitation = await _desks(request).browser.invite(request.path_params["value"])
    except ConnectsmithError as error:
        return _failure(error)
    return _page("start.html", connector=invitation.connector_name, host=invitation.host)


async def depart(request: Request) -> Response:
    """Use the start link up, set this authorization's cookie, send the browser on."""
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return _page(
            "failed.html",
            status=403,
            connector="",
            message="Press the button on this site's own page.",
            code="cross_site",
        )
    desks = _desks(request)
    try:
        departure = await desks.browser.depart(request.path_params["value"])
    except ConnectsmithError as error:
        return _failure(error)
    response = _leave(departure.url)
    response.set_cookie(
        departure.cookie_name,
        departure.cookie_value,
        max_age=departure.lifetime_seconds,
        path=departure.callback_path,
        secure=desks.rules.public_url.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    return response


async def callback(request: Request) -> Response:
    """Take what the authorization server sends back through the browser."""
    desks = _desks(request)
    connector = request.path_params["connector"]
    query = request.scope["query_string"][: LONGEST_QUERY + 1].decode("latin-1")
    try:
        arrival = await desks.browser.arrive(connector, query, request.cookies)
    except ConnectsmithError as error:
        return _failure(error)
    response = _answer(arrival, connector, secure=desks.rules.public_url.startswith("https:"))
    response.delete_cookie(arrival.cookie_name, path=f"/oauth/callback/{connector}")
    return response


def _answer(arrival: Arrival, connector: str, *, secure: bool) -> Response:
    match arrival.kind:
        case "redirect":
            return _leave(arrival.url)
        case "typed":
            response = _leave(f"/oauth/callback/{connector}/done")
            response.set_cookie(
                TYPED_COOKIE,
                arrival.typed,
                max_age=TYPED_LIFETIME,
                path=f"/oauth/callback/{connector}/done",
                secure=secure,
                httponly=True,
                samesite="lax",
            )
            return response
        case "failed":
            return _page(
                "failed.html",
                status=HTTPStatus.CONFLICT,
                connector=arrival.connector_name,
                message=arrival.message,
                code=arrival.code,
            )


async def done(request: Request) -> Response:
    """Show the completion value to type, at an address that holds neither code nor state."""
    typed = request.cookies.get(TYPED_COOKIE, "")
    if len(typed) != 8 or not typed.isalnum():  # noqa: PLR2004 - `Randomness.typed` has eight
        return _page(
            "failed.html",
            status=400,
            connector="",
            message="There is nothing to show here. Go back to where you started the sign-in.",
            code="nothing_here",
        )
    return _page("typed.html", typed=f"{typed[:4]}-{typed[4:]}")


routes = [
    Route("/oauth/start/{value}", start, methods=["GET"]),
    Route("/oauth/start/{value}", depart, methods=["POST"]),
    Route("/oauth/callback/{connector}", callback, methods=["GET"]),
    Route("/oauth/callback/{connector}/done", done, methods=["GET"]),
]
