"""Answers that are lost on the way, at servers that rotate; time is virtual."""

import asyncio
from datetime import timedelta

import pytest
from tests.service.authorities import HOUR, Terms
from tests.service.population import LONG, population

from connectsmith.core.connection.status import Status
from connectsmith.errors import ConnectionFailed, ConnectsmithError
from connectsmith.testing.virtual_time import run

TIMES = 100 if LONG else 20


async def losing(grace: float, *, naively: bool = False) -> tuple[Status, int, int, float]:
    """Lose the answer to every refresh once; return how it ends, and how much was asked."""
    async with population() as world:
        place = await world.place("as.example.com")
        terms = Terms(rotates=True, grace=timedelta(seconds=grace))
        (row,) = await world.connect(place, terms)
        longest = 0.0
        if naively:
            world.go_naive()
        for _ in range(TIMES):
            await asyncio.sleep(HOUR.total_seconds())
            place.authority.lose = 1
            begun = asyncio.get_running_loop().time()
            try:
                await world.use(row, place)
            except ConnectsmithError:
                break
            longest = max(longest, asyncio.get_running_loop().time() - begun)
        (grant,) = place.authority.grants.values()
        status = (await world.row(row.id)).status
        return status, (await world.row(row.id)).version, grant.asked, longest


@pytest.mark.row("R-15")
def test_lost_answer_is_made_good_where_the_server_forgives_it_for_a_while() -> None:
    status, version, asked, longest = run(losing(grace=10))

    assert (status, version) == (Status.ACTIVE, TIMES + 1)
    assert asked == 2 * TIMES
    assert longest <= 5


@pytest.mark.row("R-15")
def test_second_answer_that_is_lost_is_made_good_in_the_background() -> None:
    async def left_alone() -> tuple[Status, int]:
        async with population() as world:
            place = await world.place("as.example.com")
            terms = Terms(rotates=True, grace=timedelta(seconds=10))
            (row,) = await world.connect(place, terms)
            await asyncio.sleep(HOUR.total_seconds())
            place.authority.lose = 2
            with pytest.raises(ConnectionFailed):
                await world.use(row, place)
            for _ in range(30):
                await asyncio.sleep(2)
                await world.installation.application.chores.often()
            return (await world.row(row.id)).status, (await world.row(row.id)).version

    assert run(left_alone()) == (Status.ACTIVE, 2)


@pytest.mark.control("R-15")
def test_naively_a_lost_answer_ends_the_grant_that_the_server_would_renew() -> None:
    status, version, asked, _ = run(losing(grace=10, naively=True))

    assert (status, version) == (Status.NEEDS_AUTHORIZATION, 1)
    assert asked == 1


def test_lost_answer_at_a_server_that_forgives_nothing_ends_honestly() -> None:
    status, version, _, _ = run(losing(grace=0))

    assert (status, version) == (Status.NEEDS_AUTHORIZATION, 1)
