"""Connections, with the lease that lets one process refresh at a time.

Nobody but the holder of the newest fence may store, and nobody at all over a version that moved:
both are part of the one statement that stores.
"""

# ruff: noqa: D102 - the port's docstrings say what its methods promise

from collections.abc import Mapping, Sequence
from datetime import datetime

from connectsmith.errors import NotFound
from connectsmith.service.rows import (
    ConnectionRow,
    Origins,
    Page,
)
from connectsmith.storage.database import (
    Database,
    Statement,
    Value,
    Values,
    changed,
    first,
    keeping,
)
from connectsmith.storage.pages import after_values, cursor, page
from connectsmith.storage.stores.living import demand_living, living
from connectsmith.storage.table import Table, micros, packed

_CONNECTIONS = Table("connections", ConnectionRow)

_GET = _CONNECTIONS.select("WHERE workspace = :workspace AND id = :id")
_OVERDUE = _CONNECTIONS.select(
    "WHERE status = 'unconfirmed' AND discard_at IS NOT NULL AND discard_at <= :now "
    "ORDER BY discard_at LIMIT :limit"
)
_RENEWING = """
SELECT COUNT(*) FROM connections
WHERE workspace = :workspace AND connector = :connector AND test = :test AND renewable = 1
  AND status IN ('active', 'degraded')
"""
_IDLE = _CONNECTIONS.select(
    "WHERE keep_alive_at IS NOT NULL AND keep_alive_at <= :now "
    "AND status IN ('active', 'degraded') ORDER BY keep_alive_at LIMIT :limit"
)
_CLAIM_IDLE = """
UPDATE connections SET keep_alive_at = :until
WHERE workspace = :workspace AND id = :id AND keep_alive_at = :seen
"""
_TAKE_LEASE = """
UPDATE connections SET lease_owner = :owner, lease_until = :until, fence = fence + 1
WHERE workspace = :workspace AND id = :id AND version = :version
  AND (lease_until IS NULL OR lease_until <= :now)
RETURNING fence
"""
_RELEASE_LEASE = """
UPDATE connections SET lease_owner = NULL, lease_until = NULL
WHERE workspace = :workspace AND id = :id AND fence = :fence
"""
_OTHERS = (
    "workspace",
    "id",
    "connector",
    "created_at",
    "created_by",
    "operator",
    "lease_owner",
    "lease_until",
    "fence",
    "last_used_at",
)
"""Columns that storing a row never changes."""
_OWNERS = ("origins_api", "origins_auth", "account_id", "account_label")
"""Columns that have statements of their own, and change with whose grant it is."""
_REPLACE = f"""
UPDATE connections SET lease_owner = NULL, lease_until = NULL,
  {_CONNECTIONS.assignments(without=_OTHERS)}
WHERE workspace = :workspace AND id = :id AND version = :expected_version
"""  # noqa: S608 - names of our own columns
_STORE = f"""
UPDATE connections SET lease_owner = NULL, lease_until = NULL,
  {_CONNECTIONS.assignments(without=_OTHERS + _OWNERS)}
WHERE workspace = :workspace AND id = :id AND version = :expected_version
"""  # noqa: S608 - names of our own columns
_STORE_FENCED = f"{_STORE} AND fence = :expected_fence"
_CONFIRM = """
UPDATE connections SET origins_api = :api, origins_auth = :auth
WHERE workspace = :workspace AND id = :id
"""
_NAME_ACCOUNT = """
UPDATE connections SET account_id = :account, account_label = :label
WHERE workspace = :workspace AND id = :id AND version = :version
"""
_TOUCH = "UPDATE connections SET last_used_at = :at WHERE workspace = :workspace AND id = :id"
_DELETE_RESCUES = "DELETE FROM rescues WHERE workspace = :workspace AND connection = :id"
_DELETE = "DELETE FROM connections WHERE workspace = :workspace AND id = :id"
_DELETE_VERSION = f"{_DELETE} AND version = :version"
_RESCUE = """
INSERT INTO rescues (workspace, connection, fence, sealed, kept_at)
SELECT workspace, id, :fence, :sealed, :at FROM connections
WHERE workspace = :workspace AND id = :id
ON CONFLICT (workspace, connection, fence) DO UPDATE
SET sealed = excluded.sealed, kept_at = excluded.kept_at
"""
_RESCUED = """
SELECT fence, sealed FROM rescues
WHERE workspace = :workspace AND connection = :id ORDER BY fence
"""


_TESTS = _CONNECTIONS.select(
    "WHERE workspace = :workspace AND connector = :connector AND operator = :operator "
    "AND test = 1 AND sealed IS NOT NULL ORDER BY created_at DESC, id DESC LIMIT 20"
)


def adding(row: ConnectionRow) -> tuple[Statement, Statement]:
    """Return the statements that add a connection, unless its connector is deleted."""
    insert = Statement(_CONNECTIONS.insert(), _CONNECTIONS.encode(row))
    return living(row.workspace, row.connector), insert


class SqlConnections:
    """The port `Connections` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._recent = database.recent("connections")

    async def add(self, row: ConnectionRow) -> None:
        demand_living(await self._database.write(*adding(row)))

    async def get(self, workspace: str, connection: str) -> ConnectionRow | None:
        kept = self.cached(workspace, connection)
        if kept is not None:
            return kept
        values = {"workspace": workspace, "id": connection}
        reading = first(self._database, _GET, values, _CONNECTIONS.decode)
        return await keeping(self._recent, f"{workspace}/{connection}", reading)

    def cached(self, workspace: str, connection: str) -> ConnectionRow | None:
        kept: ConnectionRow | None = self._recent.get(f"{workspace}/{connection}")
        return kept

    async def page(
        self, workspace: str, connector: str | None, *, limit: int, after: str | None
    ) -> Page[ConnectionRow]:
        values: dict[str, Value] = {"workspace": workspace, "limit": limit + 1}
        values |= after_values(after)
        parts = ["WHERE workspace = :workspace"]
        if connector is not None:
            parts.append("AND connector = :connector")
            values["connector"] = connector
        if after is not None:
            parts.append("AND (created_at, id) < (:at, :last)")
        parts.append("ORDER BY created_at DESC, id DESC LIMIT :limit")
        found = await self._database.read(_CONNECTIONS.select(" ".join(parts)), values)
        rows = _CONNECTIONS.decode_all(found)
        return page(rows, limit, lambda row: cursor(row.created_at, row.id))

    async def renewing(self, workspace: str, connector: str, *, test: bool) -> int:
        values: Values = {"workspace": workspace, "connector": connector, "test": int(test)}
        return int((await self._database.read(_RENEWING, values))[0][0])

    async def tests(self, workspace: str, connector: str, operator: str) -> Sequence[ConnectionRow]:
        values = {"workspace": workspace, "connector": connector, "operator": operator}
        return _CONNECTIONS.decode_all(await self._database.read(_TESTS, values))

    async def take_lease(
        self, row: ConnectionRow, *, owner: str, now: datetime, until: datetime
    ) -> int | None:
        values: dict[str, Value] = {"workspace": row.workspace, "id": row.id}
        values |= {"version": row.version, "owner": owner}
        values |= {"now": micros(now), "until": micros(until)}
        effects = await self._database.write(Statement(_TAKE_LEASE, values))
        return int(effects[-1].rows[0][0]) if effects and effects[-1].rows else None

    async def store(
        self, row: ConnectionRow, *, expected_version: int, fence: int | None = None
    ) -> bool:
        values = _CONNECTIONS.encode(row) | {"expected_version": expected_version}
        if fence is None:
            return changed(await self._database.write(Statement(_STORE, values)))
        values["expected_fence"] = fence
        return changed(await self._database.write(Statement(_STORE_FENCED, values)))

    async def release_lease(self, workspace: str, connection: str, fence: int) -> None:
        values: Values = {"workspace": workspace, "id": connection, "fence": fence}
        await self._database.write(Statement(_RELEASE_LEASE, values))

    async def confirm_origins(
        self, workspace: str, connection: str, api: Origins, auth: Origins
    ) -> bool:
        values = {"workspace": workspace, "id": connection}
        values |= {"api": packed(api), "auth": packed(auth)}
        return changed(await self._database.write(Statement(_CONFIRM, values)))

    async def absorb(
        self, row: ConnectionRow, *, expected_version: int, absorbed: ConnectionRow
    ) -> bool:
        gone: Values = {
            "workspace": absorbed.workspace,
            "id": absorbed.id,
            "version": absorbed.version,
        }
        values = _CONNECTIONS.encode(row) | {"expected_version": expected_version}
        effects = await self._database.write(
            Statement(_DELETE_VERSION, gone, needed=True),
            Statement(_REPLACE, values, needed=True),
            shred=True,
        )
        return changed(effects)

    async def name_account(
        self,
        workspace: str,
        connection: str,
        account: str | None,
        label: str | None,
        *,
        version: int,
    ) -> bool:
        values: Values = {
            "workspace": workspace,
            "id": connection,
            "account": account,
            "label": label,
            "version": version,
        }
        return changed(await self._database.write(Statement(_NAME_ACCOUNT, values)))

    async def touch(self, used: Mapping[tuple[str, str], datetime]) -> None:
        values: list[Values] = [
            {"workspace": workspace, "id": connection, "at": micros(at)}
            for (workspace, connection), at in sorted(used.items())
        ]
        if values:
            await self._database.write(Statement(_TOUCH, values))

    async def delete(self, workspace: str, connection: str) -> bool:
        values = {"workspace": workspace, "id": connection}
        rescues, itself = Statement(_DELETE_RESCUES, values), Statement(_DELETE, values)
        return changed(await self._database.write(rescues, itself, shred=True))

    async def rescue(  # noqa: PLR0917 - the port has it so
        self, workspace: str, connection: str, fence: int, sealed: bytes, at: datetime
    ) -> None:
        values: dict[str, Value] = {"workspace": workspace, "id": connection, "fence": fence}
        values |= {"sealed": sealed, "at": micros(at)}
        if not changed(await self._database.write(Statement(_RESCUE, values))):
            raise NotFound("The connection was deleted meanwhile.")

    async def rescued(self, workspace: str, connection: str) -> Sequence[tuple[int, bytes]]:
        values = {"workspace": workspace, "id": connection}
        found = await self._database.read(_RESCUED, values)
        return [(fence, bytes(sealed)) for fence, sealed in found]

    async def overdue(self, now: datetime, limit: int) -> Sequence[ConnectionRow]:
        found = await self._database.read(_OVERDUE, {"now": micros(now), "limit": limit})
        return _CONNECTIONS.decode_all(found)

    async def idle(self, now: datetime, limit: int) -> Sequence[ConnectionRow]:
        found = await self._database.read(_IDLE, {"now": micros(now), "limit": limit})
        return _CONNECTIONS.decode_all(found)

    async def claim_idle(self, row: ConnectionRow, until: datetime) -> bool:
        if row.keep_alive_at is None:
            return False
        values: dict[str, Value] = {"workspace": row.workspace, "id": row.id}
        values |= {"until": micros(until), "seen": micros(row.keep_alive_at)}
        return changed(await self._database.write(Statement(_CLAIM_IDLE, values)))
