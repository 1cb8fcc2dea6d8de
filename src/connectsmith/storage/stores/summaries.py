"""What lists need to know of many connectors at once."""

# ruff: noqa: D102 - the port's docstrings say what its methods promise

from collections.abc import Mapping, Sequence
from datetime import datetime

from connectsmith.service.summary_ports import Tally
from connectsmith.storage.database import Database, Statement, Value, Values
from connectsmith.storage.stores.many import numbered
from connectsmith.storage.table import micros, moment

_NAMES = """
SELECT id, name FROM connectors
WHERE workspace = :workspace AND id IN ({places}) AND deleted_at IS NULL
"""
_ACCOUNTS = """
SELECT id, COALESCE(account_label, account_id, '') FROM connections
WHERE workspace = :workspace AND id IN ({places})
"""
_CHANGED = """
SELECT c.id FROM connectors c JOIN revisions r
  ON r.workspace = c.workspace AND r.connector = c.id AND r.number = c.published
WHERE c.workspace = :workspace AND c.id IN ({places}) AND r.text <> c.draft
"""
_TALLY = """
SELECT connector,
  SUM(CASE WHEN status = 'active' AND (renewable = 1 OR lifetime IS NULL
    OR received_at + lifetime > :now) THEN 1 ELSE 0 END),
  COUNT(*)
FROM connections
WHERE workspace = :workspace AND connector IN ({places}) AND test = 0
  AND status IN ('active', 'degraded', 'needs_authorization')
GROUP BY connector
"""
# One look-up each at the end of an index: grouping would read every call.
_LAST_CALL = """
SELECT {place} AS connector, (
  SELECT MAX(started_at) FROM calls WHERE workspace = :workspace AND connector = {place})
"""
_NOT_SIGNED_IN = """
SELECT c.id FROM connectors c
WHERE c.workspace = :workspace AND c.id IN ({places}) AND c.created_at < :since
  AND NOT EXISTS (SELECT 1 FROM authorizations a
    WHERE a.workspace = c.workspace AND a.connector = c.id AND a.created_at >= :since
      AND a.status IN ('completed', 'kept'))
"""
_UNTOUCHED = """
UPDATE connectors SET deleted_at = :at, draft = '', draft_version = draft_version + 1
WHERE untouched_since < :before AND draft_version = 1 AND published IS NULL AND deleted_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM secrets s
    WHERE s.workspace = connectors.workspace AND s.connector = connectors.id)
  AND NOT EXISTS (SELECT 1 FROM authorizations a
    WHERE a.workspace = connectors.workspace AND a.connector = connectors.id)
  AND NOT EXISTS (SELECT 1 FROM connections n
    WHERE n.workspace = connectors.workspace AND n.connector = connectors.id)
RETURNING id
"""


class SqlSummaries:
    """The port `Summaries` in SQL."""

    def __init__(self, credentials: Database, calls: Database) -> None:
        self._credentials = credentials
        self._calls = calls

    async def names(self, workspace: str, connectors: Sequence[str]) -> Mapping[str, str]:
        return await self._words(_NAMES, workspace, connectors)

    async def accounts(self, workspace: str, connections: Sequence[str]) -> Mapping[str, str]:
        return await self._words(_ACCOUNTS, workspace, connections)

    async def _words(self, query: str, workspace: str, ids: Sequence[str]) -> dict[str, str]:
        if not ids:
            return {}
        rows = await self._credentials.read(*_for_each(query, workspace, ids))
        return {row[0]: row[1] for row in rows}

    async def changed(self, workspace: str, connectors: Sequence[str]) -> frozenset[str]:
        if not connectors:
            return frozenset()
        query, values = _for_each(_CHANGED, workspace, connectors)
        return frozenset(row[0] for row in await self._credentials.read(query, values))

    async def tallies(
        self, workspace: str, connectors: Sequence[str], now: datetime
    ) -> Mapping[str, Tally]:
        if not connectors:
            return {}
        query, values = _for_each(_TALLY, workspace, connectors)
        rows = await self._credentials.read(query, {**values, "now": micros(now)})
        return {name: Tally(int(good), int(every) - int(good)) for name, good, every in rows}

    async def last_calls(self, workspace: str, connectors: Sequence[str]) -> Mapping[str, datetime]:
        if not connectors:
            return {}
        names = numbered(connectors)
        query = " UNION ALL ".join(
            _LAST_CALL.format(place=f"CAST(:{name} AS TEXT)") for name in names
        )
        rows = await self._calls.read(query, {"workspace": workspace, **names})
        return {name: moment(at) for name, at in rows if at is not None}

    async def not_signed_in_since(
        self, workspace: str, connectors: Sequence[str], since: datetime
    ) -> frozenset[str]:
        if not connectors:
            return frozenset()
        query, values = _for_each(_NOT_SIGNED_IN, workspace, connectors)
        rows = await self._credentials.read(query, {**values, "since": micros(since)})
        return frozenset(row[0] for row in rows)

    async def discard_untouched(self, before: datetime, at: datetime) -> Sequence[str]:
        values: Values = {"before": micros(before), "at": micros(at)}
        effects = await self._credentials.write(Statement(_UNTOUCHED, values))
        return [] if effects is None else [row[0] for row in effects[0].rows]


def _for_each(query: str, workspace: str, ids: Sequence[str]) -> tuple[str, dict[str, Value]]:
    """Return a query with a parameter for each id."""
    names = numbered(ids)
    places = ", ".join(f":{name}" for name in names)
    return query.format(places=places), {"workspace": workspace, **names}
