"""Rows in memory are never older than the file was in this turn of the loop, whoever writes it."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from multiprocessing import get_context
from pathlib import Path

import pytest
from tests.storage.rows import (
    NOW,
    WORKSPACE,
    api_token,
    client_record,
    connection,
    connector,
    revision,
    secret,
)

from connectsmith.service.rows import (
    OperatorRow,
)
from connectsmith.storage.opening import CREDENTIALS_FILE, open_sqlite
from connectsmith.storage.sql_storage import SqlStorage
from connectsmith.storage.sqlite.connecting import connect
from connectsmith.storage.sqlite.row_cache import RowCache

_TABLES = (
    "api_tokens",
    "connectors",
    "revisions",
    "secrets",
    "connections",
    "client_records",
    "meta",
)
_NOT_TOLD = {("connectors", "created_by"), ("connectors", "name_folded")}


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[SqlStorage]:
    """One row of each kind that is kept in memory."""
    opened = await open_sqlite(tmp_path)
    await opened.accounts.add_operator(OperatorRow(WORKSPACE, "ope_a", "First", NOW))
    await opened.accounts.add_token(api_token())
    await opened.connectors.add(connector())
    assert await opened.connectors.publish(revision(), expected_draft_version=1)
    await opened.secrets.add([secret()])
    assert await opened.client_records.add(client_record())
    await opened.connections.add(connection())
    await opened.meta.put("fact", "one")
    yield opened
    await opened.close()


def _other(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path / CREDENTIALS_FILE, isolation_level=None)


def _columns(path: Path, table: str) -> list[str]:
    database = _other(path)
    names = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    database.close()
    return names


@pytest.mark.parametrize("table", _TABLES)
async def test_change_of_any_column_by_anyone_is_told(
    storage: SqlStorage, tmp_path: Path, table: str
) -> None:
    """A column that is added to connectors later must be added to their trigger too."""
    other = _other(tmp_path)
    for column in _columns(tmp_path, table):
        before = other.execute("SELECT MAX(number) FROM changes").fetchone()[0] or 0
        other.execute(f"UPDATE {table} SET {column} = {column}")  # noqa: S608 - our own names
        after = other.execute("SELECT MAX(number) FROM changes").fetchone()[0] or 0

        assert (after > before) == ((table, column) not in _NOT_TOLD), column
    other.close()


async def test_commit_of_another_connection_is_seen_in_the_next_turn(
    storage: SqlStorage, tmp_path: Path
) -> None:
    await storage.connections.get(WORKSPACE, "cnn_a")
    assert storage.connections.cached(WORKSPACE, "cnn_a") is not None
    other = _other(tmp_path)

    other.execute("UPDATE connections SET status = 'revoked' WHERE id = 'cnn_a'")
    await asyncio.sleep(0)

    assert storage.connections.cached(WORKSPACE, "cnn_a") is None
    row = await storage.connections.get(WORKSPACE, "cnn_a")
    assert row is not None
    assert row.status == "revoked"
    other.close()


def _revoke(path: str) -> None:
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("UPDATE api_tokens SET revoked_at = 1 WHERE id = 'tok_a'")
    database.close()


async def test_commit_of_another_process_is_seen_in_the_next_turn(
    storage: SqlStorage, tmp_path: Path
) -> None:
    digest = api_token().digest
    kept = await storage.accounts.token_by_digest(digest)
    assert kept is not None
    assert kept.revoked_at is None
    process = get_context("spawn").Process(target=_revoke, args=(str(tmp_path / CREDENTIALS_FILE),))

    process.start()
    process.join()
    await asyncio.sleep(0)

    assert process.exitcode == 0
    seen = await storage.accounts.token_by_digest(digest)
    assert seen is not None
    assert seen.revoked_at is not None


async def test_uncommitted_change_is_not_seen(storage: SqlStorage, tmp_path: Path) -> None:
    await storage.connections.get(WORKSPACE, "cnn_a")
    other = _other(tmp_path)

    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE connections SET status = 'revoked' WHERE id = 'cnn_a'")
    await asyncio.sleep(0)

    assert storage.connections.cached(WORKSPACE, "cnn_a") is not None
    other.execute("ROLLBACK")
    await asyncio.sleep(0)
    assert storage.connections.cached(WORKSPACE, "cnn_a") is not None
    other.close()


async def test_other_rows_stay_when_one_changes(storage: SqlStorage) -> None:
    await storage.connections.add(connection("cnn_b"))
    await storage.connections.get(WORKSPACE, "cnn_a")
    await storage.connections.get(WORKSPACE, "cnn_b")

    await storage.connections.confirm_origins(WORKSPACE, "cnn_a", (), ())
    await storage.meta.put("fact", "one")

    assert storage.connections.cached(WORKSPACE, "cnn_a") is None
    assert storage.connections.cached(WORKSPACE, "cnn_b") is not None


async def test_row_read_before_a_change_is_not_kept_after_it(
    storage: SqlStorage, tmp_path: Path
) -> None:
    cache = RowCache(connect(tmp_path / CREDENTIALS_FILE))
    assert cache.get(("connections", "default/cnn_a")) is None
    position = cache.position()

    await storage.connections.confirm_origins(WORKSPACE, "cnn_a", (), ())
    cache.put(("connections", "default/cnn_a"), "read before", position)

    assert cache.get(("connections", "default/cnn_a")) is None
    cache.close()


async def test_all_is_forgotten_when_too_much_happened_to_tell(
    storage: SqlStorage, tmp_path: Path
) -> None:
    await storage.connections.get(WORKSPACE, "cnn_a")
    other = _other(tmp_path)
    other.execute("BEGIN")
    other.execute("UPDATE connections SET status = 'revoked' WHERE id = 'cnn_a'")
    for _ in range(5000):
        other.execute("UPDATE secrets SET version = version + 1")
    other.execute("COMMIT")

    listed = other.execute("SELECT COUNT(*) FROM changes").fetchone()[0]
    await asyncio.sleep(0)

    assert listed == 4096
    assert storage.connections.cached(WORKSPACE, "cnn_a") is None
    other.close()


async def test_least_recently_used_rows_are_forgotten_first(
    storage: SqlStorage, tmp_path: Path
) -> None:
    cache = RowCache(connect(tmp_path / CREDENTIALS_FILE), most=2)
    for subject in ("a", "b"):
        cache.get(("connections", subject))
        cache.put(("connections", subject), subject, cache.position())

    cache.get(("connections", "a"))
    cache.put(("connections", "c"), "c", cache.position())

    assert [cache.get(("connections", one)) for one in "abc"] == ["a", None, "c"]
    cache.close()


async def test_file_that_cannot_be_asked_makes_everything_unknown(
    storage: SqlStorage, tmp_path: Path
) -> None:
    connection_of_cache = connect(tmp_path / CREDENTIALS_FILE)
    cache = RowCache(connection_of_cache)
    cache.get(("connections", "a"))
    cache.put(("connections", "a"), "a", cache.position())
    assert cache.get(("connections", "a")) == "a"

    connection_of_cache.close()

    assert cache.get(("connections", "a")) is None


async def test_file_is_asked_once_in_each_turn(storage: SqlStorage, tmp_path: Path) -> None:
    """The cause of cheap look-ups: asking costs more than all the rest of one."""
    asked: list[str] = []
    connection_of_cache = connect(tmp_path / CREDENTIALS_FILE)
    cache = RowCache(connection_of_cache, next_turn=asyncio.get_running_loop().call_soon)
    cache.get(("connections", "a"))
    await asyncio.sleep(0)
    connection_of_cache.set_trace_callback(asked.append)

    for turn in range(3):
        for _ in range(5):
            cache.get(("connections", "a"))
        assert asked == ["PRAGMA data_version"] * (turn + 1)
        await asyncio.sleep(0)
    cache.close()


async def test_commit_of_this_process_is_seen_by_who_waited_for_it(storage: SqlStorage) -> None:
    """Also when the file was asked in the turn in which the change was handed over."""
    for _ in range(20):
        assert await storage.connections.get(WORKSPACE, "cnn_a") is not None
        writing = asyncio.ensure_future(
            storage.connections.confirm_origins(WORKSPACE, "cnn_a", (), ())
        )
        while not writing.done():
            storage.connections.cached(WORKSPACE, "cnn_a")
            await asyncio.sleep(0)
        assert storage.connections.cached(WORKSPACE, "cnn_a") is None
