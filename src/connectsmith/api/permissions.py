"""The one permission table: which scope a route needs. A route that is not in it does not exist."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request

from connectsmith.errors import ScopeMissing
from connectsmith.service.caller import SCOPES, Caller
from connectsmith.service.desks import Desks

BEARER = "bearer "


def desks_of(request: Request) -> Desks:
    """Return the use cases of the installation that serves this request."""
    desks: Desks = request.app.state.desks
    return desks


TheDesks = Annotated[Desks, Depends(desks_of)]


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


def caller_with(scope: str) -> Callable[..., Awaitable[Caller]]:
    """Return the dependency that lets only callers with a scope through."""

    async def recognise(request: Request, desks: TheDesks) -> Caller:
        token = bearer_of(request.headers.get("authorization"))
        return check_scope(await desks.access.recognise(token), scope)

    return recognise


ConnectorReader = Annotated[Caller, Depends(caller_with("connectors:read"))]
ConnectorWriter = Annotated[Caller, Depends(caller_with("connectors:write"))]
SecretWriter = Annotated[Caller, Depends(caller_with("secrets:write"))]
ConnectionReader = Annotated[Caller, Depends(caller_with("connections:read"))]
ConnectionWriter = Annotated[Caller, Depends(caller_with("connections:write"))]
CallReader = Annotated[Caller, Depends(caller_with("calls:read"))]
CallWriter = Annotated[Caller, Depends(caller_with("calls:write"))]
TokenWriter = Annotated[Caller, Depends(caller_with("tokens:write"))]
