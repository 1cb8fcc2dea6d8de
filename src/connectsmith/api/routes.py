"""Routes of callers: who asks is settled before a body is read, and a body means one thing."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from connectsmith.api.bodies import read_json
from connectsmith.api.direct import HEADERS, direct
from connectsmith.api.permissions import caller_of, scope_of

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class CallerRoute(APIRoute):
    """A route that needs an API token."""

    def get_route_handler(self) -> Handler:
        """Return the framework's own, behind our checks."""
        answer = super().get_route_handler()

        async def headed(request: Request) -> Response:
            response = await answer(request)
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            return response

        return self._checked(headed)

    def direct_handler(self) -> Handler | None:
        """Return one without the framework, behind the same checks, if the route allows it."""
        answer = direct(self)
        return None if answer is None else self._checked(answer)

    def _checked(self, answer: Handler) -> Handler:
        scope, has_body = scope_of(self), self.body_field is not None

        async def checked(request: Request) -> Response:
            if scope is not None:
                request.state.caller = await caller_of(request, scope)
            read = _ReadRequest(request.scope, request.receive)
            if has_body:
                await read.load()
            return await answer(read)

        return checked


class _ReadRequest(Request):
    """A request whose body was read strictly."""

    _value: Any = None

    async def load(self) -> None:
        content = await self.body()
        self._value = read_json(content) if content else None

    async def json(self) -> Any:
        return self._value
