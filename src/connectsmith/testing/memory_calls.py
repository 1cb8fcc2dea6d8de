"""Calls and transcripts in memory."""

# ruff: noqa: D102 - the port's docstrings say what its methods promise

from collections.abc import Mapping, Sequence
from datetime import datetime

from connectsmith.service.call_ports import Kept, SealTogether
from connectsmith.service.rows import (
    CallRow,
    LastGood,
    Page,
)
from connectsmith.testing.memory_tables import Key, micros, newest_first

_ROW_SIZE = 300


class MemoryCalls:
    """The port `Calls`; a call is written at once."""

    def __init__(self) -> None:
        self.rows: dict[Key, CallRow] = {}
        self._transcripts: dict[Key, Kept] = {}

    def add(self, row: CallRow, transcript: bytes | None) -> None:
        self.rows[(row.workspace, row.id)] = row
        if transcript is not None:
            self._transcripts[(row.workspace, row.id)] = Kept(transcript, row.id)

    def add_head(self, row: CallRow, head: bytes, seal: SealTogether) -> None:
        self.rows[(row.workspace, row.id)] = row
        sealed = seal(row.workspace, [(row.id, head)])
        self._transcripts[(row.workspace, row.id)] = Kept(sealed, row.id, together=True)

    async def flush(self) -> None:
        """There is nothing to wait for."""

    async def get(self, workspace: str, call: str) -> CallRow | None:
        return self.rows.get((workspace, call))

    async def transcript(self, workspace: str, call: str) -> Kept | None:
        return self._transcripts.get((workspace, call))

    async def page(
        self, workspace: str, *, filters: Mapping[str, str], limit: int, after: str | None
    ) -> Page[CallRow]:
        rows = (
            row
            for row in self.rows.values()
            if row.workspace == workspace
            and all(_fits(row, name, wanted) for name, wanted in filters.items())
        )
        return newest_first(rows, limit, after, lambda row: (micros(row.started_at), row.id))

    async def last_good(self, workspace: str, connections: Sequence[str]) -> Mapping[str, LastGood]:
        good = (row for row in self.rows.values() if row.workspace == workspace and row.ok)
        return {
            row.connection: LastGood(row.id, row.started_at)
            for row in sorted(good, key=lambda row: (row.started_at, row.id))
            if row.connection is not None and row.connection in connections
        }

    async def prune(self, before: datetime, max_bytes: int) -> int:
        newest = sorted(
            self.rows.items(), key=lambda one: (one[1].started_at, one[1].id), reverse=True
        )
        total, pruned = 0, 0
        for key, row in newest:
            if row.started_at >= before:
                kept = self._transcripts.get(key)
                total += _ROW_SIZE + (len(kept.content) if kept else 0)
            if row.started_at < before or total > max_bytes:
                del self.rows[key]
                self._transcripts.pop(key, None)
                pruned += 1
        return pruned


def _fits(row: CallRow, name: str, wanted: str) -> bool:
    match name:
        case "ok":
            return row.ok == (wanted == "true")
        case "since":
            return row.started_at >= datetime.fromisoformat(wanted)
        case "until":
            return row.started_at < datetime.fromisoformat(wanted)
        case _:
            shown: str | None = getattr(row, name)
            return shown == wanted
