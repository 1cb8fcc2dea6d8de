"""What it takes: time to the first answer, memory after many calls, size on disk."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import aiohttp
from bench.calls import CONCURRENCY, installation, others, post
from bench.harness import Comparison, Figure, compare
from bench.processes import ROOT, Request, free_port
from tests.packaging.test_size import installed_size, own_size, pinned

MIB = 1024 * 1024
HTTP_PARTS = "import fastapi, uvicorn, aiohttp, pydantic, cryptography"
FIRST, LAST = 1_000, 10_000


def measure() -> Iterator[Comparison | Figure]:
    with tempfile.TemporaryDirectory() as folder:
        yield start_up(Path(folder))
        yield from memory(Path(folder))
    yield size_on_disk()


# -- time to the first answer ---------------------------------------------------------------------


def start_up(folder: Path) -> Comparison:
    """Compare a start with importing what it is built on."""
    first_answer(folder)  # makes key and database, which the first start alone does
    return compare(
        "Start to first answer",
        {"importing the HTTP parts": importing, "ours": lambda: first_answer(folder)},
        target="at most 4.0",
        limit=4.0,
        note="Wall time from starting the process. The HTTP parts are fastapi, uvicorn, aiohttp, "
        "pydantic and cryptography; ours ends with the first 200 from `/health`.",
    )


def importing() -> float:
    before = time.perf_counter()
    subprocess.run([sys.executable, "-c", HTTP_PARTS], check=True)
    return time.perf_counter() - before


def first_answer(folder: Path) -> float:
    port = free_port()
    environment = {
        **os.environ,
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder / "share"),
        "XDG_CONFIG_HOME": str(folder / "config"),
    }
    command = [sys.executable, "-m", "connectsmith", "serve", "--port", str(port)]
    before = time.perf_counter()
    started = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        asyncio.run(answered(f"http://127.0.0.1:{port}/health"))
        return time.perf_counter() - before
    finally:
        started.terminate()
        started.wait()


async def answered(url: str) -> None:
    async with aiohttp.ClientSession() as session, asyncio.timeout(60):
        while True:
            try:
                async with session.get(url) as answer:
                    answer.raise_for_status()
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.005)


# -- memory ---------------------------------------------------------------------------------------


def memory(folder: Path) -> Iterator[Figure]:
    """Measure a server's resident memory after the 1,000th and the 10,000th call."""
    with ExitStack() as stack:
        called = others(stack)
        ours = stack.enter_context(installation(folder / "memory", called))
        url = f"{ours.api.address}/v1/connections/{ours.connection}/calls"
        request = post(url, ours.api.token)
        sizes = []
        done = 0
        for goal in (FIRST, LAST):
            asyncio.run(make(request, goal - done))
            done = goal
            sizes.append(resident(ours.api.pid))
    growth = (sizes[1] - sizes[0]) / MIB
    yield Figure(
        f"Memory growth from call {FIRST:,} to call {LAST:,}",
        "MiB",
        growth,
        "under 10 MiB",
        10,
        raw=[size / MIB for size in sizes],
    )
    yield Figure(
        f"Resident memory after {LAST:,} calls", "MiB", sizes[1] / MIB, "under 120 MiB", 120
    )


async def make(request: Request, times: int) -> None:
    """Make so many calls."""
    connector = aiohttp.TCPConnector(limit=CONCURRENCY)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def worker() -> None:
            for _ in range(times // CONCURRENCY + 1):
                await request(session)

        await asyncio.gather(*(worker() for _ in range(CONCURRENCY)))


def resident(process: int) -> int:
    """Return a process's resident memory in bytes."""
    said = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(process)], check=True, capture_output=True, text=True
    )
    return int(said.stdout) * 1024


# -- size on disk ---------------------------------------------------------------------------------


def size_on_disk() -> Figure:
    """Add up the files of the base package and of everything it is pinned to."""
    sizes = {name: installed_size(name) for name in pinned()} | {"connectsmith": own_size()}
    largest = sorted(sizes, key=lambda name: -sizes[name])[:8]
    return Figure(
        "Installed size of the base package with its dependencies",
        "MB",
        sum(sizes.values()) / 1e6,
        "under 110 MB",
        110,
        note=f"Largest: {', '.join(f'{name} {sizes[name] / 1e6:.1f}' for name in largest)}.",
    )
