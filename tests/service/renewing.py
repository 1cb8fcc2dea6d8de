"""A connection whose access token has ended, a strict token endpoint, and processes that renew."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast
from urllib.parse import parse_qs

from tests.keys.rings import sealer
from tests.service.naive import Naive
from tests.service.standing import ISSUER, WORKSPACE, Standing, answered, standing

from connectsmith.core.authorization.token_set import TokenSet
from connectsmith.core.connection.credentials import Credentials
from connectsmith.core.connection.status import Status
from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.core.secret.secret import Secret
from connectsmith.service.asking import Asker
from connectsmith.service.blueprints import Blueprint
from connectsmith.service.holdings import opened
from connectsmith.service.making import NewConnection
from connectsmith.service.outages import Outages
from connectsmith.service.party import Party
from connectsmith.service.pauses import Pauses
from connectsmith.service.ports import Connections, Sender
from connectsmith.service.refresh import Refresher
from connectsmith.service.renewal import Renewer
from connectsmith.service.rows import ConnectionRow
from connectsmith.service.rules import Rules
from connectsmith.service.traffic import TokenTraffic
from connectsmith.testing import CountingRandomness
from connectsmith.testing.memory_connections import MemoryConnections

LIFETIME = timedelta(hours=1)
QUICK: dict[str, Any] = {
    "poll_first": timedelta(),
    "poll_later": timedelta(),
    "retry_unsent": (timedelta(),) * 3,
    "token_requests_per_second": 1e6,
}


@dataclass(slots=True)
class Held:
    """An answer that the server holds back."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)


class StrictServer:
    """A token endpoint that rotates, and knows the newest refresh token only; the port `Sender`.

    With `grace` it takes the one before as well.
    """

    def __init__(self, *, grace: bool = False) -> None:
        self.requests: list[HttpRequest] = []
        self.valid = ["refresh-0"]
        self.lifetime = int(LIFETIME.total_seconds())
        self._grace = grace
        self._script: list[HttpResponse | Exception | None] = []
        self._held: dict[int, Held] = {}

    def instead(self, *answers: HttpResponse | Exception | None) -> None:
        """Give these answers to the next requests and do nothing; None for one that is served."""
        self._script.extend(answers)

    def hold(self, number: int) -> Held:
        """Serve the request of that number, from 1, but hold its answer."""
        return self._held.setdefault(number, Held())

    async def send(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        answer = self._script.pop(0) if self._script else None
        if answer is None and request.url.endswith("/revoke"):
            answer = answered({})
        if answer is None:
            answer = self._serve(parse_qs(request.body.decode()))
        held = self._held.get(len(self.requests))
        if held is not None:
            held.reached.set()
            await held.let_go.wait()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _serve(self, form: dict[str, list[str]]) -> HttpResponse:
        if form["refresh_token"][0] not in self.valid:
            return answered({"error": "invalid_grant"}, 400)
        number = len(self.requests)
        self.valid = [*(self.valid[-1:] if self._grace else ()), f"refresh-{number}"]
        return answered(
            {
                "access_token": f"access-{number}",
                "refresh_token": self.valid[-1],
                "token_type": "Bearer",
                "expires_in": self.lifetime,
            }
        )

    async def close(self) -> None:
        """Keep everything: a test may still look."""


class FaultyConnections(MemoryConnections):
    """The same rows through a storage that fails as it is told."""

    def __init__(self, connections: Connections) -> None:
        super().__init__(cast("MemoryConnections", connections)._tables)
        self.on_lease: list[Exception] = []
        self.on_store: list[Exception] = []
        self.after_store: list[Exception] = []
        self.kept_aside = asyncio.Event()
        self.reads = 0

    async def get(self, workspace: str, connection: str) -> ConnectionRow | None:
        self.reads += 1
        return await super().get(workspace, connection)

    async def take_lease(self, row: ConnectionRow, **more: Any) -> int | None:
        _fail(self.on_lease)
        return await super().take_lease(row, **more)

    async def store(self, row: ConnectionRow, **more: Any) -> bool:
        _fail(self.on_store)
        stored = await super().store(row, **more)
        _fail(self.after_store)
        return stored

    async def rescue(self, *place: Any) -> None:
        await super().rescue(*place)
        self.kept_aside.set()


def _fail(coming: list[Exception]) -> None:
    if coming:
        raise coming.pop(0)


@dataclass(slots=True)
class Renewing:
    """What a test of refreshing works with."""

    installation: Standing
    server: StrictServer
    connections: FaultyConnections
    blueprint: Blueprint
    id: str
    rules: Rules

    def process(self, name: str = "a") -> Refresher:
        """Return the refresher of one more process on the same storage."""
        desk = self.installation.application.desks.connections
        endpoint = desk._endpoint
        endpoint._sender = cast("Sender", self.server)
        randomness = CountingRandomness(name)
        meta, clock = self.installation.storage.meta, self.installation.clock
        traffic = TokenTraffic(
            pauses=Pauses(meta, clock),
            outages=Outages(meta, clock=clock, randomness=randomness, pause=self.rules.probe_every),
            randomness=randomness,
            rules=self.rules,
        )
        renewer = Renewer(
            connections=self.connections,
            asker=Asker(endpoint=endpoint, traffic=traffic, rules=self.rules),
            revoker=desk._revoker,
            events=self.installation.storage.events,
            sealer=sealer(),
            clock=self.installation.clock,
            rules=self.rules,
        )
        return Refresher(
            connections=self.connections,
            renewer=renewer,
            traffic=traffic,
            clock=self.installation.clock,
            randomness=randomness,
            rules=self.rules,
        )

    def naive(self, **manners: Any) -> Naive:
        """Return what would renew without any care, on the same storage."""
        self.process()
        return Naive(self.installation.application, self.connections, **manners)

    async def row(self) -> ConnectionRow:
        """Return the connection as it is stored."""
        row = await self.connections.get(WORKSPACE, self.id)
        assert row is not None
        return row

    async def refresh(self, refresher: Refresher | Naive, *, insist: bool = False) -> ConnectionRow:
        """Renew, beginning from what is stored now."""
        return await refresher.refresh(await self.row(), self.blueprint, insist=insist)

    async def fresh(self, refresher: Refresher | Naive) -> ConnectionRow:
        """Ask for a row that lasts a while, as calls do."""
        return await refresher.fresh(await self.row(), self.blueprint)

    async def tokens(self) -> tuple[str, str]:
        """Return the access token and the refresh token that are stored."""
        tokens = opened(sealer(), await self.row()).tokens
        assert tokens is not None
        assert tokens.refresh_token is not None
        return tokens.access_token.reveal(), tokens.refresh_token.reveal()

    async def change(self, **different: Any) -> None:
        """Change the stored row without anybody's leave."""
        tables = self.connections._tables
        tables.connections[WORKSPACE, self.id] = replace(await self.row(), **different)

    def advance(self, **by: float) -> None:
        """Let time pass."""
        self.installation.clock.advance(timedelta(**by))


@asynccontextmanager
async def renewing(
    *, grace: bool = False, status: Status = Status.ACTIVE, expired: bool = True, **rules: Any
) -> AsyncIterator[Renewing]:
    """Set up a connection with an access token that has ended, or ends within its margin."""
    async with standing() as installation:
        connector = await installation.connector()
        blueprints = installation.application.desks.connections._blueprints
        blueprint = await blueprints.of(
            await blueprints.connector(WORKSPACE, connector), test=False
        )
        now = installation.clock.now()
        tokens = TokenSet(
            Secret("access-0"), now, refresh_token=Secret("refresh-0"), lifetime=LIFETIME
        )
        row = await installation.application.desks.connections.add(
            NewConnection(
                party=Party(WORKSPACE, connector, blueprint, (ISSUER,), {}, {}),
                tokens=tokens,
                test=False,
                caller="tok_a",
                operator="ope_a",
                status=status,
            )
        )
        installation.clock.advance(LIFETIME if expired else LIFETIME - timedelta(seconds=30))
        yield Renewing(
            installation,
            StrictServer(grace=grace),
            FaultyConnections(installation.storage.connections),
            blueprint,
            row.id,
            Rules(**{"public_url": "http://127.0.0.1:8400"} | QUICK | rules),
        )


def held_in(sealed: dict[str, Secret]) -> Credentials:
    """Read an opened record."""
    return Credentials.of(sealed)
