"""Authorization servers that are slow, limited or down; time is virtual."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tests.service.authorities import HOUR, Authority, Terms
from tests.service.population import LONG, Place, Population, population

from connectsmith.bootstrap import join
from connectsmith.core.connection.status import Status
from connectsmith.errors import AuthorizationServerPaused, ConnectsmithError, StorageBusy
from connectsmith.parts import rules_of
from connectsmith.service.refresh import Refresher
from connectsmith.service.rows import ConnectionRow
from connectsmith.service.traffic import TokenTraffic
from connectsmith.settings import Settings
from connectsmith.testing.memory_installation import MemoryMeta
from connectsmith.testing.virtual_time import run

ROTATING = Terms(rotates=True)
LENGTH = 1800.0 if LONG else 600.0
"""Seconds for which a server is down."""
MANY = 10_000 if LONG else 1000
"""Connections that expire at once; `make soak` has all of them."""


def seconds() -> float:
    return asyncio.get_running_loop().time()


async def insisting(
    world: Population,
    row: ConnectionRow,
    place: Place,
    until: float,
    *,
    process: Refresher | None = None,
) -> bool:
    """Use a connection as a patient caller does, who comes back when told to."""
    one = process or world.refresher
    while seconds() < until:
        try:
            current = await world.row(row.id)
            return (await one.fresh(current, place.blueprint)).version > row.version
        except ConnectsmithError as error:
            await asyncio.sleep(max(getattr(error, "retry_after_seconds", None) or 0, 1))
    return False


async def all_expire(world: Population, place: Place, count: int) -> Sequence[ConnectionRow]:
    rows = await world.connect(place, ROTATING, count)
    await asyncio.sleep(HOUR.total_seconds())
    return rows


async def mass_expiry(count: int) -> tuple[Counter[str], float, float]:
    """Let connections of one connector, and one of another, expire at one limited server."""
    async with population() as world:
        server = Authority(world.clock, per_second=50, latency=0.1)
        crowd = await world.place("as.example.com", server)
        lone = await world.place("as.example.com", server)
        (single,) = await world.connect(lone, ROTATING)
        rows = await all_expire(world, crowd, count)
        begun = seconds()

        async def alone() -> float:
            assert await insisting(world, single, lone, begun + 300)
            return seconds() - begun

        waited = asyncio.create_task(alone())
        renewed = await asyncio.gather(
            *[insisting(world, row, crowd, begun + 300) for row in rows], return_exceptions=True
        )
        outcome = Counter(str(each) for each in renewed)
        outcome["requests"] = len(server.arrivals) - 1
        outcome["lost"] = sum(each.lost for each in server.grants.values())
        return outcome, seconds() - begun, await waited


@pytest.mark.row("R-03")
def test_mass_expiry_at_a_limited_server_loses_nothing_and_starves_nobody() -> None:
    outcome, took, alone = run(mass_expiry(MANY))

    print(f"R-03: {dict(outcome)}, {took:.0f} s, the other tenant waited {alone:.1f} s")  # noqa: T201 - shown by make soak
    assert outcome["True"] == MANY
    assert outcome["lost"] == 0
    assert outcome["requests"] <= 1.1 * MANY
    assert took <= 300 * MANY / 10_000
    assert alone < 5


@pytest.mark.control("R-03")
def test_without_a_limit_the_same_crowd_is_turned_away() -> None:
    async def crowd() -> int:
        async with population(token_requests_per_second=1e6, token_requests_at_once=MANY) as world:
            server = Authority(world.clock, per_second=50, latency=0.1)
            place = await world.place("as.example.com", server)
            rows = await all_expire(world, place, MANY)
            await asyncio.gather(*[world.use(row, place) for row in rows], return_exceptions=True)
            return server.limited

    assert run(crowd()) > MANY / 2


async def of_processes(workers: int, *, dividing: bool = True) -> tuple[int, float]:
    """Let connections expire in an installation of several processes that share the work evenly.

    Returns how many requests were under way at once, and how many came in a second.
    """
    sharing = workers if dividing else 1
    rules = rules_of(Settings(data_dir=Path("data"), key_file=Path("key"), workers=sharing))
    async with population() as world:
        server = Authority(world.clock, latency=0.5)
        place = await world.place("as.example.com", server)
        rows = await all_expire(world, place, 400)
        processes = [join(world.installation.application.parts, rules) for _ in range(workers)]
        begun = seconds()
        await asyncio.gather(
            *[
                processes[number % workers].desks.connections._refresher.fresh(row, place.blueprint)
                for number, row in enumerate(rows)
            ]
        )
        return server.busiest, len(rows) / (seconds() - begun)


@pytest.mark.row("R-03")
@pytest.mark.parametrize("workers", [1, 2, 4, 5])
def test_processes_of_an_installation_share_what_a_server_is_asked(workers: int) -> None:
    busiest, rate = run(of_processes(workers))

    assert 8 - workers < busiest <= 8
    assert rate <= 40


def test_processes_that_share_nothing_ask_for_twice_as_much() -> None:
    busiest, _ = run(of_processes(2, dividing=False))

    assert busiest == 16


def busiest_minute(arrivals: Sequence[float]) -> int:
    return max(sum(1 for each in arrivals if at <= each < at + 60) for at in arrivals)


def processes_of(world: Population, count: int) -> Sequence[Refresher]:
    """Return the refreshers of processes that share one storage."""
    parts = world.installation.application.parts
    rules = rules_of(Settings(data_dir=Path("data"), key_file=Path("key"), workers=count))
    return [join(parts, rules).desks.connections._refresher for _ in range(count)]


async def outage(
    length: float,
    connections: int,
    *,
    processes: int = 1,
    unlike: Callable[[TokenTraffic], None] = lambda _: None,
    naively: bool = False,
) -> tuple[Sequence[float], tuple[float, float], set[Status]]:
    """Let a server be down while its connections are used all the time, in every process.

    Each process's traffic is changed by `unlike`. Returns when requests came after the circuit had
    opened, how long after its return the first came and the last connection worked, and in which
    states the connections were meanwhile.
    """
    async with population() as world:
        server = Authority(world.clock)
        place = await world.place("as.example.com", server)
        rows = await all_expire(world, place, connections)
        if naively:
            world.go_naive(gives_up=False)
        asking = [world.refresher] if processes == 1 else processes_of(world, processes)
        for each in asking:
            if not naively:
                unlike(each._traffic)
        begun = seconds()
        server.down = lambda: seconds() < begun + length
        renewed = asyncio.gather(
            *[
                insisting(
                    world, row, place, begun + length + 600, process=asking[number % processes]
                )
                for number, row in enumerate(rows)
            ]
        )
        await asyncio.sleep(length - 1)
        states = {(await world.row(row.id)).status for row in rows}
        during = [at for at in server.arrivals if at < begun + length]
        assert all(await renewed)
        noticed = min(at for at in server.arrivals if at >= begun + length)
        after = (noticed - begun - length, seconds() - begun - length)
        return during[5 * processes :], after, states


@pytest.mark.row("R-35")
@pytest.mark.parametrize(("connections", "processes"), [(1, 1), (200, 1), (8, 2), (200, 8)])
def test_server_that_is_down_is_probed_six_times_a_minute_at_most_and_its_return_noticed(
    connections: int, processes: int
) -> None:
    during, (noticed, recovered), states = run(outage(LENGTH, connections, processes=processes))

    print(  # noqa: T201 - shown by make soak
        f"R-35: {processes} processes, {connections} connections: {busiest_minute(during)} probes "
        f"in the busiest minute, return noticed after {noticed:.0f} s, by all after {recovered:.0f}"
    )
    assert busiest_minute(during) <= 3
    assert noticed <= 30
    assert recovered <= 30 + connections / 40
    assert states <= {Status.ACTIVE, Status.DEGRADED}


@pytest.mark.control("R-35")
def test_naively_a_server_that_is_down_is_asked_by_every_caller_every_second() -> None:
    during, _, _ = run(outage(90, 5, naively=True))

    assert busiest_minute(during) >= 5 * 59


def keep_to_itself(traffic: TokenTraffic) -> None:
    """Let a process know of no other's outages."""
    traffic._outages._meta = MemoryMeta()


@pytest.mark.control("R-35")
def test_processes_that_tell_each_other_nothing_probe_as_often_as_they_are_many() -> None:
    during, _, _ = run(outage(600, 200, processes=8, unlike=keep_to_itself))

    assert busiest_minute(during) >= 8 * 2


class OutOfReach(MemoryMeta):
    """Facts in a database that is locked."""

    async def get(self, key: str) -> str | None:
        raise StorageBusy("locked")

    async def put_first(self, key: str, value: str) -> str:
        raise StorageBusy("locked")


@pytest.mark.row("R-35")
def test_without_the_shared_facts_each_process_goes_by_what_it_knows_itself() -> None:
    def cut_off(traffic: TokenTraffic) -> None:
        traffic._outages._meta = traffic._pauses._meta = OutOfReach()

    during, (noticed, recovered), _ = run(outage(600, 40, processes=2, unlike=cut_off))

    assert busiest_minute(during) <= 3 * 2
    assert noticed <= 30
    assert recovered <= 31


async def limited(written: str, window: float, *, naively: bool = False) -> Sequence[float]:
    """Use connections at a server that asks for a pause; return when requests came."""
    async with population() as world:
        server = Authority(world.clock, per_second=0, retry_after=written)
        place = await world.place("as.example.com", server)
        rows = await all_expire(world, place, 50)
        if naively:
            world.go_naive(gives_up=False)
        until = seconds() + 2 * window + 60
        await asyncio.gather(*[insisting(world, row, place, until) for row in rows])
        return server.arrivals


@pytest.mark.row("R-36")
@pytest.mark.parametrize(("written", "window"), [("120", 120), ("date", 29), ("86400", 3600)])
def test_no_connection_of_a_server_is_asked_for_within_its_retry_after(
    written: str, window: float
) -> None:
    arrivals = run(limited(written, window))

    first = [at for at in arrivals if at < arrivals[0] + 1]
    assert len(first) <= 8
    assert min(at for at in arrivals if at >= arrivals[0] + 1) >= arrivals[0] + window


@pytest.mark.control("R-36")
def test_naively_a_connection_asks_within_what_another_was_told_to_wait() -> None:
    arrivals = run(limited("120", 120, naively=True))

    assert len([at for at in arrivals if at < arrivals[0] + 120]) >= 50


@pytest.mark.row("R-36")
def test_pause_that_one_process_was_asked_for_is_kept_by_the_others() -> None:
    async def processes() -> tuple[int, int]:
        async with population() as world:
            server = Authority(world.clock, per_second=0, retry_after="600")
            place = await world.place("as.example.com", server)
            asked, *others = await all_expire(world, place, 5)
            await asyncio.gather(world.use(asked, place), return_exceptions=True)
            server.per_second, before = None, len(server.arrivals)
            parts = world.installation.application.parts
            rules = rules_of(Settings(data_dir=Path("data"), key_file=Path("key")))
            other = join(parts, rules).desks.connections._refresher
            for row in others:
                with pytest.raises(AuthorizationServerPaused) as caught:
                    await other.refresh(row, place.blueprint, insist=row is others[1])
            within = len(server.arrivals) - before
            await asyncio.sleep(caught.value.retry_after_seconds or 0)
            await other.refresh(others[0], place.blueprint)
            return within, len(server.arrivals) - before

    assert run(processes()) == (0, 1)


def test_person_who_insists_is_not_kept_by_failures_but_by_a_pause_that_was_asked_for() -> None:
    async def person(retry_after: str | None, down: Callable[[], bool]) -> int:
        async with population() as world:
            server = Authority(world.clock, retry_after=retry_after, down=down)
            server.per_second = 0 if retry_after else None
            place = await world.place("as.example.com", server)
            rows = await all_expire(world, place, 8)
            await asyncio.gather(*[world.use(row, place) for row in rows], return_exceptions=True)
            before = len(server.arrivals)
            row = await world.row(rows[0].id)
            with pytest.raises(ConnectsmithError) as caught:
                await world.refresher.refresh(row, place.blueprint, insist=True)
            assert isinstance(caught.value, AuthorizationServerPaused) is bool(retry_after)
            return len(server.arrivals) - before

    assert run(person(None, lambda: True)) == 1
    assert run(person("600", lambda: False)) == 0


def test_caller_that_gives_up_in_line_leaves_its_turn_to_the_next() -> None:
    async def crowd() -> list[bool]:
        async with population(token_requests_at_once=1) as world:
            server = Authority(world.clock, latency=1)
            place = await world.place("as.example.com", server)
            traffic = world.refresher._traffic
            rows = await all_expire(world, place, 3)
            async with traffic.turn(place.host, "x"):
                waiting = asyncio.create_task(_hold(world, place))
                await asyncio.sleep(1)
                waiting.cancel()
            until = seconds() + 10
            return await asyncio.gather(*[insisting(world, r, place, until) for r in rows])

    assert run(crowd()) == [True] * 3


async def _hold(world: Population, place: Place) -> None:
    async with world.refresher._traffic.turn(place.host, "y"):
        pass
