from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from tests.service.renewing import Renewing, renewing
from tests.service.standing import WORKSPACE, answered

from connectsmith.core.connection.credentials import Credentials
from connectsmith.errors import StorageBusy, TimedOut
from connectsmith.service.holdings import opened
from connectsmith.service.revocation import Revoker

DOWN = answered({}, 503)


@pytest.fixture
async def one() -> AsyncIterator[Renewing]:
    async with renewing() as renewal:
        renewal.process()
        yield renewal


def revoker_of(one: Renewing) -> Revoker:
    return one.installation.application.desks.connections._revoker


async def held(one: Renewing) -> Credentials:
    return opened(revoker_of(one)._sealer, await one.row())


async def test_server_that_is_down_is_asked_again_until_it_is_back(one: Renewing) -> None:
    revoker, row = revoker_of(one), await one.row()
    await revoker.enqueue(row, await held(one))
    one.server.instead(DOWN, DOWN, TimedOut("slow"), TimedOut("slow"))

    taken = []
    for pause in (0, 10, 20, 40, 3600):
        one.advance(seconds=pause)
        taken.append(await revoker.run_due())

    assert taken == [1, 1, 1, 0, 0]
    assert len(one.server.requests) == 6
    assert await one.installation.events("revocation_given_up") == []


async def test_it_is_given_up_after_more_than_a_day_and_that_is_recorded(one: Renewing) -> None:
    revoker = revoker_of(one)
    await revoker.enqueue(await one.row(), await held(one))
    one.server.instead(*[DOWN] * 200)

    begun, tries = one.installation.clock.now(), 0
    while not await one.installation.events("revocation_given_up"):
        tries += await revoker.run_due()
        one.advance(seconds=10)

    assert tries == one.rules.revocation_attempts
    assert one.installation.clock.now() - begun > timedelta(days=1)
    assert await revoker.run_due() == 0


async def test_locked_storage_gives_no_revocation_up(one: Renewing) -> None:
    revoker = revoker_of(one)
    await revoker.enqueue(await one.row(), await held(one))
    one.server.instead(StorageBusy("locked"), None)

    await revoker.run_due()
    one.advance(minutes=1)

    assert await revoker.run_due() == 1
    assert await one.installation.events("revocation_given_up") == []


async def test_tokens_of_a_connector_that_is_gone_are_given_up_at_once(one: Renewing) -> None:
    revoker, row = revoker_of(one), await one.row()
    await revoker.enqueue(row, await held(one))
    await one.installation.storage.connectors.delete(
        WORKSPACE, row.connector, one.installation.clock.now()
    )

    assert await revoker.run_due() == 1
    assert await revoker.run_due() == 0
    assert len(await one.installation.events("revocation_given_up")) == 1


async def test_held_revocation_waits_and_outlives_whoever_held_it(one: Renewing) -> None:
    revoker, row = revoker_of(one), await one.row()
    dropped = await revoker.enqueue(row, await held(one), held=True)
    released = await revoker.enqueue(row, await held(one), held=True)
    await revoker.enqueue(row, await held(one), held=True)
    await one.connections.delete(WORKSPACE, one.id)

    before = await revoker.run_due()
    await revoker.drop(WORKSPACE, dropped)
    await revoker.release(WORKSPACE, released)
    at_once = await revoker.run_due()
    one.advance(minutes=1)
    left_behind = await revoker.run_due()

    assert (before, at_once, left_behind) == (0, 1, 1)


async def test_one_bad_job_does_not_keep_the_others_from_their_turn(one: Renewing) -> None:
    revoker, row = revoker_of(one), await one.row()
    first = await revoker.enqueue(row, await held(one))
    await revoker.enqueue(row, await held(one))
    one.server.instead(RuntimeError("a bug"))

    with pytest.raises(ExceptionGroup):
        await revoker.run_due()

    assert first is not None
    assert len(one.server.requests) == 3
