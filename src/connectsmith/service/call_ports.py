"""What the use cases around calls and their transcripts need from the storage."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from connectsmith.service.rows import CallRow, LastGood, Page

SealTogether = Callable[[str, Sequence[tuple[str, bytes]]], bytes]
"""Seals heads of a workspace's calls, each with its call's id, in the place of the last of them."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A sealed transcript as it is stored: one call's, or the heads of several `together`.

    `call` is the one in whose place it is sealed.
    """

    content: bytes = field(repr=False)
    call: str
    together: bool = False


class Calls(Protocol):
    """Calls and transcripts: batched, kept by time and size."""

    def add(self, row: CallRow, transcript: bytes | None) -> None:
        """Queue a call and its sealed transcript; written within a second, lost only by a kill."""
        ...

    def add_head(self, row: CallRow, head: bytes, seal: SealTogether) -> None:
        """Queue a call whose transcript is sealed with those of others when it is written."""
        ...

    async def flush(self) -> None: ...
    async def get(self, workspace: str, call: str) -> CallRow | None:
        """Return it, queued or written."""
        ...

    async def transcript(self, workspace: str, call: str) -> Kept | None: ...
    async def page(
        self, workspace: str, *, filters: Mapping[str, str], limit: int, after: str | None
    ) -> Page[CallRow]:
        """Newest first.

        Filters: `connector`, `connection`, `action`, `kind`, `ok`, `since`, `until`.
        """
        ...

    async def last_good(self, workspace: str, connections: Sequence[str]) -> Mapping[str, LastGood]:
        """Return what went well last, by connection; those with nothing are left out."""
        ...

    async def prune(self, before: datetime, max_bytes: int) -> int: ...
