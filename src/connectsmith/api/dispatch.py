"""Find the route of a request by its address, and answer; every error has one shape.

Routes are declared with Starlette and FastAPI. Those would compare an address with the pattern of
each route in turn, behind half a dozen layers; that was a seventh of what a whole sign-in cost.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectsmith.api.routes import CallerRoute

Handler = Callable[[Request], Awaitable[ASGIApp]]
"""Returns the answer to a request, in the form that sends itself."""
OnError = Callable[[Request, Exception], Awaitable[Response]]


@dataclass(slots=True)
class _Place:
    """One part of an address, and what may follow it."""

    words: dict[str, "_Place"] = field(default_factory=dict)
    any: "_Place | None" = None
    """Where a parameter's value leads."""
    ends: dict[str, "_End"] = field(default_factory=dict)
    """The routes that end here, by method."""


@dataclass(frozen=True, slots=True)
class _End:
    handler: Handler
    names: tuple[str, ...]
    """The parameters on the way there."""


class Dispatch:
    """All routes, by the parts of their addresses."""

    def __init__(
        self, routes: Iterable[BaseRoute], errors: Mapping[type[Exception], OnError]
    ) -> None:
        self._root = _Place()
        self._errors = errors
        for route in routes:
            self._add(route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, whatever goes wrong in that."""
        request = Request(scope, receive, send)
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            handler, scope["path_params"] = self._find(scope["path"], scope["method"])
            answer = await handler(request)
            await answer(scope, receive, noting)
        except Exception as error:  # noqa: BLE001 - the edge of a request
            refusal = await self._refusal(request, error)
            if not begun:
                await refusal(scope, receive, send)

    def _add(self, route: BaseRoute) -> None:
        if not isinstance(route, Route | APIRoute):
            raise TypeError(f"not a route with an address: {route!r}")
        place = self._root
        for part in (parts := route.path.split("/")):
            if part.startswith("{"):
                place.any = place = place.any or _Place()
            else:
                place = place.words.setdefault(part, _Place())
        end = _End(_handler(route), tuple(each[1:-1] for each in parts if each.startswith("{")))
        for method in route.methods or ():
            place.ends.setdefault(method, end)

    def _find(self, path: str, method: str) -> tuple[Handler, dict[str, Any]]:
        known = False
        for place, values in _ways(self._root, path.split("/")):
            end = place.ends.get(method)
            if end is not None:
                return end.handler, dict(zip(end.names, values, strict=True))
            known = known or bool(place.ends)
        raise HTTPException(405 if known else 404)

    async def _refusal(self, request: Request, error: Exception) -> Response:
        kind = next(each for each in type(error).__mro__ if each in self._errors)
        return await self._errors[kind](request, error)


def _ways(
    place: _Place, parts: list[str], values: tuple[str, ...] = (), at: int = 0
) -> Iterator[tuple[_Place, tuple[str, ...]]]:
    """Yield where an address leads, with its parameters' values: written-out words go first."""
    if at == len(parts):
        yield place, values
        return
    word = place.words.get(parts[at])
    if word is not None:
        yield from _ways(word, parts, values, at + 1)
    if place.any is not None and parts[at]:
        yield from _ways(place.any, parts, (*values, parts[at]), at + 1)


def _handler(route: Route | APIRoute) -> Handler:
    if not isinstance(route, APIRoute):
        return route.endpoint
    direct = route.direct_handler() if isinstance(route, CallerRoute) else None
    return direct or _framework(route)


def _framework(route: APIRoute) -> Handler:
    answer = AsyncExitStackMiddleware(route.app)

    async def answered(_: Request) -> ASGIApp:
        return answer

    return answered
