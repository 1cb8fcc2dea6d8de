"""One SQLite file: reads in a few threads, writes in one, kept rows on the event loop."""

import asyncio
import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

from connectsmith.storage.database import (
    Database,
    Effect,
    Found,
    NothingRecent,
    Recent,
    Statement,
    Values,
)
from connectsmith.storage.schema import Migration
from connectsmith.storage.sqlite.connecting import (
    PATIENCE,
    connect,
    connect_writer,
    meaning,
)
from connectsmith.storage.sqlite.migrating import migrate
from connectsmith.storage.sqlite.readers import Readers
from connectsmith.storage.sqlite.row_cache import RecentRows, RowCache
from connectsmith.storage.sqlite.writer import Writer

_READERS = 2


class SqliteDatabase:
    """`Database` on one file.

    `synchronous` is `FULL` where a commit must outlive a power cut, `NORMAL` where it may not.
    """

    def __init__(
        self, path: Path, *, synchronous: str, keeps_rows: bool, patience: timedelta = PATIENCE
    ) -> None:
        writer = partial(connect_writer, path, synchronous=synchronous, patience=patience)
        self._writer = Writer(path, writer, patience=patience)
        self._readers = Readers(path, _READERS)
        self._cache = _row_cache(path) if keeps_rows else None

    async def read(self, sql: str, values: Values) -> Sequence[Found]:
        """Run one query in a reader thread."""
        return await self._readers.read(sql, values)

    async def write(self, *statements: Statement, shred: bool = False) -> list[Effect] | None:
        """Hand one transaction to the writer thread, and wait until it is durable."""
        return await self._writer.submit(statements, shred=shred)

    def recent(self, topic: str) -> Recent:
        """Return the rows kept under a topic that `changes` has triggers for."""
        return NothingRecent() if self._cache is None else RecentRows(self._cache, topic)

    async def close(self) -> None:
        """Finish what was handed over, and let go of the file."""
        await asyncio.to_thread(self._writer.close)
        await asyncio.to_thread(self._readers.close)
        if self._cache is not None:
            self._cache.close()


def _row_cache(path: Path) -> RowCache:
    next_turn = asyncio.get_running_loop().call_soon
    return RowCache(connect(path, patience=timedelta()), next_turn=next_turn)


async def open_file(
    path: Path,
    known: Sequence[Migration],
    *,
    synchronous: str,
    keeps_rows: bool,
    patience: timedelta = PATIENCE,
) -> Database:
    """Bring a file to the newest schema, and open it.

    Raises:
        StartRefused: its schema is newer than this program.
        StorageBusy, StorageFull
    """
    await asyncio.to_thread(migrate, path, known, patience=patience)
    try:
        return SqliteDatabase(
            path, synchronous=synchronous, keeps_rows=keeps_rows, patience=patience
        )
    except sqlite3.Error as error:
        raise meaning(error, path) from error
