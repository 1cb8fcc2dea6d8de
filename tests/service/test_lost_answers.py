"""Answers that are lost on the way, at servers that rotate; time is virtual."""

import asyncio
from datetime import timedelta

import pytest
from tests.service.authorities import HOUR, Terms
from tests.service.population import LONG, population

from connectsmith.core.connection.status import Status
from connectsmith.errors import ConnectsmithError
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


@pytest.mark.control("R-15")
def test_naively_a_lost_answer_ends_the_grant_that_the_server_would_renew() -> None:
    status, version, asked, _ = run(losing(grace=10, naively=True))

    assert (status, version) == (Status.NEEDS_AUTHORIZATION, 1)
    assert asked == 1


def test_lost_answer_at_a_server_that_forgives_nothing_ends_honestly() -> None:
    status, version, _, _ = run(losing(grace=0))

    assert (status, version) == (Status.NEEDS_AUTHORIZATION, 1)
