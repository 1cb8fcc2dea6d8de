"""Pages, newest first: where one ends is where the next begins.

A page's end is a time and an id, so that rows added or deleted meanwhile neither repeat nor hide
others.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from connectsmith.errors import FieldInvalid
from connectsmith.service.rows import (
    Page,
)
from connectsmith.storage.database import Value
from connectsmith.storage.table import micros

RowT = TypeVar("RowT")


def cursor(moment: datetime, identifier: str) -> str:
    """Return where a page ends, as text for the next request."""
    return f"{micros(moment)}.{identifier}"


def after(text: str) -> tuple[int, str]:
    """Read a cursor.

    Raises:
        FieldInvalid: it is none of ours.
    """
    number, dot, identifier = text.partition(".")
    if not dot or not identifier or len(number) > len("9" * 18) or not number.isdecimal():
        raise FieldInvalid("The cursor is none that a list here returned.", place="after")
    return int(number), identifier


def after_values(text: str | None) -> dict[str, Value]:
    """Return a cursor as the parameters `at` and `last`; none without a cursor."""
    if text is None:
        return {}
    at, last = after(text)
    return {"at": at, "last": last}


def page(rows: Sequence[RowT], limit: int, ends: Callable[[RowT], str]) -> Page[RowT]:
    """Make a page of up to `limit` rows, of which one more may have been read."""
    items = rows[:limit]
    return Page(items, ends(items[-1]) if len(rows) > limit else None)
