"""Custom Connectors, the home page: the list, and what can be done with a connector from it."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.responses import Response

from connectsmith.errors import VersionConflict
from connectsmith.service.overviews import ConnectorSummary, State
from connectsmith.service.rows import ConnectionRow
from connectsmith.service.summary_ports import Tally
from connectsmith.web.navigation import CONNECTORS
from connectsmith.web.visit import Visit, operator_page, operator_post

ON_A_PAGE: Final = 20
NAMED: Final = 5
"""Accounts that the dialog before a deletion names."""
LOOKED_AT: Final = 20
"""Connections among which they are looked for."""

STATES: Final[dict[State, tuple[str, str]]] = {
    "draft": ("Draft", ""),
    "published": ("Published", "good"),
    "changed": ("Changed since published", "accent"),
}
"""What a state is called, and its colour."""
SIGN_INS: Final = {"none": "No sign-in", "oauth2": "OAuth 2", "unknown": "—"}
"""What a kind of sign-in is called; other kinds are shown as written."""


@dataclass(frozen=True, slots=True)
class Line:
    """A connector on the list."""

    id: str
    name: str
    sign_in: str
    state: str
    state_kind: str
    published: bool
    standing: Sequence[tuple[str, str]]
    """How its connections are, and in which colour; nothing where it has none."""
    last_call_at: datetime | None
    callback_changed: bool
    icon: str | None
    """Address of its picture."""

    @property
    def letter(self) -> str:
        """What stands in place of a picture."""
        return next((each for each in self.name if each.isalnum()), "?").upper()


@dataclass(frozen=True, slots=True)
class ConnectorList:
    """What the home page shows."""

    lines: Sequence[Line]
    search: str
    next: str | None
    more: bool = False
    """Whether this is a later page, to be put below the one before."""


def line_of(summary: ConnectorSummary) -> Line:
    """Return what the list shows of a connector."""
    row, facts = summary.row, summary.facts
    name, kind = STATES[summary.state]
    return Line(
        id=row.id,
        name=row.name,
        sign_in=SIGN_INS.get(facts.sign_in, facts.sign_in),
        state=name,
        state_kind=kind,
        published=row.published is not None,
        standing=_standing(summary.tally),
        last_call_at=summary.last_call_at,
        callback_changed=summary.callback_changed,
        icon=f"/connectors/{row.id}/icon?version={row.draft_version}" if facts.has_icon else None,
    )


def _standing(tally: Tally) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if tally.healthy:
        found.append((f"{tally.healthy:,} healthy", "good"))
    if tally.attention:
        need = "needs" if tally.attention == 1 else "need"
        found.append((f"{tally.attention:,} {need} attention", "warn"))
    return found


async def connectors(visit: Visit) -> Response:
    """List the connectors, or those whose names contain what was typed."""
    search, after = visit.query("search").strip(), visit.query("after") or None
    page = await visit.desks.overviews.connectors(
        visit.caller, limit=ON_A_PAGE, after=after, search=search or None
    )
    view = ConnectorList([line_of(each) for each in page.items], search, page.next)
    if not visit.by_htmx:
        return visit.page("connectors.html", view)
    return visit.part("connectors.html", "found" if after is None else "lines", view)


async def duplicate(visit: Visit) -> Response:
    """Begin another connector with the same definition, without its secrets."""
    await visit.form()
    row = await visit.desks.beginnings.duplicate(visit.caller, visit.param("connector"))
    return visit.go(f"/connectors/{row.id}", note=f"“{row.name}” was made. It has no secrets yet.")


# -- deleting -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deletion:
    """What goes with a connector, and the question whether it shall."""

    id: str
    name: str
    version: int
    connections: int
    accounts: Sequence[str]
    """Whose connections end, the first few."""
    secrets: int
    last_call_at: datetime | None
    error: str = ""


async def ask_to_delete(visit: Visit) -> Response:
    """Say what uses a connector, and ask for its name."""
    view = await _deletion(visit)
    if visit.by_htmx:
        return visit.part("connector_delete_dialog.html", "dialog", view)
    return visit.page("connector_delete.html", view)


async def _deletion(visit: Visit, error: str = "") -> Deletion:
    desks, caller, connector = visit.desks, visit.caller, visit.param("connector")
    summary = await desks.overviews.connector(caller, connector)
    newest = await desks.connections.page(caller, connector, limit=LOOKED_AT, after=None)
    real = [each for each in newest.items if not each.test and each.sealed is not None]
    return Deletion(
        id=connector,
        name=summary.row.name,
        version=summary.row.draft_version,
        connections=max(summary.tally.all, len(real)),
        accounts=[_account(each) for each in real[:NAMED]],
        secrets=len(await desks.secrets.list(caller, connector)),
        last_call_at=summary.last_call_at,
        error=error,
    )


def _account(row: ConnectionRow) -> str:
    return row.account_label or row.account_id or row.id


async def delete(visit: Visit) -> Response:
    """Delete a connector whose name was typed, with everything that hangs on it."""
    form = await visit.form()
    view = await _deletion(visit)
    if _typed(form.text("name")) != _typed(view.name):
        return await _asked_again(
            visit, "This is not the name of the connector. Nothing was deleted."
        )
    version = form.line("version")
    if version != str(view.version):
        raise VersionConflict(
            f"Somebody saved “{view.name}” while you were asked. Nothing was deleted; look at "
            "what they did first."
        )
    await visit.desks.connectors.delete(visit.caller, view.id, version=view.version, force=True)
    return visit.go("/connectors", note=f"“{view.name}” was deleted.")


def _typed(name: str) -> str:
    """Return a name as far as somebody who reads it can be expected to type it."""
    return " ".join(unicodedata.normalize("NFC", name).split())


async def _asked_again(visit: Visit, error: str) -> Response:
    view = await _deletion(visit, error)
    if not visit.by_htmx:
        return visit.page("connector_delete.html", view, status=422)
    response = visit.part("connector_delete_dialog.html", "dialog", view, status=422)
    response.headers.update({"HX-Retarget": "#delete", "HX-Reswap": "outerHTML"})
    return response


routes = [
    operator_page("/connectors", connectors, place=CONNECTORS),
    operator_post("/connectors/{connector}/duplicate", duplicate, place=CONNECTORS),
    operator_page("/connectors/{connector}/delete", ask_to_delete, place=CONNECTORS),
    operator_post("/connectors/{connector}/delete", delete, place=CONNECTORS),
]
