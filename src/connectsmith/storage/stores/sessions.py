"""Sessions, one-time links, known devices and counted attempts."""

# ruff: noqa: D102 - the port's docstrings say what its methods promise

from datetime import datetime

from connectsmith.errors import NameTaken
from connectsmith.service.rows import OperatorRow
from connectsmith.service.sign_in_rows import AttemptsRow, DeviceRow, LinkRow, SessionRow
from connectsmith.storage.database import (
    Database,
    DuplicateKeyError,
    Statement,
    Value,
    Values,
    changed,
    first,
)
from connectsmith.storage.table import Table, micros

_OPERATORS = Table("operators", OperatorRow)
_SESSIONS = Table("sessions", SessionRow)
_LINKS = Table("sign_in_links", LinkRow)
_DEVICES = Table("devices", DeviceRow)
_ATTEMPTS = Table("attempts", AttemptsRow)

_OPERATOR = _OPERATORS.select("WHERE workspace = :workspace AND id = :id")
_BY_EMAIL = _OPERATORS.select("WHERE email = :email")
_SET_HASH = "UPDATE operators SET password = :password WHERE workspace = :workspace AND id = :id"
_SESSION = _SESSIONS.select("WHERE workspace = :workspace AND id = :id")
_BY_DIGEST = "WHERE digest = :digest"
_TOUCH = """
UPDATE sessions SET last_used_at = :at
WHERE workspace = :workspace AND id = :id AND last_used_at < :at
"""
_END = """
UPDATE sessions SET ended_at = :at
WHERE workspace = :workspace AND id = :id AND ended_at IS NULL
"""
_NAMED = _OPERATORS.select(
    "WHERE workspace = :workspace AND id IN "
    "(SELECT operator FROM sessions WHERE workspace = :workspace AND id = :id)"
)
_USE_LINK = """
UPDATE sign_in_links SET used_at = :at
WHERE digest = :digest AND used_at IS NULL AND expires_at > :at
"""
_SET_SIGN_IN = """
UPDATE operators SET email = :email, password = :password
WHERE workspace = :workspace AND id = :operator
"""
_END_ALL = """
UPDATE sessions SET ended_at = :at
WHERE workspace = :workspace AND operator = :operator AND ended_at IS NULL
"""
_FORGET_DEVICES = "DELETE FROM devices WHERE workspace = :workspace AND operator = :operator"
_COUNT = """
UPDATE attempts SET failures = :failures, last_at = :last_at, next_at = :next_at
WHERE digest = :digest AND failures = :expected_failures AND last_at = :expected_last
"""
_FORGIVE = "DELETE FROM attempts WHERE digest = :digest"
_PRUNE = (
    "DELETE FROM sessions WHERE COALESCE(ended_at, last_used_at) < :sessions",
    "DELETE FROM sign_in_links WHERE expires_at < :links",
    "DELETE FROM devices WHERE known_since < :devices",
    "DELETE FROM attempts WHERE last_at < :attempts",
)


class SqlSessions:
    """The port `Sessions` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def operator(self, workspace: str, operator: str) -> OperatorRow | None:
        values = {"workspace": workspace, "id": operator}
        return await first(self._database, _OPERATOR, values, _OPERATORS.decode)

    async def operator_by_email(self, email: str) -> OperatorRow | None:
        return await first(self._database, _BY_EMAIL, {"email": email}, _OPERATORS.decode)

    async def set_password(self, workspace: str, operator: str, password: str) -> None:
        values = {"workspace": workspace, "id": operator, "password": password}
        await self._database.write(Statement(_SET_HASH, values))

    async def add(self, row: SessionRow) -> None:
        await self._database.write(Statement(_SESSIONS.insert(), _SESSIONS.encode(row)))

    async def get(self, workspace: str, session: str) -> SessionRow | None:
        values = {"workspace": workspace, "id": session}
        return await first(self._database, _SESSION, values, _SESSIONS.decode)

    async def by_digest(self, digest: bytes) -> SessionRow | None:
        query = _SESSIONS.select(_BY_DIGEST)
        return await first(self._database, query, {"digest": digest}, _SESSIONS.decode)

    async def touch(self, workspace: str, session: str, at: datetime) -> None:
        values: Values = {"workspace": workspace, "id": session, "at": micros(at)}
        await self._database.write(Statement(_TOUCH, values))

    async def end(self, workspace: str, session: str, at: datetime) -> None:
        values: Values = {"workspace": workspace, "id": session, "at": micros(at)}
        await self._database.write(Statement(_END, values))

    async def named(self, workspace: str, session: str) -> OperatorRow | None:
        values = {"workspace": workspace, "id": session}
        return await first(self._database, _NAMED, values, _OPERATORS.decode)

    async def add_link(self, row: LinkRow) -> None:
        await self._database.write(Statement(_LINKS.insert(), _LINKS.encode(row)))

    async def link(self, digest: bytes) -> LinkRow | None:
        query = _LINKS.select(_BY_DIGEST)
        return await first(self._database, query, {"digest": digest}, _LINKS.decode)

    async def redeem(self, row: LinkRow, *, email: str, password: str, at: datetime) -> bool:
        whose: dict[str, Value] = {"workspace": row.workspace, "operator": row.operator}
        moment: dict[str, Value] = {"at": micros(at)}
        link: dict[str, Value] = {"digest": row.digest}
        try:
            effects = await self._database.write(
                Statement(_USE_LINK, link | moment, needed=True),
                Statement(_END_ALL, whose | moment),
                Statement(_FORGET_DEVICES, whose),
                Statement(_SET_SIGN_IN, whose | {"email": email, "password": password}),
            )
        except DuplicateKeyError:
            raise NameTaken("Another operator has that e-mail address.") from None
        return changed(effects)

    async def add_device(self, row: DeviceRow) -> None:
        await self._database.write(Statement(_DEVICES.insert(), _DEVICES.encode(row)))

    async def device(self, digest: bytes) -> DeviceRow | None:
        query = _DEVICES.select(_BY_DIGEST)
        return await first(self._database, query, {"digest": digest}, _DEVICES.decode)

    async def attempts(self, digest: bytes) -> AttemptsRow | None:
        query = _ATTEMPTS.select(_BY_DIGEST)
        return await first(self._database, query, {"digest": digest}, _ATTEMPTS.decode)

    async def count(self, row: AttemptsRow, *, expected: AttemptsRow | None) -> bool:
        values = _ATTEMPTS.encode(row)
        if expected is None:
            try:
                return changed(await self._database.write(Statement(_ATTEMPTS.insert(), values)))
            except DuplicateKeyError:
                return False
        seen = {
            "expected_failures": expected.failures,
            "expected_last": micros(expected.last_at),
        }
        return changed(await self._database.write(Statement(_COUNT, values | seen)))

    async def forgive(self, digest: bytes) -> None:
        await self._database.write(Statement(_FORGIVE, {"digest": digest}))

    async def prune(
        self, *, sessions: datetime, links: datetime, devices: datetime, attempts: datetime
    ) -> None:
        moments = (
            {"sessions": micros(sessions)},
            {"links": micros(links)},
            {"devices": micros(devices)},
            {"attempts": micros(attempts)},
        )
        parts = zip(_PRUNE, moments, strict=True)
        await self._database.write(*(Statement(sql, values) for sql, values in parts))
