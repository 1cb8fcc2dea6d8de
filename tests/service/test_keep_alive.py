"""Connections that nobody uses, kept alive in virtual time."""

import asyncio
from datetime import timedelta
from typing import cast

import pytest
from tests.service.authorities import Authority, Terms
from tests.service.population import Population, population

from connectsmith.core.connection.status import Status
from connectsmith.service.refresh import Refresher
from connectsmith.testing.virtual_time import run

DAY = timedelta(days=1)
LONG_LIVED = timedelta(days=60)


async def days_pass(world: Population, days: float, *, every: float = 600) -> None:
    """Let time pass while the chores are done now and then; seconds are virtual."""
    until = asyncio.get_running_loop().time() + days * DAY.total_seconds()
    while asyncio.get_running_loop().time() < until:
        await world.installation.application.chores.often()
        await asyncio.sleep(every)


async def alone(terms: Terms, days: float, **rules: object) -> tuple[bool, Status, int]:
    """Leave a connection alone; tell whether its grant lives, how it is, and what was asked."""
    async with population(**rules) as world:
        place = await world.place("as.example.com")
        (row,) = await world.connect(place, terms)
        await days_pass(world, days)
        (grant,) = place.authority.grants.values()
        return place.authority.alive(grant), (await world.row(row.id)).status, grant.asked


def test_grant_that_dies_of_a_week_without_use_is_alive_after_a_month() -> None:
    alive, status, asked = run(alone(Terms(idle=7 * DAY, rotates=True, lifetime=LONG_LIVED), 30))

    assert (alive, status) == (True, Status.ACTIVE)
    assert asked <= 6


def test_grant_whose_server_states_a_shorter_life_is_kept_alive_by_it() -> None:
    terms = Terms(idle=timedelta(hours=8), rotates=True, states_end=True)

    alive, status, asked = run(alone(terms, 5))

    assert (alive, status) == (True, Status.ACTIVE)
    assert 30 <= asked <= 40


def test_end_that_nothing_moves_is_not_chased() -> None:
    terms = Terms(ends=20 * DAY, states_end=True, lifetime=LONG_LIVED)

    assert run(alone(terms, 19))[2] <= 5


def test_without_keep_alive_the_same_grant_dies() -> None:
    alive, _, asked = run(alone(Terms(idle=7 * DAY, lifetime=LONG_LIVED), 30, keep_alive=None))

    assert (alive, asked) == (False, 0)


def test_outage_of_days_loses_no_idle_grant() -> None:
    async def through() -> tuple[set[Status], int, bool]:
        async with population() as world:
            server = Authority(world.clock)
            place = await world.place("as.example.com", server)
            await world.connect(place, Terms(idle=14 * DAY, rotates=True), 20)
            server.down = lambda: 4 * DAY <= world.clock.now() - begun <= 9 * DAY
            begun = world.clock.now()
            await days_pass(world, 12)
            rows = await world.installation.connections()
            return (
                {row.status for row in rows},
                len(server.arrivals),
                all(server.alive(each) for each in server.grants.values()),
            )

    states, asked, alive = run(through())

    assert (states, alive) == ({Status.ACTIVE}, True)
    assert asked < 20 * 24 * 5 + 100


def test_two_processes_renew_an_idle_connection_once() -> None:
    async def both() -> int:
        async with population() as world:
            place = await world.place("as.example.com", Authority(world.clock, latency=5))
            await world.connect(place, Terms(rotates=True))
            await asyncio.sleep(7 * DAY.total_seconds())
            keep_alive = world.installation.application.chores._keep_alive
            begun = await asyncio.gather(keep_alive.run_due(), keep_alive.run_due())
            await asyncio.sleep(60)
            assert sorted(begun) == [0, 1]
            return len(place.authority.arrivals)

    assert run(both()) == 1


@pytest.mark.row("R-06")
def test_background_and_callers_together_ask_once() -> None:
    async def together() -> tuple[int, bool, set[int]]:
        async with population() as world:
            place = await world.place("as.example.com", Authority(world.clock, latency=5))
            (row,) = await world.connect(place, Terms(rotates=True))
            await asyncio.sleep(7 * DAY.total_seconds())
            chores = world.installation.application.chores
            callers = [asyncio.create_task(world.use(row, place)) for _ in range(50)]
            await chores.often()
            rows = await asyncio.gather(*callers)
            (grant,) = place.authority.grants.values()
            return len(place.authority.arrivals), grant.lost, {each.version for each in rows}

    assert run(together()) == (1, False, {2})


@pytest.mark.control("R-06")
def test_naively_the_background_asks_beside_a_caller_and_loses_the_grant() -> None:
    async def together() -> tuple[int, bool]:
        async with population() as world:
            place = await world.place("as.example.com", Authority(world.clock, latency=5))
            (row,) = await world.connect(place, Terms(rotates=True))
            await asyncio.sleep(7 * DAY.total_seconds())
            chores = world.installation.application.chores
            chores._keep_alive._refresher = cast("Refresher", world.go_naive())
            caller = asyncio.create_task(world.use(row, place))
            await chores.often()
            await asyncio.gather(caller, return_exceptions=True)
            await asyncio.sleep(60)
            (grant,) = place.authority.grants.values()
            return len(place.authority.arrivals), grant.lost

    assert run(together()) == (2, True)


def test_idle_connections_come_after_callers() -> None:
    async def order() -> list[str]:
        served: list[str] = []
        async with population(token_requests_at_once=1) as world:
            traffic = world.refresher._traffic

            async def turn(name: str, *, background: bool) -> None:
                async with traffic.turn("as", "con", background=background):
                    served.append(name)
                    await asyncio.sleep(1)

            tasks = [asyncio.create_task(turn("first", background=False))]
            await asyncio.sleep(0)
            tasks += [asyncio.create_task(turn(f"idle {n}", background=True)) for n in range(3)]
            await asyncio.sleep(0)
            tasks += [asyncio.create_task(turn(f"caller {n}", background=False)) for n in range(2)]
            await asyncio.gather(*tasks)
        return served

    assert run(order()) == ["first", "caller 0", "caller 1", "idle 0", "idle 1", "idle 2"]
