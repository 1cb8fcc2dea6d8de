import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from tests.keys.rings import sealer
from tests.service.authorities import Terms
from tests.service.population import population
from tests.service.renewing import Renewing, held_in, renewing
from tests.service.standing import WORKSPACE, answered

from connectsmith.core.connection.status import Status
from connectsmith.core.message import HttpResponse
from connectsmith.errors import (
    ClientRejected,
    ConnectionFailed,
    ConnectionNotUsable,
    ConnectsmithError,
    EgressDenied,
    GrantRejected,
    NameNotResolved,
    NetworkError,
    RefreshBusy,
    RefreshPostponed,
    SealBroken,
    StorageBusy,
    StorageFull,
    TimedOut,
    TlsFailed,
    TokenEndpointBusy,
)
from connectsmith.service.holdings import rescue_place
from connectsmith.testing.virtual_time import run

BUSY = answered({"error": "server_error"}, 503)
FULL = StorageFull("full")
LOCKED = StorageBusy("locked")


def lost() -> ConnectionFailed:
    """Return the failure of a request that may have reached the server."""
    error = ConnectionFailed("reset")
    error.sent = True
    return error


def too_late() -> TimedOut:
    """Return the failure of a request whose answer did not come in time."""
    error = TimedOut("slow")
    error.sent = True
    return error


@pytest.fixture
async def one() -> AsyncIterator[Renewing]:
    async with renewing() as renewal:
        yield renewal


# -- one refresher --------------------------------------------------------------------------------


@pytest.mark.row("R-01")
async def test_a_thousand_tasks_ask_once(one: Renewing) -> None:
    process, row = one.process(), await one.row()
    one.connections.reads = 0

    rows = await asyncio.gather(*[process.fresh(row, one.blueprint) for _ in range(1000)])

    assert len(one.server.requests) == 1
    assert one.connections.reads < 10
    assert {each.version for each in rows} == {2}
    assert await one.tokens() == ("access-1", "refresh-1")


@pytest.mark.control("R-01")
async def test_naively_a_thousand_tasks_ask_a_thousand_times_and_lose_the_grant(
    one: Renewing,
) -> None:
    naive, row = one.naive(), await one.row()

    asking = [naive.fresh(row, one.blueprint) for _ in range(1000)]
    await asyncio.gather(*asking, return_exceptions=True)

    assert len(one.server.requests) == 1000
    assert (await one.row()).status is Status.NEEDS_AUTHORIZATION


@pytest.mark.row("R-02")
async def test_processes_ask_once_between_them(one: Renewing) -> None:
    row = await one.row()
    processes = [one.process(name) for name in "abcdefgh"]

    rows = await asyncio.gather(*[each.fresh(row, one.blueprint) for each in processes * 8])

    assert len(one.server.requests) == 1
    assert {each.version for each in rows} == {2}


async def test_lease_is_durable_before_the_request_and_gone_after_it(one: Renewing) -> None:
    held = one.server.hold(1)

    asking = asyncio.create_task(one.refresh(one.process()))
    await held.reached.wait()
    during = await one.row()
    held.let_go.set()
    after = await asking

    assert during.lease_until == one.installation.clock.now() + one.rules.lease
    assert (during.fence, during.version) == (1, 1)
    assert (await one.row()).lease_until is None
    assert after.version == 2


@pytest.mark.row("R-05")
async def test_first_caller_may_leave_and_all_others_are_served(one: Renewing) -> None:
    process, row, held = one.process(), await one.row(), one.server.hold(1)
    callers = [asyncio.create_task(process.fresh(row, one.blueprint)) for _ in range(50)]
    await held.reached.wait()

    callers[0].cancel()
    held.let_go.set()
    endings = await asyncio.gather(*callers, return_exceptions=True)

    assert isinstance(endings[0], asyncio.CancelledError)
    assert [each.version for each in endings[1:] if not isinstance(each, BaseException)] == [2] * 49
    assert len(one.server.requests) == 1
    assert not process._running


@pytest.mark.control("R-05")
async def test_naively_the_first_caller_takes_all_others_along(one: Renewing) -> None:
    naive, row, held = one.naive(), await one.row(), one.server.hold(1)
    callers = [asyncio.create_task(naive.shared(row, one.blueprint)) for _ in range(50)]
    await held.reached.wait()

    callers[0].cancel()
    endings = await asyncio.gather(*callers, return_exceptions=True)

    assert {type(each) for each in endings} == {asyncio.CancelledError}
    assert (await one.row()).version == 1


async def test_waiters_share_a_failure_and_the_next_caller_is_told_to_wait(one: Renewing) -> None:
    process, row = one.process(), await one.row()
    one.server.instead(BUSY)

    endings = await asyncio.gather(
        *[process.fresh(row, one.blueprint) for _ in range(20)], return_exceptions=True
    )

    assert {type(each) for each in endings} == {TokenEndpointBusy}
    assert len(one.server.requests) == 1
    with pytest.raises(RefreshPostponed):
        await one.fresh(one.process("b"))


async def test_another_process_that_waited_does_not_repeat_a_failure(one: Renewing) -> None:
    held = one.server.hold(1)
    one.server.instead(BUSY)
    first = asyncio.create_task(one.refresh(one.process("a")))
    await held.reached.wait()
    second = asyncio.create_task(one.refresh(one.process("b"), insist=True))
    await asyncio.sleep(0)

    held.let_go.set()
    endings = await asyncio.gather(first, second, return_exceptions=True)

    assert [type(each) for each in endings] == [TokenEndpointBusy, RefreshPostponed]
    assert len(one.server.requests) == 1


async def test_caller_with_a_newer_refused_token_gets_one_that_is_newer_still(
    one: Renewing,
) -> None:
    process, row = one.process(), await one.row()
    first = await process.refresh(row, one.blueprint)

    second = await process.refresh(first, one.blueprint, insist=True)
    late = await process.refresh(row, one.blueprint)

    assert (first.version, second.version, late.version) == (2, 3, 3)
    assert len(one.server.requests) == 2


async def test_loser_that_waits_too_long_is_told_so() -> None:
    async with renewing(token_timeout=-timedelta(hours=1)) as one:
        row = await one.row()
        now = one.installation.clock.now()
        await one.connections.take_lease(row, owner="x", now=now, until=now + one.rules.lease)

        with pytest.raises(RefreshBusy) as caught:
            await one.fresh(one.process())

        assert caught.value.retry_after_seconds > 0
        assert one.server.requests == []


# -- fences ---------------------------------------------------------------------------------------


@pytest.mark.row("R-04")
async def test_stalled_holder_overwrites_nothing_and_its_tokens_are_kept_aside() -> None:
    async with renewing(grace=True) as one:
        slow, quick = one.server.hold(1), one.server.hold(2)
        stalled = asyncio.create_task(one.refresh(one.process("a")))
        await slow.reached.wait()
        one.installation.clock.advance(one.rules.lease)
        other = asyncio.create_task(one.refresh(one.process("b")))
        await quick.reached.wait()

        slow.let_go.set()
        aside = asyncio.create_task(one.connections.kept_aside.wait())
        await asyncio.wait({stalled, aside}, return_when=asyncio.FIRST_COMPLETED)
        before = await one.row()
        quick.let_go.set()
        rows = await asyncio.gather(stalled, other)

        ((fence, sealed),) = await one.connections.rescued(WORKSPACE, one.id)
        kept = held_in(sealer().open(sealed, rescue_place(await one.row(), fence))).tokens
        assert before.version == 1
        assert [row.version for row in rows] == [2, 2]
        assert await one.tokens() == ("access-2", "refresh-2")
        assert (fence, kept and kept.access_token.reveal()) == (1, "access-1")
        assert len(await one.installation.events("refresh_fenced")) == 1


@pytest.mark.control("R-04")
async def test_naively_who_stalled_stores_old_tokens_over_new_ones() -> None:
    async with renewing(grace=True) as one:
        slow = one.server.hold(1)
        stalled = asyncio.create_task(one.refresh(one.naive()))
        await slow.reached.wait()

        await one.refresh(one.naive())
        newer = await one.tokens()
        slow.let_go.set()
        await stalled

        assert newer == ("access-2", "refresh-2")
        assert await one.tokens() == ("access-1", "refresh-1")


async def test_invalid_grant_is_not_believed_when_the_row_has_moved(one: Renewing) -> None:
    held = one.server.hold(1)
    one.server.instead(answered({"error": "invalid_grant"}, 400))
    asking = asyncio.create_task(one.refresh(one.process()))
    await held.reached.wait()

    await one.change(version=2, sealed=b"from another process")
    held.let_go.set()

    assert (await asking).version == 2
    assert (await one.row()).status is Status.ACTIVE


async def test_invalid_grant_is_not_believed_while_another_holds_the_lease(one: Renewing) -> None:
    slow, quick = one.server.hold(1), one.server.hold(2)
    one.server.instead(answered({"error": "invalid_grant"}, 400), None)
    first = asyncio.create_task(one.refresh(one.process("a")))
    await slow.reached.wait()
    one.installation.clock.advance(one.rules.lease)
    second = asyncio.create_task(one.refresh(one.process("b")))
    await quick.reached.wait()

    slow.let_go.set()
    await asyncio.sleep(0)
    quick.let_go.set()
    rows = await asyncio.gather(first, second)

    assert [row.version for row in rows] == [2, 2]
    assert (await one.row()).status is Status.ACTIVE


async def test_invalid_grant_ends_in_asking_the_owner_and_no_further_request(
    one: Renewing,
) -> None:
    one.server.valid = []

    with pytest.raises(GrantRejected):
        await one.fresh(one.process())
    with pytest.raises(GrantRejected):
        await one.refresh(one.process(), insist=True)

    row = await one.row()
    assert (row.status, row.failure_code) == (Status.NEEDS_AUTHORIZATION, "grant_rejected")
    assert row.lease_until is None
    assert len(one.server.requests) == 1


# -- failures that may pass -----------------------------------------------------------------------


@pytest.mark.row("R-37")
async def test_a_week_of_failures_destroys_nothing(one: Renewing) -> None:
    broken: list[HttpResponse | Exception] = [
        BUSY,
        too_late(),
        answered({}, 500),
        answered("<html>"),
        ClientRejected("no"),
    ]
    for number in range(200):
        one.server.instead(broken[number % 5])
        with pytest.raises(Exception, match=r"."):
            await one.fresh(one.process(f"{number}"))
        assert (await one.row()).status is Status.DEGRADED
        one.advance(hours=1)

    fresh = await one.fresh(one.process("last"))

    assert (fresh.status, fresh.version, fresh.failure_code) == (Status.ACTIVE, 2, None)
    assert fresh.retry_at is None
    assert await one.tokens() == ("access-201", "refresh-201")


@pytest.mark.row("R-38")
async def test_refused_client_is_the_connectors_fault_and_heals(one: Renewing) -> None:
    process = one.process()
    one.server.instead(answered({"error": "invalid_client"}, 401))

    with pytest.raises(ClientRejected):
        await one.fresh(process)
    broken = await one.row()
    one.advance(seconds=60)

    assert (broken.status, broken.failure_code) == (Status.DEGRADED, "client_rejected")
    assert (await one.fresh(process)).status is Status.ACTIVE


@pytest.mark.row("R-38")
def test_refused_client_is_told_once_and_not_with_each_connection() -> None:
    async def told() -> list[str]:
        async with population() as world:
            refusing, place = [True], await world.place("as.example.com")
            rows = await world.connect(place, Terms(rotates=True), 20)
            place.authority.refuses_client = lambda: bool(refusing)
            await asyncio.sleep(3600)
            for _ in range(3):
                uses = [world.use(row, place) for row in rows]
                await asyncio.gather(*uses, return_exceptions=True)
                await asyncio.sleep(30)
            refusing.clear()
            await asyncio.gather(*[world.use(row, place) for row in rows])
            events = await world.installation.storage.events.recent(WORKSPACE, 100)
            assert {each.subject for each in events[:2]} == {place.connector}
            return [each.what for each in events if each.what.startswith(("client", "refresh"))]

    assert run(told()) == ["client_accepted", "client_rejected"]


@pytest.mark.parametrize(
    "passing",
    [
        pytest.param(ConnectionFailed("refused"), marks=pytest.mark.control("R-33")),
        pytest.param(BUSY, marks=pytest.mark.control("R-37")),
        pytest.param(answered({"error": "invalid_client"}, 401), marks=pytest.mark.control("R-38")),
    ],
)
async def test_naively_any_failure_ends_the_grant(
    one: Renewing, passing: HttpResponse | Exception
) -> None:
    one.server.instead(passing)
    with pytest.raises(ConnectsmithError):
        await one.fresh(one.naive())

    with pytest.raises(GrantRejected):
        await one.fresh(one.naive())

    assert (await one.row()).status is Status.NEEDS_AUTHORIZATION
    assert one.server.valid == ["refresh-0"]


async def test_access_token_that_still_works_is_used_while_renewing_fails() -> None:
    async with renewing(expired=False) as one:
        process, row = one.process(), await one.row()
        one.server.instead(BUSY)

        used = [await one.fresh(process) for _ in range(5)]

        assert [each.version for each in used] == [row.version] * 5
        assert len(one.server.requests) == 1


async def test_access_token_that_still_works_is_used_while_renewing_takes_long() -> None:
    async with renewing(expired=False, patience_while_alive=timedelta()) as one:
        process, held = one.process(), one.server.hold(1)

        used = await one.fresh(process)
        held.let_go.set()
        renewed = await one.refresh(process)

        assert (used.version, renewed.version) == (1, 2)
        assert len(one.server.requests) == 1


async def test_pause_doubles_up_to_its_limit_and_starts_anew(one: Renewing) -> None:
    pauses = []
    for number in range(8):
        one.server.instead(BUSY)
        with pytest.raises(TokenEndpointBusy):
            await one.fresh(one.process(f"{number}"))
        row = await one.row()
        assert row.retry_at is not None
        pauses.append((row.retry_at - one.installation.clock.now()).total_seconds())
        one.installation.clock.advance(row.retry_at - one.installation.clock.now())

    await one.fresh(one.process("last"))

    ours = [1, 2, 4, 8, 16, 27, 27, 27]
    assert all(0.9 * at <= pause <= 1.1 * at for pause, at in zip(pauses, ours, strict=True))
    assert len({pause / at for pause, at in zip(pauses, ours, strict=True)}) > 1
    assert (await one.row()).retry_at is None


@pytest.mark.row("R-36")
async def test_retry_after_is_obeyed_by_calls_of_all_processes(one: Renewing) -> None:
    answer = answered({"error": "slow_down"}, 429)
    one.server.instead(type(answer)(429, (*answer.headers, ("retry-after", "600")), answer.body))
    with pytest.raises(TokenEndpointBusy):
        await one.fresh(one.process("a"))

    one.advance(seconds=599)
    with pytest.raises(RefreshPostponed) as caught:
        await one.fresh(one.process("b"))
    with pytest.raises(RefreshPostponed):
        await one.refresh(one.process("b"))
    one.advance(seconds=61)
    fresh = await one.fresh(one.process("b"))

    assert 1 <= caught.value.retry_after_seconds <= 61
    assert (fresh.version, len(one.server.requests)) == (2, 2)


async def test_person_who_insists_is_not_made_to_wait(one: Renewing) -> None:
    process = one.process()
    one.server.instead(BUSY)
    with pytest.raises(TokenEndpointBusy):
        await one.fresh(process)

    assert (await one.refresh(process, insist=True)).version == 2


async def test_clock_that_is_set_back_prolongs_no_pause(one: Renewing) -> None:
    process = one.process()
    one.server.instead(BUSY)
    with pytest.raises(TokenEndpointBusy):
        await one.refresh(process)

    one.advance(minutes=-5)

    assert (await one.refresh(process)).version == 2


@pytest.mark.row("R-20")
@pytest.mark.parametrize("minutes", [-5, 5])
async def test_clock_that_jumps_causes_one_renewal_at_most(one: Renewing, minutes: int) -> None:
    process = one.process()
    await one.fresh(process)
    one.advance(minutes=minutes)

    for _ in range(10):
        await one.fresh(process)

    assert len(one.server.requests) == 1


async def test_lost_answer_is_asked_for_once_more_at_once(one: Renewing) -> None:
    one.server.instead(lost())

    assert (await one.fresh(one.process())).version == 2
    assert len(one.server.requests) == 2


@pytest.mark.row("R-33")
@pytest.mark.parametrize("kind", [ConnectionFailed, NameNotResolved, TlsFailed, TimedOut])
async def test_request_that_never_left_is_repeated_three_times(
    one: Renewing, kind: type[NetworkError]
) -> None:
    one.server.instead(kind("a"), kind("b"), kind("c"))

    assert (await one.fresh(one.process())).version == 2
    assert len(one.server.requests) == 4


@pytest.mark.row("R-33")
def test_server_that_is_back_within_three_seconds_is_reached_by_the_same_caller() -> None:
    async def use() -> tuple[int, float]:
        async with population() as world:
            place = await world.place("as.example.com")
            (row,) = await world.connect(place, Terms(rotates=True))
            await asyncio.sleep(3600)
            place.authority.unreachable = lambda: asyncio.get_running_loop().time() < 3603
            version = (await world.use(row, place)).version
            return version, asyncio.get_running_loop().time() - 3600

    version, seconds = run(use())

    assert version == 2
    assert seconds <= 4


@pytest.mark.row("R-33")
async def test_request_that_never_left_is_not_repeated_for_ever(one: Renewing) -> None:
    one.server.instead(*[ConnectionFailed("refused")] * 4)

    with pytest.raises(ConnectionFailed):
        await one.fresh(one.process())

    assert (await one.row()).status is Status.DEGRADED
    assert len(one.server.requests) == 4


@pytest.mark.row("R-34")
async def test_refresh_that_timed_out_after_it_was_sent_is_not_repeated_in_the_same_breath(
    one: Renewing,
) -> None:
    one.server.instead(too_late())

    with pytest.raises(TimedOut):
        await one.fresh(one.process())

    assert len(one.server.requests) == 1


@pytest.mark.control("R-34")
async def test_naively_what_timed_out_is_sent_again_and_again(one: Renewing) -> None:
    one.server.instead(*[too_late() for _ in range(3)])

    with pytest.raises(TimedOut):
        await one.fresh(one.naive(attempts=3))

    assert len(one.server.requests) == 3


async def test_what_the_egress_policy_denies_is_not_repeated(one: Renewing) -> None:
    one.server.instead(EgressDenied("no"))

    with pytest.raises(EgressDenied):
        await one.fresh(one.process())

    assert len(one.server.requests) == 1


async def test_connection_that_stays_broken_leaves_the_grant_alone(one: Renewing) -> None:
    one.server.instead(lost(), lost())

    with pytest.raises(ConnectionFailed):
        await one.fresh(one.process())

    row = await one.row()
    assert (row.status, row.lease_until) == (Status.DEGRADED, None)
    assert len(one.server.requests) == 2


async def test_fault_of_ours_is_no_news_of_the_grant(one: Renewing) -> None:
    await one.change(sealed=b"altered")

    with pytest.raises(SealBroken):
        await one.fresh(one.process())

    row = await one.row()
    assert (row.status, row.failure_code, row.lease_until) == (Status.ACTIVE, None, None)
    assert one.server.requests == []


# -- tokens that are refused, or live no time at all ----------------------------------------------


@pytest.mark.row("R-21")
async def test_token_that_is_refused_right_after_its_renewal_is_not_renewed_again(
    one: Renewing,
) -> None:
    process = one.process()
    await one.fresh(process)

    for _ in range(10):
        with pytest.raises(RefreshPostponed):
            await one.refresh(process)
    one.advance(seconds=30)
    renewed = await one.refresh(process)

    assert renewed.version == 3
    assert len(one.server.requests) == 2


@pytest.mark.row("R-21")
async def test_token_said_to_live_a_second_is_renewed_twice_a_minute_at_most(
    one: Renewing,
) -> None:
    process = one.process()
    one.server.lifetime = 1

    for _ in range(600):
        await one.fresh(process)
        one.advance(seconds=1)

    assert len(one.server.requests) == 20


@pytest.mark.control("R-21")
async def test_naively_a_token_said_to_live_a_second_is_renewed_every_second(
    one: Renewing,
) -> None:
    one.server.lifetime = 1

    for _ in range(600):
        await one.fresh(one.naive())
        one.advance(seconds=1)

    assert len(one.server.requests) == 600


@pytest.mark.row("R-20")
async def test_clock_set_far_back_costs_one_renewal(one: Renewing) -> None:
    process = one.process()
    await one.fresh(process)
    one.advance(days=-1)

    for _ in range(100):
        await one.fresh(process)
        one.advance(seconds=20)

    assert len(one.server.requests) == 2


@pytest.mark.control("R-20")
async def test_naively_a_clock_set_back_keeps_a_dead_token_for_a_day(one: Renewing) -> None:
    await one.fresh(one.naive())
    one.advance(days=-1)

    for _ in range(24):
        await one.fresh(one.naive())
        one.advance(hours=1)

    assert len(one.server.requests) == 1


# -- storage --------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [FULL, LOCKED])
@pytest.mark.row("R-30")
async def test_nothing_is_asked_while_the_lease_cannot_be_written(
    one: Renewing, fault: Exception
) -> None:
    one.connections.on_lease.append(fault)

    with pytest.raises(type(fault)):
        await one.fresh(one.process())

    assert one.server.requests == []
    assert (await one.fresh(one.process())).version == 2


@pytest.mark.row("R-32")
async def test_new_tokens_wait_for_the_storage(one: Renewing) -> None:
    one.connections.on_store += [FULL, LOCKED, FULL]

    fresh = await one.fresh(one.process())

    assert fresh.version == 2
    assert await one.tokens() == ("access-1", "refresh-1")


@pytest.mark.control("R-30", "R-32")
@pytest.mark.parametrize("fault", [FULL, LOCKED])
async def test_naively_the_server_rotates_what_nobody_can_store(
    one: Renewing, fault: Exception
) -> None:
    one.connections.on_store.append(fault)
    with pytest.raises(type(fault)):
        await one.fresh(one.naive())

    with pytest.raises(GrantRejected):
        await one.fresh(one.naive())

    assert len(one.server.requests) == 2
    assert await one.tokens() == ("access-0", "refresh-0")


async def test_tokens_the_storage_never_took_are_stored_by_the_next_attempt() -> None:
    async with renewing(store_patience=-timedelta(seconds=1)) as one:
        process = one.process()
        one.connections.on_store.append(FULL)
        with pytest.raises(StorageFull):
            await one.fresh(process)
        one.installation.clock.advance(one.rules.lease)

        fresh = await one.fresh(process)

        assert fresh.version == 2
        assert await one.tokens() == ("access-1", "refresh-1")
        assert len(one.server.requests) == 1


async def test_commit_whose_answer_was_lost_is_recognised(one: Renewing) -> None:
    one.connections.after_store.append(LOCKED)

    fresh = await one.fresh(one.process())

    assert fresh.version == 2
    assert await one.connections.rescued(WORKSPACE, one.id) == []


async def test_failure_that_cannot_be_written_down_is_still_told(one: Renewing) -> None:
    one.server.instead(BUSY)
    one.connections.on_store.append(FULL)

    with pytest.raises(TokenEndpointBusy):
        await one.fresh(one.process())


async def test_origins_confirmed_meanwhile_stay_confirmed(one: Renewing) -> None:
    held = one.server.hold(1)
    asking = asyncio.create_task(one.refresh(one.process()))
    await held.reached.wait()

    await one.connections.confirm_origins(
        WORKSPACE, one.id, ("https://new.example.com",), ("https://auth.example.com",)
    )
    await one.connections.name_account(WORKSPACE, one.id, "7", "ada", version=1)
    held.let_go.set()
    await asking

    row = await one.row()
    assert (row.version, row.origins_api) == (2, ("https://new.example.com",))
    assert row.account_label == "ada"


# -- endings --------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["revoke", "delete"])
async def test_what_comes_for_an_ended_connection_is_revoked_and_kept_nowhere(
    one: Renewing, how: str
) -> None:
    held = one.server.hold(1)
    asking = asyncio.create_task(one.refresh(one.process()))
    await held.reached.wait()
    if how == "revoke":
        await one.installation.caller.post(f"/v1/connections/{one.id}/revoke")
    else:
        await one.installation.caller.ask("DELETE", f"/v1/connections/{one.id}")
    held.let_go.set()

    with pytest.raises(ConnectionNotUsable):
        await asking

    await one.installation.application.chores.often()
    asked = [each for each in one.server.requests if each.url.endswith("/revoke")]
    assert any(b"refresh-1" in each.body for each in asked)
    assert await one.connections.rescued(WORKSPACE, one.id) == []


async def test_connection_that_was_not_kept_is_not_renewed() -> None:
    async with renewing(status=Status.UNCONFIRMED) as one:
        with pytest.raises(ConnectionNotUsable):
            await one.refresh(one.process(), insist=True)

        assert one.server.requests == []


async def test_shutdown_waits_until_new_tokens_are_stored(one: Renewing) -> None:
    process, held = one.process(), one.server.hold(1)
    asking = asyncio.create_task(one.refresh(process))
    await held.reached.wait()

    asking.cancel()
    ending = asyncio.create_task(process.settle())
    await asyncio.sleep(0)
    held.let_go.set()
    await ending

    assert await one.tokens() == ("access-1", "refresh-1")


async def test_shutdown_gives_the_lease_back_when_the_server_is_too_slow() -> None:
    async with renewing(lease=timedelta()) as one:
        process, held = one.process(), one.server.hold(1)
        asking = asyncio.create_task(one.refresh(process))
        await held.reached.wait()

        await process.settle()

        with pytest.raises(asyncio.CancelledError):
            await asking
        assert (await one.row()).lease_until is None
