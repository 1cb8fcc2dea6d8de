"""What lists need to know of many connectors at once, in memory."""

# ruff: noqa: D102 - the port's docstrings say what its methods promise

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from connectsmith.core.connection.status import Status
from connectsmith.service.rows import CallRow, ConnectionRow, ConnectorRow
from connectsmith.service.summary_ports import Tally
from connectsmith.testing.memory_tables import Key, Tables

_COUNTED = (Status.ACTIVE, Status.DEGRADED, Status.NEEDS_AUTHORIZATION)


class MemorySummaries:
    """The port `Summaries`."""

    def __init__(self, tables: Tables, calls: Mapping[Key, CallRow]) -> None:
        self._tables = tables
        self._calls = calls

    async def names(self, workspace: str, connectors: Sequence[str]) -> Mapping[str, str]:
        rows = self._tables.connectors.values()
        return {
            row.id: row.name
            for row in rows
            if row.workspace == workspace and row.id in connectors and row.deleted_at is None
        }

    async def accounts(self, workspace: str, connections: Sequence[str]) -> Mapping[str, str]:
        rows = self._tables.connections.values()
        return {
            row.id: row.account_label or row.account_id or ""
            for row in rows
            if row.workspace == workspace and row.id in connections
        }

    async def changed(self, workspace: str, connectors: Sequence[str]) -> frozenset[str]:
        return frozenset(
            row.id
            for row in self._tables.connectors.values()
            if row.workspace == workspace and row.id in connectors and self._differs(row)
        )

    def _differs(self, row: ConnectorRow) -> bool:
        if row.published is None:
            return False
        return self._tables.revisions[(row.workspace, row.id, row.published)].text != row.draft

    async def tallies(
        self, workspace: str, connectors: Sequence[str], now: datetime
    ) -> Mapping[str, Tally]:
        found: dict[str, Tally] = {}
        for row in self._tables.connections.values():
            named = row.workspace == workspace and row.connector in connectors
            if named and not row.test and row.status in _COUNTED:
                so_far = found.get(row.connector, Tally())
                good = _is_healthy(row, now)
                found[row.connector] = Tally(so_far.healthy + good, so_far.attention + (not good))
        return found

    async def last_calls(self, workspace: str, connectors: Sequence[str]) -> Mapping[str, datetime]:
        found: dict[str, datetime] = {}
        for row in self._calls.values():
            if row.workspace == workspace and row.connector in connectors:
                before = found.get(row.connector, row.started_at)
                found[row.connector] = max(before, row.started_at)
        return found

    async def not_signed_in_since(
        self, workspace: str, connectors: Sequence[str], since: datetime
    ) -> frozenset[str]:
        signed_in = {
            row.connector
            for row in self._tables.authorizations.values()
            if row.workspace == workspace
            and row.created_at >= since
            and row.status in ("completed", "kept")
        }
        return frozenset(
            row.id
            for row in self._tables.connectors.values()
            if row.workspace == workspace
            and row.id in connectors
            and row.created_at < since
            and row.id not in signed_in
        )

    async def discard_untouched(self, before: datetime, at: datetime) -> Sequence[str]:
        gone = [row for row in self._tables.connectors.values() if self._is_left(row, before)]
        for row in gone:
            buried = replace(row, deleted_at=at, draft="", draft_version=row.draft_version + 1)
            self._tables.connectors[(row.workspace, row.id)] = buried
        return [row.id for row in gone]

    def _is_left(self, row: ConnectorRow, before: datetime) -> bool:
        if row.untouched_since is None or row.untouched_since >= before:
            return False
        tables = self._tables
        used = (tables.secrets, tables.authorizations, tables.connections)
        hangs_on = any(each.connector == row.id for table in used for each in table.values())
        as_begun = row.draft_version == 1 and row.published is None and row.deleted_at is None
        return as_begun and not hangs_on


def _is_healthy(row: ConnectionRow, now: datetime) -> bool:
    if row.status is not Status.ACTIVE:
        return False
    if row.renewable or row.lifetime is None or row.received_at is None:
        return True
    return row.received_at + row.lifetime > now
