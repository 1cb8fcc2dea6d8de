"""A refresher as it is written on an afternoon: the control of what keeps connections alive.

Whoever finds an access token ended asks for another and writes down what comes. There is no lease,
no version, no fence, no pause and no limit, and the clock is believed. Tests put it in the place of
`Refresher`, and see happen what the row of their neighbour promises will not.
"""

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Any

from connectsmith.bootstrap import Application
from connectsmith.core.connection.freshness import usable
from connectsmith.core.connection.status import Status
from connectsmith.errors import ConnectsmithError, GrantRejected
from connectsmith.service.blueprints import Blueprint
from connectsmith.service.holdings import opened, party_of_connection, renewed
from connectsmith.service.ports import Connections
from connectsmith.service.rows import ConnectionRow
from connectsmith.service.token_endpoint import Renewed


class Naive:
    """Renews connections without any care.

    Attributes:
        attempts: How often it asks, whatever went wrong before.
        gives_up: Whether it takes any failure for the end of the grant.
    """

    def __init__(
        self,
        application: Application,
        connections: Connections,
        *,
        attempts: int = 1,
        gives_up: bool = True,
    ) -> None:
        desk = application.desks.connections
        self._endpoint, self._sealer, self._clock = desk._endpoint, desk._sealer, desk._clock
        self._connections = connections
        self._attempts = attempts
        self._gives_up = gives_up
        self._running: dict[str, asyncio.Task[ConnectionRow]] = {}

    async def fresh(self, row: ConnectionRow, blueprint: Blueprint) -> ConnectionRow:
        """Return the row with an access token that has not ended."""
        now = self._clock.now()
        if usable(received_at=row.received_at, lifetime=row.lifetime, now=now):
            return row
        return await self.refresh(row, blueprint)

    async def shared(self, row: ConnectionRow, blueprint: Blueprint) -> ConnectionRow:
        """Let callers of this process wait for one task, which ends with any of them."""
        task = self._running.get(row.id)
        if task is None:
            task = self._running[row.id] = asyncio.create_task(self.fresh(row, blueprint))
        return await task

    async def refresh(self, row: ConnectionRow, blueprint: Blueprint, **_: Any) -> ConnectionRow:
        """Ask, and write down what comes over whatever is stored."""
        if row.status is Status.NEEDS_AUTHORIZATION:
            raise GrantRejected("The owner must authorize again.")
        try:
            fresh = await self._asked(row, blueprint)
        except ConnectsmithError:
            if self._gives_up:
                await self._overwrite(replace(row, status=Status.NEEDS_AUTHORIZATION))
            raise
        await self._overwrite(fresh)
        return fresh

    async def _asked(self, row: ConnectionRow, blueprint: Blueprint) -> ConnectionRow:
        held = opened(self._sealer, row)
        party = party_of_connection(row, blueprint, held)
        for _ in range(self._attempts - 1):
            with suppress(ConnectsmithError):
                return self._renewed(row, await self._endpoint.renew(party, held.tokens))
        return self._renewed(row, await self._endpoint.renew(party, held.tokens))

    def _renewed(self, row: ConnectionRow, brought: Renewed) -> ConnectionRow:
        held = opened(self._sealer, row).renewed(brought.tokens)
        now = self._clock.now()
        return renewed(self._sealer, row, held, now=now, by_access_token=False, usual=None)

    async def _overwrite(self, row: ConnectionRow) -> None:
        stored = await self._connections.get(row.workspace, row.id)
        if stored is not None:
            await self._connections.store(row, expected_version=stored.version)
