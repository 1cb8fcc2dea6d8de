"""Many connections of one installation in virtual time, at authorization servers of the tests."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from tests.service.authorities import Authorities, Authority, Terms
from tests.service.naive import Naive
from tests.service.standing import WORKSPACE, Standing, standing

from connectsmith.core.connection.status import Status
from connectsmith.service.blueprints import Blueprint
from connectsmith.service.making import NewConnection
from connectsmith.service.party import Party
from connectsmith.service.ports import Clock, Sender
from connectsmith.service.refresh import Refresher
from connectsmith.service.rows import ConnectionRow
from connectsmith.testing.virtual_time import VirtualClock

LONG = int(os.environ.get("CONNECTSMITH_TEST_ROUNDS") or 20) > 20
"""Whether the tests have the time that `make soak` gives them."""


@dataclass(frozen=True, slots=True)
class Place:
    """A connector and its authorization server."""

    connector: str
    authority: Authority
    blueprint: Blueprint
    host: str


@dataclass(slots=True)
class Population:
    """Connections, and the installation that keeps them."""

    installation: Standing
    authorities: Authorities
    clock: VirtualClock
    grants: dict[str, str] = field(default_factory=dict)
    """Which grant a connection holds."""

    @property
    def refresher(self) -> Refresher:
        """The installation's."""
        return self.installation.application.desks.connections._refresher

    def go_naive(self, **manners: Any) -> Naive:
        """Let callers be served without any care from here on."""
        application = self.installation.application
        naive = Naive(application, self.installation.storage.connections, **manners)
        application.desks.connections._refresher = cast("Refresher", naive)
        return naive

    async def place(self, host: str, authority: Authority | None = None, **changes: Any) -> Place:
        """Publish one more connector, at a server of its own or at one there is."""
        one = authority or Authority(self.clock)
        self.authorities.by_host[host] = one
        connector = await self.installation.connector(f"https://{host}", **changes)
        blueprints = self.installation.application.desks.connections._blueprints
        row = await blueprints.connector(WORKSPACE, connector)
        return Place(connector, one, await blueprints.of(row, test=False), host)

    async def connect(self, place: Place, terms: Terms, count: int = 1) -> Sequence[ConnectionRow]:
        """Have people consent."""
        desk = self.installation.application.desks.connections
        rows = []
        for _ in range(count):
            party = Party(
                WORKSPACE, place.connector, place.blueprint, (f"https://{place.host}",), {}, {}
            )
            tokens = place.authority.grant(terms)
            row = await desk.add(
                NewConnection(
                    party=party,
                    tokens=tokens,
                    test=False,
                    caller="tok_a",
                    operator="opr_a",
                    status=Status.ACTIVE,
                )
            )
            self.grants[row.id] = list(place.authority.grants)[-1]
            rows.append(row)
        return rows

    async def row(self, connection: str) -> ConnectionRow:
        """Return a connection as it is stored."""
        row = await self.installation.storage.connections.get(WORKSPACE, connection)
        assert row is not None
        return row

    async def use(self, row: ConnectionRow, place: Place) -> ConnectionRow:
        """Ask for an access token that lasts a while, as calls do."""
        return await self.refresher.fresh(await self.row(row.id), place.blueprint)


@asynccontextmanager
async def population(**rules: Any) -> AsyncIterator[Population]:
    """Set an installation up on a loop of virtual time."""
    clock, authorities = VirtualClock(), Authorities()
    world = cast("tuple[Sender, Clock]", (authorities, clock))
    async with standing(world=world, **rules) as installation:
        yield Population(installation, authorities, clock)


def hours(count: float) -> timedelta:
    """Return a duration."""
    return timedelta(hours=count)
