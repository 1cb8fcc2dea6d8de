"""What the door out costs: a GET through `HttpSender` against bare aiohttp, 32 at once."""

import asyncio
from collections.abc import Iterator
from itertools import count

import aiohttp
import uvloop
from bench.harness import Comparison, compare, cpu_concurrently
from bench.processes import process
from bench.upstream import TOKEN

from connectsmith.core.message import Carried, HttpRequest
from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.secret import Secret
from connectsmith.egress.policy import EgressPolicy
from connectsmith.egress.sender import HttpSender

CONCURRENCY = 32
TIMES = 6400
HEADERS = (("Authorization", f"Bearer {TOKEN}"), ("Accept", "application/json"))


def measure() -> Iterator[Comparison]:
    """Compare both; the URL changes from one request to the next."""
    with (
        process("bench.upstream") as port,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        yield side_by_side(port, runner)


def side_by_side(port: str, runner: asyncio.Runner) -> Comparison:
    origin = f"http://127.0.0.1:{port}"
    sender = HttpSender(EgressPolicy.of([f"127.0.0.1:{port}"]))
    session = runner.run(open_session())
    carries = (Carried("the access token", Secret(TOKEN), Destinations.of([origin])),)
    numbers = count()

    async def bare() -> None:
        url = f"{origin}/items/{next(numbers)}?page=1"
        async with session.get(url, headers=HEADERS) as response:
            await response.read()

    async def guarded() -> None:
        url = f"{origin}/items/{next(numbers)}?page=1"
        await sender.send(HttpRequest("GET", url, headers=HEADERS, carries=carries))

    variants = {
        name: cpu_concurrently(work, runner=runner, times=TIMES, concurrency=CONCURRENCY)
        for name, work in (("bare aiohttp", bare), ("HttpSender", guarded))
    }
    try:
        return compare(
            "The door out, 32 requests at once",
            variants,
            target="at most 1.3 times bare aiohttp",
            limit=1.3,
            note="500 bytes of JSON over plain http; CPU of this process for one request.",
        )
    finally:
        runner.run(sender.close())
        runner.run(session.close())


async def open_session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession()
