"""Connectors, drafts and revisions."""

# ruff: noqa: D102 - the port's docstrings say what its methods promise

from collections.abc import Sequence
from datetime import datetime

from connectsmith.service.rows import (
    ConnectorRow,
    Page,
    RevisionRow,
)
from connectsmith.storage.database import (
    Database,
    Statement,
    Value,
    Values,
    changed,
    first,
    keeping,
)
from connectsmith.storage.pages import after_values, cursor, page
from connectsmith.storage.table import Table, micros

_CONNECTORS = Table("connectors", ConnectorRow)
_REVISIONS = Table("revisions", RevisionRow)

_GET = _CONNECTORS.select("WHERE workspace = :workspace AND id = :id AND deleted_at IS NULL")
_SEARCH = "AND name_folded LIKE :pattern ESCAPE '!'"
_AFTER = "AND (created_at, id) < (:at, :last)"
_SAVE = """
UPDATE connectors
SET name = :name, name_folded = :name_folded, draft = :draft, draft_version = :draft_version,
  draft_saved_at = :draft_saved_at, draft_saved_by = :draft_saved_by
WHERE workspace = :workspace AND id = :id AND draft_version = :expected AND deleted_at IS NULL
"""
_POINT = """
UPDATE connectors SET published = :number
WHERE workspace = :workspace AND id = :connector AND draft_version = :expected
  AND deleted_at IS NULL
"""
_REVISION = _REVISIONS.select(
    "WHERE workspace = :workspace AND connector = :connector AND number = :number"
)
_ALL_REVISIONS = _REVISIONS.select(
    "WHERE workspace = :workspace AND connector = :connector ORDER BY number DESC"
)
_BURY = """
UPDATE connectors
SET deleted_at = :at, draft = '', draft_version = draft_version + 1, published = NULL
WHERE workspace = :workspace AND id = :connector AND deleted_at IS NULL
"""
_SHRED = (
    """
    DELETE FROM rescues WHERE workspace = :workspace AND connection IN (
      SELECT id FROM connections WHERE workspace = :workspace AND connector = :connector)
    """,
    "DELETE FROM connections WHERE workspace = :workspace AND connector = :connector",
    "DELETE FROM authorizations WHERE workspace = :workspace AND connector = :connector",
    "DELETE FROM client_records WHERE workspace = :workspace AND connector = :connector",
    "DELETE FROM secrets WHERE workspace = :workspace AND connector = :connector",
    "DELETE FROM revisions WHERE workspace = :workspace AND connector = :connector",
)


class SqlConnectors:
    """The port `Connectors` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._recent = database.recent("connectors")
        self._recent_revisions = database.recent("revisions")

    async def add(self, row: ConnectorRow) -> None:
        values = _CONNECTORS.encode(row) | {"name_folded": row.name.casefold()}
        await self._database.write(Statement(_CONNECTORS.insert("name_folded"), values))

    async def get(self, workspace: str, connector: str) -> ConnectorRow | None:
        subject = f"{workspace}/{connector}"
        kept: ConnectorRow | None = self._recent.get(subject)
        if kept is not None:
            return kept
        values = {"workspace": workspace, "id": connector}
        reading = first(self._database, _GET, values, _CONNECTORS.decode)
        return await keeping(self._recent, subject, reading)

    async def page(
        self, workspace: str, *, limit: int, after: str | None, search: str | None
    ) -> Page[ConnectorRow]:
        values: dict[str, Value] = {"workspace": workspace, "limit": limit + 1}
        values |= after_values(after)
        parts = ["WHERE workspace = :workspace AND deleted_at IS NULL"]
        if after is not None:
            parts.append(_AFTER)
        if search:
            parts.append(_SEARCH)
            values["pattern"] = _containing(search)
        parts.append("ORDER BY created_at DESC, id DESC LIMIT :limit")
        found = await self._database.read(_CONNECTORS.select(" ".join(parts)), values)
        rows = _CONNECTORS.decode_all(found)
        return page(rows, limit, lambda row: cursor(row.created_at, row.id))

    async def save_draft(self, row: ConnectorRow, *, expected_version: int) -> bool:
        values = _CONNECTORS.encode(row)
        values |= {"name_folded": row.name.casefold(), "expected": expected_version}
        return changed(await self._database.write(Statement(_SAVE, values)))

    async def publish(self, row: RevisionRow, *, expected_draft_version: int) -> bool:
        values = _REVISIONS.encode(row)
        point = Statement(_POINT, values | {"expected": expected_draft_version}, needed=True)
        return changed(await self._database.write(point, Statement(_REVISIONS.insert(), values)))

    async def revision(self, workspace: str, connector: str, number: int) -> RevisionRow | None:
        subject = f"{workspace}/{connector}/{number}"
        kept: RevisionRow | None = self._recent_revisions.get(subject)
        if kept is not None:
            return kept
        position = self._recent_revisions.position()
        values: Values = {"workspace": workspace, "connector": connector, "number": number}
        row = await first(self._database, _REVISION, values, _REVISIONS.decode)
        if row is not None:
            self._recent_revisions.put(subject, row, position)
        return row

    async def revisions(self, workspace: str, connector: str) -> Sequence[RevisionRow]:
        values = {"workspace": workspace, "connector": connector}
        return _REVISIONS.decode_all(await self._database.read(_ALL_REVISIONS, values))

    async def delete(self, workspace: str, connector: str, at: datetime) -> None:
        values = {"workspace": workspace, "connector": connector}
        bury = Statement(_BURY, values | {"at": micros(at)}, needed=True)
        shred = (Statement(sql, values) for sql in _SHRED)
        await self._database.write(bury, *shred, shred=True)


def _containing(text: str) -> str:
    escaped = text.casefold().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{escaped}%"
