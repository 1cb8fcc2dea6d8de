"""One process of an installation: renews a connection when told to, and dies where told to.

Started with its orders as JSON in its argument; takes one command a line, answers one line of JSON.
"""

import asyncio
import json
import os
import signal
import sys
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from connectsmith.bootstrap import join, open_parts, rules_of
from connectsmith.core.connection.status import Status
from connectsmith.errors import ConnectsmithError
from connectsmith.service.ports import Connections, Sender
from connectsmith.service.rows import ConnectionRow
from connectsmith.settings import Settings


@dataclass(frozen=True, slots=True)
class Orders:
    """What a process shall be like."""

    settings: dict[str, Any]
    connection: str
    tasks: int = 1
    naively: str | None = None
    """`heedless`, `endless` or `credulous`: what is wrong with how it knows connections."""
    dies: str | None = None
    """`before_request` or `before_commit`: where it kills itself."""
    probe_every: float = 20.0
    """Seconds between probes of a server that is down."""
    stalls: bool = False
    """Whether it stops before it commits, until it is told to go on."""


class Naive:
    """Connections but for one thing; the port `Connections`."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connections, name)


class Heedless(Naive):
    """Connections that everybody may renew at any time."""

    async def get(self, workspace: str, connection: str) -> ConnectionRow | None:
        row = await self._connections.get(workspace, connection)
        return None if row is None else replace(row, lease_until=None)

    async def take_lease(self, row: ConnectionRow, **_: Any) -> int:
        return row.fence


class Endless(Naive):
    """Connections whose lease does not end with its holder: a lock."""

    async def take_lease(self, row: ConnectionRow, *, until: datetime, **more: Any) -> int | None:
        return await self._connections.take_lease(row, until=until + timedelta(days=1), **more)


class Credulous(Naive):
    """Connections that are said to work, whatever is known of them."""

    async def store(self, row: ConnectionRow, **more: Any) -> bool:
        return await self._connections.store(replace(row, status=Status.ACTIVE), **more)


NAIVE = {"heedless": Heedless, "endless": Endless, "credulous": Credulous}


class Signalling:
    """Sends this process a signal before one kind of call."""

    def __init__(self, original: object, name: str, number: int) -> None:
        self._original = original
        self._name = name
        self._number = number

    def __getattr__(self, name: str) -> Any:
        original = getattr(self._original, name)
        if name != self._name:
            return original

        async def signalling(*given: object, **named: object) -> object:
            os.kill(os.getpid(), self._number)
            return await original(*given, **named)

        return signalling


async def main(orders: Orders) -> None:
    settings = _settings(orders.settings)
    rules = replace(rules_of(settings), probe_every=timedelta(seconds=orders.probe_every))
    parts = await open_parts(settings, rules)
    application = join(parts, rules)
    desk = application.desks.connections
    refresher = desk._refresher
    renewer = refresher._renewer
    if orders.naively:
        naive = cast("Connections", NAIVE[orders.naively](refresher._connections))
        refresher._connections = renewer._connections = naive
    if orders.dies == "before_request":
        deadly = Signalling(parts.sender, "send", signal.SIGKILL)
        renewer._asker._endpoint._sender = cast("Sender", deadly)
    if orders.dies == "before_commit" or orders.stalls:
        number = signal.SIGSTOP if orders.stalls else signal.SIGKILL
        deadly = Signalling(renewer._connections, "store", number)
        renewer._connections = cast("Connections", deadly)

    async def renew(connection: str) -> object:
        row = await desk.row("default", connection)
        try:
            return (await refresher.fresh(row, await desk.blueprint_of(row))).version
        except ConnectsmithError as error:
            return error.code

    _say("ready")
    while order := await asyncio.to_thread(sys.stdin.readline):
        wanted = order.split()[1:] or [orders.connection] * orders.tasks
        _say(await asyncio.gather(*[renew(each) for each in wanted]))
    await parts.sender.close()
    await parts.storage.close()


def _settings(given: dict[str, Any]) -> Settings:
    paths = {name: Path(given[name]) for name in ("data_dir", "key_file")}
    pairs = {"allow_private": tuple(given["allow_private"])}
    return Settings(**{**given, **paths, **pairs})


def _say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(Orders(**json.loads(sys.argv[1]))))
