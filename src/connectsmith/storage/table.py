"""How a record becomes a row: columns are a dataclass's fields, and their types say how.

Times are integer microseconds since 1970 in UTC, durations integer microseconds, lists of text
JSON arrays.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import lru_cache
from operator import attrgetter
from types import UnionType
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

from connectsmith.storage.database import Found, Value

RowT = TypeVar("RowT")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_WRITER = json.JSONEncoder(separators=(",", ":"))
"""Kept ready: `json.dumps` makes a new one for these options, which costs as much as its work."""

_Convert = Callable[[Any], Any] | None


class Table(Generic[RowT]):
    """A table that holds records of one type, and the parts of SQL that name its columns."""

    def __init__(self, name: str, row: type[RowT]) -> None:
        self.name = name
        self._row = row
        hints = get_type_hints(row)
        self._names = tuple(field.name for field in fields(row))  # type: ignore[arg-type]  # rows are dataclasses
        converters = [_converters(hints[column]) for column in self._names]
        self._read = attrgetter(*self._names)
        self._encoders = tuple(
            (name, one[0])
            for name, one in zip(self._names, converters, strict=True)
            if one[0] is not None
        )
        self._decoders = tuple(
            (at, one[1]) for at, one in enumerate(converters) if one[1] is not None
        )
        self.columns = ", ".join(self._names)
        self.parameters = ", ".join(f":{name}" for name in self._names)

    def select(self, rest: str) -> str:
        """Return a query for whole records."""
        return f"SELECT {self.columns} FROM {self.name} {rest}"  # noqa: S608 - our own names

    def insert(self, *more: str) -> str:
        """Return a statement that adds a record, with columns beyond its fields."""
        names = (*self._names, *more)
        parameters = ", ".join(f":{name}" for name in names)
        return " ".join(
            ("INSERT INTO", self.name, "(" + ", ".join(names) + ")", f"VALUES ({parameters})")
        )

    def assignments(self, *, without: Iterable[str]) -> str:
        """Return `a = :a, b = :b` for all columns but some."""
        left = set(without)
        return ", ".join(f"{name} = :{name}" for name in self._names if name not in left)

    def encode(self, row: RowT) -> dict[str, Value]:
        """Return a record's values by column."""
        values = dict(zip(self._names, self._read(row), strict=True))
        for name, convert in self._encoders:
            if (value := values[name]) is not None:
                values[name] = convert(value)
        return values

    def decode(self, found: Found) -> RowT:
        """Return the record that a row of `select` holds."""
        values = list(found)
        for at, convert in self._decoders:
            if (value := values[at]) is not None:
                values[at] = convert(value)
        return self._row(*values)

    def decode_all(self, found: Sequence[Found]) -> list[RowT]:
        """Return the records that rows of `select` hold."""
        return [self.decode(row) for row in found]


def micros(moment: datetime) -> int:
    """Return an aware time as microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(microseconds: int) -> datetime:
    """Return the time, in UTC, that `micros` made a number of."""
    return _EPOCH + timedelta(microseconds=microseconds)


@lru_cache(maxsize=1024)
def packed(texts: tuple[str, ...]) -> str:
    """Return texts as a JSON array. Origins and scopes: the same few again and again."""
    return _WRITER.encode(texts)


@lru_cache(maxsize=1024)
def _unpacked(text: str) -> tuple[str, ...]:
    return () if text == "[]" else tuple(json.loads(text))


def _duration(microseconds: int) -> timedelta:
    return timedelta(microseconds=microseconds)


def _microseconds(duration: timedelta) -> int:
    return duration // _MICROSECOND


def _converters(hint: Any) -> tuple[_Convert, _Convert]:
    if isinstance(hint, UnionType):
        hint = next(part for part in get_args(hint) if part is not type(None))
    if get_origin(hint) is tuple:
        return packed, _unpacked
    if issubclass(hint, Enum):
        return str, hint
    return _PLAIN[hint]


_PLAIN: dict[type, tuple[_Convert, _Convert]] = {
    str: (None, None),
    int: (None, None),
    bytes: (None, None),
    bool: (int, bool),
    datetime: (micros, moment),
    timedelta: (_microseconds, _duration),
}
