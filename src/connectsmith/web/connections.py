"""Connections: whose, how they are, when they last proved it, and what can be done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.responses import Response

from connectsmith.core.connection.status import Status
from connectsmith.core.connection.survival import Fate
from connectsmith.errors import ConnectsmithError, NotFound
from connectsmith.service.rows import AuthorizationRow, ConnectionRow, LastGood
from connectsmith.web.addresses import debugger_path
from connectsmith.web.connect_view import ConnectView
from connectsmith.web.debugger import ResultView, exchange_of, troubled
from connectsmith.web.navigation import CONNECTIONS
from connectsmith.web.visit import Visit, operator_page, operator_post

ON_A_PAGE: Final = 20
_LASTING: Final = (Fate.RENEWS, Fate.LASTS)
_COLOURS: Final = {
    Status.ACTIVE: "good",
    Status.DEGRADED: "warn",
    Status.NEEDS_AUTHORIZATION: "bad",
}


@dataclass(frozen=True, slots=True)
class ConnectionView:
    """One connection."""

    id: str
    account: str
    known: bool
    """Whether the definition says whose account it is."""
    connector: str
    connector_name: str
    test: bool
    health: str
    colour: str
    failure: str
    proved_at: datetime | None
    proof: str
    """Id of the call or token request that went well last."""
    usable: bool
    wants_owner: bool
    """Whether only its owner can mend it, by connecting again."""
    debugger: str


@dataclass(frozen=True, slots=True)
class WaitingView:
    """A sign-in whose owner has still to choose something."""

    path: str
    connector_name: str
    until: datetime


@dataclass(frozen=True, slots=True)
class ConnectionsView:
    """The list."""

    waiting: Sequence[WaitingView]
    rows: Sequence[ConnectionView]
    next: str | None
    first: bool
    dialog: ConnectView | None
    """What lies over the list from the start."""


@dataclass(frozen=True, slots=True)
class AskView:
    """What is asked before a connection ends."""

    title: str
    account: str
    connector_name: str
    consequence: str
    action: str
    button: str


@dataclass(frozen=True, slots=True)
class TestView:
    """What a test of a connection came to."""

    title: str
    result: ResultView


async def connections(visit: Visit) -> Response:
    """List all connections, newest first."""
    return await list_page(visit)


async def list_page(visit: Visit, *, dialog: ConnectView | None = None) -> Response:
    """Return the list, with a dialog over it."""
    after = visit.query("after") or None
    page = await visit.desks.connections.page(visit.caller, None, limit=ON_A_PAGE, after=after)
    rows = [each for each in page.items if _is_shown(each, visit)]
    waiting = await visit.desks.authorizations.unkept(visit.caller) if dialog is None else ()
    ids = [each.connector for each in rows] + [each.connector for each in waiting]
    names = await visit.desks.overviews.names(visit.caller, ids)
    proofs = await visit.desks.records.last_good(visit.caller, [each.id for each in rows])
    view = ConnectionsView(
        waiting=[
            WaitingView(_path_on(each), names[each.connector], each.expires_at)
            for each in waiting
            if each.connector in names
        ],
        rows=[
            _view(visit, each, name, proofs.get(each.id))
            for each in rows
            if (name := names.get(each.connector)) is not None  # deleted since the page was read
        ],
        next=f"{CONNECTIONS}?after={page.next}" if page.next else None,
        first=after is None,
        dialog=dialog,
    )
    return visit.page("connections.html", view, leads_away=True)


def _path_on(row: AuthorizationRow) -> str:
    """Return where a sign-in goes on."""
    if row.reconnects is not None:
        return f"{CONNECTIONS}/{row.reconnects}/reconnect"
    if row.test:
        return debugger_path(row.connector)
    return f"{CONNECTIONS}/connect/{row.connector}"


def _is_shown(row: ConnectionRow, visit: Visit) -> bool:
    """Leave out other people's tests, and what was never kept."""
    own = not row.test or row.operator in ("", visit.caller.operator)
    return own and row.status is not Status.UNCONFIRMED


def _view(
    visit: Visit, row: ConnectionRow, connector_name: str, proof: LastGood | None
) -> ConnectionView:
    account = row.account_label or row.account_id
    return ConnectionView(
        id=row.id,
        account=account or "unknown",
        known=account is not None,
        connector=row.connector,
        connector_name=connector_name,
        test=row.test,
        health=visit.desks.connections.health(row),
        colour=_COLOURS.get(row.status, ""),
        failure=row.failure_message or "",
        proved_at=proof.started_at if proof else row.refreshed_at or row.last_used_at,
        proof=proof.call if proof else "",
        usable=row.sealed is not None,
        wants_owner=row.status is Status.NEEDS_AUTHORIZATION and not row.test,
        debugger=debugger_path(row.connector),
    )


async def own_row(visit: Visit) -> ConnectionRow:
    """Return the connection that a path names."""
    row = await visit.desks.connections.usable_by(visit.caller, visit.param("connection"))
    if row.status is Status.UNCONFIRMED:
        raise NotFound("There is no connection with that id.")
    return row


# -- testing --------------------------------------------------------------------------------------


async def test(visit: Visit) -> Response:
    """Prove a connection, and show what was said."""
    await visit.form()
    row = await own_row(visit)
    try:
        proof = await visit.desks.connections.test(visit.caller, row.id)
    except ConnectsmithError as error:
        result = await troubled(visit, error)
    else:
        who = proof.account_label or proof.account_id
        worked = f"It works, for {who}" if who else "It works"
        title = worked if proof.ok else f"The service answered {proof.status}"
        result = ResultView(
            good=proof.ok,
            title="Nothing was sent" if proof.did == "fields" else title,
            message=proof.message or "",
            exchange=await exchange_of(visit, proof.call),
            place="test",
        )
    view = TestView(f"Test: {row.account_label or row.account_id or 'connection'}", result)
    return visit.part("connection_test.html", "part", view)


@dataclass(frozen=True, slots=True)
class SurvivalView:
    """What a connection will live through."""

    account: str
    sentence: str
    colour: str
    steps: Sequence[tuple[str, str]]
    """What came of each step, and in words."""
    rules: Sequence[str]
    """What is known of the service."""
    untried: bool
    """Whether a step was left out because it can end the grant."""


async def survival(visit: Visit) -> Response:
    """Renew a connection twice and say whether it will last; nothing that could end it is tried."""
    await visit.form()
    row = await own_row(visit)
    report = await visit.desks.survival.run(visit.caller, row.id)
    view = SurvivalView(
        account=_whose(row),
        sentence=report.verdict.sentence,
        colour="good" if report.verdict.fate in _LASTING else "warn",
        steps=[(str(each.outcome), each.message) for each in report.steps],
        rules=[each.message for each in report.rules],
        untried=any(
            (each.step, each.outcome) == ("lost_answer", "skipped") for each in report.steps
        ),
    )
    return visit.part("connection_survival.html", "part", view)


# -- ending ---------------------------------------------------------------------------------------


async def ask_revoke(visit: Visit) -> Response:
    """Say what revoking means."""
    return await _ask(visit, revokes=True)


async def ask_delete(visit: Visit) -> Response:
    """Say what deleting means."""
    return await _ask(visit, revokes=False)


async def _ask(visit: Visit, *, revokes: bool) -> Response:
    row = await own_row(visit)
    name = await visit.desks.connections.connector_name(row)
    consequence = (
        "Its tokens are revoked at the service and destroyed here; whatever calls with it stops "
        "at once. With some services that ends every other connection of the same account too."
        if row.sealed is not None
        else "Nothing is held for it any more."
    )
    view = AskView(
        title="Revoke this connection?" if revokes else "Delete this connection?",
        account=row.account_label or row.account_id or "an unknown account",
        connector_name=name,
        consequence=consequence if revokes else f"{consequence} It leaves this list.",
        action=f"{CONNECTIONS}/{row.id}/{'revoke' if revokes else 'delete'}",
        button="Revoke" if revokes else "Delete",
    )
    return visit.part("connection_ask.html", "part", view)


async def revoke(visit: Visit) -> Response:
    """End a connection."""
    await visit.form()
    row = await own_row(visit)
    await visit.desks.connections.revoke(visit.caller, row.id)
    return visit.go(CONNECTIONS, note=f"The connection of {_whose(row)} is revoked.")


async def delete(visit: Visit) -> Response:
    """End a connection and take it from the list."""
    await visit.form()
    row = await own_row(visit)
    await visit.desks.connections.delete(visit.caller, row.id)
    return visit.go(CONNECTIONS, note=f"The connection of {_whose(row)} is deleted.")


def _whose(row: ConnectionRow) -> str:
    return row.account_label or row.account_id or "an unknown account"


_ONE: Final = CONNECTIONS + "/{connection}"
routes = [
    operator_page(CONNECTIONS, connections, place=CONNECTIONS),
    operator_post(_ONE + "/test", test, place=CONNECTIONS),
    operator_post(_ONE + "/survival", survival, place=CONNECTIONS),
    operator_page(_ONE + "/revoke", ask_revoke, place=CONNECTIONS),
    operator_page(_ONE + "/delete", ask_delete, place=CONNECTIONS),
    operator_post(_ONE + "/revoke", revoke, place=CONNECTIONS),
    operator_post(_ONE + "/delete", delete, place=CONNECTIONS),
]
