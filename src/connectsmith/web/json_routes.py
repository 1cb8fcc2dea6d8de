"""Routes that a script of ours asks: JSON in, JSON out, for signed-in operators.

The body is bounded by the application. As with forms, a request that changes something must come
from a page of ours; unlike with pages, whoever is signed out is told so in JSON.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectsmith.errors import (
    BodyUnreadable,
    CallerError,
    ConnectsmithError,
    MediaTypeUnsupported,
    SignInRequired,
)
from connectsmith.web.cross_site import HEADER, check_form_value, check_origin
from connectsmith.web.problems import failed
from connectsmith.web.visit import Visit

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_UNAUTHORIZED = 401

Asked = Callable[[Visit, "Body"], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Body:
    """What a script of ours sent. Members of a wrong type are refused where they are read."""

    members: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def text(self, name: str) -> str:
        """Return a text."""
        value = self.members.get(name)
        if not isinstance(value, str):
            raise _unfit(name)
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts; empty when it was not sent."""
        return tuple(each for each in self._items(name, str))

    def number(self, name: str) -> int:
        """Return a whole number."""
        value = self.members.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise _unfit(name)
        return value

    def flag(self, name: str) -> bool:
        """Return true or false; false when it was not sent."""
        return self.members.get(name) is True

    def bodies(self, name: str) -> tuple["Body", ...]:
        """Return a list of objects; empty when it was not sent."""
        return tuple(Body(each) for each in self._items(name, dict))

    def _items(self, name: str, kind: type) -> Sequence[Any]:
        value = self.members.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, kind) for each in value):
            raise _unfit(name)
        return value


def _unfit(name: str) -> CallerError:
    return CallerError("The page sent something unexpected. Load it again.", place=f"/{name}")


def operator_json(path: str, asked: Asked, *, method: str = "GET") -> Route:
    """Return the route of something that only a script of ours asks for."""

    async def endpoint(request: Request) -> Response:
        visit = Visit(request)
        try:
            if method != "GET":
                check_origin(request, visit.desks)
            value = visit.cookies.read(request, "session")
            visit = Visit(request, await visit.desks.sign_in.recognise(value))
            body = Body() if method == "GET" else await _body(visit, value)
            return JSONResponse(await asked(visit, body), headers=_HEADERS)
        except ConnectsmithError as error:
            return _refused(error)

    return Route(path, endpoint, methods=[method])


async def _body(visit: Visit, cookie: str | None) -> Body:
    check_form_value(visit.request.headers.get(HEADER), cookie)
    kind = visit.request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise MediaTypeUnsupported("What a script sends is application/json.")
    try:
        members = json.loads(await visit.request.body())
    except (ValueError, RecursionError) as error:
        raise BodyUnreadable("The body is not JSON.") from error
    if not isinstance(members, dict):
        raise BodyUnreadable("The body is not a JSON object.")
    return Body(members)


def _refused(error: ConnectsmithError) -> Response:
    problem = failed(error)
    content = {"code": problem.code, "message": problem.message, "details": dict(error.details)}
    status = _UNAUTHORIZED if isinstance(error, SignInRequired) else problem.status
    return JSONResponse(content, status_code=status, headers={**_HEADERS, **problem.headers})
