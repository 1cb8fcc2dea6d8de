from dataclasses import replace
from datetime import timedelta

import pytest
from tests.storage.rows import NOW, WORKSPACE, authorization, connector

from connectsmith.errors import NotFound
from connectsmith.service.ports import (
    Storage,
)

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
    assert await stored.authorizations.count_attempt(WORKSPACE, "aut_a") == 1
    assert await stored.authorizations.count_attempt(WORKSPACE, "aut_a") == 2

    stale = replace(authorization(), status="returned")
    assert await stored.authorizations.advance(stale, expected_status="created")

    row = await stored.authorizations.get(WORKSPACE, "aut_a")
    assert row is not None
    assert row.completion_attempts == 2
    with pytest.raises(NotFound):
        await stored.authorizations.count_attempt(WORKSPACE, "aut_none")


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
