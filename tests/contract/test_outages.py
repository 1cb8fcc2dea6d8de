"""What processes of one installation tell each other of a server that is down, in every storage."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.storage.postgres_server import URL, own_schema

from connectsmith.service.outages import Outages, Word
from connectsmith.service.ports import Storage
from connectsmith.storage.opening import open_postgres, open_sqlite
from connectsmith.testing import CountingRandomness, FixedClock, MemoryStorage

SERVER = "as.example.com"
PAUSE = timedelta(seconds=20)
A_PAUSE = PAUSE * 1.1
"""As long as one can be."""


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 25, tzinfo=UTC))


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def storages(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[list[Storage]]:
    """One storage, opened by three processes."""
    match request.param:
        case "memory":
            yield [MemoryStorage()] * 3
        case "sqlite":
            files = [await open_sqlite(tmp_path / "data") for _ in range(3)]
            yield list(files)
            for each in files:
                await each.close()
        case _:
            with own_schema() as schema:
                opened = [await open_postgres(URL, schema=schema) for _ in range(3)]
                yield list(opened)
                for one in opened:
                    await one.close()


@pytest.fixture
def processes(storages: Sequence[Storage], clock: FixedClock) -> list[Outages]:
    return [
        Outages(each.meta, clock=clock, randomness=CountingRandomness(f"p{number}"), pause=PAUSE)
        for number, each in enumerate(storages)
    ]


async def who_probes(processes: Sequence[Outages]) -> list[Outages]:
    """Let all be ready to probe at once, each several times over; return who is to."""
    asking = [*processes, *processes, *processes]
    words = await asyncio.gather(*[each.word(SERVER, probe=True) for each in asking])
    assert all(word.probed for word in words if not word.probes)
    return [one for one, word in zip(asking, words, strict=True) if word.probes]


@pytest.mark.row("R-35")
async def test_outage_that_one_process_finds_is_known_to_the_others(
    processes: list[Outages],
) -> None:
    first, *others = processes
    assert await first.word(SERVER, probe=True) == Word()

    pause = await first.failed(SERVER, down=True)

    assert PAUSE <= timedelta(seconds=pause) <= A_PAUSE
    for other in others:
        assert await other.word(SERVER, probe=True) == Word(pause)
        assert await other.failed(SERVER, down=True) == pause


@pytest.mark.row("R-35")
async def test_one_process_probes_when_the_pause_has_ended_and_the_others_hear_of_it(
    processes: list[Outages], clock: FixedClock
) -> None:
    await processes[0].failed(SERVER, down=True)
    for _ in range(3):
        clock.advance(A_PAUSE)
        (prober,) = await who_probes(processes)
        left = await prober.failed(SERVER, down=False)
        for each in processes:
            assert await each.word(SERVER, probe=True) == Word(left)
    clock.advance(A_PAUSE)
    (prober,) = await who_probes(processes)
    others = [each for each in processes if each is not prober]

    await prober.over(SERVER)

    assert [await each.word(SERVER, probe=True) for each in others] == [Word(works=True)] * 2
    assert not any(each.known(SERVER) for each in processes)


@pytest.mark.row("R-35")
async def test_prober_that_dies_keeps_the_others_for_one_pause(
    processes: list[Outages], clock: FixedClock
) -> None:
    await processes[0].failed(SERVER, down=True)
    clock.advance(A_PAUSE)
    (dead,) = await who_probes(processes)
    others = [each for each in processes if each is not dead]
    meanwhile = [await each.word(SERVER, probe=True) for each in others]

    clock.advance(A_PAUSE)

    assert all(word.probed and word.seconds for word in meanwhile)
    assert len(await who_probes(others)) == 1


async def test_probe_that_found_out_nothing_is_left_to_the_next(
    processes: list[Outages], clock: FixedClock
) -> None:
    await processes[0].failed(SERVER, down=True)
    clock.advance(A_PAUSE)
    (idle,) = await who_probes(processes)

    await idle.dropped(SERVER)

    assert len(await who_probes(processes)) == 1


async def test_success_of_somebody_who_insisted_is_told_to_all(processes: list[Outages]) -> None:
    first, person, other = processes
    await first.failed(SERVER, down=True)
    seen = await person.word(SERVER, probe=False)

    await person.over(SERVER)

    assert seen.seconds
    assert await other.word(SERVER, probe=True) == Word(works=True)
    assert await first.failed(SERVER, down=True) > 0, "a second outage is told again"
