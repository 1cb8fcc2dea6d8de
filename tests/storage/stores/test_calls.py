import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from tests.storage.rows import WORKSPACE, call

from connectsmith.errors import StorageBusy, StorageFull
from connectsmith.service.call_ports import Kept
from connectsmith.storage.database import Effect, Found, NothingRecent, Recent, Statement, Values
from connectsmith.storage.stores.calls import SqlCalls

HOUR = timedelta(hours=1)


@dataclass
class Recorder:
    """A database that keeps what is written, or refuses it."""

    error: Exception | None = None
    batches: list[int] = field(default_factory=list)
    written: asyncio.Event = field(default_factory=asyncio.Event)
    on_write: Callable[[], None] = lambda: None

    async def read(self, sql: str, values: Values) -> Sequence[Found]:
        return []

    async def write(self, *statements: Statement, shred: bool = False) -> list[Effect] | None:
        self.written.set()
        self.on_write()
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        self.batches.append(len(statements[0].values))
        return [Effect(0)]

    def recent(self, topic: str) -> Recent:
        return NothingRecent()

    async def close(self) -> None:
        pass


def _add(calls: SqlCalls, number: int, size: int = 10) -> None:
    calls.add(call(f"cal_{number}"), b"x" * size)


async def test_full_batch_is_written_at_once() -> None:
    database = Recorder()
    calls = SqlCalls(database, pause=HOUR, batch=200)

    for number in range(199):
        _add(calls, number)
    await asyncio.sleep(0)
    assert database.batches == []
    _add(calls, 199)
    await database.written.wait()
    await calls.flush()

    assert database.batches == [200]


async def test_few_calls_are_written_after_the_pause() -> None:
    database = Recorder()
    calls = SqlCalls(database, pause=timedelta(milliseconds=1))

    _add(calls, 1)
    _add(calls, 2)
    await database.written.wait()
    await calls.flush()

    assert database.batches == [2]


async def test_call_added_while_others_are_written_waits_for_the_next_batch() -> None:
    database = Recorder()
    calls = SqlCalls(database, pause=HOUR)
    _add(calls, 1)

    def add_one_more() -> None:
        database.on_write = lambda: None
        _add(calls, 2)

    database.on_write = add_one_more
    await calls.flush()
    assert await calls.get(WORKSPACE, "cal_2") == call("cal_2")
    await calls.flush()

    assert database.batches == [1, 1]


async def test_full_disk_drops_calls_and_counts_them() -> None:
    database = Recorder(error=StorageFull("full"))
    calls = SqlCalls(database, pause=HOUR)
    _add(calls, 1)
    _add(calls, 2)

    await calls.flush()
    database.error = None
    _add(calls, 3)
    await calls.flush()

    assert calls.dropped == 2
    assert database.batches == [1]


async def test_busy_database_gets_the_calls_later() -> None:
    database = Recorder(error=StorageBusy("busy"))
    calls = SqlCalls(database, pause=HOUR)
    _add(calls, 1)
    await calls.flush()
    assert await calls.transcript(WORKSPACE, "cal_1") == Kept(b"x" * 10, "cal_1")

    database.error = None
    await calls.flush()

    assert (calls.dropped, database.batches) == (0, [1])


async def test_queue_takes_only_so_many_bytes_from_memory() -> None:
    database = Recorder(error=StorageBusy("busy"))
    calls = SqlCalls(database, pause=HOUR, queue_bytes=10_000)

    for number in range(20):
        _add(calls, number, size=2_000)
    await calls.flush()
    assert calls.dropped == 16

    database.error = None
    await calls.flush()
    _add(calls, 21)
    await calls.flush()
    assert database.batches == [4, 1]


@pytest.mark.parametrize(("error", "dropped"), [(None, 0), (StorageBusy("busy"), 2)])
async def test_closing_writes_what_is_queued_or_counts_it(
    error: Exception | None, dropped: int
) -> None:
    database = Recorder(error=error)
    calls = SqlCalls(database, pause=HOUR)
    _add(calls, 1)
    _add(calls, 2)

    await calls.close()

    assert calls.dropped == dropped
    assert sum(database.batches) + dropped == 2


async def test_a_page_holds_a_bounded_number_of_heads_of_one_workspace() -> None:
    sealed: list[list[str]] = []

    def seal(workspace: str, heads: Sequence[tuple[str, bytes]]) -> bytes:
        sealed.append([workspace, *(each for each, _ in heads)])
        return b"sealed"

    calls = SqlCalls(Recorder(), pause=HOUR, batch=1000)
    for number in range(450):
        calls.add_head(call(f"cal_{number:03}"), b"head", seal)
    calls.add_head(call("cal_other", workspace="other"), b"head", seal)
    await calls.flush()

    assert [len(page) - 1 for page in sealed] == [200, 200, 50, 1]
    assert sealed[-1] == ["other", "cal_other"]
    assert sealed[0][-1] == "cal_199"
