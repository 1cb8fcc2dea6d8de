"""What clients are made of beside secrets: keys, registrations, servers' metadata."""

# ruff: noqa: D102 - the port's docstrings say what its methods promise

from collections.abc import Sequence
from datetime import datetime

from connectsmith.service.rows import ClientRecordRow
from connectsmith.storage.database import (
    Database,
    DuplicateKeyError,
    Statement,
    Value,
    Values,
    changed,
    every,
    keeping,
)
from connectsmith.storage.stores.living import demand_living, living
from connectsmith.storage.table import Table, micros

_RECORDS = Table("client_records", ClientRecordRow)

_OF_CONNECTOR = _RECORDS.select(
    "WHERE workspace = :workspace AND connector = :connector ORDER BY created_at, id"
)
_PUBLISHED = _RECORDS.select("WHERE connector = :connector AND kind = 'key' ORDER BY created_at")
_DUE = _RECORDS.select("WHERE due_at IS NOT NULL AND due_at <= :now ORDER BY due_at LIMIT :limit")
_ONE = "workspace = :workspace AND connector = :connector AND kind = :kind AND id = :id"
_CHANGES = _RECORDS.assignments(without=("workspace", "connector", "kind", "id", "created_at"))
_REPLACE = (
    f"UPDATE client_records SET {_CHANGES} "  # noqa: S608 - names of our own columns
    f"WHERE {_ONE} AND version = :expected"
)
_DELETE = f"DELETE FROM client_records WHERE {_ONE}"  # noqa: S608 - a constant of ours


class SqlClientRecords:
    """The port `ClientRecords` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._recent = database.recent("client_records")

    async def add(self, row: ClientRecordRow) -> bool:
        insert = Statement(_RECORDS.insert(), _RECORDS.encode(row))
        try:
            demand_living(await self._database.write(living(row.workspace, row.connector), insert))
        except DuplicateKeyError:
            return False
        return True

    async def of_connector(self, workspace: str, connector: str) -> Sequence[ClientRecordRow]:
        subject = f"{workspace}/{connector}"
        kept: tuple[ClientRecordRow, ...] | None = self._recent.get(subject)
        if kept is not None:
            return kept
        values = {"workspace": workspace, "connector": connector}
        reading = every(self._database, _OF_CONNECTOR, values, _RECORDS.decode_all)
        return await keeping(self._recent, subject, reading)

    async def published(self, connector: str) -> Sequence[ClientRecordRow]:
        found = await self._database.read(_PUBLISHED, {"connector": connector})
        return _RECORDS.decode_all(found)

    async def due(self, now: datetime, limit: int) -> Sequence[ClientRecordRow]:
        values: dict[str, Value] = {"now": micros(now), "limit": limit}
        return _RECORDS.decode_all(await self._database.read(_DUE, values))

    async def replace(self, row: ClientRecordRow, *, expected_version: int) -> bool:
        values = _RECORDS.encode(row) | {"expected": expected_version}
        return changed(await self._database.write(Statement(_REPLACE, values), shred=True))

    async def delete(self, row: ClientRecordRow) -> bool:
        values: Values = {
            "workspace": row.workspace,
            "connector": row.connector,
            "kind": row.kind,
            "id": row.id,
        }
        return changed(await self._database.write(Statement(_DELETE, values), shred=True))
