"""The HTTP application: REST routes and pages in one app, errors in one shape, bodies bounded."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectsmith import __version__
from connectsmith.api import (
    calls,
    connections,
    connectors,
    keys,
    metadata,
    public,
    survival,
    tokens,
)
from connectsmith.api.dispatch import Dispatch
from connectsmith.api.document import describing
from connectsmith.api.hosts import OwnHostOnly
from connectsmith.api.in_force import SettingsInForce
from connectsmith.api.problems import (
    ProblemPage,
    for_readers,
    on_http,
    on_invalid,
    on_known,
    on_unknown,
    problem,
)
from connectsmith.errors import BodyTooLarge, ConnectsmithError, MediaTypeUnsupported
from connectsmith.service.desks import Desks

LONGEST_BODY: Final = 16 * 1024 * 1024
"""Bytes of a request's body; files travel as base64 inside."""
ROUTERS: Final = (
    public.router,
    connectors.router,
    keys.router,
    metadata.router,
    connections.router,
    survival.router,
    calls.router,
    tokens.router,
)


class App(FastAPI):
    """Describe routes as FastAPI does, and serve them by our own dispatch."""

    served: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        scope["app"] = self
        await self.served(scope, receive, send)


def create_app(
    desks: Desks,
    *,
    pages: Sequence[BaseRoute] = (),
    problem_page: ProblemPage | None = None,
) -> App:
    """Join routes, error shapes and limits into one ASGI application."""
    app = App(
        title="Connectsmith",
        version=__version__,
        summary="Describe an API once; sign in, keep the connection alive, and call it.",
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.desks = desks
    app.router.routes += [*calls.routes, *pages]
    app.router.routes += [route for router in ROUTERS for route in router.routes]
    app.openapi = describing(app, ROUTERS)  # type: ignore[method-assign]  # FastAPI's documented way to extend the document
    errors = {
        ConnectsmithError: for_readers(on_known, problem_page),
        RequestValidationError: on_invalid,
        HTTPException: for_readers(on_http, problem_page),
        Exception: for_readers(on_unknown, problem_page),
    }
    app.served = SettingsInForce(OwnHostOnly(BodyGuard(Dispatch(app.routes, errors)), desks), desks)
    return app


class BodyGuard:
    """Bound request bodies, and take none but JSON under `/v1`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["method"] in ("GET", "HEAD", "DELETE"):
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        refusal = _refusal(scope["path"], headers)
        if refusal is not None:
            await problem(refusal)(scope, receive, send)
            return
        await self._app(scope, _bounded(receive), send)


def _refusal(path: str, headers: dict[bytes, bytes]) -> ConnectsmithError | None:
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or int(length) > LONGEST_BODY:
        return BodyTooLarge(f"A request's body has at most {LONGEST_BODY:,} bytes.")
    has_body = length != b"0" or b"transfer-encoding" in headers
    kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    if path.startswith("/v1/") and has_body and kind != b"application/json":
        return MediaTypeUnsupported("Send the body as application/json, and say so.")
    return None


def _bounded(receive: Receive) -> Callable[[], Awaitable[Message]]:
    taken = 0

    async def bounded() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > LONGEST_BODY:
            raise BodyTooLarge(f"A request's body has at most {LONGEST_BODY:,} bytes.")
        return message

    return bounded
