import json
import os
import signal
import sqlite3
from collections.abc import Sequence
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from tests.storage.postgres_server import URL, own_schema

from connectsmith.errors import Bug, StartRefused
from connectsmith.storage.opening import CALLS_FILE, CREDENTIALS_FILE, open_postgres, open_sqlite
from connectsmith.storage.schema import Migration, migrations
from connectsmith.storage.sqlite.migrating import migrate

FIRST = Migration(1, ("CREATE TABLE one (id INTEGER)", "INSERT INTO one VALUES (1)"))
SECOND = Migration(
    2,
    ("CREATE TABLE two (id INTEGER)", "DELETE FROM one", "INSERT INTO two VALUES (2)"),
)


def _state(path: Path) -> tuple[int, list[str], str]:
    database = sqlite3.connect(path)
    version = database.execute("PRAGMA user_version").fetchone()[0]
    tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master ORDER BY name")]
    intact = database.execute("PRAGMA integrity_check").fetchone()[0]
    database.close()
    return version, tables, intact


@pytest.mark.parametrize("part", ["credentials", "calls"])
@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
def test_migrations_are_numbered_without_a_gap(part: str, dialect: str) -> None:
    numbers = [migration.number for migration in migrations(part, dialect)]

    assert numbers == list(range(1, len(numbers) + 1))
    assert numbers


def test_what_is_for_one_database_only_keeps_its_number_in_the_other() -> None:
    here, there = migrations("credentials", "sqlite"), migrations("credentials", "postgres")

    assert here[1].statements
    assert not there[1].statements


def test_triggers_are_not_cut_at_their_semicolons() -> None:
    triggers = [
        statement
        for migration in migrations("credentials", "sqlite")
        for statement in migration.statements
        if "CREATE TRIGGER" in statement
    ]

    assert triggers
    assert all(statement.rstrip().endswith("END;") for statement in triggers)


def test_only_missing_migrations_are_applied(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    migrate(path, [FIRST])
    migrate(path, [FIRST, SECOND])
    migrate(path, [FIRST, SECOND])

    assert _state(path) == (2, ["one", "two"], "ok")


def test_address_of_the_last_start_outlives_the_facts_that_held_it(tmp_path: Path) -> None:
    path, known = tmp_path / "a.db", migrations("credentials", "sqlite")
    migrate(path, known[:12])
    with sqlite3.connect(path) as database:
        database.executemany(
            "INSERT INTO meta (key, value) VALUES (?, ?)",
            [
                ("public_url", "https://connect.example.com"),
                ("public_url_changed_at", "2026-11-24T10:00:00+00:00"),
                ("key_check", "kept"),
            ],
        )
    database.close()

    migrate(path, known)

    with sqlite3.connect(path) as database:
        facts = dict(database.execute("SELECT key, value FROM meta"))
    database.close()
    assert facts.keys() == {"chosen_settings", "key_check"}
    assert json.loads(facts["chosen_settings"]) == {
        "address": "https://connect.example.com",
        "changed_at": "2026-11-24T10:00:00+00:00",
    }


def test_newer_schema_is_refused_and_not_written_to(tmp_path: Path) -> None:
    """R-54."""
    path = tmp_path / "a.db"
    migrate(path, [FIRST, SECOND])
    before = sha256(path.read_bytes()).digest()

    with pytest.raises(StartRefused, match="schema 2") as caught:
        migrate(path, [FIRST])

    assert str(path) in caught.value.message
    assert sha256(path.read_bytes()).digest() == before
    assert [one.name for one in tmp_path.iterdir()] == ["a.db"]


def test_migration_that_fails_leaves_the_old_schema(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    migrate(path, [FIRST])
    broken = Migration(2, (*SECOND.statements, "CREATE NONSENSE"))

    with pytest.raises(Bug):
        migrate(path, [FIRST, broken])

    assert _state(path) == (1, ["one"], "ok")
    migrate(path, [FIRST, SECOND])


class _Dying(Sequence[str]):
    """Statements whose reader is killed before one of them."""

    def __init__(self, statements: Sequence[str], last: int) -> None:
        self._statements, self._last = statements, last

    def __len__(self) -> int:
        return len(self._statements)

    def __getitem__(self, index: int) -> str:  # type: ignore[override]  # never sliced
        if index == self._last:
            os.kill(os.getpid(), signal.SIGKILL)
        return self._statements[index]


def _migrate_and_die(path: str, last: int) -> None:
    dying = Migration(2, _Dying(SECOND.statements, last))  # type: ignore[arg-type]  # iterated only
    migrate(Path(path), [FIRST, dying])


@pytest.mark.parametrize("last", range(3))
def test_crash_in_a_migration_leaves_the_old_schema(tmp_path: Path, last: int) -> None:
    """R-53 in short."""
    path = tmp_path / "a.db"
    migrate(path, [FIRST])
    process = get_context("spawn").Process(target=_migrate_and_die, args=(str(path), last))

    process.start()
    process.join()

    assert process.exitcode == -signal.SIGKILL
    assert _state(path) == (1, ["one"], "ok")
    migrate(path, [FIRST, SECOND])
    assert _state(path) == (2, ["one", "two"], "ok")


@pytest.mark.parametrize("name", [CREDENTIALS_FILE, CALLS_FILE])
async def test_storage_with_a_newer_file_does_not_open(tmp_path: Path, name: str) -> None:
    """R-54."""
    await (await open_sqlite(tmp_path)).close()
    database = sqlite3.connect(tmp_path / name)
    database.execute("PRAGMA user_version = 99")
    database.close()

    with pytest.raises(StartRefused, match="schema 99"):
        await open_sqlite(tmp_path)


@pytest.mark.postgres
async def test_newer_postgres_schema_is_refused() -> None:
    """R-54."""
    with own_schema() as schema:
        await (await open_postgres(URL, schema=schema)).close()
        with psycopg.connect(URL, autocommit=True) as connection:
            table = sql.Identifier(schema, "schema_version")
            newer = sql.SQL("UPDATE {} SET version = 99 WHERE part = 'calls'").format(table)
            connection.execute(newer)

        with pytest.raises(StartRefused, match="schema 99"):
            await open_postgres(URL, schema=schema)


@pytest.mark.postgres
async def test_schema_of_postgres_is_made_once() -> None:
    with own_schema() as schema:
        first = await open_postgres(URL, schema=schema)
        await first.meta.put("fact", "one")
        second = await open_postgres(URL, schema=schema)

        assert await second.meta.get("fact") == "one"
        await first.close()
        await second.close()
