"""Start servers for a benchmark, and load them from this process."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import aiohttp
from bench.harness import Measure
from bench.meter import PATH

ROOT = Path(__file__).resolve().parents[1]
AS_SERVED = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
Request = Callable[[aiohttp.ClientSession], Awaitable[None]]
"""Makes one request and raises unless it went as it should."""


@contextmanager
def process(*arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run a module that prints one line when it is ready; yield the line."""
    started = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield started.stdout.readline().strip() if started.stdout else ""
    finally:
        started.terminate()
        started.wait()


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(
    application: str, *, port: int | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Serve an ASGI application as it is served in earnest; yield its address."""
    port = port or free_port()
    command = [sys.executable, "-m", "uvicorn", application, "--port", str(port), *AS_SERVED]
    started = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **(environment or {})})
    address = f"http://127.0.0.1:{port}"
    try:
        asyncio.run(_answering(address, started))
        yield address
    finally:
        started.terminate()
        started.wait()


async def _answering(address: str, started: subprocess.Popen[bytes]) -> None:
    async with aiohttp.ClientSession() as session, asyncio.timeout(60):
        while started.poll() is None:
            try:
                await cpu_of(session, address)
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.05)
            else:
                return
    raise RuntimeError(f"the server ended with {started.returncode}")


async def cpu_of(session: aiohttp.ClientSession, address: str) -> float:
    """Return the CPU seconds that a metered server has used."""
    async with session.get(address + PATH) as answer:
        return float(await answer.text())


def load(address: str, request: Request, *, times: int, concurrency: int) -> Measure:
    """Return a measure of the server's CPU seconds for one request, many at once."""

    async def worker(session: aiohttp.ClientSession) -> None:
        for _ in range(times // concurrency):
            await request(session)

    async def all_of_it() -> float:
        connector = aiohttp.TCPConnector(limit=concurrency)
        async with aiohttp.ClientSession(connector=connector) as session:
            before = await cpu_of(session, address)
            await asyncio.gather(*(worker(session) for _ in range(concurrency)))
            spent = await cpu_of(session, address) - before
        return spent / (times // concurrency * concurrency)

    return lambda: asyncio.run(all_of_it())
