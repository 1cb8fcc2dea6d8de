"""Connectors, secrets and authorizations in memory."""

# ruff: noqa: D102 - the port's docstrings say what its methods promise

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from connectsmith.errors import NameTaken, NotFound
from connectsmith.service.authorization_ports import Attempt
from connectsmith.service.ports import Events
from connectsmith.service.rows import (
    AuthorizationRow,
    ConnectionRow,
    ConnectorRow,
    EventRow,
    Origins,
    Page,
    RevisionRow,
    SecretRow,
    SecretsChange,
)
from connectsmith.testing.memory_tables import Key, Tables, micros, newest_first

_CLOSED = frozenset(("kept", "failed", "expired"))

RowT = TypeVar("RowT", SecretRow, AuthorizationRow, ConnectionRow)


class MemoryConnectors:
    """The port `Connectors`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, row: ConnectorRow) -> None:
        self._tables.connectors[(row.workspace, row.id)] = row

    async def get(self, workspace: str, connector: str) -> ConnectorRow | None:
        row = self._tables.connectors.get((workspace, connector))
        return None if row is None or row.deleted_at is not None else row

    async def page(
        self, workspace: str, *, limit: int, after: str | None, search: str | None
    ) -> Page[ConnectorRow]:
        rows = (
            row
            for row in self._tables.connectors.values()
            if row.workspace == workspace
            and row.deleted_at is None
            and (search or "").casefold() in row.name.casefold()
        )
        return newest_first(rows, limit, after, lambda row: (micros(row.created_at), row.id))

    async def save_draft(self, row: ConnectorRow, *, expected_version: int) -> bool:
        stored = await self.get(row.workspace, row.id)
        if stored is None or stored.draft_version != expected_version:
            return False
        self._tables.connectors[(row.workspace, row.id)] = replace(
            stored,
            name=row.name,
            draft=row.draft,
            draft_version=row.draft_version,
            draft_saved_at=row.draft_saved_at,
            draft_saved_by=row.draft_saved_by,
        )
        return True

    async def publish(self, row: RevisionRow, *, expected_draft_version: int) -> bool:
        stored = await self.get(row.workspace, row.connector)
        if stored is None or stored.draft_version != expected_draft_version:
            return False
        self._tables.revisions[(row.workspace, row.connector, row.number)] = row
        pointed = replace(stored, published=row.number)
        self._tables.connectors[(row.workspace, row.connector)] = pointed
        return True

    async def revision(self, workspace: str, connector: str, number: int) -> RevisionRow | None:
        return self._tables.revisions.get((workspace, connector, number))

    async def revisions(self, workspace: str, connector: str) -> Sequence[RevisionRow]:
        rows = self._tables.revisions.values()
        its = (row for row in rows if (row.workspace, row.connector) == (workspace, connector))
        return sorted(its, key=lambda row: row.number, reverse=True)

    async def delete(self, workspace: str, connector: str, at: datetime) -> None:
        stored = await self.get(workspace, connector)
        if stored is None:
            return
        tables = self._tables
        tables.connectors[(workspace, connector)] = replace(
            stored,
            draft="",
            draft_version=stored.draft_version + 1,
            published=None,
            deleted_at=at,
        )
        for number in [row.number for row in await self.revisions(workspace, connector)]:
            del tables.revisions[(workspace, connector, number)]
        place = (workspace, connector)
        records = tables.client_records
        tables.client_records = {key: row for key, row in records.items() if key[:2] != place}
        tables.secrets = _without(tables.secrets, place)
        tables.authorizations = _without(tables.authorizations, place)
        tables.connections = _without(tables.connections, place)
        for key in tables.rescues.keys() - tables.connections.keys():
            del tables.rescues[key]


class MemorySecrets:
    """The port `Secrets`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, rows: Sequence[SecretRow]) -> None:
        stored = {(row.workspace, row.connector, row.name) for row in self._tables.secrets.values()}
        for row in rows:
            self._tables.living(row.workspace, row.connector)
            name = (row.workspace, row.connector, row.name)
            if name in stored:
                raise NameTaken("A secret of that name is stored for this connector.", place="name")
            stored.add(name)
        self._tables.secrets |= {(row.workspace, row.id): row for row in rows}

    async def change(self, change: SecretsChange) -> bool:
        row = self._tables.living(change.workspace, change.connector)
        if change.draft_version not in (None, row.draft_version):
            return False
        place = (change.workspace, change.connector)
        kept = {each.id: each for each in await self.list(*place)}
        for secret in change.deleted:
            if kept.pop(secret, None) is None:
                return False
        for each in change.confirmed:
            secret_row = kept.get(each.id)
            if secret_row is None or each.seen not in (None, secret_row.origins):
                return False
            kept[each.id] = replace(
                secret_row,
                origins=secret_row.origins if each.origins is None else each.origins,
                browser=secret_row.browser if each.browser is None else each.browser,
            )
        names = [each.name for each in (*kept.values(), *change.added)]
        if len(set(names)) < len(names):
            raise NameTaken("A secret of that name is stored for this connector.", place="name")
        self._tables.secrets = {
            **_without(self._tables.secrets, place),
            **{(each.workspace, each.id): each for each in (*kept.values(), *change.added)},
        }
        return True

    async def list(self, workspace: str, connector: str) -> Sequence[SecretRow]:
        rows = self._tables.secrets.values()
        its = (row for row in rows if (row.workspace, row.connector) == (workspace, connector))
        return sorted(its, key=lambda row: row.name)

    async def confirm(
        self,
        workspace: str,
        connector: str,
        secret: str,
        *,
        origins: Origins | None,
        browser: bool | None,
    ) -> bool:
        row = self._tables.secrets.get((workspace, secret))
        if row is None or row.connector != connector:
            return False
        self._tables.secrets[(workspace, secret)] = replace(
            row,
            origins=row.origins if origins is None else origins,
            browser=row.browser if browser is None else browser,
        )
        return True

    async def delete(self, workspace: str, connector: str, secret: str) -> bool:
        row = self._tables.secrets.get((workspace, secret))
        if row is None or row.connector != connector:
            return False
        del self._tables.secrets[(workspace, secret)]
        return True

    async def touch(self, workspace: str, secrets: Sequence[str], at: datetime) -> None:
        for secret in secrets:
            row = self._tables.secrets.get((workspace, secret))
            if row is not None:
                self._tables.secrets[(workspace, secret)] = replace(row, last_used_at=at)


class MemoryAuthorizations:
    """The port `Authorizations`. As with a database, others may come in after each look-up."""

    def __init__(self, tables: Tables, events: Events) -> None:
        self._tables = tables
        self._events = events

    async def add(self, row: AuthorizationRow) -> None:
        self._tables.living(row.workspace, row.connector)
        self._tables.authorizations[(row.workspace, row.id)] = row

    async def get(self, workspace: str, authorization: str) -> AuthorizationRow | None:
        row = self._stored(workspace, authorization)
        await asyncio.sleep(0)
        return row

    async def page(
        self, workspace: str, connector: str, *, limit: int, after: str | None
    ) -> Page[AuthorizationRow]:
        rows = self._tables.authorizations.values()
        its = (row for row in rows if (row.workspace, row.connector) == (workspace, connector))
        return newest_first(its, limit, after, lambda row: (micros(row.created_at), row.id))

    async def by_start(self, digest: bytes) -> AuthorizationRow | None:
        rows = self._tables.authorizations.values()
        found = next((row for row in rows if row.start_digest == digest), None)
        await asyncio.sleep(0)
        return found

    async def by_state(self, digest: bytes) -> AuthorizationRow | None:
        rows = self._tables.authorizations.values()
        found = next((row for row in rows if row.state_digest == digest), None)
        await asyncio.sleep(0)
        return found

    async def advance(self, row: AuthorizationRow, *, expected_status: str) -> bool:
        stored = self._stored(row.workspace, row.id)
        if stored is None or stored.status != expected_status:
            return False
        self._tables.authorizations[(row.workspace, row.id)] = replace(
            row,
            connector=stored.connector,
            created_by=stored.created_by,
            created_at=stored.created_at,
            completion_attempts=stored.completion_attempts,
        )
        return True

    async def complete(
        self,
        row: AuthorizationRow,
        connection: ConnectionRow,
        event: EventRow,
        *,
        expected_status: str,
    ) -> bool:
        connector = self._tables.connectors.get((row.workspace, row.connector))
        if connector is None or connector.deleted_at is not None:
            return False
        if not await self.advance(row, expected_status=expected_status):
            return False
        self._tables.connections[(connection.workspace, connection.id)] = connection
        await self._events.add(event)
        return True

    async def attempt(
        self, row: AuthorizationRow, redeeming: AuthorizationRow | None, *, most: int
    ) -> Attempt:
        stored = self._stored(row.workspace, row.id)
        if stored is None:
            raise NotFound("The authorization does not exist, or its connector was deleted.")
        number = stored.completion_attempts + 1
        counted = replace(stored, completion_attempts=number)
        self._tables.authorizations[(row.workspace, row.id)] = counted
        if redeeming is None or number > most:
            return Attempt(number, taken=False)
        return Attempt(number, await self.advance(redeeming, expected_status="returned"))

    async def unkept(
        self, workspace: str, created_by: str, now: datetime
    ) -> Sequence[AuthorizationRow]:
        mine = [
            row
            for row in self._tables.authorizations.values()
            if (row.workspace, row.created_by, row.status) == (workspace, created_by, "completed")
            and row.expires_at > now
        ]
        return sorted(mine, key=lambda row: (row.created_at, row.id), reverse=True)

    async def overdue(self, now: datetime, limit: int) -> Sequence[AuthorizationRow]:
        rows = self._tables.authorizations.values()
        late = (row for row in rows if row.status not in _CLOSED and row.expires_at <= now)
        return sorted(late, key=lambda row: row.expires_at)[:limit]

    def _stored(self, workspace: str, authorization: str) -> AuthorizationRow | None:
        return self._tables.authorizations.get((workspace, authorization))


def _without(rows: dict[Key, RowT], connector: Key) -> dict[Key, RowT]:
    return {key: row for key, row in rows.items() if (row.workspace, row.connector) != connector}
