"""Operators, API tokens, jobs, events and the installation's facts in memory."""

# ruff: noqa: D102 - the port's docstrings say what its methods promise

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from connectsmith.service.rows import (
    ApiTokenRow,
    EventRow,
    IdempotencyState,
    JobRow,
    OperatorRow,
)
from connectsmith.testing.memory_tables import Key


class MemoryAccounts:
    """The port `Accounts`."""

    def __init__(self) -> None:
        self.operators: list[OperatorRow] = []
        self._tokens: dict[str, ApiTokenRow] = {}

    async def add_operator(self, row: OperatorRow) -> None:
        self.operators.append(row)

    async def first_operator(self, workspace: str) -> OperatorRow | None:
        its = [row for row in self.operators if row.workspace == workspace]
        return min(its, key=lambda row: (row.created_at, row.id), default=None)

    async def add_token(self, row: ApiTokenRow) -> None:
        self._tokens[row.id] = row

    async def token_by_digest(self, digest: bytes) -> ApiTokenRow | None:
        return next((row for row in self._tokens.values() if row.digest == digest), None)

    async def tokens(self, workspace: str) -> Sequence[ApiTokenRow]:
        its = (row for row in self._tokens.values() if row.workspace == workspace)
        return sorted(its, key=lambda row: (row.created_at, row.id), reverse=True)

    async def revoke_token(self, workspace: str, token: str, at: datetime) -> bool:
        row = self._tokens.get(token)
        if row is None or row.workspace != workspace or row.revoked_at is not None:
            return False
        self._tokens[token] = replace(row, revoked_at=at)
        return True

    async def touch_tokens(self, used: Mapping[str, datetime]) -> None:
        for token, at in used.items():
            if token in self._tokens:
                self._tokens[token] = replace(self._tokens[token], last_used_at=at)


class MemoryIdempotency:
    """The port `Idempotency`."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, bytes], tuple[datetime, IdempotencyState]] = {}

    async def begin(
        self, workspace: str, key: bytes, request: bytes, *, now: datetime, until: datetime
    ) -> IdempotencyState:
        kept = self._kept.get((workspace, key))
        if kept is not None and kept[0] > now:
            return kept[1]
        state = IdempotencyState(claimed=False, request=request)
        self._kept[(workspace, key)] = (until, state)
        return IdempotencyState(claimed=True)

    async def finish(self, workspace: str, key: bytes, outcome: bytes) -> None:
        kept = self._kept.get((workspace, key))
        if kept is not None:
            self._kept[(workspace, key)] = (kept[0], replace(kept[1], outcome=outcome))

    async def abandon(self, workspace: str, key: bytes) -> None:
        kept = self._kept.get((workspace, key))
        if kept is not None and kept[1].outcome is None:
            del self._kept[(workspace, key)]


class MemoryJobs:
    """The port `Jobs`."""

    def __init__(self) -> None:
        self._rows: dict[Key, JobRow] = {}
        self._leases: dict[Key, datetime] = {}

    async def add(self, row: JobRow) -> None:
        self._rows[(row.workspace, row.id)] = row

    async def claim(
        self,
        *,
        owner: str,  # noqa: ARG002 - of use to whoever looks at the database
        now: datetime,
        until: datetime,
        limit: int,
        kind: str,
    ) -> Sequence[JobRow]:
        due = [
            (key, row)
            for key, row in self._rows.items()
            if row.kind == kind and row.due_at <= now and self._leases.get(key, now) <= now
        ]
        due.sort(key=lambda one: (one[1].due_at, one[1].id))
        for key, row in due[:limit]:
            self._leases[key] = until
            self._rows[key] = replace(row, attempts=row.attempts + 1)
        return [self._rows[key] for key, _ in due[:limit]]

    async def finish(self, workspace: str, job: str) -> None:
        self._rows.pop((workspace, job), None)
        self._leases.pop((workspace, job), None)

    async def postpone(self, workspace: str, job: str, due_at: datetime) -> None:
        row = self._rows.get((workspace, job))
        if row is not None:
            self._rows[(workspace, job)] = replace(row, due_at=due_at)
            self._leases.pop((workspace, job), None)


class MemoryEvents:
    """The port `Events`."""

    def __init__(self) -> None:
        self._rows: list[EventRow] = []

    async def add(self, row: EventRow) -> None:
        self._rows.append(row)

    async def turn(self, row: EventRow, *, other: str) -> bool:
        said = (
            each.what
            for each in reversed(self._rows)
            if (each.workspace, each.subject) == (row.workspace, row.subject)
            and each.what in {row.what, other}
        )
        if next(said, None) == row.what:
            return False
        self._rows.append(row)
        return True

    async def prune(self, before: datetime) -> int:
        kept = [row for row in self._rows if row.at >= before]
        pruned = len(self._rows) - len(kept)
        self._rows[:] = kept
        return pruned

    async def recent(self, workspace: str, limit: int) -> Sequence[EventRow]:
        return [row for row in reversed(self._rows) if row.workspace == workspace][:limit]


class MemoryMeta:
    """The port `Meta`."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    async def get(self, key: str) -> str | None:
        return self._values.get(key)

    async def put(self, key: str, value: str) -> None:
        self._values[key] = value

    async def put_first(self, key: str, value: str) -> str:
        return self._values.setdefault(key, value)

    async def replace(self, key: str, value: str, *, expected: str) -> bool:
        if self._values.get(key) != expected:
            return False
        self._values[key] = value
        return True
