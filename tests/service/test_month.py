"""A month of a thousand connections, in virtual time, with everything that goes wrong in a month.

The margin rule itself implies a number of token requests: one each time somebody uses a connection
whose access token has less than its margin left. That number is computed beside what happens, from
the same uses, without outages, clock jumps or processes that stall.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

from tests.processes.caller import Heedless
from tests.service.authorities import Authority, Terms
from tests.service.population import LONG, Place, Population, population

from connectsmith.core.connection.status import Status
from connectsmith.errors import ConnectsmithError
from connectsmith.service.flight_recorder import Flight, FlightRecorder
from connectsmith.service.party import Party
from connectsmith.service.ports import Connections
from connectsmith.service.rows import ConnectionRow
from connectsmith.testing.virtual_time import run

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DAYS = 30 if LONG else 4
COUNT = 1000 if LONG else 250
SERVERS = 5

KINDS: tuple[tuple[float, Terms, timedelta], ...] = (
    (0.1, Terms(rotates=True), HOUR),
    (0.1, Terms(lifetime=8 * HOUR, rotates=True), 4 * HOUR),
    (0.1, Terms(lifetime=12 * HOUR), 6 * HOUR),
    (0.3, Terms(lifetime=DAY, rotates=True), 12 * HOUR),
    (0.2, Terms(lifetime=3 * DAY, rotates=True), DAY),
    (0.1, Terms(lifetime=14 * DAY), DAY),
    (0.1, Terms(lifetime=None), DAY),
)
"""Shares of the connections, what their servers grant, and how often each is used on average."""

OUTAGES = ((0.5, 0.5), (2.5, 0.1), (7.0, 1.5), (20.0, 0.9))
"""Day and hours of what a server does not answer; each server has its own hour of the day."""
JUMPS = ((1.2, 300.0), (1.3, -300.0), (9.0, -300.0), (9.5, 300.0), (15.0, 3600.0), (16.0, -3600.0))
"""Day and seconds by which our clock is set."""


@dataclass(slots=True)
class Month:
    """What happened."""

    requests: int = 0
    implied: int = 0
    """Token requests that the margin rule implies for the same uses."""
    kept_alive: int = 0
    uses: int = 0
    failed_uses: Counter[str] = field(default_factory=Counter)
    withdrawn: int = 0
    lost: int = 0
    ends: Counter[Status] = field(default_factory=Counter)


class MarginRule:
    """The rule alone: a token is renewed by the first use within its margin."""

    def __init__(self, lifetime: timedelta | None) -> None:
        self._lifetime = lifetime
        self._received = 0.0
        self.requests = 0

    def use(self, now: float) -> None:
        """Use a token; the margin is in the middle of its jitter."""
        if self._lifetime is None:
            return
        lifetime = self._lifetime.total_seconds()
        margin = max(60.0, min(lifetime * 0.1, 900.0))
        if self._received + lifetime - now <= margin:
            self.requests += 1
            self._received = now


async def used(
    world: Population, month: Month, row: ConnectionRow, place: Place, *, every: timedelta
) -> int:
    """Use one connection for the whole month, at moments of its own."""
    chance = random.Random(row.id)  # noqa: S311 - a month that is the same every time
    rule = MarginRule(row.lifetime)
    loop = asyncio.get_running_loop()
    end = DAYS * DAY.total_seconds()
    while True:
        await asyncio.sleep(chance.uniform(0.2, 1.8) * every.total_seconds())
        now = loop.time()
        if now >= end:
            return rule.requests
        grant = place.authority.grants[world.grants[row.id]]
        if grant.withdrawn:
            return rule.requests
        rule.use(now)
        month.uses += 1
        try:
            await world.use(row, place)
        except ConnectsmithError as error:
            month.failed_uses[error.code] += 1


async def clock_is_set(world: Population) -> None:
    for day, seconds in JUMPS:
        await asyncio.sleep(max(day * DAY.total_seconds() - asyncio.get_running_loop().time(), 0))
        world.clock.jump(timedelta(seconds=seconds))


async def servers_withdraw(places: list[Place], month: Month) -> None:
    """Have owners end one grant in fifty, on one day of the month or another."""
    chance = random.Random(7)  # noqa: S311 - a month that is the same every time
    grants = [grant for place in places for grant in place.authority.grants.values()]
    for grant in chance.sample(grants, len(grants) // 50):
        await asyncio.sleep(DAYS * DAY.total_seconds() / (len(grants) // 50 + 1))
        grant.withdrawn = True
        month.withdrawn += 1


async def chores(world: Population, month: Month) -> None:
    keep_alive = world.installation.application.chores._keep_alive
    while True:
        month.kept_alive += await keep_alive.run_due()
        await asyncio.sleep(600)


async def answers_are_lost(places: list[Place]) -> None:
    """Lose an answer now and then, where the server forgives it."""
    while True:
        await asyncio.sleep(0.7 * DAY.total_seconds())
        places[0].authority.lose = 1


class Quiet(FlightRecorder):
    """Keeps no transcripts: writing them costs five times what the rest of a refresh does."""

    def keep(self, party: Party, flight: Flight) -> None:
        pass


async def month_of(count: int) -> Month:
    month = Month()
    async with population() as world:
        endpoint = world.installation.application.desks.connections._endpoint
        recorder = endpoint._recorder
        endpoint._recorder = Quiet(recorder._records, recorder._clock, recorder._randomness)
        places = [await world.place(f"as{number}.example.com") for number in range(SERVERS)]
        for number, place in enumerate(places):
            place.authority.latency = 0.2
            place.authority.down = outage_of(number)
        rows: list[tuple[ConnectionRow, Place, timedelta]] = []
        for share, terms, every in KINDS:
            for number in range(round(share * count)):
                place = places[number % SERVERS]
                forgiving = Terms(
                    lifetime=terms.lifetime, rotates=terms.rotates, grace=timedelta(seconds=60)
                )
                (row,) = await world.connect(place, forgiving if place is places[0] else terms)
                rows.append((row, place, every))
        others = [
            asyncio.create_task(each)
            for each in (
                clock_is_set(world),
                servers_withdraw(places, month),
                chores(world, month),
                answers_are_lost(places),
            )
        ]
        implied = await asyncio.gather(
            *[used(world, month, row, place, every=every) for row, place, every in rows]
        )
        for each in others:
            each.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        month.implied = sum(implied)
        month.requests = sum(len(place.authority.arrivals) for place in places)
        for row, place, _ in rows:
            grant = place.authority.grants[world.grants[row.id]]
            status = (await world.row(row.id)).status
            month.ends[status] += 1
            gone = status is Status.NEEDS_AUTHORIZATION and not grant.withdrawn
            month.lost += gone or grant.lost
    return month


def outage_of(number: int) -> Callable[[], bool]:
    """Say when one of the servers answers nothing."""

    def down() -> bool:
        now = asyncio.get_running_loop().time() - number * HOUR.total_seconds()
        return any(
            0 <= now - day * DAY.total_seconds() < hours * HOUR.total_seconds()
            for day, hours in OUTAGES
        )

    return down


def test_a_month_loses_no_grant_and_asks_hardly_more_than_the_margin_rule_implies() -> None:
    begun = time.process_time()
    month = run(month_of(COUNT))
    took = time.process_time() - begun

    ratio = (month.requests - month.kept_alive) / month.implied
    print(  # noqa: T201 - the figures that docs/benchmarks.md holds
        f"\n{COUNT} connections, {DAYS} days in {took:.0f} s of one core: {month.uses} uses, "
        f"{month.requests} token requests, of them {month.kept_alive} to keep idle grants alive; "
        f"the margin rule implies {month.implied}, ratio {ratio:.4f}. "
        f"{month.withdrawn} grants withdrawn, {month.lost} lost. "
        f"Uses that failed: {dict(month.failed_uses)}. At the end: "
        f"{ {status.value: count for status, count in month.ends.items()} }."
    )
    assert month.lost == 0
    assert ratio <= 1.02
    assert month.ends[Status.NEEDS_AUTHORIZATION] <= month.withdrawn
    assert month.ends[Status.ACTIVE] + month.ends[Status.DEGRADED] >= COUNT - month.withdrawn
    assert month.requests > COUNT


def test_without_the_lease_a_week_of_the_same_loses_grants() -> None:
    async def heedless() -> int:
        async with population() as world:
            place = await world.place("as.example.com", Authority(world.clock, latency=0.2))
            rows = await world.connect(place, Terms(rotates=True), 20)
            world.refresher._connections = cast(
                "Connections", Heedless(world.refresher._connections)
            )
            for _ in range(24):
                await asyncio.sleep(HOUR.total_seconds())
                tasks = []
                for row in [*rows, *rows]:
                    tasks.append(asyncio.create_task(world.use(row, place)))
                    await asyncio.sleep(0.01)
                    world.refresher._running.clear()
                await asyncio.gather(*tasks, return_exceptions=True)
            return sum(grant.lost for grant in place.authority.grants.values())

    assert run(heedless()) > 0
