"""Real processes at one database: one lease at a time, and whole transactions whatever dies."""

import asyncio
import os
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.storage.postgres_server import URL, own_schema
from tests.storage.rows import NOW, SOON, WORKSPACE, connection, connector

from connectsmith.storage.opening import CREDENTIALS_FILE, open_postgres, open_sqlite
from connectsmith.storage.sql_storage import SqlStorage

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

ROUNDS = 20
PROCESSES = 3
SPAWN = get_context("spawn")


@dataclass(frozen=True, slots=True)
class Where:
    """How another process gets at the same database."""

    folder: str | None = None
    schema: str | None = None

    async def open(self) -> SqlStorage:
        if self.folder is not None:
            return await open_sqlite(Path(self.folder))
        return await open_postgres(URL, schema=self.schema)


@asynccontextmanager
async def _prepared(where: Where) -> AsyncIterator[SqlStorage]:
    storage = await where.open()
    await storage.connectors.add(connector())
    await storage.connections.add(connection())
    yield storage
    await storage.close()


def _race(where: Where, name: str, barrier: Barrier, wins: "Queue[tuple[int, str]]") -> None:
    asyncio.run(_racing(where, name, barrier, wins))


async def _racing(
    where: Where, name: str, barrier: Barrier, wins: "Queue[tuple[int, str]]"
) -> None:
    """Round after round: read, wait for the others, try to renew the connection."""
    storage = await where.open()
    for number in range(1, ROUNDS + 1):
        row = await storage.connections.get(WORKSPACE, "cnn_a")
        assert row is not None
        assert row.version == number
        await asyncio.to_thread(barrier.wait, 60)
        fence = await storage.connections.take_lease(row, owner=name, now=NOW, until=SOON)
        if fence is not None:
            renewed = replace(row, version=number + 1, sealed=name.encode())
            assert await storage.connections.store(renewed, expected_version=number, fence=fence)
            wins.put((number, name))
        await asyncio.to_thread(barrier.wait, 60)
    await storage.close()


async def _run(where: Where) -> None:
    async with _prepared(where) as storage:
        barrier, wins = SPAWN.Barrier(PROCESSES), SPAWN.Queue()
        racers = [
            SPAWN.Process(target=_race, args=(where, f"process {n}", barrier, wins))
            for n in range(PROCESSES)
        ]
        for racer in racers:
            racer.start()
        for racer in racers:
            await asyncio.to_thread(racer.join)

        assert [racer.exitcode for racer in racers] == [0] * PROCESSES
        winners = [wins.get(timeout=5) for _ in range(ROUNDS)]
        assert sorted(number for number, _ in winners) == list(range(1, ROUNDS + 1))
        assert wins.empty()
        row = await storage.connections.get(WORKSPACE, "cnn_a")
        assert row is not None
        assert (row.version, row.lease_owner) == (ROUNDS + 1, None)
        wins.close()


async def test_in_every_round_one_of_several_processes_renews_on_sqlite(tmp_path: Path) -> None:
    await _run(Where(folder=str(tmp_path)))


@pytest.mark.postgres
async def test_in_every_round_one_of_several_processes_renews_on_postgres() -> None:
    with own_schema() as schema:
        await _run(Where(schema=schema))


def _write_until_killed(where: Where, started: "Queue[int]") -> None:
    asyncio.run(_writing(where, started))


async def _writing(where: Where, started: "Queue[int]") -> None:
    """Renew for ever; what is announced has been committed."""
    storage = await where.open()
    while True:
        row = await storage.connections.get(WORKSPACE, "cnn_a")
        assert row is not None
        fence = await storage.connections.take_lease(
            row, owner="writer", now=NOW + timedelta(days=row.fence), until=SOON
        )
        sealed = f"tokens {row.version + 1}".encode()
        newer = replace(row, version=row.version + 1, sealed=sealed)
        assert await storage.connections.store(newer, expected_version=row.version, fence=fence)
        started.put(newer.version)


async def test_killed_writer_leaves_whole_transactions_and_an_intact_file(tmp_path: Path) -> None:
    where = Where(folder=str(tmp_path))
    async with _prepared(where):
        pass
    told = 1

    for _ in range(4):
        announced: Queue[int] = SPAWN.Queue()
        writer = SPAWN.Process(target=_write_until_killed, args=(where, announced))
        writer.start()
        for _ in range(7):
            told = await asyncio.to_thread(announced.get, timeout=60)
        assert writer.pid is not None
        os.kill(writer.pid, signal.SIGKILL)
        await asyncio.to_thread(writer.join)
        announced.close()

        storage = await where.open()
        row = await storage.connections.get(WORKSPACE, "cnn_a")
        await storage.close()
        assert row is not None
        assert row.version >= told
        assert row.sealed == f"tokens {row.version}".encode()
    database = sqlite3.connect(tmp_path / CREDENTIALS_FILE)
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
