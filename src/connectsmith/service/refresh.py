"""Renew access tokens: one refresher a connection, over all tasks and processes.

The order is what keeps grants alive: a durable lease before the request, no transaction while
waiting, new tokens committed before anybody uses them, and an older holder of the lease fenced off.
Within a process, callers share one task, which goes on when a caller is cancelled.
"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from connectsmith.core.authorization.token_set import TokenSet
from connectsmith.core.connection.credentials import Credentials
from connectsmith.core.connection.freshness import refresh_due, usable
from connectsmith.core.connection.status import Event, Status, next_status
from connectsmith.errors import (
    ClientRejected,
    ConnectionNotUsable,
    ConnectsmithError,
    CredentialsError,
    DefinitionError,
    GrantRejected,
    NetworkError,
    NotFound,
    RefreshBusy,
    RefreshPostponed,
    RemoteError,
    StorageBusy,
    StorageFull,
    TokenEndpointBusy,
)
from connectsmith.service.blueprints import Blueprint
from connectsmith.service.holdings import opened, party_of_connection, renewed
from connectsmith.service.ports import (
    Clock,
    ConnectionRow,
    Connections,
    EventRow,
    Events,
    Randomness,
    Sealer,
)
from connectsmith.service.rules import Rules
from connectsmith.service.token_endpoint import TokenEndpoint

POLLS_AT_FIRST = 10
"""How often a loser looks quickly before it slows down."""


class Refresher:
    """Keep connections' access tokens fresh."""

    def __init__(
        self,
        *,
        connections: Connections,
        endpoint: TokenEndpoint,
        events: Events,
        sealer: Sealer,
        clock: Clock,
        randomness: Randomness,
        rules: Rules,
    ) -> None:
        self._connections = connections
        self._endpoint = endpoint
        self._events = events
        self._sealer = sealer
        self._clock = clock
        self._randomness = randomness
        self._rules = rules
        self._owner = randomness.text()
        self._running: dict[tuple[str, str], asyncio.Task[ConnectionRow]] = {}

    async def fresh(self, row: ConnectionRow, blueprint: Blueprint) -> ConnectionRow:
        """Return the row with an access token that lasts a while, refreshing if it is due.

        While a refresh fails for a reason that may pass and the access token still works, it is
        used as it is.

        Raises:
            ConnectionNotUsable, GrantRejected: a person must act.
            RefreshBusy, TokenEndpointBusy, NetworkError, ...: not now.
        """
        if not row.renewable or not self._due(row, blueprint):
            return row
        now = self._clock.now()
        alive = usable(received_at=row.received_at, lifetime=row.lifetime, now=now)
        if row.retry_at is not None and row.retry_at > now:
            if alive:
                return row
            raise _postponed(row, now)
        try:
            return await self.refresh(row, blueprint)
        except (NetworkError, RemoteError, RefreshBusy, DefinitionError, StorageBusy, StorageFull):
            if alive:
                return row
            raise

    def _due(self, row: ConnectionRow, blueprint: Blueprint) -> bool:
        if row.received_at is None:
            return False
        return refresh_due(
            received_at=row.received_at,
            lifetime=row.lifetime,
            now=self._clock.now(),
            fraction=self._randomness.fraction(),
            margin=None if blueprint.client is None else blueprint.client.refresh_margin,
        )

    async def refresh(self, row: ConnectionRow, blueprint: Blueprint) -> ConnectionRow:
        """Replace the access token that `row` holds, however long it would last.

        If another task or process replaced it since `row` was read, its result is returned.
        """
        key = (row.workspace, row.id)
        task = self._running.get(key)
        if task is None:
            task = asyncio.create_task(self._refresh(row, blueprint))
            self._running[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        fresh = await asyncio.shield(task)
        # A task that was running already may have begun from an older version than ours.
        return fresh if fresh.version > row.version else await self.refresh(fresh, blueprint)

    def _forget(self, key: tuple[str, str], task: "asyncio.Task[ConnectionRow]") -> None:
        if self._running.get(key) is task:
            del self._running[key]
        if not task.cancelled():
            task.exception()  # read, so that a failure nobody waits for any more is not reported

    async def _refresh(self, row: ConnectionRow, blueprint: Blueprint) -> ConnectionRow:
        fence = None
        polls = 0
        deadline = asyncio.get_running_loop().time() + self._patience()
        while fence is None:
            current = await self._current(row)
            if current.version != row.version:
                return current
            self._refuse_hopeless(current)
            now = self._clock.now()
            if current.failed_at != row.failed_at and current.retry_at is not None:
                raise _postponed(current, now)  # another refresher failed while this one waited
            fence = await self._connections.take_lease(
                current, owner=self._owner, now=now, until=now + self._rules.lease
            )
            if fence is None:
                if asyncio.get_running_loop().time() > deadline:
                    raise RefreshBusy("Another process is renewing this connection. Try again.")
                await asyncio.sleep(self._pause(polls))
                polls += 1
        return await self._renew(current, blueprint, fence)

    def _patience(self) -> float:
        return (self._rules.lease + self._rules.token_timeout).total_seconds()

    def _pause(self, polls: int) -> float:
        pause = self._rules.poll_first if polls < POLLS_AT_FIRST else self._rules.poll_later
        return pause.total_seconds() * (0.5 + self._randomness.fraction())

    async def _current(self, row: ConnectionRow) -> ConnectionRow:
        current = await self._connections.get(row.workspace, row.id)
        if current is None:
            raise NotFound("There is no connection with that id.")
        return current

    def _refuse_hopeless(self, row: ConnectionRow) -> None:
        if row.status is Status.NEEDS_AUTHORIZATION:
            raise GrantRejected(
                f"This connection must be authorized again: {row.failure_message or ''}".strip()
            )
        if row.status is Status.REVOKED:
            raise ConnectionNotUsable("This connection was revoked.")
        if not row.renewable:
            raise CredentialsError(
                "This connection cannot renew itself: the authorization server issued no refresh "
                "token. Authorize it again."
            )

    async def _renew(self, row: ConnectionRow, blueprint: Blueprint, fence: int) -> ConnectionRow:
        try:
            credentials = opened(self._sealer, row)
            party = party_of_connection(row, blueprint, credentials)
            tokens = await self._endpoint.renew(party, credentials.tokens)
        except ConnectsmithError as error:
            return await self._failed(row, fence, error)
        except BaseException:
            await self._connections.release_lease(row.workspace, row.id, fence)
            raise
        return await self._store(row, credentials, tokens, fence)

    async def _store(
        self, row: ConnectionRow, credentials: Credentials, tokens: TokenSet, fence: int
    ) -> ConnectionRow:
        """Commit new tokens; whatever happens, they are not thrown away while we live."""
        fresh = renewed(self._sealer, row, credentials, tokens, now=self._clock.now())
        deadline = asyncio.get_running_loop().time() + self._rules.store_patience.total_seconds()
        while True:
            try:
                stored = await self._connections.store(
                    fresh, expected_version=row.version, fence=fence
                )
                break
            except (StorageBusy, StorageFull):
                if asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(self._rules.poll_later.total_seconds())
        if stored:
            return fresh
        return await self._fenced(row, fresh, fence)

    async def _fenced(self, row: ConnectionRow, fresh: ConnectionRow, fence: int) -> ConnectionRow:
        """Keep tokens that came too late to be stored, and go by what is stored."""
        await self._connections.rescue(
            row.workspace, row.id, fence, fresh.sealed or b"", self._clock.now()
        )
        await self._record(row, "refresh_fenced", f"fence {fence}")
        return await self._current(row)

    async def _failed(
        self, row: ConnectionRow, fence: int, error: ConnectsmithError
    ) -> ConnectionRow:
        """Write a failure down; return the row if another process made it good meanwhile."""
        current = await self._current(row)
        if current.version != row.version:
            await self._connections.release_lease(row.workspace, row.id, fence)
            return current
        now = self._clock.now()
        broken = replace(
            current,
            status=next_status(current.status, _event(error)),
            failure_code=error.code,
            failure_message=error.message,
            failed_at=now,
            retry_at=now + self._back_off(current, error, now),
        )
        await self._connections.store(broken, expected_version=row.version, fence=fence)
        await self._record(row, "refresh_failed", f"{error.code}: {error.message}")
        raise error

    def _back_off(self, row: ConnectionRow, error: ConnectsmithError, now: datetime) -> timedelta:
        """Double the pause since the first failure in a row, within bounds; obey `Retry-After`."""
        asked = getattr(error, "retry_after_seconds", None)
        if isinstance(error, TokenEndpointBusy) and asked:
            return timedelta(seconds=min(asked, 3600))
        since = now - row.failed_at if row.failed_at and row.failure_code else timedelta()
        return min(max(self._rules.retry_first, 2 * since), self._rules.retry_most)

    async def _record(self, row: ConnectionRow, what: str, message: str) -> None:
        await self._events.add(
            EventRow(row.workspace, self._clock.now(), self._owner[:8], what, row.id, message)
        )


def _postponed(row: ConnectionRow, now: datetime) -> RefreshPostponed:
    error = RefreshPostponed(
        f"The access token could not be renewed ({row.failure_code}): {row.failure_message} "
        "It is tried again soon."
    )
    error.retry_after_seconds = max(((row.retry_at or now) - now).total_seconds(), 1.0)
    return error


def _event(error: ConnectsmithError) -> Event:
    match error:
        case GrantRejected():
            return Event.GRANT_REJECTED
        case ClientRejected():
            return Event.CLIENT_REJECTED
        case _:
            return Event.REFRESH_FAILED
