from datetime import timedelta

from tests.storage.rows import (
    LATER,
    NOW,
    WORKSPACE,
    authorization,
    call,
    connection,
    connector,
    revision,
    secret,
)

from connectsmith.core.connection.status import Status
from connectsmith.service.ports import Storage
from connectsmith.service.rows import ConnectorRow
from connectsmith.service.summary_ports import Tally

HOUR = timedelta(hours=1)


async def with_connectors(storage: Storage, *rows: ConnectorRow) -> list[str]:
    for row in rows:
        await storage.connectors.add(row)
    return [row.id for row in rows]


async def test_draft_that_differs_from_the_newest_revision_is_changed(storage: Storage) -> None:
    ids = await with_connectors(
        storage, connector(), connector("con_b"), connector("con_c", draft="{}")
    )
    for name in ("con_a", "con_b"):
        row = await storage.connectors.get(WORKSPACE, name)
        assert row is not None
        text = row.draft if name == "con_a" else "{}"
        assert await storage.connectors.publish(
            revision(connector=name, id=f"rev_{name}", text=text), expected_draft_version=1
        )

    assert await storage.summaries.changed(WORKSPACE, ids) == {"con_b"}
    assert await storage.summaries.changed("other", ids) == frozenset()
    assert await storage.summaries.changed(WORKSPACE, []) == frozenset()


async def test_connections_are_counted_by_whether_somebody_must_act(storage: Storage) -> None:
    ids = await with_connectors(storage, connector(), connector("con_b"), connector("con_c"))
    rows = [
        connection("cnn_1", renewable=True, received_at=NOW - 2 * HOUR, lifetime=HOUR),
        connection("cnn_2", renewable=False, received_at=NOW, lifetime=HOUR),
        connection("cnn_3", renewable=False, received_at=NOW - 2 * HOUR, lifetime=HOUR),
        connection("cnn_4", renewable=False, received_at=NOW, lifetime=None),
        connection("cnn_5", status=Status.DEGRADED, renewable=True),
        connection("cnn_6", status=Status.NEEDS_AUTHORIZATION),
        connection("cnn_7", status=Status.REVOKED),
        connection("cnn_8", status=Status.UNCONFIRMED),
        connection("cnn_9", test=True),
        connection("cnn_b", connector="con_b", status=Status.ACTIVE, lifetime=None),
    ]
    for row in rows:
        await storage.connections.add(row)

    found = await storage.summaries.tallies(WORKSPACE, ids, NOW)

    assert found == {"con_a": Tally(3, 3), "con_b": Tally(1, 0)}
    assert found["con_a"].all == 6
    assert await storage.summaries.tallies("other", ids, NOW) == {}
    assert await storage.summaries.tallies(WORKSPACE, [], NOW) == {}


async def test_names_are_found_of_what_is_not_deleted(storage: Storage) -> None:
    ids = await with_connectors(storage, connector(), connector("con_b", name="Mail"))
    await with_connectors(storage, connector("con_gone"), connector("con_x", workspace="other"))
    await storage.connectors.delete(WORKSPACE, "con_gone", LATER)

    names = await storage.summaries.names(WORKSPACE, [*ids, "con_gone", "con_x", "con_none"])

    assert names == {"con_a": "Calendar", "con_b": "Mail"}
    assert await storage.summaries.names(WORKSPACE, []) == {}


async def test_accounts_are_said_in_words_where_there_are_some(storage: Storage) -> None:
    await with_connectors(storage, connector(), connector("con_x", workspace="other"))
    rows = [
        connection("cnn_words", account_id="7", account_label="ada@example.com"),
        connection("cnn_id", account_id="7", account_label=None),
        connection("cnn_unknown", account_id=None, account_label=None),
        connection("cnn_other", workspace="other", connector="con_x"),
    ]
    for row in rows:
        await storage.connections.add(row)

    ids = [*(each.id for each in rows), "cnn_gone"]

    assert await storage.summaries.accounts(WORKSPACE, ids) == {
        "cnn_words": "ada@example.com",
        "cnn_id": "7",
        "cnn_unknown": "",
    }
    assert await storage.summaries.accounts(WORKSPACE, []) == {}


async def test_last_call_of_each_connector_is_found(storage: Storage) -> None:
    ids = await with_connectors(storage, connector(), connector("con_b"))
    storage.calls.add(call("cal_1", started_at=NOW), None)
    storage.calls.add(call("cal_2", started_at=LATER), None)
    storage.calls.add(call("cal_3", workspace="other", started_at=LATER + HOUR), None)
    await storage.calls.flush()

    assert await storage.summaries.last_calls(WORKSPACE, ids) == {"con_a": LATER}
    assert await storage.summaries.last_calls(WORKSPACE, []) == {}


async def test_who_signed_in_since_a_moment_is_known(storage: Storage) -> None:
    young = connector("con_young", created_at=LATER)
    ids = await with_connectors(storage, connector(), connector("con_b"), young)
    for name, status, at in (("con_a", "failed", LATER), ("con_b", "kept", LATER)):
        row = authorization(f"aut_{name}", connector=name, status=status, created_at=at)
        await storage.authorizations.add(row)
    await storage.authorizations.add(
        authorization("aut_old", connector="con_a", status="kept", created_at=NOW)
    )

    summaries = storage.summaries
    assert await summaries.not_signed_in_since(WORKSPACE, ids, LATER) == {"con_a"}
    assert await summaries.not_signed_in_since("other", ids, LATER) == frozenset()
    assert await summaries.not_signed_in_since(WORKSPACE, [], LATER) == frozenset()


async def test_only_what_was_left_as_it_began_is_discarded(storage: Storage) -> None:
    begun = {"untouched_since": NOW}
    ids = await with_connectors(
        storage,
        connector("con_left", **begun),
        connector("con_own"),
        connector("con_young", untouched_since=LATER),
        connector("con_saved", **begun),
        connector("con_secret", **begun),
        connector("con_connected", **begun),
        connector("con_published", **begun),
    )
    saved = await storage.connectors.get(WORKSPACE, "con_saved")
    assert saved is not None
    await storage.connectors.save_draft(connector("con_saved", draft_version=2), expected_version=1)
    await storage.secrets.add([secret(connector="con_secret")])
    await storage.connections.add(connection(connector="con_connected"))
    await storage.connectors.publish(revision(connector="con_published"), expected_draft_version=1)

    gone = await storage.summaries.discard_untouched(LATER, LATER)

    assert list(gone) == ["con_left"]
    left = [each for each in ids if await storage.connectors.get(WORKSPACE, each) is not None]
    assert left == ids[1:]
    assert not await storage.summaries.discard_untouched(LATER, LATER)
