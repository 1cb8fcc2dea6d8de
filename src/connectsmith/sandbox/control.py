"""The sandbox's own surface: a start page for people, JSON for programs.

Not part of what a real service offers. Anybody who reaches the port may use it; pages of other
origins may not.
"""

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from connectsmith.durations import said
from connectsmith.sandbox import pages
from connectsmith.sandbox.clients import Client, RegistrationError
from connectsmith.sandbox.faults import LONGEST_WAIT, TIMES_LIMIT, FaultKind, SwitchedOn
from connectsmith.sandbox.protocol import ProtocolError, read_body, read_form
from connectsmith.sandbox.state import Sandbox

Members = dict[str, object]

TEXT_LIMIT = 2000
NUMBER_LIMIT = 1e9


class Control:
    """The start page's forms under `/settings`, the JSON endpoints under `/sandbox`."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._done = ""  # what a form did, until a page has said so

    def routes(self) -> list[Route]:
        """Return where it is mounted."""
        forms = {
            "redirect-uris": self._add_redirect_uri,
            "lifetime": self._set_lifetime,
            "expire": self._expire,
            "faults": self._switch_fault,
        }
        return [
            Route("/", self.start),
            Route("/settings/{form}", self.back),
            Route("/sandbox.css", self.style),
            Route("/sandbox/log", self.log),
            Route("/sandbox/clients", self._json(self._register, 201), methods=["POST"]),
            Route("/settings/clients", self._form(self._register_app), methods=["POST"]),
            *(
                Route(f"/sandbox/{name}", self._json(change), methods=["POST"])
                for name, change in forms.items()
            ),
            *(
                Route(f"/settings/{name}", self._form(change), methods=["POST"])
                for name, change in forms.items()
            ),
        ]

    async def start(self, _request: Request) -> Response:
        """Show the start page, and say once what a form did."""
        notice, self._done = self._done, ""
        return self._start_page(notice=notice)

    async def back(self, _request: Request) -> Response:
        """Send a reloaded form's address to the start page."""
        return RedirectResponse("/", status_code=303)

    async def style(self, _request: Request) -> Response:
        """Serve the style sheet."""
        return pages.stylesheet()

    async def log(self, _request: Request) -> Response:
        """Tell what was asked of the token endpoint."""
        return JSONResponse(self._sandbox.log.as_json())

    def _json(
        self, change: Callable[[Members], Members], status: int = 200
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                return JSONResponse(change(await _read_json(request)), status_code=status)
            except RegistrationError as error:
                return _refused(422, str(error))
            except ProtocolError as error:
                return _refused(error.status, error.description)

        return answer

    def _form(
        self, change: Callable[[Members], Members]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                done = change(dict(await read_form(request)))
            except RegistrationError as error:
                return self._start_page(problem=str(error))
            except ProtocolError as error:
                return self._start_page(problem=error.description)
            self._done = str(done["did"])
            return RedirectResponse("/", status_code=303)  # a reload must not do it again

        return answer

    def _start_page(self, *, notice: str = "", problem: str = "") -> Response:
        return pages.start(
            issuer=self._sandbox.issuer,
            clients=list(self._sandbox.clients),
            faults=list(self._sandbox.faults),
            requests=self._sandbox.log.as_json(),
            notice=notice,
            problem=problem,
        )

    def _register(self, members: Members) -> Members:
        uris = members.get("redirect_uris", [])
        if not isinstance(uris, list) or not all(isinstance(uri, str) for uri in uris):
            raise RegistrationError("redirect_uris must be a list of addresses.")
        client = self._sandbox.clients.register(
            _text(members, "name"),
            redirect_uris=tuple(uris),
            secret=_text(members, "client_secret") if "client_secret" in members else None,
        )
        if "access_token_seconds" in members:
            client = self._sandbox.clients.set_lifetime(client, _seconds(members))
        return _shown(client)

    def _register_app(self, members: Members) -> Members:
        """Register a client as a form describes it: its callback URL may be added later."""
        uri = members.get("redirect_uri")
        client = self._sandbox.clients.register(
            _text(members, "name"),
            redirect_uris=(_text(members, "redirect_uri"),) if uri else (),
        )
        return {"did": f"“{client.name}” is registered. Its client id and secret are below."}

    def _add_redirect_uri(self, members: Members) -> Members:
        uri = _text(members, "redirect_uri")
        client = self._sandbox.clients.add_redirect_uri(self._client(members), uri)
        return {"did": f"{uri} is registered.", "redirect_uris": list(client.redirect_uris)}

    def _set_lifetime(self, members: Members) -> Members:
        lifetime = _seconds(members)
        self._sandbox.clients.set_lifetime(self._client(members), lifetime)
        return {"did": f"Access tokens issued from now on live {said(lifetime)}."}

    def _expire(self, members: Members) -> Members:
        expired = self._sandbox.grants.expire_access_tokens(self._client(members))
        what = "1 access token has" if expired == 1 else f"{expired} access tokens have"
        return {"did": f"{what} expired.", "expired": expired}

    def _switch_fault(self, members: Members) -> Members:
        kind = _text(members, "fault")
        if kind == "none":
            self._sandbox.faults.clear()
            return {"did": "The token endpoint behaves again.", "faults": []}
        if kind not in set(FaultKind):
            raise RegistrationError(f"The faults are {', '.join(FaultKind)}, and none.")
        times = _number(members, "times", 1)
        wait = timedelta(seconds=_number(members, "seconds", 5))
        if not 1 <= times <= TIMES_LIMIT or not timedelta(0) <= wait <= LONGEST_WAIT:
            raise RegistrationError("A fault hits 1 to 1000 requests and waits up to 300 seconds.")
        self._sandbox.faults.switch_on(SwitchedOn(FaultKind(kind), int(times), wait))
        coming = [{"fault": f.kind, "times": f.times} for f in self._sandbox.faults]
        return {
            "did": f"The token endpoint {pages.FAULT_WORDS[FaultKind(kind)]} from now on.",
            "faults": coming,
        }

    def _client(self, members: Members) -> Client:
        """Return the client meant; without `client_id`, the one that is there from the start."""
        if "client_id" not in members:
            return next(iter(self._sandbox.clients))
        client = self._sandbox.clients.find(_text(members, "client_id"))
        if client is None:
            raise RegistrationError("No client with this client_id is registered here.")
        return client


def _shown(client: Client) -> Members:
    """Return a client with its secret: the point of the sandbox is that one may look."""
    return {
        "client_id": client.id,
        "client_secret": client.secret,
        "name": client.name,
        "redirect_uris": list(client.redirect_uris),
        "access_token_seconds": int(client.access_token_lifetime.total_seconds()),
    }


async def _read_json(request: Request) -> Members:
    """A page of another origin cannot send this media type without asking first, and is told no."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise ProtocolError("media_type", "The body must be application/json.", status=415)
    try:
        members = json.loads(await read_body(request))
    except (ValueError, RecursionError):
        members = None
    if not isinstance(members, dict):
        raise ProtocolError("body_unreadable", "The body must be a JSON object.")
    return members


def _refused(status: int, message: str) -> Response:
    return JSONResponse({"error": {"message": message}}, status_code=status)


def _text(members: Members, name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > TEXT_LIMIT:
        raise RegistrationError(f"{name} must be text.")
    return value


def _number(members: Members, name: str, default: float | None = None) -> float:
    value = members.get(name, default)
    try:
        number = float(value) if isinstance(value, int | float | str) else float("nan")
    except ValueError:
        number = float("nan")
    if not 0 <= number < NUMBER_LIMIT:
        raise RegistrationError(f"{name} must be a number.")
    return number


def _seconds(members: Members) -> timedelta:
    return timedelta(seconds=int(_number(members, "access_token_seconds")))
