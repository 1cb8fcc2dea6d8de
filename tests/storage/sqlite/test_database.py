import asyncio
import sqlite3
import stat
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.storage.rows import (
    LATER,
    NOW,
    SOON,
    WORKSPACE,
    connection,
    connector,
    secret,
)

from connectsmith.errors import Bug, NameTaken, StorageBusy, StorageFull
from connectsmith.storage.database import DuplicateKeyError, Statement
from connectsmith.storage.opening import CREDENTIALS_FILE, open_sqlite
from connectsmith.storage.sql_storage import SqlStorage
from connectsmith.storage.sqlite.connecting import connect_writer
from connectsmith.storage.sqlite.database import SqliteDatabase
from connectsmith.storage.sqlite.writer import run_many

SHORT = timedelta(milliseconds=50)


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[SqlStorage]:
    """A storage that waits for a lock only shortly."""
    opened = await open_sqlite(tmp_path, patience=SHORT)
    await opened.connectors.add(connector())
    await opened.connections.add(connection())
    yield opened
    await opened.close()


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    """A bare file with one table, which may grow to a few pages only."""
    path = tmp_path / "small.db"
    writer = sqlite3.connect(path)
    writer.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, content BLOB)")
    writer.close()
    opened = SqliteDatabase(path, synchronous="FULL", keeps_rows=False)
    await opened.write(Statement("PRAGMA max_page_count = 8"))
    yield opened
    await opened.close()


_FILL = "INSERT INTO things (content) VALUES (zeroblob(:size))"
_ADD = "INSERT INTO things (id) VALUES (:id)"


async def test_locked_database_is_busy_and_nothing_is_half_done(
    storage: SqlStorage, tmp_path: Path
) -> None:
    """R-30."""
    other = sqlite3.connect(tmp_path / CREDENTIALS_FILE, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    row = await storage.connections.get(WORKSPACE, "cnn_a")
    assert row is not None

    with pytest.raises(StorageBusy) as caught:
        await storage.connections.take_lease(row, owner="one", now=NOW, until=SOON)

    assert caught.value.retry_after_seconds > 0
    other.execute("ROLLBACK")
    other.close()
    assert await storage.connections.get(WORKSPACE, "cnn_a") == row
    assert await storage.connections.take_lease(row, owner="one", now=NOW, until=SOON) == 1


async def test_writer_waits_for_a_lock_that_is_given_back(tmp_path: Path) -> None:
    """R-30."""
    storage = await open_sqlite(tmp_path)
    other = sqlite3.connect(tmp_path / CREDENTIALS_FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    put = asyncio.create_task(storage.meta.put("fact", "one"))
    _ = await storage.meta.get("fact")
    assert not put.done()
    other.execute("COMMIT")
    await put

    assert await storage.meta.get("fact") == "one"
    other.close()
    await storage.close()


async def test_full_disk_is_said_and_nothing_is_half_done(small: SqliteDatabase) -> None:
    """R-32."""
    with pytest.raises(StorageFull):
        await small.write(
            Statement(_FILL, {"size": 100}),
            Statement(_FILL, {"size": 100_000}),
        )

    assert await small.read("SELECT COUNT(*) FROM things", {}) == [(0,)]
    await small.write(Statement(_FILL, {"size": 100}))
    assert await small.read("SELECT COUNT(*) FROM things", {}) == [(1,)]


async def test_write_that_does_not_fit_fails_none_of_those_it_was_to_be_committed_with(
    small: SqliteDatabase,
) -> None:
    sizes = [100, 100_000, 100, 100, 100_000, 100]

    outcomes = await asyncio.gather(
        *(small.write(Statement(_FILL, {"size": size})) for size in sizes),
        return_exceptions=True,
    )

    assert [isinstance(outcome, StorageFull) for outcome in outcomes] == [
        size == 100_000 for size in sizes
    ]
    assert await small.read("SELECT COUNT(*) FROM things", {}) == [(4,)]


async def test_refused_transactions_leave_no_trace_among_others(storage: SqlStorage) -> None:
    await storage.secrets.add([secret("sec_0", name="taken")])
    rows = [secret(f"sec_{n}", name="taken" if n % 2 else f"name {n}") for n in range(1, 41)]

    outcomes = await asyncio.gather(
        *(storage.secrets.add([row]) for row in rows), return_exceptions=True
    )

    refused = [row.id for row, outcome in zip(rows, outcomes, strict=True) if outcome is not None]
    assert all(outcome is None or isinstance(outcome, NameTaken) for outcome in outcomes)
    assert refused == [row.id for row in rows if row.name == "taken"]
    assert len(await storage.secrets.list(WORKSPACE, "con_a")) == 21


async def test_refused_statement_undoes_its_rows_and_no_others(small: SqliteDatabase) -> None:
    await small.write(Statement(_ADD, {"id": 0}))
    good = [Statement(_ADD, {"id": n}) for n in range(1, 21)]
    bad = [Statement(_ADD, [{"id": n}, {"id": 0}]) for n in range(21, 41)]
    alone = [Statement(_ADD, {"id": 0})] * 20
    mixed = [each for three in zip(good, bad, alone, strict=True) for each in three]

    outcomes = await asyncio.gather(*map(small.write, mixed), return_exceptions=True)

    refused = [isinstance(outcome, DuplicateKeyError) for outcome in outcomes]
    assert refused == [False, True, True] * 20
    found = await small.read("SELECT id FROM things ORDER BY id", {})
    assert [row[0] for row in found] == list(range(21))


async def test_caller_that_gives_up_early_leaves_the_rest_undisturbed(
    storage: SqlStorage,
) -> None:
    puts = [asyncio.create_task(storage.meta.put(f"fact {n}", "one")) for n in range(20)]
    await asyncio.sleep(0)
    puts[10].cancel()

    outcomes = await asyncio.gather(*puts, return_exceptions=True)

    assert isinstance(outcomes[10], asyncio.CancelledError)
    assert [n for n, outcome in enumerate(outcomes) if outcome is not None] == [10]
    assert await storage.meta.get("fact 19") == "one"


async def test_statement_that_makes_no_sense_is_our_own_fault(small: SqliteDatabase) -> None:
    with pytest.raises(Bug):
        await small.write(Statement("UPDATE nothing SET at = 1"))
    with pytest.raises(Bug):
        await small.read("SELECT nothing", {})


async def test_closed_database_takes_nothing_more(tmp_path: Path) -> None:
    storage = await open_sqlite(tmp_path)
    await storage.close()

    with pytest.raises(StorageBusy):
        await storage.meta.put("fact", "one")


async def test_what_was_handed_over_before_closing_is_written(tmp_path: Path) -> None:
    storage = await open_sqlite(tmp_path)
    puts = [asyncio.create_task(storage.meta.put(f"fact {n}", "one")) for n in range(50)]
    await asyncio.sleep(0)
    await storage.close()
    await asyncio.gather(*puts)

    again = await open_sqlite(tmp_path)
    assert await again.meta.get("fact 49") == "one"
    await again.close()


def _modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


async def test_files_are_readable_by_their_owner_only(storage: SqlStorage, tmp_path: Path) -> None:
    await storage.connectors.delete(WORKSPACE, "con_a", LATER)
    await storage.meta.put("fact", "one")

    modes = _modes(tmp_path)

    assert {"connectsmith.db", "connectsmith.db-wal", "connectsmith.db-shm", "calls.db"} <= set(
        modes
    )
    assert set(modes.values()) == {0o600}


@pytest.mark.parametrize(("synchronous", "level"), [("FULL", 2), ("NORMAL", 1)])
def test_writer_is_set_up_to_lose_nothing(tmp_path: Path, synchronous: str, level: int) -> None:
    path = tmp_path / "bare.db"
    path.touch()

    writer = connect_writer(path, synchronous=synchronous, patience=SHORT)
    settings = {
        name: writer.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
    }
    writer.close()

    assert settings == {
        "journal_mode": "wal",
        "synchronous": level,
        "foreign_keys": 1,
        "secure_delete": 1,
    }


async def test_many_rows_are_inserted_in_few_steps() -> None:
    """The cause of cheap logs: with each step the thread must get the interpreter's lock back."""
    database, steps = sqlite3.connect(":memory:", isolation_level=None), list[str]()
    database.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, content BLOB)")
    insert = "INSERT INTO things (id, content) VALUES (:id, :content) ON CONFLICT (id) DO NOTHING"
    database.execute("INSERT INTO things VALUES (7, NULL)")
    database.set_trace_callback(steps.append)

    changed = run_many(database, insert, [{"content": b"%d" % at, "id": at} for at in range(104)])

    assert (changed, len(steps)) == (103, 2 + 4)
    kept = database.execute("SELECT content FROM things ORDER BY id").fetchall()
    assert kept == [(None if at == 7 else b"%d" % at,) for at in range(104)]
    database.close()


async def test_statement_that_inserts_nothing_runs_for_each_row() -> None:
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, content BLOB)")
    run_many(database, "INSERT INTO things (id) VALUES (:id)", [{"id": at} for at in range(60)])

    changed = run_many(
        database, "UPDATE things SET content = :to WHERE id = :id", [{"id": 1, "to": b"x"}] * 60
    )

    assert changed == 60
    assert database.execute("SELECT id FROM things WHERE content = x'78'").fetchall() == [(1,)]
    database.close()
