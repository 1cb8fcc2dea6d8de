from dataclasses import replace
from datetime import timedelta

import pytest
from tests.storage.rows import LATER, NOW, SOON, WORKSPACE, connection, connector

from connectsmith.core.connection.status import Status
from connectsmith.errors import NotFound
from connectsmith.service.ports import (
    Storage,
)
from connectsmith.service.rows import (
    ConnectionRow,
)

MOMENT = timedelta(microseconds=1)


@pytest.fixture
async def stored(storage: Storage) -> Storage:
    await storage.connectors.add(connector())
    await storage.connections.add(connection())
    return storage


async def _row(storage: Storage) -> ConnectionRow:
    row = await storage.connections.get(WORKSPACE, "cnn_a")
    assert row is not None
    return row


async def _lease(storage: Storage, owner: str = "one") -> int | None:
    row = await _row(storage)
    return await storage.connections.take_lease(row, owner=owner, now=NOW, until=SOON)


async def test_connection_is_found_as_it_was_stored(stored: Storage) -> None:
    full = connection(
        "cnn_b",
        definition="{}",
        failure_code="invalid_client",
        failure_message="No.",
        failed_at=NOW,
        retry_at=SOON,
        refreshed_at=NOW,
        last_used_at=NOW,
        discard_at=LATER,
        authorized_at=NOW,
        refresh_until=LATER,
        keep_alive_at=SOON,
        status=Status.UNCONFIRMED,
        test=True,
        sealed=None,
    )
    await stored.connections.add(full)

    assert await stored.connections.get(WORKSPACE, "cnn_b") == full
    assert await stored.connections.get("other", "cnn_b") is None
    assert await _row(stored) == connection()


async def test_cached_never_shows_what_is_not_stored_any_more(stored: Storage) -> None:
    await _row(stored)

    await stored.connections.confirm_origins(WORKSPACE, "cnn_a", ("https://new.example.com",), ())

    cached = stored.connections.cached(WORKSPACE, "cnn_a")
    assert cached is None or cached.origins_api == ("https://new.example.com",)
    await stored.connections.delete(WORKSPACE, "cnn_a")
    assert stored.connections.cached(WORKSPACE, "cnn_a") is None
    assert stored.connections.cached("other", "cnn_a") is None


async def test_one_lease_at_a_time(stored: Storage) -> None:
    assert await _lease(stored) == 1
    assert await _lease(stored, "two") is None

    row = await _row(stored)
    assert (row.lease_owner, row.lease_until, row.fence) == ("one", SOON, 1)


async def test_lease_that_ran_out_goes_to_the_next_with_a_higher_fence(stored: Storage) -> None:
    await _lease(stored)
    row = await _row(stored)
    connections = stored.connections

    early = await connections.take_lease(row, owner="two", now=SOON - MOMENT, until=LATER)
    due = await connections.take_lease(row, owner="two", now=SOON, until=LATER)

    assert (early, due) == (None, 2)
    assert (await _row(stored)).lease_owner == "two"


async def test_lease_needs_the_version_that_is_stored(stored: Storage) -> None:
    old = await _row(stored)
    assert await stored.connections.store(replace(old, version=2), expected_version=1)

    assert await stored.connections.take_lease(old, owner="one", now=NOW, until=SOON) is None
    gone = replace(old, id="cnn_none")
    assert await stored.connections.take_lease(gone, owner="one", now=NOW, until=SOON) is None


async def test_holder_stores_new_tokens_and_gives_the_lease_back_in_one_step(
    stored: Storage,
) -> None:
    fence = await _lease(stored)
    row = await _row(stored)
    renewed = replace(row, version=2, sealed=b"tokens 2", refreshed_at=SOON)

    assert await stored.connections.store(renewed, expected_version=1, fence=fence)

    assert await _row(stored) == replace(renewed, lease_owner=None, lease_until=None)


async def test_fenced_out_holder_stores_nothing_but_keeps_its_tokens(stored: Storage) -> None:
    slow = await _lease(stored)
    row = await _row(stored)
    quick = await stored.connections.take_lease(row, owner="two", now=SOON, until=LATER)
    assert slow is not None
    assert quick is not None
    stale = replace(row, version=2, sealed=b"stale")

    assert not await stored.connections.store(stale, expected_version=1, fence=slow)
    await stored.connections.rescue(WORKSPACE, "cnn_a", slow, b"stale", SOON)
    await stored.connections.release_lease(WORKSPACE, "cnn_a", slow)

    row = await _row(stored)
    assert (row.version, row.sealed, row.lease_owner) == (1, b"\x00tokens 1", "two")
    assert list(await stored.connections.rescued(WORKSPACE, "cnn_a")) == [(slow, b"stale")]
    fresh = replace(row, version=2, sealed=b"fresh")
    assert await stored.connections.store(fresh, expected_version=1, fence=quick)


async def test_released_lease_is_free_at_once(stored: Storage) -> None:
    fence = await _lease(stored)
    assert fence is not None

    await stored.connections.release_lease(WORKSPACE, "cnn_a", fence)

    assert await _lease(stored, "two") == 2


async def test_storing_an_old_row_cannot_lower_the_fence_or_move_the_owner(
    stored: Storage,
) -> None:
    before = await _row(stored)
    await _lease(stored)
    altered = replace(before, connector="con_other", created_by="somebody", last_used_at=NOW)

    assert await stored.connections.store(altered, expected_version=1)

    row = await _row(stored)
    assert (row.fence, row.connector, row.created_by) == (1, "con_a", "tok_a")
    assert row.last_used_at is None
    assert row.lease_owner is None


async def test_storing_an_old_row_takes_back_neither_confirmed_origins_nor_the_account(
    stored: Storage,
) -> None:
    before = await _row(stored)
    api, auth = ("https://narrow.example.com",), ("https://login.example.com",)
    await stored.connections.confirm_origins(WORKSPACE, "cnn_a", api, auth)
    await stored.connections.name_account(WORKSPACE, "cnn_a", "7", "ada@example.com", version=1)

    assert await stored.connections.store(replace(before, version=2), expected_version=1)

    row = await _row(stored)
    assert (row.origins_api, row.origins_auth) == (api, auth)
    assert (row.account_id, row.account_label) == ("7", "ada@example.com")


async def test_nothing_is_stored_over_a_version_that_moved(stored: Storage) -> None:
    row = await _row(stored)
    assert await stored.connections.store(replace(row, version=2), expected_version=1)

    assert not await stored.connections.store(replace(row, version=2), expected_version=1)


async def test_deleted_connection_cannot_come_back(stored: Storage) -> None:
    fence = await _lease(stored)
    assert fence is not None
    row = await _row(stored)
    await stored.connections.rescue(WORKSPACE, "cnn_a", 1, b"first", NOW)

    assert await stored.connections.delete(WORKSPACE, "cnn_a")
    assert not await stored.connections.delete(WORKSPACE, "cnn_a")

    assert not await stored.connections.store(replace(row, version=2), expected_version=1)
    assert not await stored.connections.store(
        replace(row, version=2), expected_version=1, fence=fence
    )
    with pytest.raises(NotFound):
        await stored.connections.rescue(WORKSPACE, "cnn_a", fence, b"late", NOW)
    assert not await stored.connections.rescued(WORKSPACE, "cnn_a")
    assert await stored.connections.get(WORKSPACE, "cnn_a") is None


async def test_last_use_is_shown(stored: Storage) -> None:
    await _row(stored)
    await stored.connections.touch({(WORKSPACE, "cnn_a"): SOON, (WORKSPACE, "cnn_none"): SOON})
    await stored.connections.touch({})

    assert (await _row(stored)).last_used_at == SOON


async def test_naming_the_account_leaves_the_lease_with_its_holder(stored: Storage) -> None:
    fence = await _lease(stored)

    connections = stored.connections
    assert await connections.name_account(WORKSPACE, "cnn_a", "7", "ada@example.com", version=1)
    assert not await connections.name_account(WORKSPACE, "cnn_a", "8", None, version=2)
    assert not await connections.name_account(WORKSPACE, "cnn_none", "7", None, version=1)

    row = await _row(stored)
    assert (row.account_id, row.account_label) == ("7", "ada@example.com")
    assert (row.lease_owner, row.fence) == ("one", fence)


async def test_absorbed_connection_goes_as_its_tokens_come(stored: Storage) -> None:
    new = connection("cnn_new", status=Status.UNCONFIRMED, discard_at=SOON)
    await stored.connections.add(new)
    moved = replace(await _row(stored), version=2, sealed=b"tokens of cnn_new")
    store = stored.connections

    assert not await store.absorb(moved, expected_version=9, absorbed=new)
    assert not await store.absorb(moved, expected_version=1, absorbed=replace(new, version=9))
    assert await store.get(WORKSPACE, "cnn_new") == new
    assert (await _row(stored)).version == 1

    assert await store.absorb(moved, expected_version=1, absorbed=new)
    assert await store.get(WORKSPACE, "cnn_new") is None
    assert (await _row(stored)).sealed == b"tokens of cnn_new"


async def test_pages_are_of_one_connector_or_of_all(stored: Storage) -> None:
    await stored.connectors.add(connector("con_b"))
    await stored.connections.add(connection("cnn_b", connector="con_b", created_at=LATER))
    await stored.connections.add(connection("cnn_c", created_at=LATER))

    all_of_them = await stored.connections.page(WORKSPACE, None, limit=2, after=None)
    rest = await stored.connections.page(WORKSPACE, None, limit=2, after=all_of_them.next)
    one = await stored.connections.page(WORKSPACE, "con_b", limit=2, after=None)

    assert [row.id for row in all_of_them.items] == ["cnn_c", "cnn_b"]
    assert [row.id for row in rest.items] == ["cnn_a"]
    assert rest.next is None
    assert [row.id for row in one.items] == ["cnn_b"]
    assert not (await stored.connections.page("other", None, limit=2, after=None)).items


async def test_overdue_are_unconfirmed_ones_past_their_time(stored: Storage) -> None:
    await stored.connections.add(connection("cnn_late", status=Status.UNCONFIRMED, discard_at=SOON))
    await stored.connections.add(
        connection("cnn_fresh", status=Status.UNCONFIRMED, discard_at=LATER)
    )
    await stored.connections.add(connection("cnn_kept", discard_at=SOON))

    assert [row.id for row in await stored.connections.overdue(SOON, 9)] == ["cnn_late"]
    assert not await stored.connections.overdue(NOW, 9)
    assert len(await stored.connections.overdue(LATER, 1)) == 1


async def test_connection_needs_a_connector(stored: Storage) -> None:
    with pytest.raises(NotFound):
        await stored.connections.add(connection("cnn_b", connector="con_none"))


async def test_connections_that_renew_themselves_are_counted_by_kind(storage: Storage) -> None:
    await storage.connectors.add(connector())
    await storage.connectors.add(connector("con_b"))
    for row in (
        connection("cnn_a"),
        connection("cnn_b", status=Status.DEGRADED),
        connection("cnn_c", status=Status.REVOKED),
        connection("cnn_d", status=Status.NEEDS_AUTHORIZATION),
        connection("cnn_e", renewable=False),
        connection("cnn_f", test=True),
        connection("cnn_g", connector="con_b"),
    ):
        await storage.connections.add(row)

    assert await storage.connections.renewing(WORKSPACE, "con_a", test=False) == 2
    assert await storage.connections.renewing(WORKSPACE, "con_a", test=True) == 1
    assert await storage.connections.renewing("other", "con_a", test=False) == 0


async def test_idle_connections_come_longest_waiting_first(stored: Storage) -> None:
    for name, moment in (("b", SOON), ("c", NOW), ("d", LATER), ("e", None)):
        await stored.connections.add(connection(f"cnn_{name}", keep_alive_at=moment))
    gone = connection("cnn_f", keep_alive_at=NOW, status=Status.NEEDS_AUTHORIZATION)
    await stored.connections.add(gone)

    due = await stored.connections.idle(SOON, 10)

    assert [row.id for row in due] == ["cnn_c", "cnn_b"]
    assert [row.id for row in await stored.connections.idle(SOON, 1)] == ["cnn_c"]


async def test_idle_connection_is_claimed_once_and_keeps_its_lease(stored: Storage) -> None:
    await stored.connections.add(connection("cnn_b", keep_alive_at=NOW))
    (row,) = await stored.connections.idle(NOW, 10)
    fence = await stored.connections.take_lease(row, owner="one", now=NOW, until=SOON)

    claims = [await stored.connections.claim_idle(row, LATER) for _ in range(2)]

    kept = await stored.connections.get(WORKSPACE, "cnn_b")
    assert claims == [True, False]
    assert kept is not None
    assert (kept.keep_alive_at, kept.lease_until, kept.fence) == (LATER, SOON, fence)
    assert await stored.connections.idle(SOON, 10) == []
