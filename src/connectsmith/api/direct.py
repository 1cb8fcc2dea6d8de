"""Answer what most routes take, without the framework's way for everything that routes may take.

That is a text for each part of the address that is open, one body, and dependencies that need the
request alone. Solving those in general, between exit stacks, cost as much as starting a sign-in.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_BODY: Final = ("body",)
_MISSING: Final = {"type": "missing", "loc": _BODY, "msg": "Field required"}


@dataclass(frozen=True, slots=True)
class Direct:
    """A route's function, and what is put into it."""

    call: Callable[..., Awaitable[Any]]
    asked: tuple[tuple[str, Callable[[Request], Awaitable[Any]]], ...]
    body: "_Body | None"
    written: Callable[[Any], bytes]
    status: int

    async def __call__(self, request: Request) -> Response:
        """Answer a request whose caller is known."""
        values = dict(request.path_params)
        for name, dependency in self.asked:
            values[name] = await dependency(request)
        if self.body is not None:
            values[self.body.name] = self.body.read(await request.json())
        content = self.written(await self.call(**values))
        return Response(content, self.status, HEADERS, "application/json")


@dataclass(frozen=True, slots=True)
class _Body:
    name: str
    required: bool
    validate: Callable[..., tuple[Any, list[dict[str, Any]]]]

    def read(self, value: Any) -> Any:
        if value is None and self.required:
            raise RequestValidationError([_MISSING])
        body, faults = self.validate(value, loc=_BODY)
        if faults:
            raise RequestValidationError(faults)
        return body


def direct(route: APIRoute) -> Direct | None:
    """Return a route's direct answer; None where it takes more than that."""
    takes, answer = route.dependant, route.response_field
    if not (_is_plain(takes) and all(map(_needs_request_alone, takes.dependencies))):
        return None
    if takes.response_param_name is not None or answer is None:
        return None
    return Direct(
        call=route.endpoint,
        asked=tuple((each.name or "", each.call) for each in takes.dependencies if each.call),
        body=_body(takes),
        written=answer.serialize_json,
        status=route.status_code or 200,
    )


def _is_plain(takes: Dependant) -> bool:
    texts = all(each.field_info.annotation is str for each in takes.path_params)
    more = (*takes.query_params, *takes.header_params, *takes.cookie_params)
    return texts and not more and len(takes.body_params) <= 1


def _needs_request_alone(takes: Dependant) -> bool:
    more = takes.dependencies or takes.path_params or takes.body_params
    return takes.request_param_name is not None and _is_plain(takes) and not more


def _body(takes: Dependant) -> _Body | None:
    for each in takes.body_params:
        return _Body(each.name, each.field_info.is_required(), each.validate)
    return None
