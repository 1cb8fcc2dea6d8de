"""Operators and API tokens."""

# ruff: noqa: D102 - the port's docstrings say what its methods promise

from collections.abc import Mapping, Sequence
from datetime import datetime

from connectsmith.service.rows import (
    ApiTokenRow,
    OperatorRow,
)
from connectsmith.storage.database import Database, Statement, Values, changed, first, keeping
from connectsmith.storage.table import Table, micros

_OPERATORS = Table("operators", OperatorRow)
_TOKENS = Table("api_tokens", ApiTokenRow)

_FIRST_OPERATOR = _OPERATORS.select("WHERE workspace = :workspace ORDER BY created_at, id LIMIT 1")
_TOKEN_BY_DIGEST = _TOKENS.select("WHERE digest = :digest")
_ALL_TOKENS = _TOKENS.select("WHERE workspace = :workspace ORDER BY created_at DESC, id DESC")
_REVOKE = """
UPDATE api_tokens SET revoked_at = :at
WHERE workspace = :workspace AND id = :id AND revoked_at IS NULL
"""
_TOUCH = "UPDATE api_tokens SET last_used_at = :at WHERE id = :id"


class SqlAccounts:
    """The port `Accounts` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._recent = database.recent("api_tokens")

    async def add_operator(self, row: OperatorRow) -> None:
        await self._database.write(Statement(_OPERATORS.insert(), _OPERATORS.encode(row)))

    async def first_operator(self, workspace: str) -> OperatorRow | None:
        values = {"workspace": workspace}
        return await first(self._database, _FIRST_OPERATOR, values, _OPERATORS.decode)

    async def add_token(self, row: ApiTokenRow) -> None:
        await self._database.write(Statement(_TOKENS.insert(), _TOKENS.encode(row)))

    async def token_by_digest(self, digest: bytes) -> ApiTokenRow | None:
        subject = digest.hex().upper()
        kept: ApiTokenRow | None = self._recent.get(subject)
        if kept is not None:
            return kept
        reading = first(self._database, _TOKEN_BY_DIGEST, {"digest": digest}, _TOKENS.decode)
        return await keeping(self._recent, subject, reading)

    async def tokens(self, workspace: str) -> Sequence[ApiTokenRow]:
        return _TOKENS.decode_all(await self._database.read(_ALL_TOKENS, {"workspace": workspace}))

    async def revoke_token(self, workspace: str, token: str, at: datetime) -> bool:
        values: Values = {"workspace": workspace, "id": token, "at": micros(at)}
        return changed(await self._database.write(Statement(_REVOKE, values)))

    async def touch_tokens(self, used: Mapping[str, datetime]) -> None:
        values: list[Values] = [
            {"id": token, "at": micros(at)} for token, at in sorted(used.items())
        ]
        if values:
            await self._database.write(Statement(_TOUCH, values))
