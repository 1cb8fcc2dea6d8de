"""A few threads that read one file, each over a connection of its own."""

import asyncio
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from queue import SimpleQueue

from connectsmith.storage.database import Found, Values, unstorable
from connectsmith.storage.sqlite.connecting import connect_reader, meaning
from connectsmith.storage.sqlite.handed import tell

_Query = tuple[str, Values, "asyncio.Future[Sequence[Found]]"]


class Readers:
    """Run queries in the order in which they are asked for."""

    def __init__(self, path: Path, count: int) -> None:
        self._path = path
        self._queue: SimpleQueue[_Query | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._run, name=f"reader {path.name}", daemon=True)
            for _ in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def read(self, sql: str, values: Values) -> "asyncio.Future[Sequence[Found]]":
        """Hand over one query of the running event loop."""
        found: asyncio.Future[Sequence[Found]] = asyncio.get_running_loop().create_future()
        self._queue.put((sql, values, found))
        return found

    def close(self) -> None:
        """Finish what was handed over, and wait for it."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        connection = None
        while (query := self._queue.get()) is not None:
            sql, values, found = query
            try:
                connection = connection or connect_reader(self._path)
                outcome: object = connection.execute(sql, dict(values)).fetchall()
            except Exception as error:  # noqa: BLE001 - the edge of the thread: its caller is told
                outcome = self._told(error)
            tell([(found, outcome)])
        if connection is not None:
            connection.close()

    def _told(self, error: Exception) -> Exception:
        match error:
            case sqlite3.Error():
                return meaning(error, self._path)
            case UnicodeEncodeError() | OverflowError():
                return unstorable(error)
            case _:
                return error
