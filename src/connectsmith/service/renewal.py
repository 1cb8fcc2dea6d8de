"""Carry out one renewal with the lease held: ask, store, and throw no token away.

No transaction is open while the authorization server is asked. New tokens are committed before
anybody uses them. A holder that was fenced out keeps what it brings aside. A refusal is believed
only when no newer tokens are stored.
"""

import asyncio
from collections.abc import Container
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from connectsmith.core.connection.credentials import Credentials
from connectsmith.core.connection.status import Status
from connectsmith.errors import (
    ClientRejected,
    ConnectionNotUsable,
    ConnectsmithError,
    Fault,
    GrantRejected,
    NotFound,
    SealBroken,
    StorageBusy,
    StorageFull,
)
from connectsmith.service.asking import Ask, Asker
from connectsmith.service.blueprints import Blueprint
from connectsmith.service.holdings import (
    opened,
    renewed,
    rescue_place,
)
from connectsmith.service.ports import (
    Clock,
    Connections,
    Events,
    Sealer,
)
from connectsmith.service.renewability import broken
from connectsmith.service.revocation import Revoker
from connectsmith.service.rows import (
    ConnectionRow,
    EventRow,
)
from connectsmith.service.rules import Rules
from connectsmith.values import replace

STORAGE_OUT = (StorageBusy, StorageFull)


@dataclass(frozen=True, slots=True)
class _Renewal:
    """What the authorization server gave for a row, under which fence it was asked.

    With `error`, that is a new refresh token in an answer that could not be read otherwise.
    """

    row: ConnectionRow
    fence: int
    held: Credentials
    by_access_token: bool
    error: ConnectsmithError | None = None


class Renewer:
    """Renew connections whose lease is held."""

    def __init__(
        self,
        *,
        connections: Connections,
        asker: Asker,
        revoker: Revoker,
        events: Events,
        sealer: Sealer,
        clock: Clock,
        rules: Rules,
    ) -> None:
        self._connections = connections
        self._asker = asker
        self._revoker = revoker
        self._events = events
        self._sealer = sealer
        self._clock = clock
        self._rules = rules
        self._unstored: dict[tuple[str, str], _Renewal] = {}
        """What the storage did not take in time."""

    async def store_held(self, running: Container[tuple[str, str]] = ()) -> None:
        """Store what the storage did not take when it came, but for what is being renewed."""
        for key, renewal in tuple(self._unstored.items()):
            if key not in running:
                with suppress(ConnectionNotUsable):
                    await self._store(renewal, patience=timedelta())

    async def current(self, row: ConnectionRow) -> ConnectionRow:
        """Return a connection as it is stored, unless it was ended."""
        current = await self._connections.get(row.workspace, row.id)
        if current is None:
            raise NotFound("There is no connection with that id.")
        if current.status is Status.REVOKED:
            raise ConnectionNotUsable("This connection was revoked. Connect again.")
        return current

    async def renew(
        self, row: ConnectionRow, blueprint: Blueprint, fence: int, *, ask: Ask | None = None
    ) -> ConnectionRow | None:
        """Renew with the lease held; None when another process took it over meanwhile.

        `ask` gets the new tokens in another way than the usual one.
        """
        try:
            held, unread = await self._new_credentials(row, blueprint, ask or self._asker.ask)
        except ConnectsmithError as error:
            return await self._failed(row, fence, error)
        except BaseException:
            await self._connections.release_lease(row.workspace, row.id, fence)
            raise
        client = blueprint.client
        by_access_token = client is not None and client.refresh_by == "access_token"
        renewal = _Renewal(row, fence, held, by_access_token, unread)
        stored = await self._store(renewal, patience=self._rules.store_patience)
        if unread is not None and stored is not None and stored.failed_at is not None:
            await self._record(row, "refresh_failed", f"{unread.code}: {unread.message}")
            raise unread
        if stored is not None and row.failure_code == ClientRejected.code:
            await self._turn(row, "client_accepted", other="client_rejected")
        return stored

    async def _new_credentials(
        self, row: ConnectionRow, blueprint: Blueprint, ask: Ask
    ) -> tuple[Credentials, ConnectsmithError | None]:
        unstored = self._unstored.pop((row.workspace, row.id), None)
        if unstored is not None and unstored.row.version == row.version:
            return unstored.held, unstored.error
        credentials = opened(self._sealer, row)
        try:
            brought = await ask(row, blueprint, credentials)
        except GrantRejected:
            aside = await self._kept_aside(row)
            if aside is None:
                raise
            return aside, None
        return credentials.renewed(brought.tokens), brought.error

    async def _kept_aside(self, row: ConnectionRow) -> Credentials | None:
        """Return tokens that came too late to be stored, if they are newer than what is stored.

        Then the refresh token that was refused had been used up by the request that brought them.
        """
        for fence, sealed in reversed(await self._connections.rescued(row.workspace, row.id)):
            with suppress(SealBroken):
                held = Credentials.of(self._sealer.open(sealed, rescue_place(row, fence)))
                received_at = held.tokens.received_at if held.tokens else None
                if received_at and row.received_at and received_at > row.received_at:
                    return held
        return None

    async def _store(self, renewal: _Renewal, *, patience: timedelta) -> ConnectionRow | None:
        """Commit new tokens; whatever happens, they are not thrown away while we live."""
        key = (renewal.row.workspace, renewal.row.id)
        self._unstored[key] = renewal
        try:
            stored = await self._stored(renewal, _seconds() + patience.total_seconds())
        except ConnectionNotUsable:
            del self._unstored[key]
            raise
        del self._unstored[key]
        return stored

    async def _stored(self, renewal: _Renewal, deadline: float) -> ConnectionRow | None:
        row = renewal.row
        sealed = None
        while True:
            try:
                # Read again: origins and account may have changed while the server was asked.
                current = await self._connections.get(row.workspace, row.id)
                if (
                    current is None
                    or current.version != row.version
                    or current.fence != renewal.fence
                ):
                    return await self._too_late(renewal, current, sealed)
                fresh = self._fresh(current, renewal)
                sealed = fresh.sealed
                if await self._connections.store(
                    fresh, expected_version=row.version, fence=renewal.fence
                ):
                    return fresh
            except STORAGE_OUT:
                if _seconds() > deadline:
                    raise
                await asyncio.sleep(self._rules.poll_later.total_seconds())

    def _fresh(self, current: ConnectionRow, renewal: _Renewal) -> ConnectionRow:
        fresh = renewed(
            self._sealer,
            current,
            renewal.held,
            now=self._clock.now(),
            by_access_token=renewal.by_access_token,
            usual=self._rules.keep_alive,
        )
        if renewal.error is None:
            return fresh
        return self._broken(
            replace(current, version=fresh.version, sealed=fresh.sealed), renewal.error
        )

    def _broken(self, current: ConnectionRow, error: ConnectsmithError) -> ConnectionRow:
        return broken(current, error, now=self._clock.now(), rules=self._rules)

    async def _too_late(
        self, renewal: _Renewal, current: ConnectionRow | None, sealed: bytes | None
    ) -> ConnectionRow | None:
        """Keep tokens that came too late to be stored, and go by what is stored."""
        if current is not None and sealed is not None and current.sealed == sealed:
            return current  # stored after all: the database broke off after it had committed
        row, fence = renewal.row, renewal.fence
        if current is None or current.status is Status.REVOKED:
            await self._revoker.enqueue(row, renewal.held)
            raise ConnectionNotUsable("This connection was ended while it was being renewed.")
        kept = self._sealer.seal(renewal.held.flat(), rescue_place(row, fence))
        try:
            await self._connections.rescue(row.workspace, row.id, fence, kept, self._clock.now())
        except NotFound:
            return await self._too_late(renewal, None, sealed)
        await self._record(row, "refresh_fenced", f"fence {fence}")
        return current if current.version != row.version else None

    async def _failed(
        self, row: ConnectionRow, fence: int, error: ConnectsmithError
    ) -> ConnectionRow | None:
        """Write a failure down, unless another process made it good or is about to."""
        try:
            if error.fault in (Fault.UNAVAILABLE, Fault.OURS):  # no news of the grant
                await self._connections.release_lease(row.workspace, row.id, fence)
                raise error
            current = await self.current(row)
            if current.version != row.version:
                return current
            failed = self._broken(current, error)
            if not await self._connections.store(failed, expected_version=row.version, fence=fence):
                return None
            if isinstance(error, ClientRejected):
                await self._turn(row, "client_rejected", error.message, other="client_accepted")
            else:
                await self._record(row, "refresh_failed", f"{error.code}: {error.message}")
        except STORAGE_OUT:
            raise error from None  # the lease ends by itself
        raise error

    async def _turn(self, row: ConnectionRow, what: str, message: str = "", *, other: str) -> None:
        """Record what became of the client: once, not for each of its connections."""
        now = self._clock.now()
        with suppress(*STORAGE_OUT):
            await self._events.turn(
                EventRow(row.workspace, now, "system", what, row.connector, message), other=other
            )

    async def _record(self, row: ConnectionRow, what: str, message: str) -> None:
        with suppress(*STORAGE_OUT):
            await self._events.add(
                EventRow(row.workspace, self._clock.now(), "system", what, row.id, message)
            )


def _seconds() -> float:
    return asyncio.get_running_loop().time()
