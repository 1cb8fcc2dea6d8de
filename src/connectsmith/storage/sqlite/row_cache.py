"""Rows kept in memory for as long as nobody, in any process, has changed them.

The file's data version moves with every commit of anyone else. When it has moved, the table of
changes says which rows to forget. Asking costs about as much as one look-up in an open file, and
nothing waits: what cannot be told at once is unknown.

On an event loop the file is asked once in each turn of the loop, however many rows are looked up
in it: no other task runs within a turn, and a commit of this process is told to whoever waits for
it in a later turn. Another process's commit is seen in the next turn.
"""

import sqlite3
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

NextTurn = Callable[[Callable[[], None]], object]
"""Has something called in the event loop's next turn, ahead of all that is asked for later."""

_CHANGES = "SELECT number, topic, subject FROM changes WHERE number > ? ORDER BY number"
_LAST = "SELECT COALESCE(MAX(number), 0) FROM changes"


class RowCache:
    """The rows of all topics, the least recently used forgotten first. For one thread."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        *,
        most: int = 10_000,
        next_turn: NextTurn | None = None,
    ) -> None:
        self._connection = connection
        self._most = most
        self._next_turn = next_turn
        self._asked = False
        self._kept: OrderedDict[tuple[str, str], object] = OrderedDict()
        self._version = -1
        self._position = -1

    def get(self, key: tuple[str, str]) -> Any:
        """Return what is kept, or None when it is unknown or was changed."""
        self._catch_up()
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
        return kept

    def position(self) -> int:
        """Return the number of the newest change a read that starts now is sure to see."""
        return self._position

    def put(self, key: tuple[str, str], kept: object, position: int) -> None:
        """Keep what was read from `position` on, unless there were changes since."""
        self._catch_up()
        if position != self._position or position < 0:
            return
        self._kept[key] = kept
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def close(self) -> None:
        """Let go of the file."""
        self._forget_all()
        self._connection.close()

    def _catch_up(self) -> None:
        """Ask the file what has changed, unless it was asked in this turn already."""
        if self._asked:
            return
        if self._next_turn is not None:
            self._asked = True
            self._next_turn(self._ask_again)
        try:
            version = self._connection.execute("PRAGMA data_version").fetchone()[0]
            if version != self._version:
                self._forget_changed()
                self._version = version
        except sqlite3.Error:
            self._forget_all()

    def _ask_again(self) -> None:
        self._asked = False

    def _forget_changed(self) -> None:
        changes = self._changes()
        if changes is None:
            self._kept.clear()
            self._position = self._connection.execute(_LAST).fetchone()[0]
            return
        for number, topic, subject in changes:
            self._kept.pop((topic, subject), None)
            self._position = number

    def _changes(self) -> list[tuple[int, str, str]] | None:
        """Return the changes after `_position`; None when some of them are no longer listed."""
        if self._position < 0:
            return None
        changes: list[tuple[int, str, str]]
        changes = self._connection.execute(_CHANGES, (self._position,)).fetchall()
        return changes if not changes or changes[0][0] == self._position + 1 else None

    def _forget_all(self) -> None:
        self._kept.clear()
        self._version = self._position = -1


class RecentRows:
    """The rows of one topic."""

    def __init__(self, cache: RowCache, topic: str) -> None:
        self._cache = cache
        self._topic = topic

    def get(self, subject: str) -> Any:
        """Return what was kept, or None when it is unknown or was changed by anyone."""
        return self._cache.get((self._topic, subject))

    def position(self) -> int:
        """Return where in the history of changes a read that starts now begins."""
        return self._cache.position()

    def put(self, subject: str, kept: object, position: int) -> None:
        """Keep what was read, unless anything changed since `position`."""
        self._cache.put((self._topic, subject), kept, position)
