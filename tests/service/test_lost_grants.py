"""A grant is lost only when its server or its owner ends it: tokens that came are never dropped."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.service.renewing import Renewing, renewing
from tests.service.standing import WORKSPACE, answered

from connectsmith.core.connection.status import Status
from connectsmith.errors import Bug, GrantRejected, StorageFull, TokenAnswerInvalid
from connectsmith.service.revocation import HOLD, Revoker

UNREADABLE = answered({"refresh_token": "refresh-1", "token": "access-1", "expires_in": 3600})
"""What a service answers whose access token the definition looks for in the wrong place."""


@pytest.fixture
async def one() -> AsyncIterator[Renewing]:
    async with renewing() as renewal:
        yield renewal


def revoker_of(one: Renewing) -> Revoker:
    return one.installation.application.desks.connections._revoker


async def test_tokens_kept_aside_are_used_when_the_stored_ones_turn_out_to_be_spent(
    one: Renewing,
) -> None:
    slow, quick = one.server.hold(1), one.server.hold(2)
    stalled = asyncio.create_task(one.refresh(one.process("a")))
    await slow.reached.wait()
    one.installation.clock.advance(one.rules.lease)
    other = asyncio.create_task(one.refresh(one.process("b")))
    await quick.reached.wait()  # with the refresh token that the first request has used up

    aside = asyncio.create_task(one.connections.kept_aside.wait())
    slow.let_go.set()
    await asyncio.wait({stalled, aside}, return_when=asyncio.FIRST_COMPLETED)
    quick.let_go.set()
    rows = await asyncio.gather(stalled, other)

    assert [(row.version, row.status) for row in rows] == [(2, Status.ACTIVE)] * 2
    assert await one.tokens() == ("access-1", "refresh-1")


async def test_tokens_kept_aside_are_used_once(one: Renewing) -> None:
    await test_tokens_kept_aside_are_used_when_the_stored_ones_turn_out_to_be_spent(one)
    one.server.valid = []
    one.advance(hours=2)

    with pytest.raises(GrantRejected):
        await one.refresh(one.process("c"))

    assert (await one.row()).status is Status.NEEDS_AUTHORIZATION


async def test_new_refresh_token_is_kept_though_the_rest_of_its_answer_cannot_be_read(
    one: Renewing,
) -> None:
    one.server.instead(UNREADABLE)
    one.server.valid = ["refresh-1"]

    with pytest.raises(TokenAnswerInvalid):
        await one.refresh(one.process())
    failed = await one.row()
    kept = await one.tokens()
    healed = await one.refresh(one.process(), insist=True)

    assert kept == ("access-0", "refresh-1")
    assert (failed.status, failed.failure_code) == (Status.DEGRADED, "token_answer_invalid")
    assert failed.retry_at is not None
    assert healed.status is Status.ACTIVE
    assert await one.tokens() == ("access-2", "refresh-2")


async def test_id_token_of_another_form_costs_no_refresh_token(one: Renewing) -> None:
    one.server.instead(
        answered({"access_token": "access-1", "refresh_token": "refresh-1", "id_token": {"a": 1}})
    )

    await one.refresh(one.process())

    assert await one.tokens() == ("access-1", "refresh-1")


async def test_tokens_outlive_a_storage_that_fails_as_nobody_foresaw(one: Renewing) -> None:
    process = one.process()
    one.connections.on_store.append(Bug("The database server refused a statement (XX000)."))
    with pytest.raises(Bug):
        await one.refresh(process)
    one.installation.clock.advance(one.rules.lease)

    await one.refresh(process)

    assert len(one.server.requests) == 1
    assert await one.tokens() == ("access-1", "refresh-1")


async def test_tokens_the_storage_never_took_are_stored_without_anybody_asking(
    one: Renewing,
) -> None:
    process = one.process()
    one.connections.on_store.append(Bug("broken"))
    with pytest.raises(Bug):
        await one.refresh(process)

    one.connections.on_store.append(StorageFull("full"))
    with pytest.raises(StorageFull):
        await process.store_held()
    await process.settle()

    assert len(one.server.requests) == 1
    assert await one.tokens() == ("access-1", "refresh-1")


async def test_revocation_whose_holder_died_spares_a_connection_that_lives(one: Renewing) -> None:
    one.process()
    row = await one.row()
    held = one.installation.application.desks.connections._held
    await revoker_of(one).enqueue(row, await held(row), held=True)

    one.installation.clock.advance(HOLD * 2)
    await revoker_of(one).run_due()

    assert [each.url for each in one.server.requests] == []


async def test_revocation_whose_holder_died_after_the_end_is_carried_out(one: Renewing) -> None:
    one.process()
    row = await one.row()
    held = one.installation.application.desks.connections._held
    await revoker_of(one).enqueue(row, await held(row), held=True)
    await one.connections.delete(WORKSPACE, one.id)

    one.installation.clock.advance(HOLD * 2)
    await revoker_of(one).run_due()

    assert {each.url.rpartition("/")[2] for each in one.server.requests} == {"revoke"}
