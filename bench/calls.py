"""Calls: through the service in one process, and through the REST API of a server."""

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import aiohttp
import uvloop
from bench.control_call import CALLER
from bench.harness import Comparison, Measure, compare, cpu_concurrently
from bench.processes import Request, load, process, served
from bench.service import settings_for
from bench.subject import Api, make_connection, make_connector
from bench.upstream import TOKEN

from connectsmith.bootstrap import running
from connectsmith.service.calls import Asked

CONCURRENCY = 32
TIMES = 3200
FIELDS = {"id": "evt_1"}


@dataclass(frozen=True, slots=True)
class Others:
    """The servers that are called."""

    upstream: str
    server: str

    @property
    def private(self) -> tuple[str, ...]:
        return tuple(each.removeprefix("http://") for each in (self.upstream, self.server))


def others(stack: ExitStack) -> Others:
    """Start the servers that are called."""
    upstream = stack.enter_context(process("bench.upstream"))
    server = stack.enter_context(process("bench.token_endpoint"))
    return Others(f"http://127.0.0.1:{upstream}", f"http://127.0.0.1:{server}")


@dataclass(frozen=True, slots=True)
class Installed:
    """An installation of ours with a connection that can call."""

    folder: Path
    api: Api
    connection: str


def measure() -> Iterator[Comparison]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        called = others(stack)
        yield in_one_process(folder, called)
        yield through_the_api(folder, called)


@contextmanager
def installation(folder: Path, called: Others) -> Iterator[Installed]:
    """Serve an installation of ours."""
    with process("bench.service", str(folder), *called.private) as line:
        api = Api(**json.loads(line))
        connector = make_connector(
            api, upstream=called.upstream, server=called.server, grant="client_credentials"
        )
        yield Installed(folder, api, make_connection(api, connector))


# -- in one process -------------------------------------------------------------------------------


def in_one_process(folder: Path, called: Others) -> Comparison:
    """Compare a call through the service with the bare client, in the process itself."""
    with installation(folder / "library", called) as installed:
        pass
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        stack = AsyncExitStack()
        bare = runner.run(bare_call(stack, called))
        ours = runner.run(service_call(stack, installed, called))
        try:
            return compare(
                "A call through the service",
                {
                    "bare aiohttp": together(bare, runner),
                    "through the service": together(ours, runner),
                },
                target="at most 2.5",
                limit=2.5,
                note="CPU of one GET with 500 bytes of JSON at concurrency 32. Ours looks the "
                "connection up, opens its sealed token, checks and renders the request, judges "
                "the answer, and writes call and transcript down.",
            )
        finally:
            runner.run(stack.aclose())


def together(call: Callable[[], Awaitable[object]], runner: asyncio.Runner) -> Measure:
    """Return the measure of a call in this process."""
    return cpu_concurrently(call, runner=runner, times=TIMES, concurrency=CONCURRENCY)


async def bare_call(stack: AsyncExitStack, called: Others) -> Callable[[], Awaitable[object]]:
    """Return the call as one would write it without us."""
    connector = aiohttp.TCPConnector(limit=CONCURRENCY)
    session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
    url, headers = f"{called.upstream}/events/evt_1", {"Authorization": f"Bearer {TOKEN}"}

    async def call() -> object:
        async with session.get(url, headers=headers) as answer:
            return await answer.json()

    return call


async def service_call(
    stack: AsyncExitStack, installed: Installed, called: Others
) -> Callable[[], Awaitable[object]]:
    """Return the call as our service makes it."""
    settings = settings_for(installed.folder, port=8400, private=called.private)
    application = await stack.enter_async_context(running(settings))
    caller = await application.desks.access.recognise(installed.api.token)
    asked = Asked(action="event.get", fields=FIELDS, connection=installed.connection)

    async def call() -> object:
        outcome = await application.desks.calls.call(caller, asked)
        if not outcome.ok:
            raise RuntimeError(outcome.message)
        return outcome.value

    return call


# -- through the API ------------------------------------------------------------------------------


def through_the_api(folder: Path, called: Others) -> Comparison:
    """Compare the server with a bare route."""
    environment = {
        "BENCH_UPSTREAM": called.upstream,
        "BENCH_DATABASE": str(folder / "control.db"),
    }
    with (
        served("bench.control_call:app", environment=environment) as control,
        installation(folder / "server", called) as ours,
    ):
        path = f"/v1/connections/{ours.connection}/calls"
        return compare(
            "A call through the REST API",
            {
                "bare Starlette route": loaded(control, post(f"{control}/calls/one", CALLER)),
                "through the API": loaded(
                    ours.api.address, post(ours.api.address + path, ours.api.token)
                ),
            },
            target="at most 2.0",
            limit=2.0,
            note="CPU of the server's process for one POST that makes the same GET. The bare "
            "route checks the caller's token, reads one row, decrypts it and answers JSON.",
        )


def loaded(address: str, request: Request) -> Measure:
    """Return the measure of a server."""
    return load(address, request, times=TIMES, concurrency=CONCURRENCY)


def post(url: str, token: str) -> Request:
    """Return the request that both servers are sent."""
    headers = {"Authorization": f"Bearer {token}"}
    body = {"action": "event.get", "fields": FIELDS}

    async def request(session: aiohttp.ClientSession) -> None:
        async with session.post(url, json=body, headers=headers) as answer:
            read = await answer.json()
            if answer.status != HTTPStatus.OK or read["status"] != HTTPStatus.OK:
                raise RuntimeError(read)

    return request
