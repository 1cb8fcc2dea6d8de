"""Renew access tokens: one refresher a connection, over all tasks and processes.

The order is what keeps grants alive: a durable lease before the request, no transaction while
waiting, new tokens committed before anybody uses them, and an older holder of the lease fenced off.
Within a process, callers share one task, which goes on when a caller is cancelled.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from connectsmith.core.connection.freshness import refresh_due, share_of, usable
from connectsmith.errors import (
    DefinitionError,
    NetworkError,
    RefreshBusy,
    RemoteError,
    Unavailable,
)
from connectsmith.service.asking import Ask, server_of
from connectsmith.service.blueprints import Blueprint
from connectsmith.service.ports import (
    Clock,
    Connections,
    Randomness,
)
from connectsmith.service.renewability import postponed_until, refuse_hopeless, renewed_just_now
from connectsmith.service.renewal import Renewer
from connectsmith.service.rows import (
    ConnectionRow,
)
from connectsmith.service.rules import Rules
from connectsmith.service.traffic import TokenTraffic

POLLS_AT_FIRST = 10
"""How often a loser looks quickly before it slows down."""


@dataclass(frozen=True, slots=True)
class _How:
    """How a refresh was asked for."""

    insist: bool
    background: bool
    ask: Ask | None


class Refresher:
    """Keep connections' access tokens fresh."""

    def __init__(
        self,
        *,
        connections: Connections,
        renewer: Renewer,
        traffic: TokenTraffic,
        clock: Clock,
        randomness: Randomness,
        rules: Rules,
    ) -> None:
        self._connections = connections
        self._renewer = renewer
        self._traffic = traffic
        self._clock = clock
        self._randomness = randomness
        self._rules = rules
        self._owner = randomness.new_id("own")
        self._running: dict[tuple[str, str], asyncio.Task[ConnectionRow]] = {}

    async def fresh(self, row: ConnectionRow, blueprint: Blueprint) -> ConnectionRow:
        """Return the row with an access token that lasts a while, refreshing if it is due.

        An access token that still works is used as it is while a refresh fails for a reason that
        may pass, or takes long.

        Raises:
            ConnectionNotUsable, GrantRejected: a person must act.
            RefreshBusy, TokenEndpointBusy, NetworkError, ...: not now.
        """
        if not row.renewable or not self._due(row, blueprint):
            return row
        now = self._clock.now()
        if not usable(received_at=row.received_at, lifetime=row.lifetime, now=now):
            return await self.refresh(row, blueprint)
        if postponed_until(row, now) is not None:
            return row
        try:
            async with asyncio.timeout(self._rules.patience_while_alive.total_seconds()):
                return await self.refresh(row, blueprint)
        except (NetworkError, RemoteError, DefinitionError, Unavailable, TimeoutError):
            return row

    def _due(self, row: ConnectionRow, blueprint: Blueprint) -> bool:
        if row.received_at is None:
            return False
        return refresh_due(
            received_at=row.received_at,
            lifetime=row.lifetime,
            now=self._clock.now(),
            fraction=share_of(f"{row.id}.{row.version}"),
            margin=None if blueprint.client is None else blueprint.client.refresh_margin,
        )

    async def refresh(
        self,
        row: ConnectionRow,
        blueprint: Blueprint,
        *,
        insist: bool = False,
        background: bool = False,
        ask: Ask | None = None,
    ) -> ConnectionRow:
        """Replace the access token that `row` holds, however long it would last.

        If another task or process replaced it since `row` was read, its result is returned. With
        `insist` the authorization server is asked although it failed a moment ago, or renewed this
        one. In the background others have precedence. `ask` gets the tokens in another way.

        Raises:
            ConnectionNotUsable, GrantRejected: a person must act.
            RefreshBusy, RefreshPostponed, AuthorizationServerPaused, TokenEndpointBusy,
            NetworkError, ...: not now.
        """
        how = _How(insist=insist, background=background, ask=ask)
        patience = (self._rules.lease + self._rules.token_timeout).total_seconds()
        deadline = None if background else patience
        try:
            async with asyncio.timeout(deadline):
                while True:
                    fresh = await asyncio.shield(self._shared(row, blueprint, how))
                    # A task that was running already may have begun from an older version.
                    if fresh.version > row.version:
                        return fresh
                    row = fresh
        except TimeoutError:
            raise RefreshBusy("Many connections are being renewed. Try again.") from None

    def _shared(
        self, row: ConnectionRow, blueprint: Blueprint, how: "_How"
    ) -> "asyncio.Task[ConnectionRow]":
        key = (row.workspace, row.id)
        task = self._running.get(key)
        if task is None:
            task = asyncio.create_task(self._refresh(row, blueprint, how))
            self._running[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        return task

    def _forget(self, key: tuple[str, str], task: "asyncio.Task[ConnectionRow]") -> None:
        if self._running.get(key) is task:
            del self._running[key]
        if not task.cancelled():
            task.exception()  # read, so that a failure nobody waits for any more is not reported

    async def settle(self) -> None:
        """Let refreshes under way end, so that what they bring is stored; cancel the slow ones."""
        running = set(self._running.values())
        if running:
            # With its repetitions a refresh ends within its lease, and is no use after it.
            _, slow = await asyncio.wait(running, timeout=self._rules.lease.total_seconds())
            for task in slow:
                task.cancel()
            await asyncio.gather(*slow, return_exceptions=True)
        await self.store_held()

    async def store_held(self) -> None:
        """Store what the storage did not take when it came, whether or not anybody asks again."""
        await self._renewer.store_held(frozenset(self._running))

    async def _refresh(
        self, row: ConnectionRow, blueprint: Blueprint, how: "_How"
    ) -> ConnectionRow:
        """Wait for a turn and the lease, or for whoever holds it, and renew."""
        polls, deadline = 0, _seconds() + self._rules.lease.total_seconds()
        while True:
            current = await self._renewer.current(row)
            if current.version != row.version:
                return current
            self._refuse(current, row, how)
            if not self._leased(current):
                renewed = await self._renewed(current, blueprint, how)
                if renewed is not None:
                    return renewed
                deadline = min(deadline, _seconds())
            now = _seconds()
            if polls and now > deadline + self._rules.token_timeout.total_seconds():
                raise RefreshBusy("Another process is renewing this connection. Try again.")
            await asyncio.sleep(self._pause(polls))
            polls += 1

    def _refuse(self, current: ConnectionRow, row: ConnectionRow, how: "_How") -> None:
        """Raise where no request would help, or not yet."""
        refuse_hopeless(current)
        now = self._clock.now()
        if how.insist and current.failed_at == row.failed_at:
            return
        if (reason := postponed_until(current, now) or renewed_just_now(current, now)) is not None:
            raise reason

    def _leased(self, row: ConnectionRow) -> bool:
        """Tell what is known without asking for the lease, which would be a write."""
        return row.lease_until is not None and row.lease_until > self._clock.now()

    async def _renewed(
        self, row: ConnectionRow, blueprint: Blueprint, how: "_How"
    ) -> ConnectionRow | None:
        """Renew in a turn of the authorization server's; None when others hold the lease."""
        server = server_of(row, blueprint)
        async with self._traffic.turn(
            server, row.connector, background=how.background, insist=how.insist
        ):
            fence = await self._lease(row, self._clock.now())
            if fence is None:
                return None
            return await self._renewer.renew(row, blueprint, fence, ask=how.ask)

    async def _lease(self, row: ConnectionRow, now: datetime) -> int | None:
        until = now + self._rules.lease
        return await self._connections.take_lease(row, owner=self._owner, now=now, until=until)

    def _pause(self, polls: int) -> float:
        pause = self._rules.poll_first if polls < POLLS_AT_FIRST else self._rules.poll_later
        return pause.total_seconds() * (0.5 + self._randomness.fraction())


def _seconds() -> float:
    return asyncio.get_running_loop().time()
