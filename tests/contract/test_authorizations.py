from dataclasses import replace
from datetime import timedelta

import pytest
from tests.storage.rows import NOW, WORKSPACE, authorization, connection, connector

from connectsmith.errors import NotFound
from connectsmith.service.authorization_ports import Attempt
from connectsmith.service.ports import (
    Storage,
)
from connectsmith.service.rows import EventRow

DIGEST = b"state".ljust(32, b".")


@pytest.fixture
async def stored(storage: Storage) -> Storage:
    await storage.connectors.add(connector())
    await storage.authorizations.add(authorization())
    return storage


async def test_attempt_is_found_by_id_and_by_its_one_time_values(stored: Storage) -> None:
    row = authorization()
    started = replace(
        row,
        status="started",
        state_digest=DIGEST,
        cookie_digest=b"cookie",
        origins_api=("https://api.example.com",),
        sealed=b"verifier",
    )

    assert await stored.authorizations.by_start(row.start_digest) == row
    assert await stored.authorizations.by_state(DIGEST) is None
    assert await stored.authorizations.advance(started, expected_status="created")

    assert await stored.authorizations.by_state(DIGEST) == started
    assert await stored.authorizations.get(WORKSPACE, row.id) == started
    assert await stored.authorizations.get("other", row.id) is None


async def test_step_is_taken_once(stored: Storage) -> None:
    redeeming = replace(authorization(), status="redeeming")

    assert await stored.authorizations.advance(redeeming, expected_status="created")
    assert not await stored.authorizations.advance(redeeming, expected_status="created")
    assert not await stored.authorizations.advance(
        replace(redeeming, id="aut_none"), expected_status="redeeming"
    )


async def test_wrong_completion_values_are_counted_and_never_forgotten(stored: Storage) -> None:
    wrong = [await stored.authorizations.attempt(authorization(), None, most=5) for _ in range(2)]
    assert wrong == [Attempt(1, taken=False), Attempt(2, taken=False)]

    stale = replace(authorization(), status="returned")
    assert await stored.authorizations.advance(stale, expected_status="created")

    row = await stored.authorizations.get(WORKSPACE, "aut_a")
    assert row is not None
    assert row.completion_attempts == 2
    with pytest.raises(NotFound):
        await stored.authorizations.attempt(authorization("aut_none"), None, most=5)


async def test_good_completion_value_is_counted_and_used_up_at_once(stored: Storage) -> None:
    returned = replace(authorization(), status="returned", sealed=b"code")
    redeeming = replace(returned, status="redeeming", sealed=None)

    early = await stored.authorizations.attempt(returned, redeeming, most=5)
    await stored.authorizations.advance(returned, expected_status="created")
    first = await stored.authorizations.attempt(returned, redeeming, most=5)
    second = await stored.authorizations.attempt(returned, redeeming, most=5)

    assert [early, first, second] == [
        Attempt(1, taken=False),
        Attempt(2, taken=True),
        Attempt(3, taken=False),
    ]
    row = await stored.authorizations.get(WORKSPACE, "aut_a")
    assert row == replace(redeeming, completion_attempts=3)


async def test_good_completion_value_after_too_many_is_not_used(stored: Storage) -> None:
    returned = replace(authorization(), status="returned")
    await stored.authorizations.advance(returned, expected_status="created")
    await stored.authorizations.attempt(returned, None, most=1)

    late = await stored.authorizations.attempt(
        returned, replace(returned, status="redeeming"), most=1
    )

    assert late == Attempt(2, taken=False)
    row = await stored.authorizations.get(WORKSPACE, "aut_a")
    assert row == replace(returned, completion_attempts=2)


async def test_authorization_is_completed_with_its_connection_or_not_at_all(
    stored: Storage,
) -> None:
    done = replace(authorization(), status="completed", connection="cnn_a")
    event = EventRow(WORKSPACE, NOW, "tok_a", "authorization_completed", "aut_a", "cnn_a")

    async def complete(expected: str) -> bool:
        return await stored.authorizations.complete(
            done, connection(), event, expected_status=expected
        )

    assert not await complete("redeeming")
    assert await stored.connections.get(WORKSPACE, "cnn_a") is None
    assert not await stored.events.recent(WORKSPACE, 10)

    assert await complete("created")
    assert await stored.authorizations.get(WORKSPACE, "aut_a") == done
    assert await stored.connections.get(WORKSPACE, "cnn_a") == connection()
    assert await stored.events.recent(WORKSPACE, 10) == [event]


async def test_authorization_of_a_deleted_connector_is_not_completed(stored: Storage) -> None:
    await stored.connectors.delete(WORKSPACE, "con_a", NOW)
    done = replace(authorization(), status="completed", connection="cnn_a")
    event = EventRow(WORKSPACE, NOW, "tok_a", "authorization_completed", "aut_a", "cnn_a")

    assert not await stored.authorizations.complete(
        done, connection(), event, expected_status="created"
    )
    assert await stored.connections.get(WORKSPACE, "cnn_a") is None


async def test_overdue_are_those_that_are_open_and_past_their_end(stored: Storage) -> None:
    for status in ("started", "returned", "redeeming", "completed", "kept", "failed", "expired"):
        await stored.authorizations.add(authorization(f"aut_{status}", status=status))
    late = NOW + timedelta(minutes=10)
    await stored.authorizations.add(
        authorization("aut_fresh", expires_at=late + timedelta(seconds=1))
    )

    overdue = await stored.authorizations.overdue(late, 100)

    assert {row.status for row in overdue} == {
        "created",
        "started",
        "returned",
        "redeeming",
        "completed",
    }
    assert "aut_fresh" not in {row.id for row in overdue}
    assert len(await stored.authorizations.overdue(late, 2)) == 2
    assert not await stored.authorizations.overdue(NOW, 100)


async def test_unkept_are_a_callers_own_that_were_completed_in_time(stored: Storage) -> None:
    mine = authorization("aut_b", status="completed")
    theirs = authorization("aut_c", status="completed", created_by="ses_other")
    for row in (mine, theirs, authorization("aut_d", status="kept")):
        await stored.authorizations.add(row)

    found = stored.authorizations.unkept
    assert await found(WORKSPACE, mine.created_by, NOW) == [mine]
    assert await found("other", mine.created_by, NOW) == []
    assert await found(WORKSPACE, mine.created_by, mine.expires_at) == []


async def test_attempt_needs_a_connector(stored: Storage) -> None:
    with pytest.raises(NotFound):
        await stored.authorizations.add(authorization("aut_b", connector="con_none"))


async def test_page_lists_the_attempts_of_one_connector_newest_first(stored: Storage) -> None:
    await stored.connectors.add(connector("con_b"))
    await stored.authorizations.add(authorization("aut_b", connector="con_b"))
    await stored.authorizations.add(authorization("aut_new", created_at=NOW + timedelta(seconds=1)))
    await stored.authorizations.add(authorization("aut_z"))

    first = await stored.authorizations.page(WORKSPACE, "con_a", limit=2, after=None)
    last = await stored.authorizations.page(WORKSPACE, "con_a", limit=2, after=first.next)

    assert [row.id for row in first.items] == ["aut_new", "aut_z"]
    assert [row.id for row in last.items] == ["aut_a"]
    assert last.next is None
    assert not (await stored.authorizations.page("other", "con_a", limit=2, after=None)).items
