"""The token endpoint and the revocation endpoint (RFC 6749 section 3.2, RFC 7009)."""

from base64 import b64decode
from binascii import Error as NotBase64Error
from collections.abc import Callable
from hmac import compare_digest
from urllib.parse import unquote_plus

import anyio
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from connectsmith.sandbox.authorization_request import read_scopes
from connectsmith.sandbox.clients import Client
from connectsmith.sandbox.faults import FaultKind, SwitchedOn
from connectsmith.sandbox.grants import Issued
from connectsmith.sandbox.people import SCOPES
from connectsmith.sandbox.protocol import (
    NOT_STORED,
    ProtocolError,
    error_answer,
    read_form,
    token_answer,
)
from connectsmith.sandbox.request_log import Entry
from connectsmith.sandbox.state import Sandbox

GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials")


class TokenEndpoint:
    """`POST /token` and `POST /revoke`."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def routes(self) -> list[Route]:
        """Return where it is mounted."""
        return [
            Route("/token", self.token, methods=["POST"]),
            Route("/revoke", self.revoke, methods=["POST"]),
        ]

    async def token(self, request: Request) -> Response:
        """Answer a token request, unless a fault is switched on."""
        fault = self._sandbox.faults.take()
        if fault is not None and fault.kind is FaultKind.SLOW:
            await anyio.sleep(fault.wait.total_seconds())
        answer = None if fault is None else _instead(fault)
        if answer is not None and fault is not None:
            await self._log_fault(request, answer, fault)
            return answer
        answer = await self._logged("token", request, self._grant)
        if fault is not None and fault.kind is FaultKind.DROP_ANSWER:
            return _BrokenOff()
        return answer

    async def revoke(self, request: Request) -> Response:
        """Revoke a token; an unknown one is as good as revoked (RFC 7009 section 2.2)."""
        return await self._logged("revoke", request, self._revoke)

    async def _logged(
        self,
        endpoint: str,
        request: Request,
        carry_out: Callable[[Client, dict[str, str]], Response],
    ) -> Response:
        form: dict[str, str] = {}
        error: str | None = None
        try:
            form = await read_form(request)
            answer = carry_out(self._authenticated(request, form), form)
        except ProtocolError as refused:
            error = refused.code
            answer = error_answer(refused)
        self._note(endpoint, form, answer, error)
        return answer

    async def _log_fault(self, request: Request, answer: Response, fault: SwitchedOn) -> None:
        try:
            form = await read_form(request)
        except ProtocolError:
            form = {}
        self._note("token", form, answer, f"fault:{fault.kind}")

    def _note(
        self, endpoint: str, form: dict[str, str], answer: Response, error: str | None
    ) -> None:
        """Log names that are on our lists only: a misplaced secret stays out of the log."""
        grant_type = form.get("grant_type")
        client = self._sandbox.clients.find(form.get("client_id", ""))
        self._sandbox.log.add(
            Entry(
                at=self._sandbox.clock(),
                endpoint=endpoint,
                grant_type=grant_type if grant_type in GRANT_TYPES else None,
                client_id=client.id if client else None,
                status=answer.status_code,
                error=error,
            )
        )

    def _authenticated(self, request: Request, form: dict[str, str]) -> Client:
        """Return the client that proved itself by one method (RFC 6749 section 2.3.1)."""
        header = request.headers.get("authorization")
        if header is not None and "client_secret" in form:
            raise ProtocolError("invalid_request", "The client authenticates in two ways at once.")
        if header is None:
            client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
        else:
            client_id, secret = _read_basic(header)
            if form.setdefault("client_id", client_id) != client_id:
                raise ProtocolError("invalid_request", "client_id differs from the one in Basic.")
        client = self._sandbox.clients.find(client_id)
        expected = client.secret if client else self._sandbox.random_text(32)
        proved = compare_digest(secret.encode(), expected.encode())
        if client is None or not proved:
            raise ProtocolError(
                "invalid_client", "The client is unknown or its secret is wrong.", status=401
            )
        return client

    def _grant(self, client: Client, form: dict[str, str]) -> Response:
        grants = self._sandbox.grants
        match form.get("grant_type"):
            case "authorization_code":
                issued = grants.redeem_code(
                    client,
                    code=_required(form, "code"),
                    redirect_uri=_required(form, "redirect_uri"),
                    verifier=_required(form, "code_verifier", "invalid_grant"),
                )
            case "refresh_token":
                scopes = read_scopes(form["scope"]) if "scope" in form else ()
                text = _required(form, "refresh_token")
                issued = grants.refresh(client, refresh_token=text, scopes=scopes)
            case "client_credentials":
                scopes = read_scopes(form["scope"]) if "scope" in form else tuple(SCOPES)
                issued = grants.issue_for_client(client, scopes)
            case None:
                raise ProtocolError("invalid_request", "grant_type is missing.")
            case _:
                known = ", ".join(GRANT_TYPES)
                raise ProtocolError("unsupported_grant_type", f"The grant types here: {known}.")
        return token_answer(_members(issued))

    def _revoke(self, client: Client, form: dict[str, str]) -> Response:
        self._sandbox.grants.revoke(client, _required(form, "token"))
        return Response(status_code=200, headers=NOT_STORED)


def _members(issued: Issued) -> dict[str, object]:
    members: dict[str, object] = {
        "access_token": issued.access_token,
        "token_type": "Bearer",
        "expires_in": int(issued.lifetime.total_seconds()),
        "scope": " ".join(issued.scopes),
    }
    if issued.refresh_token is not None:
        members["refresh_token"] = issued.refresh_token
    return members


def _required(form: dict[str, str], name: str, code: str = "invalid_request") -> str:
    if name not in form:
        raise ProtocolError(code, f"{name} is missing.")
    return form[name]


def _read_basic(header: str) -> tuple[str, str]:
    """Return id and secret, each form-decoded after splitting (RFC 6749 section 2.3.1)."""
    unreadable = ProtocolError("invalid_client", "The Basic header is unreadable.", status=401)
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise unreadable
    try:
        client_id, colon, secret = b64decode(encoded, validate=True).decode().partition(":")
        if not colon:
            raise unreadable
        return unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict")
    except (NotBase64Error, UnicodeDecodeError):
        raise unreadable from None


def _instead(fault: SwitchedOn) -> Response | None:
    """Return what a fault answers in place of carrying the request out, if it does."""
    match fault.kind:
        case FaultKind.SERVER_ERROR:
            return JSONResponse({"error": "server_error"}, status_code=500)
        case FaultKind.RATE_LIMITED:
            headers = {"Retry-After": str(int(fault.wait.total_seconds()))}
            return JSONResponse({"error": "slow_down"}, status_code=429, headers=headers)
        case FaultKind.HTML:
            return HTMLResponse("<!doctype html><title>Sandbox</title><p>Back in a minute.</p>")
        case FaultKind.SLOW | FaultKind.DROP_ANSWER:
            return None


class _BrokenOff(Response):
    """An answer that promises a body and ends before its first byte; the server hangs up then."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"512")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
