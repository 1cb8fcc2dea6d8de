"""Background work: rows with a due time, claimed by a lease."""

# ruff: noqa: D102 - the port's docstrings say what its methods promise

from collections.abc import Sequence
from datetime import datetime

from connectsmith.service.rows import (
    JobRow,
)
from connectsmith.storage.database import Database, Statement, Value, Values
from connectsmith.storage.table import Table, micros

_JOBS = Table("jobs", JobRow)

_DUE = "due_at <= :now AND (lease_until IS NULL OR lease_until <= :now)"
# The condition stands twice: PostgreSQL checks the outer one again on a row that another claim has
# just changed.
_CLAIM = f"""
UPDATE jobs SET lease_owner = :owner, lease_until = :until, attempts = attempts + 1
WHERE {_DUE} AND (workspace, id) IN (
  SELECT workspace, id FROM jobs WHERE kind = :kind AND {_DUE} ORDER BY due_at, id LIMIT :limit)
RETURNING {_JOBS.columns}
"""  # noqa: S608 - names of our own columns
_FINISH = "DELETE FROM jobs WHERE workspace = :workspace AND id = :id"
_POSTPONE = """
UPDATE jobs SET due_at = :due_at, lease_owner = NULL, lease_until = NULL
WHERE workspace = :workspace AND id = :id
"""


class SqlJobs:
    """The port `Jobs` in SQL; claiming counts as an attempt, so that a crash counts too."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, row: JobRow) -> None:
        await self._database.write(Statement(_JOBS.insert(), _JOBS.encode(row)))

    async def claim(
        self, *, owner: str, now: datetime, until: datetime, limit: int, kind: str
    ) -> Sequence[JobRow]:
        values: dict[str, Value] = {"owner": owner, "limit": limit, "kind": kind}
        values |= {"now": micros(now), "until": micros(until)}
        effects = await self._database.write(Statement(_CLAIM, values))
        rows = _JOBS.decode_all(effects[-1].rows) if effects else []
        return sorted(rows, key=lambda row: (row.due_at, row.id))

    async def finish(self, workspace: str, job: str) -> None:
        values = {"workspace": workspace, "id": job}
        await self._database.write(Statement(_FINISH, values), shred=True)

    async def postpone(self, workspace: str, job: str, due_at: datetime) -> None:
        values: Values = {"workspace": workspace, "id": job, "due_at": micros(due_at)}
        await self._database.write(Statement(_POSTPONE, values))
