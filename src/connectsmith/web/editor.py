"""The editor of a connector's definition: its page, and what its script asks.

The page is made whole here; its script (`frontend/src/editor`) then shows what the server says of
the text while it is typed. Rules are the use cases': this module only writes them as JSON.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.responses import Response

from connectsmith.core.secret.secret import Secret
from connectsmith.service.connectors import diagnostic_json
from connectsmith.service.editing import KeyRing, Look
from connectsmith.service.rows import ConfirmedRow, ConnectorRow, SecretRow
from connectsmith.service.secret_entry import EnteredChanges, NewSecret
from connectsmith.web.json_routes import Body, operator_json
from connectsmith.web.navigation import CONNECTORS
from connectsmith.web.rendering import iso
from connectsmith.web.visit import Visit, operator_page

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class EditorView:
    """What the editor's page shows."""

    row: ConnectorRow
    opened: JSON
    callback_url: str
    concerns: tuple[str, ...]
    moved_at: datetime | None
    """When the callback URL became another, until somebody signs in with it."""


async def editor(visit: Visit) -> Response:
    """Show a connector's draft."""
    look = await visit.desks.editing.look(visit.caller, visit.param("connector"))
    callback = visit.desks.arrivals.callback(look.row.id)
    opened: JSON = {
        "connector": look.row.id,
        "operator": visit.caller.operator,
        "name": look.row.name,
        "text": look.row.draft,
        "look": _look(look),
        "callback": {
            "url": callback.url,
            "arrival": f"{callback.url}/arrival?challenge={callback.challenge}",
            "answer": callback.answer,
        },
    }
    concerns = tuple(each.message for each in callback.concerns)
    summary = await visit.desks.overviews.connector(visit.caller, look.row.id)
    moved_at = visit.desks.settings.changed_at if summary.callback_changed else None
    view = EditorView(look.row, opened, callback.url, concerns, moved_at)
    return visit.editor_page("editor.html", view)


def _look(look: Look) -> JSON:
    outline = look.outline
    return {
        "version": look.row.draft_version,
        "saved_at": iso(look.row.draft_saved_at),
        "problems": [diagnostic_json(each) for each in look.diagnostics],
        "actions": [
            {
                "name": each.name,
                "label": each.label,
                "method": each.method,
                "endpoint": each.endpoint,
                "start": each.start,
            }
            for each in outline.actions
        ],
        "secrets": [
            {
                "name": each.name,
                "start": each.start,
                "browser": each.browser,
                "stored": each.name in look.stored,
            }
            for each in outline.secrets
        ],
        "stored": sorted(look.stored),
        "fields": outline.fields,
        "captured": outline.captured,
        "endpoints": dict(outline.endpoints),
        "origins": outline.origins,
    }


async def look_at(visit: Visit, body: Body) -> JSON:
    """Say what is wrong with a text that is being typed, and what stands in it."""
    connector = visit.param("connector")
    return _look(await visit.desks.editing.look(visit.caller, connector, body.text("text")))


async def draft(visit: Visit, _: Body) -> JSON:
    """Return the draft that is saved now."""
    return _draft(await visit.desks.connectors.get(visit.caller, visit.param("connector")))


async def save_draft(visit: Visit, body: Body) -> JSON:
    """Store the draft as typed, unless somebody saved since it was read."""
    row = await visit.desks.connectors.save_draft(
        visit.caller, visit.param("connector"), body.text("text"), version=body.number("version")
    )
    return _draft(row)


def _draft(row: ConnectorRow) -> JSON:
    return {
        "name": row.name,
        "text": row.draft,
        "version": row.draft_version,
        "saved_at": iso(row.draft_saved_at),
    }


async def key_ring(visit: Visit, _: Body) -> JSON:
    """Return what the Secret Keys dialog shows."""
    return _ring(await visit.desks.editing.key_ring(visit.caller, visit.param("connector")))


async def change_secrets(visit: Visit, body: Body) -> JSON:
    """Store what the dialog staged, all of it or nothing."""
    connector = visit.param("connector")
    changes = EnteredChanges(
        added=tuple(
            NewSecret(
                name=each.text("name"),
                value=Secret(each.text("value")),
                origins=each.texts("origins"),
                browser=each.flag("browser"),
            )
            for each in body.bodies("added")
        ),
        confirmed=tuple(
            ConfirmedRow(each.text("id"), each.texts("origins"), seen=each.texts("seen"))
            for each in body.bodies("confirmed")
        ),
        deleted=body.texts("deleted"),
    )
    await visit.desks.secrets.change(
        visit.caller, connector, changes, version=body.number("version")
    )
    return _ring(await visit.desks.editing.key_ring(visit.caller, connector))


def _ring(ring: KeyRing) -> JSON:
    return {
        "version": ring.row.draft_version,
        "origins": ring.drafted.origins,
        "secrets": [_secret(each, ring.renewing.get(each.name, 0)) for each in ring.secrets],
    }


def _secret(row: SecretRow, renewing: int) -> JSON:
    return {
        "id": row.id,
        "name": row.name,
        "created_at": iso(row.created_at),
        "last_used_at": None if row.last_used_at is None else iso(row.last_used_at),
        "origins": row.origins,
        "browser": row.browser,
        "renewing": renewing,
    }


async def export(visit: Visit) -> Response:
    """Send the saved draft as a file, as typed."""
    row = await visit.desks.connectors.get(visit.caller, visit.param("connector"))
    return Response(
        row.draft.encode("utf-8", "surrogatepass"),
        media_type="application/json",
        headers={
            "Content-Disposition": f'attachment; filename="{_file_name(row.name)}.json"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _file_name(name: str) -> str:
    """Return a name that every file system takes: ASCII letters, digits and hyphens."""
    plain = "".join(each if each.isascii() and each.isalnum() else "-" for each in name)
    return "-".join(filter(None, plain.split("-"))).lower()[:60] or "connector"


routes = [
    operator_page("/connectors/{connector}", editor, place=CONNECTORS),
    operator_page("/connectors/{connector}/export", export, place=CONNECTORS),
    operator_json("/connectors/{connector}/look", look_at, method="POST"),
    operator_json("/connectors/{connector}/draft", draft),
    operator_json("/connectors/{connector}/draft", save_draft, method="POST"),
    operator_json("/connectors/{connector}/secrets", key_ring),
    operator_json("/connectors/{connector}/secrets", change_secrets, method="POST"),
]
