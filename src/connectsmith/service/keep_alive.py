"""Renew grants that nobody uses, before their refresh tokens die of it.

In the background, through the same lease and the same turns at the authorization server as
everybody else, and after everybody else.
"""

import asyncio
from contextlib import suppress

from connectsmith.core.connection.keep_alive import next_attempt
from connectsmith.errors import ConnectsmithError
from connectsmith.service.blueprints import Blueprints
from connectsmith.service.ports import Clock, Connections
from connectsmith.service.refresh import Refresher
from connectsmith.service.rows import ConnectionRow
from connectsmith.values import replace

AT_ONCE = 200
"""How many connections a process works on."""


class KeepAlive:
    """Look for connections that have been idle for long, and renew them."""

    def __init__(
        self,
        *,
        connections: Connections,
        blueprints: Blueprints,
        refresher: Refresher,
        clock: Clock,
    ) -> None:
        self._connections = connections
        self._blueprints = blueprints
        self._refresher = refresher
        self._clock = clock
        self._running: set[asyncio.Task[None]] = set()

    async def run_due(self) -> int:
        """Begin with those that are due, without waiting for their ends; return how many."""
        now, begun = self._clock.now(), 0
        room = AT_ONCE - len(self._running)
        for row in await self._connections.idle(now, room) if room > 0 else ():
            claimed = await self._claimed(row)
            if claimed is not None:
                begun += 1
                task = asyncio.create_task(self._renew(claimed))
                self._running.add(task)
                task.add_done_callback(self._running.discard)
        return begun

    async def settle(self) -> None:
        """Begin nothing more; what is under way ends as every refresh does."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _claimed(self, row: ConnectionRow) -> ConnectionRow | None:
        """Put the next attempt off, in case this one fails or dies; None when another has."""
        if row.keep_alive_at is None:
            return None
        later = next_attempt(row.received_at, row.keep_alive_at, self._clock.now())
        if await self._connections.claim_idle(row, later):
            return replace(row, keep_alive_at=later)
        return None

    async def _renew(self, row: ConnectionRow) -> None:
        with suppress(ConnectsmithError):  # written down with the connection; tried again
            connector = await self._blueprints.connector(row.workspace, row.connector)
            blueprint = await self._blueprints.of(connector, test=row.test)
            await self._refresher.refresh(row, blueprint, background=True)
