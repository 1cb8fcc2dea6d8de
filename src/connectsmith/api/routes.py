"""Routes of callers: who asks is settled before a body is read, and a body means one thing."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from connectsmith.api.bodies import read_json
from connectsmith.api.permissions import caller_of, scope_of


class CallerRoute(APIRoute):
    """A route that needs an API token."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the framework's own, behind our checks."""
        answer = super().get_route_handler()
        scope, has_body = scope_of(self), self.body_field is not None

        async def checked(request: Request) -> Response:
            if scope is not None:
                request.state.caller = await caller_of(request, scope)
            read = _ReadRequest(request.scope, request.receive)
            if has_body:
                await read.load()
            response = await answer(read)
            response.headers.setdefault("Cache-Control", "no-store")
            response.headers.setdefault("X-Content-Type-Options", "nosniff")
            return response

        return checked


class _ReadRequest(Request):
    """A request whose body was read strictly."""

    _value: Any = None

    async def load(self) -> None:
        content = await self.body()
        self._value = read_json(content) if content else None

    async def json(self) -> Any:
        return self._value
