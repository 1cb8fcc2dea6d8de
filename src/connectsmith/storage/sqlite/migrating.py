"""Bring a SQLite file to the newest schema: one transaction a migration, its number the version."""

import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from connectsmith.storage.schema import Migration, missing
from connectsmith.storage.sqlite.connecting import PATIENCE, connect, make_file, meaning


def migrate(path: Path, known: Sequence[Migration], *, patience: timedelta = PATIENCE) -> None:
    """Make the file if there is none, and apply what it lacks.

    A schema that is newer is refused before anything is written. A crash leaves the schema as it
    was before the migration that was going on.

    Raises:
        StartRefused, StorageBusy, StorageFull
    """
    make_file(path)
    connection = connect(path, patience=patience)
    try:
        if missing(known, _version(connection), str(path)):
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA secure_delete = ON")
        for migration in known:
            _apply(connection, migration, known, path)
    except sqlite3.Error as error:
        raise meaning(error, path) from error
    finally:
        connection.close()


def _apply(
    connection: sqlite3.Connection, migration: Migration, known: Sequence[Migration], path: Path
) -> None:
    """Apply one migration unless it is there; another process may be doing the same."""
    if migration not in missing(known, _version(connection), str(path)):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        if migration in missing(known, _version(connection), str(path)):
            for statement in migration.statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {migration.number}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
