import asyncio
import json
from typing import cast

import pytest
import structlog

from connectsmith.jobs.timer import Timer
from connectsmith.service.chores import Chores, _each


class Recorded:
    """Chores that say when they were done, and fail when told to."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.news = asyncio.Condition()
        self.failing: list[Exception] = []

    async def often(self) -> None:
        await self._do("often")

    async def seldom(self) -> None:
        await self._do("seldom")

    async def last(self) -> None:
        await self._do("last")

    async def _do(self, name: str) -> None:
        async with self.news:
            self.done.append(name)
            self.news.notify_all()
        if self.failing:
            raise self.failing.pop(0)

    async def happened(self, name: str, times: int) -> None:
        async with self.news:
            await self.news.wait_for(lambda: self.done.count(name) >= times)


def timer_of(chores: Recorded) -> Timer:
    return Timer(cast("Chores", chores), often=0, seldom=0)


async def test_chores_repeat_until_the_end_and_one_last_time_comes_after() -> None:
    chores = Recorded()
    timer = timer_of(chores)

    timer.start()
    await chores.happened("often", 3)
    await chores.happened("seldom", 3)
    await timer.stop()

    assert chores.done[-1] == "last"


async def test_chore_under_way_at_the_end_is_let_go_on() -> None:
    class Long(Recorded):
        async def often(self) -> None:
            await self._do("begun")
            for _ in range(20):
                await asyncio.sleep(0)
            await self._do("ended")

    chores = Long()
    timer = timer_of(chores)
    timer.start()
    await chores.happened("begun", 1)

    await timer.stop()

    assert chores.done.count("ended") == chores.done.count("begun")


async def test_failure_is_logged_by_its_kinds_alone_and_stops_nothing() -> None:
    chores = Recorded()
    chores.failing = [
        ExceptionGroup("with secret", [ValueError("a-secret"), KeyError("a-secret")]),
        RuntimeError("a-secret"),
    ]
    timer = timer_of(chores)

    with structlog.testing.capture_logs() as lines:
        timer.start()
        await chores.happened("often", 3)
        await timer.stop()

    assert [line["event"] for line in lines] == ["chore_failed"] * 2
    assert {line["kind"] for line in lines} == {"ValueError, KeyError", "RuntimeError"}
    assert "a-secret" not in json.dumps(lines)


async def test_one_chore_that_fails_keeps_no_other_from_being_done() -> None:
    done = []

    async def fails() -> None:
        done.append("fails")
        raise ValueError

    async def works() -> None:
        done.append("works")

    with pytest.raises(ExceptionGroup):
        await _each(fails, works, fails, works)

    assert done == ["fails", "works", "fails", "works"]
