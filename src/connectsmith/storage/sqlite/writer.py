"""One thread that writes: transactions handed over while it commits share the next commit.

A commit waits for the disk, so ten callers who wait together are served by one wait. Each keeps a
transaction of its own: a savepoint, undone alone when it fails alone.
"""

import asyncio
import re
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from queue import Empty, SimpleQueue

from connectsmith.errors import StorageBusy
from connectsmith.storage.database import Effect, Statement, Values, unstorable
from connectsmith.storage.sqlite.connecting import meaning
from connectsmith.storage.sqlite.handed import tell
from connectsmith.values import value_class

_MOST_TOGETHER = 64
_ROWS_TOGETHER = 50
"""Rows that one statement inserts: all their parameters stay below 999, which any SQLite takes."""
_ROW_OF_VALUES = re.compile(r"(?<= VALUES )\(:\w+(?:, :\w+)*\)")
_MILLISECOND = timedelta(milliseconds=1)
_READERS_PATIENCE = timedelta(milliseconds=500)
"""How long a deletion waits for readers before it leaves the rest of its work to the next write."""

Effects = list[Effect] | None


@value_class(frozen=True, slots=True)
class _Work:
    statements: Sequence[Statement]
    shred: bool
    done: "asyncio.Future[Effects]"


class Writer:
    """The only connection of this process that writes to one file."""

    def __init__(
        self, path: Path, connect: Callable[[], sqlite3.Connection], *, patience: timedelta
    ) -> None:
        self._path = path
        self._patience = patience
        self._connection = connect()
        self._queue: SimpleQueue[_Work | None] = SimpleQueue()
        self._shred_owed = False
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"writer {path.name}", daemon=True)
        self._thread.start()

    def submit(self, statements: Sequence[Statement], *, shred: bool) -> "asyncio.Future[Effects]":
        """Hand over a transaction of the running event loop.

        It is durable, and shredded, once the future has a result.
        """
        if self._closed:
            raise StorageBusy("The database is being closed.")
        work = _Work(statements, shred, asyncio.get_running_loop().create_future())
        self._queue.put(work)
        return work.done

    def close(self) -> None:
        """Finish what was handed over, and wait for it."""
        self._closed = True
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (batch := self._next_batch()) is not None:
            live = [work for work in batch if not work.done.cancelled()]
            self._commit(self._connection, live)
        self._connection.close()

    def _next_batch(self) -> list[_Work] | None:
        work = self._queue.get()
        if work is None:
            return None
        batch = [work]
        try:
            while len(batch) < _MOST_TOGETHER:
                work = self._queue.get_nowait()
                if work is None:
                    self._queue.put(None)
                    break
                batch.append(work)
        except Empty:
            pass
        return batch

    def _commit(self, connection: sqlite3.Connection, batch: Sequence[_Work]) -> None:
        if not batch:
            return
        try:
            outcomes = self._transact(connection, batch)
        except Exception as error:  # noqa: BLE001 - the edge of the thread: its caller is told
            self._refuse(connection, batch, error)
            return
        self._shred(connection, asked=any(work.shred for work in batch))
        tell([(work.done, outcome) for work, outcome in zip(batch, outcomes, strict=True)])

    def _refuse(
        self, connection: sqlite3.Connection, batch: Sequence[_Work], error: Exception
    ) -> None:
        """Undo a batch; then each on its own, so that only those fail that fail alone."""
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        if len(batch) > 1:
            for work in batch:
                self._commit(connection, [work])
        else:
            told = meaning(error, self._path) if isinstance(error, sqlite3.Error) else error
            tell([(batch[0].done, told)])

    def _shred(self, connection: sqlite3.Connection, *, asked: bool) -> None:
        """Empty the log when asked to, or when a reader was in the way the last time."""
        if asked or self._shred_owed:
            patience = min(self._patience, _READERS_PATIENCE) if asked else timedelta()
            connection.execute(f"PRAGMA busy_timeout = {patience // _MILLISECOND}")
            self._shred_owed = not _emptied(connection)
            connection.execute(f"PRAGMA busy_timeout = {self._patience // _MILLISECOND}")

    def _transact(
        self, connection: sqlite3.Connection, batch: Sequence[_Work]
    ) -> list[Effects | Exception]:
        connection.execute("BEGIN IMMEDIATE")
        if len(batch) == 1:
            outcomes = [self._outcome(connection, batch[0])]
            connection.execute("COMMIT" if isinstance(outcomes[0], list) else "ROLLBACK")
            return outcomes
        outcomes = [self._attempt(connection, work) for work in batch]
        connection.execute("COMMIT")
        return outcomes

    def _attempt(self, connection: sqlite3.Connection, work: _Work) -> Effects | Exception:
        """Carry out one of several, to be undone alone; a single statement undoes itself."""
        if len(work.statements) == 1 and isinstance(work.statements[0].values, Mapping):
            return self._outcome(connection, work)
        connection.execute("SAVEPOINT work")
        outcome = self._outcome(connection, work)
        if not isinstance(outcome, list):
            connection.execute("ROLLBACK TO work")
        connection.execute("RELEASE work")
        return outcome

    def _outcome(self, connection: sqlite3.Connection, work: _Work) -> Effects | Exception:
        try:
            return _apply(connection, work.statements)
        except sqlite3.IntegrityError as error:
            return meaning(error, self._path)
        except (UnicodeEncodeError, OverflowError) as error:
            return unstorable(error)


def _apply(connection: sqlite3.Connection, statements: Sequence[Statement]) -> Effects:
    """Run statements in turn; None as soon as a needed one changes no row."""
    effects: list[Effect] = []
    for statement in statements:
        effect = _run_one(connection, statement)
        if statement.needed and effect.count == 0:
            return None
        effects.append(effect)
    return effects


def _run_one(connection: sqlite3.Connection, statement: Statement) -> Effect:
    if isinstance(statement.values, Sequence):
        return Effect(run_many(connection, statement.sql, statement.values))
    cursor = connection.execute(statement.sql, statement.values)
    if cursor.description is None:
        return Effect(cursor.rowcount)
    rows = cursor.fetchall()
    return Effect(len(rows), rows)


def run_many(connection: sqlite3.Connection, sql: str, rows: Sequence[Values]) -> int:
    """Run a statement for each of many rows; return how many rows it changed.

    Fifty rows are inserted in one step, because each step lets go of the interpreter's lock and
    then waits for the event loop to give it back.
    """
    names, together = _for_many(sql)
    changed = 0
    while names and len(rows) >= _ROWS_TOGETHER:
        some, rows = rows[:_ROWS_TOGETHER], rows[_ROWS_TOGETHER:]
        flat = [row[name] for row in some for name in names]
        changed += connection.execute(together, flat).rowcount
    return changed + connection.executemany(sql, rows).rowcount if rows else changed


@lru_cache(maxsize=64)
def _for_many(sql: str) -> tuple[tuple[str, ...], str]:
    """Return an insertion's columns and itself for many rows; no columns where it is none."""
    found = _ROW_OF_VALUES.search(sql)
    if found is None:
        return (), sql
    names = tuple(re.findall(r"\w+", found[0]))
    row = "(" + ", ".join("?" * len(names)) + ")"
    return names, sql[: found.start()] + ", ".join([row] * _ROWS_TOGETHER) + sql[found.end() :]


def _emptied(connection: sqlite3.Connection) -> bool:
    """Move the log into the file and cut it to nothing, so that deleted content is in neither.

    What was deleted is overwritten in the file's pages (`secure_delete`), but older copies of those
    pages stay in the log until then. Somebody who reads for long, a backup, can hold this up.
    """
    try:
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error:
        return False
    return not busy
