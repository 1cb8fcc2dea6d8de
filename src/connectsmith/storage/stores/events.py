"""The record of what happened to secrets and grants; rows are only ever added."""

# ruff: noqa: D102 - the port's docstrings say what its methods promise

from collections.abc import Sequence

from connectsmith.service.rows import (
    EventRow,
)
from connectsmith.storage.database import Database, Statement, Values
from connectsmith.storage.table import Table

_EVENTS = Table("events", EventRow)
_RECENT = _EVENTS.select("WHERE workspace = :workspace ORDER BY number DESC LIMIT :limit")


class SqlEvents:
    """The port `Events` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, row: EventRow) -> None:
        await self._database.write(Statement(_EVENTS.insert(), _EVENTS.encode(row)))

    async def recent(self, workspace: str, limit: int) -> Sequence[EventRow]:
        values: Values = {"workspace": workspace, "limit": limit}
        return _EVENTS.decode_all(await self._database.read(_RECENT, values))
