"""Outcomes that an `Idempotency-Key` replays."""

# ruff: noqa: D102 - the port's docstrings say what its methods promise

from datetime import datetime

from connectsmith.errors import StorageBusy
from connectsmith.service.rows import (
    IdempotencyState,
)
from connectsmith.storage.database import Database, Statement, Value
from connectsmith.storage.table import micros

_FORGET = "DELETE FROM idempotency_keys WHERE expires_at <= :now"
_CLAIM = """
INSERT INTO idempotency_keys (workspace, key, request, outcome, expires_at)
VALUES (:workspace, :key, :request, NULL, :until)
ON CONFLICT (workspace, key) DO NOTHING
"""
_GET = "SELECT request, outcome FROM idempotency_keys WHERE workspace = :workspace AND key = :key"
_FINISH = """
UPDATE idempotency_keys SET outcome = :outcome WHERE workspace = :workspace AND key = :key
"""
_ABANDON = """
DELETE FROM idempotency_keys
WHERE workspace = :workspace AND key = :key AND outcome IS NULL
"""
_TRIES = 3


class SqlIdempotency:
    """The port `Idempotency` in SQL; what has expired is forgotten as others begin."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(
        self, workspace: str, key: bytes, request: bytes, *, now: datetime, until: datetime
    ) -> IdempotencyState:
        values: dict[str, Value] = {"workspace": workspace, "key": key}
        forget = Statement(_FORGET, {"now": micros(now)})
        claim = Statement(_CLAIM, values | {"request": request, "until": micros(until)})
        for _ in range(_TRIES):
            effects = await self._database.write(forget, claim)
            if effects and effects[-1].count:
                return IdempotencyState(claimed=True)
            for earlier, outcome in await self._database.read(_GET, values):
                kept = None if outcome is None else bytes(outcome)
                return IdempotencyState(claimed=False, request=bytes(earlier), outcome=kept)
        raise StorageBusy("Others claim and abandon this Idempotency-Key. Try again.")

    async def finish(self, workspace: str, key: bytes, outcome: bytes) -> None:
        values: dict[str, Value] = {"workspace": workspace, "key": key, "outcome": outcome}
        await self._database.write(Statement(_FINISH, values))

    async def abandon(self, workspace: str, key: bytes) -> None:
        await self._database.write(Statement(_ABANDON, {"workspace": workspace, "key": key}))
