"""Processes of one installation, and a connection that they renew."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from threading import Timer
from typing import Any

from tests.journeys.calendar import prepared
from tests.journeys.installation import Installation, installed
from tests.processes.caller import Orders
from tests.servers.good import GoodServer, Registered
from tests.servers.hostile import Hostile
from tests.servers.proxy import FaultProxy
from tests.servers.replies import Reply, json_reply

from connectsmith.core.authorization.token_set import TokenSet
from connectsmith.core.connection.status import Status
from connectsmith.core.secret.secret import Secret
from connectsmith.service.making import NewConnection
from connectsmith.service.party import Party
from connectsmith.service.rows import ConnectionRow

ROOT = Path(__file__).parents[2]
ROUNDS = int(os.environ.get("CONNECTSMITH_TEST_ROUNDS") or 20)
"""How often the long tests repeat; `make soak` says more."""
PATIENCE = 120
"""Seconds for one answer of a process; one that takes longer hangs."""
A_FIFTIETH: dict[str, Any] = {"refresh_lease_seconds": 0.9, "token_timeout_seconds": 20.0}
"""The lease in tests that wait for it to pass; the deadline is for a busy machine."""


class Process:
    """A process of the installation; killed at the end of the test, or if it hangs."""

    def __init__(self, orders: Orders) -> None:
        self._running = subprocess.Popen(
            [sys.executable, "-m", "tests.processes.caller", json.dumps(asdict(orders))],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @contextmanager
    def _watched(self) -> Iterator[None]:
        watch = Timer(PATIENCE, self._running.kill)
        watch.start()
        try:
            yield
        finally:
            watch.cancel()

    def ready(self) -> None:
        """Wait until it has opened everything."""
        assert self.answer() == "ready"

    def renew(self, *connections: str) -> None:
        """Tell it to renew what it was given, or others; `answer` waits for what comes of it."""
        assert self._running.stdin is not None
        self._running.stdin.write(" ".join(("renew", *connections)) + "\n")
        self._running.stdin.flush()

    def answer(self) -> Any:
        """Return what it says: versions and error codes of its tasks; None when it has died."""
        assert self._running.stdout is not None
        with self._watched():
            line = self._running.stdout.readline()
        return json.loads(line) if line else None

    def send(self, signal: int) -> None:
        """Send a signal."""
        self._running.send_signal(signal)

    def stopped(self) -> None:
        """Wait until it has stopped."""
        with self._watched():
            _, status = os.waitpid(self._running.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), "it ended"

    def ended(self) -> int:
        """Wait for its end and return how it ended."""
        code = self._running.wait(PATIENCE)
        self.close()
        return code

    def close(self) -> None:
        """End it."""
        self._running.kill()
        for stream in (self._running.stdin, self._running.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):  # an order that a dead process never read
                    stream.close()
        self._running.wait()


@dataclass(frozen=True, slots=True)
class Fleet:
    """An installation that is watched from here, and its processes."""

    installation: Installation
    connect: Callable[[], str]
    """Makes one more connection."""
    connection: str
    stack: ExitStack

    def another(self) -> "Fleet":
        """Return the same processes with another connection to renew."""
        return replace(self, connection=self.connect())

    def start(self, count: int = 1, **orders: Any) -> Sequence[Process]:
        """Start processes and wait until they are ready."""
        settings = asdict(self.installation.settings)
        shown = settings | {name: str(settings[name]) for name in ("data_dir", "key_file")}
        started = [Process(Orders(shown, self.connection, **orders)) for _ in range(count)]
        for each in started:
            self.stack.callback(each.close)
        for each in started:
            each.ready()
        return started

    def one(self, **orders: Any) -> Process:
        """Start one."""
        (process,) = self.start(1, **orders)
        return process

    def row(self) -> ConnectionRow:
        """Return the connection as it is stored."""
        desk = self.installation.inside.desks.connections
        return self.installation.loop.run(desk.row("default", self.connection))

    def rescued(self) -> Sequence[tuple[int, bytes]]:
        """Return what came too late."""
        connections = self.installation.inside.parts.storage.connections
        return self.installation.loop.run(connections.rescued("default", self.connection))

    def expire(self) -> int:
        """Let the access token have ended; return the row's version."""
        connections = self.installation.inside.parts.storage.connections
        row = self.row()
        assert row.received_at is not None
        past = replace(row, received_at=row.received_at - timedelta(days=1), refreshed_at=None)
        assert self.installation.loop.run(connections.store(past, expected_version=row.version))
        return row.version


@contextmanager
def fleet_at(
    server: GoodServer, folder: Path, *, through: FaultProxy | None = None, **settings: Any
) -> Iterator[Fleet]:
    """Connect at an honest server; its token endpoint may be reached through a proxy."""
    private = [server.port, *([through.port] if through else ())]
    changes = {"tokenURL": f"{through.origin}/token"} if through else {}
    with ExitStack() as stack:
        installation = stack.enter_context(installed(folder, *private, chores=False, **settings))
        journey = prepared(installation, server, **changes)
        yield Fleet(installation, journey.connect, journey.connect(), stack)


@contextmanager
def unattended_fleet_at(server: GoodServer, folder: Path, **settings: Any) -> Iterator[Fleet]:
    """Connect without a person, by client credentials."""
    with ExitStack() as stack:
        installation = stack.enter_context(installed(folder, server.port, chores=False, **settings))
        journey = prepared(installation, server, grant="client_credentials", authorizationURL=None)
        path = f"/v1/connectors/{journey.connector}/connections"

        def connect() -> str:
            return str(installation.api.post(path, {"fields": {}})["id"])

        yield Fleet(installation, connect, connect(), stack)


@contextmanager
def fleet_beside(hostile: Hostile, folder: Path, **settings: Any) -> Iterator[Fleet]:
    """Plant a connection whose tokens a scripted server gave."""
    with ExitStack() as stack:
        installation = stack.enter_context(
            installed(folder, hostile.port, chores=False, **settings)
        )
        journey = prepared(installation, _Scripted(hostile))

        def connect() -> str:
            planting = _planted(installation, journey.connector, hostile.origin)
            return installation.loop.run(planting).id

        fleet = Fleet(installation, connect, connect(), stack)
        fleet.expire()
        yield fleet


async def _planted(installation: Installation, connector: str, origin: str) -> ConnectionRow:
    desk = installation.inside.desks.connections
    row = await desk._blueprints.connector("default", connector)
    blueprint = await desk._blueprints.of(row, test=False)
    tokens = TokenSet(
        Secret("access-0"),
        installation.inside.parts.clock.now(),
        refresh_token=Secret("refresh-0"),
        lifetime=timedelta(hours=1),
    )
    party = Party("default", connector, blueprint, (origin,), {}, {})
    return await desk.add(
        NewConnection(
            party=party,
            tokens=tokens,
            test=False,
            caller="tok_a",
            operator="ope_a",
            status=Status.ACTIVE,
        )
    )


class _Scripted:
    """A hostile server as `prepared` knows honest ones; tests script and count by themselves."""

    def __init__(self, hostile: Hostile) -> None:
        self.issuer = hostile.origin
        self.port = hostile.port

    def register(self, *, redirect_uris: Sequence[str], **_: Any) -> Registered:
        return Registered("client", "client-secret")

    def advance(self, seconds: float) -> None:
        raise NotImplementedError

    def token_requests(self) -> Mapping[str, int]:
        raise NotImplementedError

    def token_errors(self) -> Mapping[str, int]:
        raise NotImplementedError


def granted(number: int) -> Reply:
    """Return the answer to a refresh."""
    return json_reply(
        {
            "access_token": f"access-{number}",
            "refresh_token": f"refresh-{number}",
            "token_type": "Bearer",
            "expires_in": 3600,
        }
    )
