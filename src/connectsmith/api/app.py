"""The HTTP application: REST routes and pages in one app, errors in one shape, bodies bounded."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import BaseRoute, Match
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
from connectsmith.api.document import describing
from connectsmith.api.hosts import OwnHostOnly
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

Lifespan = Callable[[FastAPI], Any]


def create_app(
    desks: Desks,
    *,
    pages: Sequence[BaseRoute] = (),
    problem_page: ProblemPage | None = None,
    lifespan: Lifespan | None = None,
) -> FastAPI:
    """Join routes, error shapes and limits into one ASGI application."""
    app = QuietApp(
        title="Connectsmith",
        version=__version__,
        summary="Describe an API once; sign in, keep the connection alive, and call it.",
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.desks = desks
    app.router.routes.extend(calls.routes)
    app.router.routes.extend(pages)  # before FastAPI's, which cost more to compare an address with
    for router in ROUTERS:
        app.include_router(router)
    app.add_exception_handler(ConnectsmithError, for_readers(on_known, problem_page))
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, for_readers(on_http, problem_page))
    app.add_exception_handler(Exception, for_readers(on_unknown, problem_page))
    app.calls = OwnHostOnly(BodyGuard(_serve), desks=desks)
    app.add_middleware(BodyGuard)
    app.add_middleware(OwnHostOnly, desks=desks)
    app.openapi = describing(app, ROUTERS)  # type: ignore[method-assign]  # FastAPI's documented way to extend the document
    return app


class QuietApp(FastAPI):
    """Serve requests, and take calls to their route past what only other routes need.

    Three layers of the framework's, forty patterns of other routes, and exit stacks and handlers
    for its dependencies stand in front of those: a twelfth of what a call through the API cost.
    Calls pass the same two guards.

    What nobody foresaw is kept from the server, which would log the exception with its text:
    `on_unknown` has answered and logged it when it arrives here.
    """

    calls: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        with suppress(Exception):
            if _is_call(scope):
                scope["app"] = self
                await self.calls(scope, receive, send)
            else:
                await super().__call__(scope, receive, send)


class BodyGuard:
    """Bound request bodies, and take none but JSON under `/v1`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "DELETE"):
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        refusal = _refusal(scope["path"], headers)
        if refusal is not None:
            await problem(refusal)(scope, receive, send)
            return
        await self._app(scope, _bounded(receive), send)


def _is_call(scope: Scope) -> bool:
    """Tell whether a request makes a call, and note which route's it is."""
    if scope["type"] == "http" and scope["path"].endswith("/calls"):
        for route in calls.routes:
            match, found = route.matches(scope)
            if match is Match.FULL:
                scope.update(found)
                return True
    return False


async def _serve(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a call, its errors in the shape that they have everywhere."""
    request = Request(scope, receive, send)
    try:
        response: ASGIApp = await scope["endpoint"](request)
    except Exception as error:  # noqa: BLE001 - the edge of a request
        response = problem(await on_known(request, error))
    try:
        await response(scope, receive, send)
    except Exception as error:
        await on_unknown(request, error)
        raise


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
