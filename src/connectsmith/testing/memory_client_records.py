"""What clients are made of beside secrets, in memory."""

# ruff: noqa: D102 - the port's docstrings say what its methods promise

from collections.abc import Sequence
from datetime import datetime

from connectsmith.service.rows import ClientRecordRow
from connectsmith.testing.memory_tables import Tables


class MemoryClientRecords:
    """The port `ClientRecords`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, row: ClientRecordRow) -> bool:
        self._tables.living(row.workspace, row.connector)
        if _key(row) in self._tables.client_records:
            return False
        self._tables.client_records[_key(row)] = row
        return True

    async def of_connector(self, workspace: str, connector: str) -> Sequence[ClientRecordRow]:
        rows = self._tables.client_records.values()
        its = (row for row in rows if (row.workspace, row.connector) == (workspace, connector))
        return tuple(sorted(its, key=lambda row: (row.created_at, row.id)))

    async def published(self, connector: str) -> Sequence[ClientRecordRow]:
        rows = self._tables.client_records.values()
        keys = (row for row in rows if row.connector == connector and row.kind == "key")
        return sorted(keys, key=lambda row: row.created_at)

    async def due(self, now: datetime, limit: int) -> Sequence[ClientRecordRow]:
        rows = self._tables.client_records.values()
        dated = [(row.due_at, row) for row in rows if row.due_at is not None and row.due_at <= now]
        return [row for _, row in sorted(dated, key=lambda pair: pair[0])][:limit]

    async def replace(self, row: ClientRecordRow, *, expected_version: int) -> bool:
        stored = self._tables.client_records.get(_key(row))
        if stored is None or stored.version != expected_version:
            return False
        self._tables.client_records[_key(row)] = row
        return True

    async def delete(self, row: ClientRecordRow) -> bool:
        return self._tables.client_records.pop(_key(row), None) is not None


def _key(row: ClientRecordRow) -> tuple[str, str, str, str]:
    return (row.workspace, row.connector, row.kind, row.id)
