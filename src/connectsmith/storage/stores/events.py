"""The record of what happened to secrets and grants; rows are added, and dropped when old."""

# ruff: noqa: D102 - the port's docstrings say what its methods promise

from collections.abc import Sequence
from datetime import datetime

from connectsmith.service.rows import (
    EventRow,
)
from connectsmith.storage.database import Database, Statement, Values, changed
from connectsmith.storage.table import Table, micros

_EVENTS = Table("events", EventRow)
_RECENT = _EVENTS.select("WHERE workspace = :workspace ORDER BY number DESC LIMIT :limit")
_ONE_AT_A_TIME = "UPDATE connectors SET id = id WHERE workspace = :workspace AND id = :subject"
"""Holds others who have news of the same connector until ours is committed."""
_TURN = f"""
INSERT INTO events ({_EVENTS.columns})
SELECT {_EVENTS.parameters} WHERE NOT EXISTS (
  SELECT 1 FROM events WHERE workspace = :workspace AND subject = :subject AND what = :what
  AND number = (SELECT max(number) FROM events
    WHERE workspace = :workspace AND subject = :subject AND what IN (:what, :other)))
"""  # noqa: S608 - our own names


def recording(row: EventRow) -> Statement:
    """Return the statement that adds a record."""
    return Statement(_EVENTS.insert(), _EVENTS.encode(row))


class SqlEvents:
    """The port `Events` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, row: EventRow) -> None:
        await self._database.write(recording(row))

    async def turn(self, row: EventRow, *, other: str) -> bool:
        values = {**_EVENTS.encode(row), "other": other}
        return changed(
            await self._database.write(Statement(_ONE_AT_A_TIME, values), Statement(_TURN, values))
        )

    async def prune(self, before: datetime) -> int:
        values: Values = {"before": micros(before)}
        effects = await self._database.write(
            Statement("DELETE FROM events WHERE at < :before", values)
        )
        return effects[-1].count if effects else 0

    async def recent(self, workspace: str, limit: int) -> Sequence[EventRow]:
        values: Values = {"workspace": workspace, "limit": limit}
        return _EVENTS.decode_all(await self._database.read(_RECENT, values))
