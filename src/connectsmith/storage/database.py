"""What a store asks of a database: read rows, or change some in one transaction.

A transaction is a list of statements, handed over whole, so that none can stay open while its
caller waits for something else.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import field
from typing import Any, Protocol, TypeVar

from connectsmith.errors import ValueUnstorable
from connectsmith.values import value_class

Value = str | int | bytes | None
Values = Mapping[str, Value]
Found = Sequence[Any]
"""One row as the driver returns it; `Table.decode` gives it its types."""


class DuplicateKeyError(Exception):
    """A row with that key, or with that unique value, exists; nothing was written."""


def unstorable(error: Exception) -> ValueUnstorable:
    """Return what a driver's refusal of a value means: half of a surrogate pair, a huge number."""
    reason = {UnicodeEncodeError: "a text that is no Unicode", OverflowError: "a number too large"}
    what = reason.get(type(error), "a character that the database does not take")
    return ValueUnstorable(f"A value cannot be stored: {what}. Nothing was changed.")


@value_class(frozen=True, slots=True)
class Statement:
    """One statement with `:name` parameters; with a sequence of values it runs once for each."""

    sql: str
    values: Values | Sequence[Values] = field(default_factory=dict, repr=False)
    needed: bool = False
    """Whether the whole transaction is undone if this changes no row."""


@value_class(frozen=True, slots=True)
class Effect:
    """How many rows a statement changed, and what it returned."""

    count: int
    rows: Sequence[Found] = field(default=(), repr=False)


class Recent(Protocol):
    """Rows of one topic that are known to be what the database holds now."""

    def get(self, subject: str) -> Any:
        """Return what was kept, or None when it is unknown or was changed by anyone."""
        ...

    def position(self) -> int:
        """Return where in the history of changes a read that starts now begins."""
        ...

    def put(self, subject: str, kept: object, position: int) -> None:
        """Keep what was read, unless anything changed since `position`."""
        ...


class Database(Protocol):
    """One database, shared by the stores."""

    async def read(self, sql: str, values: Values) -> Sequence[Found]:
        """Return the rows of one query.

        Raises:
            StorageBusy: the database is locked or out of reach.
        """
        ...

    async def write(self, *statements: Statement, shred: bool = False) -> list[Effect] | None:
        """Run statements in one transaction, durable when this returns.

        Returns None, with nothing changed, when a needed statement changed no row. With `shred`
        what was deleted leaves the files too, as far as the database can do that.

        Raises:
            StorageBusy, StorageFull: nothing was changed.
            StorageUncertain: the database cannot be asked whether anything was.
            DuplicateKeyError: nothing was changed.
        """
        ...

    def recent(self, topic: str) -> Recent:
        """Return the rows kept under a topic."""
        ...

    async def close(self) -> None:
        """Finish what was handed over, and let go of the database."""
        ...


class NothingRecent:
    """Keeps no rows: for a database that cannot tell cheaply whether they still hold."""

    def get(self, subject: str) -> None:
        """Return None."""

    def position(self) -> int:
        """Return 0."""
        return 0

    def put(self, subject: str, kept: object, position: int) -> None:
        """Forget it."""


Decoded = TypeVar("Decoded")


async def first(
    database: Database, sql: str, values: Values, decode: Callable[[Found], Decoded]
) -> Decoded | None:
    """Return the first row, decoded."""
    rows = await database.read(sql, values)
    return decode(rows[0]) if rows else None


async def every(
    database: Database,
    sql: str,
    values: Values,
    decode: Callable[[Sequence[Found]], Sequence[Decoded]],
) -> tuple[Decoded, ...]:
    """Return all rows, decoded."""
    return tuple(decode(await database.read(sql, values)))


async def keeping(recent: Recent, subject: str, reading: Awaitable[Decoded]) -> Decoded:
    """Read what is not known, and keep it; `reading` is a coroutine that has not begun."""
    position = recent.position()
    found = await reading
    if found is not None:
        recent.put(subject, found, position)
    return found


def changed(effects: Sequence[Effect] | None) -> bool:
    """Tell whether a transaction went through and its last statement changed a row."""
    return effects is not None and effects[-1].count > 0
