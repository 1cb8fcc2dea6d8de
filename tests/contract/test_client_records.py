from dataclasses import replace
from datetime import timedelta

import pytest
from tests.storage.rows import LATER, NOW, WORKSPACE, client_record, connector

from connectsmith.errors import NotFound
from connectsmith.service.ports import Storage


@pytest.fixture
async def stored(storage: Storage) -> Storage:
    await storage.connectors.add(connector())
    await storage.connectors.add(connector("con_b"))
    return storage


async def test_records_are_listed_oldest_first_as_they_were_stored(stored: Storage) -> None:
    younger = client_record("kid-a", created_at=LATER, sealed=None, due_at=None)
    older = client_record("kid-b")
    assert await stored.client_records.add(younger)
    assert await stored.client_records.add(older)

    assert list(await stored.client_records.of_connector(WORKSPACE, "con_a")) == [older, younger]
    assert list(await stored.client_records.of_connector(WORKSPACE, "con_a")) == [older, younger]
    assert not await stored.client_records.of_connector("other", "con_a")
    assert not await stored.client_records.of_connector(WORKSPACE, "con_b")


async def test_record_of_the_same_kind_and_id_is_not_added_again(stored: Storage) -> None:
    await stored.client_records.add(client_record())

    again = await stored.client_records.add(client_record(content="{}"))
    elsewhere = await stored.client_records.add(client_record(connector="con_b"))
    another_kind = await stored.client_records.add(client_record(kind="metadata"))

    assert (again, elsewhere, another_kind) == (False, True, True)
    rows = await stored.client_records.of_connector(WORKSPACE, "con_a")
    assert {row.content for row in rows} == {client_record().content}


async def test_record_is_written_over_only_in_the_version_that_was_read(stored: Storage) -> None:
    await stored.client_records.add(client_record())
    changed = client_record(version=2, content='{"a": 1}', sealed=b"new", due_at=None)

    won = await stored.client_records.replace(changed, expected_version=1)
    lost = await stored.client_records.replace(replace(changed, content="{}"), expected_version=1)

    assert (won, lost) == (True, False)
    assert list(await stored.client_records.of_connector(WORKSPACE, "con_a")) == [changed]


async def test_keys_are_published_by_connector_alone_and_nothing_else_is(stored: Storage) -> None:
    await stored.client_records.add(client_record("kid-a"))
    await stored.client_records.add(client_record("x", kind="registration"))
    await stored.client_records.add(client_record("kid-b", connector="con_b"))

    assert [row.id for row in await stored.client_records.published("con_a")] == ["kid-a"]


async def test_what_wants_to_be_looked_at_is_found_when_its_time_has_come(stored: Storage) -> None:
    await stored.client_records.add(client_record("late", due_at=NOW + timedelta(minutes=1)))
    await stored.client_records.add(client_record("later", due_at=LATER))
    await stored.client_records.add(client_record("never", due_at=None))

    assert [row.id for row in await stored.client_records.due(NOW, 10)] == []
    assert [row.id for row in await stored.client_records.due(LATER, 10)] == ["late", "later"]
    assert [row.id for row in await stored.client_records.due(LATER, 1)] == ["late"]


async def test_deleted_record_is_gone_and_a_deleted_connector_takes_all(stored: Storage) -> None:
    await stored.client_records.add(client_record("kid-a"))
    await stored.client_records.add(client_record("kid-b"))

    assert await stored.client_records.delete(client_record("kid-a"))
    assert not await stored.client_records.delete(client_record("kid-a"))
    left = [row.id for row in await stored.client_records.of_connector(WORKSPACE, "con_a")]
    await stored.connectors.delete(WORKSPACE, "con_a", LATER)

    assert left == ["kid-b"]
    assert not await stored.client_records.of_connector(WORKSPACE, "con_a")
    assert not await stored.client_records.published("con_a")
    with pytest.raises(NotFound):
        await stored.client_records.add(client_record("kid-c"))
