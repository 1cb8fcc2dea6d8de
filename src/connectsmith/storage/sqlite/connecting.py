"""How a connection to a SQLite file is set up, and what its errors mean to us."""

import os
import sqlite3
from datetime import timedelta
from pathlib import Path

from connectsmith.errors import Bug, ConnectsmithError, StorageBusy, StorageFull
from connectsmith.storage.database import DuplicateKeyError

PATIENCE = timedelta(seconds=5)
"""How long a writer waits for another process's transaction."""

_DUPLICATES = frozenset((sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY))
_UNREACHABLE = frozenset(
    (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
    )
)
_PRIMARY = 0xFF
"""The low byte of an extended result code is the primary one."""


def make_file(path: Path) -> None:
    """Make an empty file that only its owner may read; SQLite gives WAL and index the same mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def connect(path: Path, *, patience: timedelta = PATIENCE) -> sqlite3.Connection:
    """Open a file that exists; transactions are begun by statement only."""
    return sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=rw",
        uri=True,
        timeout=patience.total_seconds(),
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )


def connect_writer(path: Path, *, synchronous: str, patience: timedelta) -> sqlite3.Connection:
    """Open the connection that writes: WAL, foreign keys, deleted content overwritten."""
    connection = connect(path, patience=patience)
    for pragma in (
        "journal_mode = WAL",
        f"synchronous = {synchronous}",
        "foreign_keys = ON",
        "secure_delete = ON",
        "trusted_schema = OFF",
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open a connection that cannot write."""
    connection = connect(path)
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def meaning(error: sqlite3.Error, path: Path) -> ConnectsmithError | DuplicateKeyError:
    """Return what an error of SQLite means to whoever asked for the statement."""
    code = getattr(error, "sqlite_errorcode", 0)
    if code in _DUPLICATES:
        return DuplicateKeyError()
    if code & _PRIMARY == sqlite3.SQLITE_FULL:
        return StorageFull(f"The disk that holds {path} is full. Nothing was changed.")
    if code & _PRIMARY in _UNREACHABLE:
        return StorageBusy(
            f"The database {path} is locked by another process, or cannot be written. "
            "Nothing was changed; try again."
        )
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return Bug(f"The database {path} refused a statement ({name}). Nothing was changed.")
