"""What hangs on connectors, in one place, because a deletion takes all of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from connectsmith.errors import FieldInvalid, NotFound
from connectsmith.service.rows import (
    AuthorizationRow,
    ClientRecordRow,
    ConnectionRow,
    ConnectorRow,
    Page,
    RevisionRow,
    SecretRow,
)

RowT = TypeVar("RowT")

Key = tuple[str, str]
"""Workspace and id."""

_MOST_DIGITS = 18
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Tables:
    """The rows, by workspace and id."""

    connectors: dict[Key, ConnectorRow] = field(default_factory=dict)
    revisions: dict[tuple[str, str, int], RevisionRow] = field(default_factory=dict)
    secrets: dict[Key, SecretRow] = field(default_factory=dict)
    client_records: dict[tuple[str, str, str, str], ClientRecordRow] = field(default_factory=dict)
    authorizations: dict[Key, AuthorizationRow] = field(default_factory=dict)
    connections: dict[Key, ConnectionRow] = field(default_factory=dict)
    rescues: dict[Key, dict[int, bytes]] = field(default_factory=dict)

    def living(self, workspace: str, connector: str) -> ConnectorRow:
        """Return a connector that is not deleted, or raise `NotFound`."""
        row = self.connectors.get((workspace, connector))
        if row is None or row.deleted_at is not None:
            raise NotFound("The connector does not exist, or was deleted meanwhile.")
        return row


def newest_first(
    rows: Iterable[RowT], limit: int, after: str | None, place: Callable[[RowT], tuple[int, str]]
) -> Page[RowT]:
    """Return the page that begins after a cursor."""
    left = sorted(rows, key=place, reverse=True)
    if after is not None:
        end = _read_cursor(after)
        left = [row for row in left if place(row) < end]
    items = left[:limit]
    if len(left) <= limit:
        return Page(items)
    at, identifier = place(items[-1])
    return Page(items, f"{at}.{identifier}")


def micros(moment: datetime) -> int:
    """Return an aware time as microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _read_cursor(text: str) -> tuple[int, str]:
    number, _, identifier = text.partition(".")
    if not identifier or not number.isdecimal() or len(number) > _MOST_DIGITS:
        raise FieldInvalid("The cursor is none that a list here returned.", place="after")
    return int(number), identifier
