import asyncio
from collections.abc import Awaitable
from datetime import timedelta

from tests.storage.rows import NOW, WORKSPACE

from connectsmith.service.ports import (
    Storage,
)
from connectsmith.service.rows import (
    EventRow,
)


async def test_events_are_told_newest_first(storage: Storage) -> None:
    rows = [
        EventRow(WORKSPACE, NOW + timedelta(seconds=second), "tok_a", "secret_added", "sec_a", "x")
        for second in range(3)
    ]
    for row in rows:
        await storage.events.add(row)
    await storage.events.add(EventRow("other", NOW, "tok_a", "secret_added", "sec_b"))

    assert list(await storage.events.recent(WORKSPACE, 2)) == [rows[2], rows[1]]


async def test_turn_of_a_connector_is_told_once(storage: Storage) -> None:
    def said(what: str) -> EventRow:
        return EventRow(WORKSPACE, NOW, "system", what, "con_a", "")

    def refused() -> Awaitable[bool]:
        return storage.events.turn(said("refused"), other="accepted")

    at_once = await asyncio.gather(*[refused() for _ in range(8)])
    await storage.events.add(said("changed"))
    again = await refused()
    healed = await storage.events.turn(said("accepted"), other="refused")
    anew = await refused()

    assert (sum(at_once), again, healed, anew) == (1, False, True, True)
    told = [row.what for row in await storage.events.recent(WORKSPACE, 9)]
    assert told == ["refused", "accepted", "changed", "refused"]


async def test_old_events_are_dropped(storage: Storage) -> None:
    rows = [
        EventRow(WORKSPACE, NOW + timedelta(days=day), "tok_a", "secret_added", f"sec_{day}")
        for day in range(4)
    ]
    for row in rows:
        await storage.events.add(row)

    pruned = await storage.events.prune(NOW + timedelta(days=2))

    assert pruned == 2
    assert list(await storage.events.recent(WORKSPACE, 9)) == [rows[3], rows[2]]


async def test_fact_is_what_was_put_last(storage: Storage) -> None:
    assert await storage.meta.get("fact") is None

    await storage.meta.put("fact", "one")
    await storage.meta.put("fact", "two")

    assert await storage.meta.get("fact") == "two"


async def test_fact_is_replaced_only_while_it_is_what_was_expected(storage: Storage) -> None:
    assert not await storage.meta.replace("fact", "two", expected="one")
    await storage.meta.put("fact", "one")

    assert await storage.meta.replace("fact", "two", expected="one")
    assert not await storage.meta.replace("fact", "three", expected="one")
    assert await storage.meta.get("fact") == "two"


async def test_of_many_who_replace_a_fact_one_succeeds(storage: Storage) -> None:
    await storage.meta.put("fact", "one")

    done = await asyncio.gather(
        *(storage.meta.replace("fact", f"my {n}", expected="one") for n in range(20))
    )

    assert sorted(done) == [False] * 19 + [True]
    assert await storage.meta.get("fact") == f"my {done.index(True)}"


async def test_of_many_who_put_first_all_get_the_same(storage: Storage) -> None:
    kept = await asyncio.gather(*(storage.meta.put_first("fact", str(n)) for n in range(20)))

    assert len(set(kept)) == 1
    assert await storage.meta.get("fact") == kept[0]
