"""Calls and transcripts: queued, written in batches, kept by time and size.

Heads of good calls, of which there are many, are sealed and stored a page at a time, so that each
costs a row and no record of its own. A page is lost whole or kept whole, as a batch is.

A log must never stop what it is a log of: when the disk is full or the database stays out of reach,
calls are dropped and counted.
"""

# ruff: noqa: D102 - the port's docstrings say what its methods promise

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from connectsmith.errors import ConnectsmithError, StorageBusy
from connectsmith.service.call_ports import Kept, SealTogether
from connectsmith.service.rows import (
    CallRow,
    LastGood,
    Page,
)
from connectsmith.storage.database import Database, Found, Statement, Value, Values, first
from connectsmith.storage.pages import after_values, cursor, page
from connectsmith.storage.stores.many import numbered
from connectsmith.storage.table import Table, micros, moment

_CALLS = Table("calls", CallRow)

_INSERT = f"{_CALLS.insert('size', 'page')} ON CONFLICT (workspace, id) DO NOTHING"
_INSERT_TRANSCRIPT = """
INSERT INTO transcripts (workspace, call, content) VALUES (:workspace, :call, :content)
ON CONFLICT (workspace, call) DO NOTHING
"""
_GET = _CALLS.select("WHERE workspace = :workspace AND id = :id")
_TRANSCRIPT = """
SELECT transcripts.content, transcripts.call, calls.page IS NOT NULL FROM calls
JOIN transcripts ON transcripts.workspace = calls.workspace
  AND transcripts.call = COALESCE(calls.page, calls.id)
WHERE calls.workspace = :workspace AND calls.id = :id
"""
_FILTERS = {
    "connector": "AND connector = :connector",
    "connection": "AND connection = :connection",
    "action": "AND action = :action",
    "ok": "AND ok = :ok",
    "kind": "AND kind = :kind",
    "since": "AND started_at >= :since",
    "until": "AND started_at < :until",
}
# One look-up each at the end of an index: grouping would read every call of theirs.
_LAST_GOOD = """
SELECT * FROM (SELECT connection, id, started_at FROM calls
  WHERE workspace = :workspace AND connection = :{name} AND ok = 1
  ORDER BY started_at DESC, id DESC LIMIT 1) AS newest
"""
_PRUNE_AGE = "DELETE FROM calls WHERE started_at < :before"
_PRUNE_SIZE = """
DELETE FROM calls WHERE (workspace, id) IN (
  SELECT workspace, id FROM (
    SELECT workspace, id, SUM(size) OVER (ORDER BY started_at DESC, id DESC) AS total FROM calls
  ) AS sizes WHERE total > :max_bytes)
"""
_ROW_SIZE = 300
"""What a row without transcript is taken to occupy."""

_MOST_HEADS = 200
"""Heads in one page: what is read to show one of them."""


@dataclass(frozen=True, slots=True)
class _Head:
    """A transcript that is not sealed yet."""

    content: bytes = field(repr=False)
    seal: SealTogether

    def __len__(self) -> int:
        return len(self.content)


_Transcript = bytes | _Head | None
_Queued = tuple[CallRow, _Transcript]


class SqlCalls:
    """The port `Calls` in SQL. `dropped` counts what was lost to a full or unreachable database."""

    def __init__(
        self,
        database: Database,
        *,
        pause: timedelta = timedelta(seconds=1),
        batch: int = 200,
        queue_bytes: int = 64 * 1024 * 1024,
    ) -> None:
        self._database = database
        self._pause = pause.total_seconds()
        self._batch = batch
        self._queue_bytes = queue_bytes
        self._queued: dict[tuple[str, str], _Queued] = {}
        self._queued_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._writing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self.dropped = 0

    def add(self, row: CallRow, transcript: bytes | None) -> None:
        self._queue(row, transcript)

    def add_head(self, row: CallRow, head: bytes, seal: SealTogether) -> None:
        self._queue(row, _Head(head, seal))

    def _queue(self, row: CallRow, transcript: _Transcript) -> None:
        size = _size(transcript)
        if self._queued_bytes + size > self._queue_bytes:
            self.dropped += 1
            return
        self._queued[(row.workspace, row.id)] = (row, transcript)
        self._queued_bytes += size
        if len(self._queued) >= self._batch and self._task is None:
            self._start()
        elif self._timer is None and self._task is None:
            self._timer = asyncio.get_running_loop().call_later(self._pause, self._start)

    async def flush(self) -> None:
        self._stop_timer()
        await self._write_queued()

    async def get(self, workspace: str, call: str) -> CallRow | None:
        queued = self._queued.get((workspace, call))
        if queued is not None:
            return queued[0]
        return await first(
            self._database, _GET, {"workspace": workspace, "id": call}, _CALLS.decode
        )

    async def transcript(self, workspace: str, call: str) -> Kept | None:
        queued = self._queued.get((workspace, call))
        match queued and queued[1]:
            case _Head() as head:
                sealed = head.seal(workspace, [(call, head.content)])
                return Kept(sealed, call, together=True)
            case bytes() as sealed:
                return Kept(sealed, call)
        values = {"workspace": workspace, "id": call}
        return await first(self._database, _TRANSCRIPT, values, _kept)

    async def page(
        self, workspace: str, *, filters: Mapping[str, str], limit: int, after: str | None
    ) -> Page[CallRow]:
        await self.flush()
        values: dict[str, Value] = {"workspace": workspace, "limit": limit + 1}
        values |= after_values(after)
        values |= {name: _filter_value(name, text) for name, text in filters.items()}
        parts = ["WHERE workspace = :workspace", *(_FILTERS[name] for name in sorted(filters))]
        if after is not None:
            parts.append("AND (started_at, id) < (:at, :last)")
        parts.append("ORDER BY started_at DESC, id DESC LIMIT :limit")
        rows = _CALLS.decode_all(await self._database.read(_CALLS.select(" ".join(parts)), values))
        return page(rows, limit, lambda row: cursor(row.started_at, row.id))

    async def last_good(self, workspace: str, connections: Sequence[str]) -> Mapping[str, LastGood]:
        if not connections:
            return {}
        await self.flush()
        names = numbered(connections)
        query = " UNION ALL ".join(_LAST_GOOD.format(name=name) for name in names)
        rows = await self._database.read(query, {"workspace": workspace, **names})
        return {connection: LastGood(call, moment(at)) for connection, call, at in rows}

    async def prune(self, before: datetime, max_bytes: int) -> int:
        await self.flush()
        effects = await self._database.write(
            Statement(_PRUNE_AGE, {"before": micros(before)}),
            Statement(_PRUNE_SIZE, {"max_bytes": max_bytes}),
        )
        return sum(effect.count for effect in effects or ())

    async def close(self) -> None:
        """Write what is queued; what cannot be written now is dropped."""
        await self.flush()
        self._stop_timer()
        self._drop(tuple(self._queued))

    def _start(self) -> None:
        self._stop_timer()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._write_queued())
            self._task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled():
            task.result()
        if self._queued and self._timer is None:
            self._timer = task.get_loop().call_later(self._pause, self._start)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _write_queued(self) -> None:
        """Write what is queued now; it stays visible in the queue until it is in the database."""
        async with self._writing:
            keys = tuple(self._queued)
            if not keys:
                return
            try:
                await self._database.write(*_inserts([self._queued[key] for key in keys]))
            except StorageBusy:
                return
            except ConnectsmithError:
                self.dropped += len(keys)
            for key in keys:
                self._take(key)

    def _drop(self, keys: Sequence[tuple[str, str]]) -> None:
        for key in keys:
            self._take(key)
        self.dropped += len(keys)

    def _take(self, key: tuple[str, str]) -> None:
        _, transcript = self._queued.pop(key)
        self._queued_bytes -= _size(transcript)


def _inserts(queued: Sequence[_Queued]) -> list[Statement]:
    written = [*_alone(queued), *_together(queued)]
    calls = [
        _CALLS.encode(row) | {"size": _size(sealed), "page": page} for row, sealed, page in written
    ]
    transcripts: list[Values] = [
        {"workspace": row.workspace, "call": row.id, "content": sealed}
        for row, sealed, _ in written
        if sealed is not None
    ]
    statements = [Statement(_INSERT, calls)]
    return [*statements, Statement(_INSERT_TRANSCRIPT, transcripts)] if transcripts else statements


_Written = tuple[CallRow, bytes | None, str | None]
"""A call, the sealed record that goes with it, and the call whose record holds its head."""


def _alone(queued: Sequence[_Queued]) -> Iterator[_Written]:
    for row, transcript in queued:
        if not isinstance(transcript, _Head):
            yield row, transcript, None


def _together(queued: Sequence[_Queued]) -> Iterator[_Written]:
    """Seal heads by the page; the record goes with the newest call, which is pruned last."""
    heads = [(row, head) for row, head in queued if isinstance(head, _Head)]
    heads.sort(key=lambda one: (one[0].workspace, one[0].started_at, one[0].id))
    for workspace, group in groupby(heads, lambda one: one[0].workspace):
        of_workspace = list(group)
        for start in range(0, len(of_workspace), _MOST_HEADS):
            page = of_workspace[start : start + _MOST_HEADS]
            newest, head = page[-1]
            sealed = head.seal(workspace, [(row.id, each.content) for row, each in page])
            for row, _ in page:
                yield row, sealed if row is newest else None, newest.id


def _kept(found: Found) -> Kept:
    content, call, together = found
    return Kept(bytes(content), call, together=bool(together))


def _size(transcript: _Transcript) -> int:
    return _ROW_SIZE + (len(transcript) if transcript else 0)


def _filter_value(name: str, text: str) -> Value:
    match name:
        case "ok":
            return int(text == "true")
        case "since" | "until":
            return micros(datetime.fromisoformat(text))
        case _:
            return text
