"""The one permission table: which scope a route needs. A route that is not in it does not exist."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.routing import APIRoute

from connectsmith.errors import ScopeMissing
from connectsmith.service.caller import SCOPES, Caller
from connectsmith.service.desks import Desks

BEARER = "bearer "


def desks_of(request: Request) -> Desks:
    """Return the use cases of the installation that serves this request."""
    desks: Desks = request.app.state.desks
    return desks


async def _the_desks(request: Request) -> Desks:
    """Do the same as a dependency: FastAPI runs what is not async in another thread."""
    return desks_of(request)


TheDesks = Annotated[Desks, Depends(_the_desks)]


def bearer_of(header: str | None) -> str | None:
    """Return the API token of an `Authorization` header."""
    if header is None or header[: len(BEARER)].lower() != BEARER:
        return None
    return header[len(BEARER) :].strip()


def check_scope(caller: Caller, scope: str) -> Caller:
    """Return the caller if its API token has a scope, or raise ScopeMissing."""
    if scope not in caller.scopes:
        raise ScopeMissing(
            f"This needs an API token with the scope {scope} ({SCOPES[scope]}).",
            details={"scope": scope},
        )
    return caller


async def caller_of(request: Request, scope: str) -> Caller:
    """Return who asks, if its API token has a scope.

    Raises:
        TokenRequired: no API token, or none that we know.
        ScopeMissing: one that lacks the scope.
    """
    token = bearer_of(request.headers.get("authorization"))
    return check_scope(await desks_of(request).access.recognise(token), scope)


@dataclass(frozen=True, slots=True)
class CallerWith:
    """The dependency that lets only callers with a scope through."""

    scope: str

    async def __call__(self, request: Request) -> Caller:
        """Return the caller, whom `CallerRoute` has recognised before it read the body."""
        known: Caller | None = getattr(request.state, "caller", None)
        return known or await caller_of(request, self.scope)


def scope_of(route: APIRoute) -> str | None:
    """Return the scope that a route needs; None for the few that need no API token."""
    for each in route.dependant.dependencies:
        if isinstance(each.call, CallerWith):
            return each.call.scope
    return None


ConnectorReader = Annotated[Caller, Depends(CallerWith("connectors:read"))]
ConnectorWriter = Annotated[Caller, Depends(CallerWith("connectors:write"))]
SecretWriter = Annotated[Caller, Depends(CallerWith("secrets:write"))]
ConnectionReader = Annotated[Caller, Depends(CallerWith("connections:read"))]
ConnectionWriter = Annotated[Caller, Depends(CallerWith("connections:write"))]
CallReader = Annotated[Caller, Depends(CallerWith("calls:read"))]
CallWriter = Annotated[Caller, Depends(CallerWith("calls:write"))]
TokenWriter = Annotated[Caller, Depends(CallerWith("tokens:write"))]
