"""Routes of calls. The two that make a call are plain Starlette routes: they are the hot path.

`document` describes them by hand; a test compares document and behaviour.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from fastapi import APIRouter
from pydantic import AwareDatetime
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from connectsmith.api.bodies import read_json
from connectsmith.api.connectors import Limit
from connectsmith.api.document import LONGEST_KEY, STREAM
from connectsmith.api.permissions import (
    CallReader,
    TheDesks,
    caller_of,
    desks_of,
)
from connectsmith.api.problems import MEDIA_TYPE, problem_json
from connectsmith.api.routes import CallerRoute
from connectsmith.api.shapes import CallList, CallShape
from connectsmith.api.views import call_shape
from connectsmith.core.result.outcome import Outcome
from connectsmith.errors import BodyUnreadable, CallerError, ConnectsmithError
from connectsmith.service.caller import Caller
from connectsmith.service.calls import Asked
from connectsmith.service.desks import Desks

router = APIRouter(prefix="/v1/calls", tags=["calls"], route_class=CallerRoute)
CALL_HEADER: Final = "X-Connectsmith-Call"


@router.get("")
async def list_calls(
    caller: CallReader,
    desks: TheDesks,
    *,
    limit: Limit = 50,
    after: str | None = None,
    connector: str | None = None,
    connection: str | None = None,
    ok: bool | None = None,
    action: str | None = None,
    kind: Literal["call", "token"] = "call",
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
) -> CallList:
    """List calls, newest first; or, with `kind=token`, requests to token endpoints."""
    given = {"connector": connector, "connection": connection, "action": action, "kind": kind}
    given |= {"since": _iso(since), "until": _iso(until)}
    filters = {name: value for name, value in given.items() if value is not None}
    if ok is not None:
        filters["ok"] = "true" if ok else "false"
    page = await desks.records.page(caller, filters=filters, limit=limit, after=after)
    return CallList(items=[call_shape(each) for each in page.items], next=page.next)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


@router.get("/{call}")
async def get(call: str, caller: CallReader, desks: TheDesks) -> CallShape:
    """Show the head of a call."""
    return call_shape(await desks.records.get(caller, call))


@router.get("/{call}/transcript")
async def transcript(call: str, caller: CallReader, desks: TheDesks) -> dict[str, Any]:
    """Show what was sent and received, redacted."""
    return await desks.records.transcript(caller, call)


@router.get(
    "/{call}/body",
    response_class=Response,
    responses={200: {"content": {STREAM: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def body(call: str, caller: CallReader, desks: TheDesks) -> Response:
    """Return the service's body as it was kept, redacted; always as a download."""
    content, media_type = await desks.records.body(caller, call)
    return Response(
        content,
        media_type=STREAM,
        headers={
            "Content-Disposition": "attachment",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Service-Content-Type": media_type.encode("ascii", "replace").decode(),
            "Cache-Control": "no-store",
        },
    )


# -- the hot path ---------------------------------------------------------------------------------


async def call_connection(request: Request) -> Response:
    """Call an action with a connection."""
    return await _call(request, connection=request.path_params["connection"])


async def call_connector(request: Request) -> Response:
    """Call an action of an API that needs no sign-in."""
    return await _call(request, connector=request.path_params["connector"])


async def _call(
    request: Request, *, connection: str | None = None, connector: str | None = None
) -> Response:
    desks = desks_of(request)
    caller = await caller_of(request, "calls:write")
    content = await request.body()
    asked = _asked(content, connection, connector)
    key = request.headers.get("idempotency-key")
    if STREAM in request.headers.get("accept", ""):
        if key is not None:
            raise CallerError(
                "A streamed answer is not kept, so that no Idempotency-Key can be used."
            )
        return await _streamed(desks, caller, asked)
    if key is None:
        return _answer(outcome_json(await desks.calls.call(caller, asked)))
    identity = f"{connection or connector}\n".encode() + content
    return await _once(desks, caller, Once(key, identity), asked)


@dataclass(frozen=True, slots=True)
class Once:
    """An `Idempotency-Key` and the request it stands for."""

    key: str
    request: bytes


async def _once(desks: Desks, caller: Caller, once: Once, asked: Asked) -> Response:
    """Make a call once for an `Idempotency-Key`; answer repetitions with the same outcome."""
    if not 0 < len(once.key) <= LONGEST_KEY:
        raise CallerError(f"An Idempotency-Key has 1 to {LONGEST_KEY} characters.")
    known = await desks.records.replayed(caller, once.key, once.request)
    if known is not None:
        return _answer(known, replayed=True)
    try:
        outcome = outcome_json(await desks.calls.call(caller, asked))
    except ConnectsmithError as error:
        if not error.sent:
            await desks.records.forget(caller, once.key)
            raise
        outcome = {"problem": problem_json(error)}  # it may have been carried out: never repeat it
    await desks.records.remember(caller, once.key, outcome)
    return _answer(outcome)


async def _streamed(desks: Desks, caller: Caller, asked: Asked) -> Response:
    download = await desks.calls.download(caller, asked)
    return StreamingResponse(
        download.chunks(),
        status_code=200,
        media_type=STREAM,
        headers={
            CALL_HEADER: download.call,
            "X-Service-Status": str(download.status),
            "X-Service-Content-Type": download.content_type.encode("ascii", "replace").decode(),
            "Content-Disposition": "attachment",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )


def _asked(content: bytes, connection: str | None, connector: str | None) -> Asked:
    body = read_json(content)
    if not isinstance(body, dict):
        raise BodyUnreadable('The request\'s body is an object: {"action": …, "fields": {…}}.')
    unknown = sorted(set(body) - {"action", "fields", "test"})
    if unknown:
        raise CallerError(f"Unknown members: {', '.join(unknown)[:200]}.", place="/")
    action, fields, test = body.get("action"), body.get("fields", {}), body.get("test", False)
    if not isinstance(action, str):
        raise CallerError("Name the action as `modelId.actionId`.", place="/action")
    if not isinstance(fields, dict):
        raise CallerError("`fields` is an object.", place="/fields")
    if not isinstance(test, bool):
        raise CallerError("`test` is true or false.", place="/test")
    return Asked(
        action=action, fields=fields, connection=connection, connector=connector, test=test
    )


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as the API shows it."""
    shown = outcome.to_json()
    if outcome.body is not None:
        shown["body"] = {**shown["body"], "url": f"/v1/calls/{outcome.call}/body"}
    return shown


def _answer(outcome: dict[str, Any], *, replayed: bool = False) -> Response:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    if replayed:
        headers["Idempotency-Replayed"] = "true"
    status, media_type = 200, "application/json"
    if "problem" in outcome:
        outcome = outcome["problem"]
        status, media_type = outcome["status"], MEDIA_TYPE
    else:
        headers[CALL_HEADER] = outcome["call"]
    return Response(to_json(outcome), status_code=status, media_type=media_type, headers=headers)


routes = [
    Route("/v1/connections/{connection}/calls", call_connection, methods=["POST"]),
    Route("/v1/connectors/{connector}/calls", call_connector, methods=["POST"]),
]
