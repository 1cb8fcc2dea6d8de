import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from tests.service.renewing import Renewing, renewing
from tests.service.standing import ISSUER, WORKSPACE

from connectsmith.core.authorization.token_set import TokenSet
from connectsmith.core.connection.status import Status
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import AuthorizationEnded
from connectsmith.service.caller import Caller
from connectsmith.service.connections import ConnectionDesk
from connectsmith.service.making import NewConnection
from connectsmith.service.party import Party
from connectsmith.service.proof import Proof
from connectsmith.service.rows import ConnectionRow

SOMEBODY = Caller(WORKSPACE, "tok_a", "ope_a", frozenset())


@pytest.fixture
async def one() -> AsyncIterator[Renewing]:
    async with renewing() as renewal:
        renewal.process()  # from here on the scripted server answers all there is to ask
        yield renewal


def desk_of(one: Renewing) -> ConnectionDesk:
    return one.installation.application.desks.connections


async def brought(one: Renewing, token: str = "new") -> ConnectionRow:
    """Store what a new authorization brings: a connection of Ada's that nobody kept yet."""
    now, connector = one.installation.clock.now(), (await one.row()).connector
    tokens = TokenSet(
        Secret(f"access-{token}"),
        now,
        refresh_token=Secret(f"refresh-{token}"),
        lifetime=timedelta(hours=1),
    )
    party = Party(WORKSPACE, connector, one.blueprint, (ISSUER,), {}, {})
    row = await desk_of(one).add(
        NewConnection(
            party=party,
            tokens=tokens,
            test=False,
            caller="tok_b",
            operator="ope_b",
            status=Status.UNCONFIRMED,
        )
    )
    await one.connections.name_account(WORKSPACE, row.id, "ada", "Ada", version=row.version)
    named = await one.connections.get(WORKSPACE, row.id)
    assert named is not None
    return named


def revoked(one: Renewing) -> list[str]:
    """Return the tokens whose revocation was asked for."""
    asked = [each for each in one.server.requests if each.url.endswith("/revoke")]
    return [
        part.removeprefix("token=")
        for each in asked
        for part in each.body.decode().split("&")
        if part.startswith("token=")
    ]


# -- renewing a sign-in ---------------------------------------------------------------------------


async def test_renewed_sign_in_moves_into_the_connection_it_renews(one: Renewing) -> None:
    await one.change(status=Status.NEEDS_AUTHORIZATION, failure_code="grant_rejected")
    before, new = await one.row(), await brought(one)

    kept = await desk_of(one).keep(WORKSPACE, new.id, before.id)

    row = await one.row()
    assert (kept.id, row.status, row.version) == (before.id, Status.ACTIVE, before.version + 1)
    assert (row.created_at, row.created_by) == (before.created_at, before.created_by)
    assert (row.failure_code, row.discard_at) == (None, None)
    assert await one.tokens() == ("access-new", "refresh-new")
    assert await one.connections.get(WORKSPACE, new.id) is None
    assert await desk_of(one).discard_unkept() == 0
    assert revoked(one) == []


async def test_two_requests_that_keep_the_same_renewal_move_it_once(one: Renewing) -> None:
    new = await brought(one)

    kept = await asyncio.gather(*[desk_of(one).reconnect(new, await one.row()) for _ in range(5)])

    assert {each.version for each in kept} == {2}
    assert await one.tokens() == ("access-new", "refresh-new")


async def test_renewal_that_was_discarded_meanwhile_moves_nothing(one: Renewing) -> None:
    new = await brought(one)
    one.advance(minutes=10)
    await desk_of(one).discard_unkept()

    with pytest.raises(AuthorizationEnded):
        await desk_of(one).reconnect(new, await one.row())

    assert await one.tokens() == ("access-0", "refresh-0")


async def test_refresh_under_way_cannot_undo_a_renewed_sign_in(one: Renewing) -> None:
    held, new = one.server.hold(1), await brought(one)
    asking = asyncio.create_task(one.refresh(one.process()))
    await held.reached.wait()

    await desk_of(one).keep(WORKSPACE, new.id, one.id)
    held.let_go.set()

    assert (await asking).version == 2
    assert await one.tokens() == ("access-new", "refresh-new")
    assert len(await one.connections.rescued(WORKSPACE, one.id)) == 1


# -- keeping in time ------------------------------------------------------------------------------


async def test_what_nobody_kept_is_revoked_there_and_gone_here(one: Renewing) -> None:
    new = await brought(one)
    early = await desk_of(one).discard_unkept()

    one.advance(minutes=10)
    late = await desk_of(one).discard_unkept()
    await one.installation.application.chores.often()

    assert (early, late) == (0, 1)
    assert await one.connections.get(WORKSPACE, new.id) is None
    assert "refresh-new" in revoked(one)


async def test_kept_at_the_last_moment_is_neither_discarded_nor_revoked(one: Renewing) -> None:
    new = await brought(one)
    stale = await one.connections.get(WORKSPACE, new.id)
    assert stale is not None

    await desk_of(one).keep(WORKSPACE, new.id, None)
    ended = await desk_of(one)._ended(stale)
    one.advance(hours=1)
    await one.installation.application.chores.often()

    row = await one.connections.get(WORKSPACE, new.id)
    assert ended is None
    assert row is not None
    assert row.status is Status.ACTIVE
    assert revoked(one) == []


# -- ending ---------------------------------------------------------------------------------------


async def test_revoked_connection_holds_nothing_and_both_tokens_are_revoked(one: Renewing) -> None:
    ended = await desk_of(one).revoke(SOMEBODY, one.id)
    again = await desk_of(one).revoke(SOMEBODY, one.id)
    await one.installation.application.chores.often()

    assert (ended.status, ended.sealed, ended.renewable) == (Status.REVOKED, None, False)
    assert again == await one.row()
    assert revoked(one) == ["refresh-0", "access-0"]


async def test_revocation_is_of_the_tokens_that_a_refresh_brought_just_before(
    one: Renewing,
) -> None:
    stale = await one.row()
    await one.refresh(one.process())

    await desk_of(one)._end(stale)
    await one.installation.application.chores.often()

    assert revoked(one) == ["refresh-1", "access-1"]
    assert (await one.row()).status is Status.REVOKED


async def test_record_that_does_not_open_can_still_be_deleted(one: Renewing) -> None:
    await one.change(sealed=b"altered")

    await desk_of(one).delete(SOMEBODY, one.id)

    assert await one.connections.get(WORKSPACE, one.id) is None
    assert len(await one.installation.events("revocation_given_up")) == 1


async def test_naming_the_account_takes_no_lease_away(one: Renewing) -> None:
    row, now = await one.row(), one.installation.clock.now()
    await one.connections.take_lease(row, owner="x", now=now, until=now + one.rules.lease)

    named = await desk_of(one)._named(
        row, Proof(ok=True, did="auth_test", account_id="7", account_label="ada")
    )

    assert (named.account_id, (await one.row()).account_label) == ("7", "ada")
    assert (await one.row()).lease_owner == "x"


# -- health ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("different", "sentence"),
    [
        ({}, "renews itself"),
        ({"status": Status.UNCONFIRMED}, "needs you: keep it, or it is dropped"),
        ({"renewable": False, "lifetime": None}, "works until it is withdrawn"),
        ({"renewable": False}, "needs you: access ended today at 01:00 UTC, authorize again"),
        (
            {"status": Status.NEEDS_AUTHORIZATION, "failure_code": "grant_rejected"},
            "needs you: access was withdrawn, authorize again",
        ),
        (
            {"status": Status.DEGRADED, "failure_code": "client_rejected"},
            "needs the connector's author: its client is refused",
        ),
        (
            {"status": Status.DEGRADED, "failure_code": "token_endpoint_busy"},
            "could not be renewed: tries again by itself",
        ),
        (
            {
                "status": Status.DEGRADED,
                "failure_code": "token_endpoint_busy",
                "lifetime": timedelta(hours=2),
            },
            "works, but could not be renewed: tries again by itself",
        ),
        ({"status": Status.REVOKED, "sealed": None}, "ended by its owner: connect again"),
    ],
)
async def test_api_says_in_a_sentence_how_a_connection_is(
    one: Renewing, different: dict[str, Any], sentence: str
) -> None:
    await one.change(**different)

    shown = await one.installation.caller.get(f"/v1/connections/{one.id}")

    assert shown["health"] == sentence


async def test_account_proved_with_other_credentials_names_no_renewed_sign_in(
    one: Renewing,
) -> None:
    before, new = await one.row(), await brought(one)
    await desk_of(one).keep(WORKSPACE, new.id, one.id)
    now = await one.connections.name_account(WORKSPACE, one.id, "bob", "Bob", version=2)

    named = await desk_of(one)._named(before, Proof(ok=True, did="auth_test", account_id="ada"))

    assert now
    assert (named.account_id, (await one.row()).account_id) == ("bob", "bob")
