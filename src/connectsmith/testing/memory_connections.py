"""Connections in memory, with the same lease, version and fence."""

# ruff: noqa: D102 - the port's docstrings say what its methods promise

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from connectsmith.core.connection.status import Status
from connectsmith.errors import NotFound
from connectsmith.service.rows import (
    ConnectionRow,
    Origins,
    Page,
)
from connectsmith.testing.memory_tables import Tables, micros, newest_first


class MemoryConnections:
    """The port `Connections`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, row: ConnectionRow) -> None:
        self._tables.living(row.workspace, row.connector)
        self._tables.connections[(row.workspace, row.id)] = row

    async def get(self, workspace: str, connection: str) -> ConnectionRow | None:
        return self._tables.connections.get((workspace, connection))

    def cached(self, workspace: str, connection: str) -> ConnectionRow | None:
        return self._tables.connections.get((workspace, connection))

    async def page(
        self, workspace: str, connector: str | None, *, limit: int, after: str | None
    ) -> Page[ConnectionRow]:
        rows = (
            row
            for row in self._tables.connections.values()
            if row.workspace == workspace and connector in (None, row.connector)
        )
        return newest_first(rows, limit, after, lambda row: (micros(row.created_at), row.id))

    async def renewing(self, workspace: str, connector: str, *, test: bool) -> int:
        return sum(
            row.renewable and row.status in {Status.ACTIVE, Status.DEGRADED}
            for row in self._tables.connections.values()
            if (row.workspace, row.connector, row.test) == (workspace, connector, test)
        )

    async def tests(self, workspace: str, connector: str, operator: str) -> Sequence[ConnectionRow]:
        found = [
            row
            for row in self._tables.connections.values()
            if (row.workspace, row.connector, row.operator) == (workspace, connector, operator)
            and row.test
            and row.sealed is not None
        ]
        return sorted(found, key=lambda row: (row.created_at, row.id), reverse=True)[:20]

    async def take_lease(
        self, row: ConnectionRow, *, owner: str, now: datetime, until: datetime
    ) -> int | None:
        stored = self._tables.connections.get((row.workspace, row.id))
        if stored is None or stored.version != row.version:
            return None
        if stored.lease_until is not None and stored.lease_until > now:
            return None
        leased = replace(stored, lease_owner=owner, lease_until=until, fence=stored.fence + 1)
        self._tables.connections[(row.workspace, row.id)] = leased
        return leased.fence

    async def store(
        self, row: ConnectionRow, *, expected_version: int, fence: int | None = None
    ) -> bool:
        stored = self._tables.connections.get((row.workspace, row.id))
        if stored is None or stored.version != expected_version:
            return False
        if fence is not None and stored.fence != fence:
            return False
        self._tables.connections[(row.workspace, row.id)] = replace(
            row,
            connector=stored.connector,
            created_at=stored.created_at,
            created_by=stored.created_by,
            operator=stored.operator,
            origins_api=stored.origins_api,
            origins_auth=stored.origins_auth,
            account_id=stored.account_id,
            account_label=stored.account_label,
            lease_owner=None,
            lease_until=None,
            fence=stored.fence,
            last_used_at=stored.last_used_at,
        )
        return True

    async def release_lease(self, workspace: str, connection: str, fence: int) -> None:
        stored = self._tables.connections.get((workspace, connection))
        if stored is not None and stored.fence == fence:
            released = replace(stored, lease_owner=None, lease_until=None)
            self._tables.connections[(workspace, connection)] = released

    async def confirm_origins(
        self, workspace: str, connection: str, api: Origins, auth: Origins
    ) -> bool:
        stored = self._tables.connections.get((workspace, connection))
        if stored is None:
            return False
        self._tables.connections[(workspace, connection)] = replace(
            stored, origins_api=api, origins_auth=auth
        )
        return True

    async def absorb(
        self, row: ConnectionRow, *, expected_version: int, absorbed: ConnectionRow
    ) -> bool:
        left = self._tables.connections.get((absorbed.workspace, absorbed.id))
        if left is None or left.version != absorbed.version:
            return False
        if not await self.store(row, expected_version=expected_version):
            return False
        await self.confirm_origins(row.workspace, row.id, row.origins_api, row.origins_auth)
        await self.name_account(
            row.workspace, row.id, row.account_id, row.account_label, version=row.version
        )
        return await self.delete(absorbed.workspace, absorbed.id)

    async def name_account(
        self,
        workspace: str,
        connection: str,
        account: str | None,
        label: str | None,
        *,
        version: int,
    ) -> bool:
        stored = self._tables.connections.get((workspace, connection))
        if stored is None or stored.version != version:
            return False
        self._tables.connections[(workspace, connection)] = replace(
            stored, account_id=account, account_label=label
        )
        return True

    async def touch(self, used: Mapping[tuple[str, str], datetime]) -> None:
        for key, at in used.items():
            if key in self._tables.connections:
                self._tables.connections[key] = replace(
                    self._tables.connections[key], last_used_at=at
                )

    async def delete(self, workspace: str, connection: str) -> bool:
        self._tables.rescues.pop((workspace, connection), None)
        return self._tables.connections.pop((workspace, connection), None) is not None

    async def rescue(  # noqa: PLR0917 - the port has it so
        self,
        workspace: str,
        connection: str,
        fence: int,
        sealed: bytes,
        at: datetime,  # noqa: ARG002 - of use to whoever looks at the database
    ) -> None:
        if (workspace, connection) not in self._tables.connections:
            raise NotFound("The connection was deleted meanwhile.")
        self._tables.rescues.setdefault((workspace, connection), {})[fence] = sealed

    async def rescued(self, workspace: str, connection: str) -> Sequence[tuple[int, bytes]]:
        return sorted(self._tables.rescues.get((workspace, connection), {}).items())

    async def overdue(self, now: datetime, limit: int) -> Sequence[ConnectionRow]:
        late = [
            (row.discard_at, row)
            for row in self._tables.connections.values()
            if row.status is Status.UNCONFIRMED
            and row.discard_at is not None
            and row.discard_at <= now
        ]
        return [row for _, row in sorted(late, key=lambda one: one[0])][:limit]

    async def idle(self, now: datetime, limit: int) -> Sequence[ConnectionRow]:
        due = [
            (row.keep_alive_at, row)
            for row in self._tables.connections.values()
            if row.status in (Status.ACTIVE, Status.DEGRADED)
            and row.keep_alive_at is not None
            and row.keep_alive_at <= now
        ]
        return [row for _, row in sorted(due, key=lambda one: one[0])][:limit]

    async def claim_idle(self, row: ConnectionRow, until: datetime) -> bool:
        stored = self._tables.connections.get((row.workspace, row.id))
        if stored is None or stored.keep_alive_at != row.keep_alive_at:
            return False
        self._tables.connections[row.workspace, row.id] = replace(stored, keep_alive_at=until)
        return row.keep_alive_at is not None
