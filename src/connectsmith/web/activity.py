"""Activity: every call and every token request, and what was said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from starlette.responses import Response

from connectsmith.errors import NotFound
from connectsmith.service.rows import TOKEN_REQUEST, CallRow
from connectsmith.web.debugger import exchange_of
from connectsmith.web.exchange_view import ExchangeView, body_bytes, image_type
from connectsmith.web.navigation import ACTIVITY
from connectsmith.web.visit import Visit, operator_page

ON_A_PAGE: Final = 20
OFFERED: Final = 20
"""Connectors to choose from at once; others are found by name."""
SPANS: Final[Mapping[str, tuple[str, timedelta]]] = {
    "hour": ("the last hour", timedelta(hours=1)),
    "day": ("the last day", timedelta(days=1)),
    "week": ("the last 7 days", timedelta(days=7)),
}
KINDS: Final[Mapping[str, str]] = {"call": "Calls", "token": "Token requests"}
OUTCOMES: Final[Mapping[str, str]] = {"true": "Worked", "false": "Failed"}
DELETED_CONNECTOR: Final = "a deleted connector"
TOKEN_NAMES: Final[Mapping[str, str]] = {
    "exchange": "Code exchange",
    "refresh": "Renewal of the access token",
    "client_credentials": "Client's own token",
    "revocation": "Revocation of a token",
}


@dataclass(frozen=True, slots=True)
class EntryView:
    """One call or token request."""

    id: str
    title: str
    token_request: bool
    connector: str
    connector_name: str
    connection: str | None
    account: str
    ok: bool
    answer: str
    started_at: datetime
    milliseconds: int
    test: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the list is narrowed to."""

    connector: str = ""
    connection: str = ""
    ok: str = ""
    kind: str = ""
    within: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """Connectors that the list can be narrowed to."""

    connectors: Sequence[tuple[str, str]]
    chosen: str
    find: str
    """What their names contain; empty for the newest."""
    more: bool
    """Whether there are others."""
    hint: str


@dataclass(frozen=True, slots=True)
class OfferView:
    """What is offered, alone."""

    offer: Offer


@dataclass(frozen=True, slots=True)
class ActivityView:
    """The list, and what it can be narrowed to."""

    entries: Sequence[EntryView]
    chosen: Chosen
    offer: Offer
    next: str | None
    narrowed: bool
    kinds: Mapping[str, str]
    outcomes: Mapping[str, str]
    spans: Sequence[tuple[str, str]]
    days: int


@dataclass(frozen=True, slots=True)
class CallView:
    """One call with its transcript."""

    entry: EntryView
    exchange: ExchangeView | None
    fault: str | None
    code: str | None
    days: int


async def activity(visit: Visit) -> Response:
    """List what happened, newest first."""
    chosen = _chosen(visit)
    page = await visit.desks.records.page(
        visit.caller,
        filters=_filters(chosen, visit.desks.clock.now()),
        limit=ON_A_PAGE,
        after=visit.query("after") or None,
    )
    view = ActivityView(
        entries=await _entries(visit, page.items),
        chosen=chosen,
        offer=await _offer(visit),
        next=_more(chosen, page.next),
        narrowed=chosen != Chosen(),
        kinds=KINDS,
        outcomes=OUTCOMES,
        spans=[(key, words) for key, (words, _) in SPANS.items()],
        days=visit.desks.rules.transcripts_kept.days,
    )
    if visit.by_htmx:
        return visit.part("activity_entries.html", "part", view)
    return visit.page("activity.html", view)


def _chosen(visit: Visit) -> Chosen:
    """Return what was chosen; what nobody could choose counts as nothing."""

    def one_of(name: str, known: Mapping[str, object]) -> str:
        asked = visit.query(name)
        return asked if asked in known else ""

    return Chosen(
        connector=visit.query("connector")[:64],
        connection=visit.query("connection")[:64],
        ok=one_of("ok", OUTCOMES),
        kind=one_of("kind", KINDS),
        within=one_of("within", SPANS),
    )


def _filters(chosen: Chosen, now: datetime) -> dict[str, str]:
    names = ("connector", "connection", "ok", "kind")
    found = {name: value for name in names if (value := getattr(chosen, name))}
    if chosen.within:
        found["since"] = (now - SPANS[chosen.within][1]).isoformat()
    return found


def _more(chosen: Chosen, after: str | None) -> str | None:
    if after is None:
        return None
    names = ("connector", "connection", "ok", "kind", "within")
    query = {name: value for name in names if (value := getattr(chosen, name))}
    return f"{ACTIVITY}?{urlencode(query | {'after': after})}"


async def connectors(visit: Visit) -> Response:
    """Offer the connectors whose names contain what is typed."""
    view = OfferView(await _offer(visit))
    return visit.part("activity_connectors.html", "part", view)


async def _offer(visit: Visit) -> Offer:
    """Return the newest connectors, and the chosen one even if it is none of them."""
    find, chosen = visit.query("find").strip(), visit.query("connector")[:64]
    page = await visit.desks.connectors.page(
        visit.caller, limit=OFFERED, after=None, search=find or None
    )
    found = [(each.id, each.name) for each in page.items]
    if chosen and chosen not in {each for each, _ in found}:
        names = await visit.desks.overviews.names(visit.caller, [chosen])
        found.append((chosen, names.get(chosen, DELETED_CONNECTOR)))
    hint = "Not all fit here; find others by name." if page.next else ""
    if not page.items and find:
        hint = f"No connector’s name contains “{find}”."
    return Offer(found, chosen, find, page.next is not None, hint)


async def _entries(visit: Visit, rows: Sequence[CallRow]) -> list[EntryView]:
    """Return what is shown of calls; names and accounts of all of them are asked for at once."""
    overviews, caller = visit.desks.overviews, visit.caller
    names = await overviews.names(caller, (row.connector for row in rows))
    held = (row.connection for row in rows if row.connection is not None)
    accounts = await overviews.accounts(caller, held)
    return [
        _entry(
            row,
            connector=names.get(row.connector, DELETED_CONNECTOR),
            account=_account(row.connection, accounts),
        )
        for row in rows
    ]


def _account(connection: str | None, accounts: Mapping[str, str]) -> str:
    if connection is None:
        return ""
    return accounts.get(connection, "a deleted connection") or "unknown"


def _entry(row: CallRow, *, connector: str, account: str) -> EntryView:
    token_request = row.kind == TOKEN_REQUEST
    return EntryView(
        id=row.id,
        title=TOKEN_NAMES.get(row.action, row.action) if token_request else row.action,
        token_request=token_request,
        connector=row.connector,
        connector_name=connector,
        connection=row.connection,
        account=account,
        ok=row.ok,
        answer=str(row.status) if row.status else "no answer",
        started_at=row.started_at,
        milliseconds=round(row.duration.total_seconds() * 1000),
        test=row.test,
    )


async def one_call(visit: Visit) -> Response:
    """Show what was sent and received."""
    row = await visit.desks.records.get(visit.caller, visit.param("call"))
    (entry,) = await _entries(visit, [row])
    view = CallView(
        entry=entry,
        exchange=await exchange_of(visit, row.id),
        fault=row.fault,
        code=row.code,
        days=visit.desks.rules.transcripts_kept.days,
    )
    return visit.page("activity_call.html", view)


_APART: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}


async def body(visit: Visit) -> Response:
    """Return what a service answered as a download, of no type that a browser would open."""
    call = visit.param("call")
    try:
        content, _ = await visit.desks.records.body(visit.caller, call)
    except NotFound:
        transcript = await visit.desks.records.transcript(visit.caller, call)
        content = body_bytes(transcript["steps"][-1]) if transcript["steps"] else b""
    headers = {"Content-Disposition": f'attachment; filename="{call}.bin"', **_APART}
    return Response(content, media_type="application/octet-stream", headers=headers)


async def image(visit: Visit) -> Response:
    """Return an answer that is a raster image by its own bytes, whatever it says it is."""
    transcript = await visit.desks.records.transcript(visit.caller, visit.param("call"))
    number = visit.param("number")
    steps = transcript["steps"]
    at = int(number) if number.isascii() and number.isdigit() else len(steps)
    content = body_bytes(steps[at]) if at < len(steps) else b""
    media_type = image_type(content)
    if media_type is None:
        raise NotFound("There is no image.")
    return Response(content, status_code=HTTPStatus.OK, media_type=media_type, headers=_APART)


routes = [
    operator_page(ACTIVITY, activity, place=ACTIVITY),
    operator_page(ACTIVITY + "/connectors", connectors, place=ACTIVITY),
    operator_page(ACTIVITY + "/{call}", one_call, place=ACTIVITY),
    operator_page(ACTIVITY + "/{call}/body", body, place=ACTIVITY),
    operator_page(ACTIVITY + "/{call}/image/{number}", image, place=ACTIVITY),
]
