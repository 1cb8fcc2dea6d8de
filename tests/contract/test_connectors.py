from dataclasses import replace
from datetime import timedelta

import pytest
from tests.storage.rows import (
    LATER,
    NOW,
    WORKSPACE,
    authorization,
    connection,
    connector,
    revision,
    secret,
)

from connectsmith.errors import CallerError, NotFound
from connectsmith.service.ports import (
    Storage,
)
from connectsmith.service.rows import (
    ConnectorRow,
)


async def _filled(storage: Storage, row: ConnectorRow) -> None:
    """Give a connector one of everything, in ways that end up in every cache."""
    await storage.connectors.add(row)
    first = revision(connector=row.id, id=f"rev_{row.id}")
    assert await storage.connectors.publish(first, expected_draft_version=1)
    await storage.secrets.add([secret(f"sec_{row.id}", connector=row.id)])
    await storage.authorizations.add(authorization(f"aut_{row.id}", connector=row.id))
    await storage.connections.add(connection(f"cnn_{row.id}", connector=row.id))
    await storage.connections.rescue(WORKSPACE, f"cnn_{row.id}", 1, b"rescued", NOW)
    await storage.connectors.get(WORKSPACE, row.id)
    await storage.connectors.revision(WORKSPACE, row.id, 1)
    await storage.secrets.list(WORKSPACE, row.id)
    await storage.connections.get(WORKSPACE, f"cnn_{row.id}")


async def test_connector_is_found_in_its_workspace_only(storage: Storage) -> None:
    row = connector()
    await storage.connectors.add(row)

    assert await storage.connectors.get(WORKSPACE, row.id) == row
    assert await storage.connectors.get("other", row.id) is None
    assert await storage.connectors.get(WORKSPACE, "con_none") is None


async def test_pages_are_newest_first_and_go_on_where_they_ended(storage: Storage) -> None:
    rows = [connector(f"con_{day}", created_at=NOW + timedelta(days=day)) for day in range(5)]
    same_moment = [connector(f"con_4{letter}", created_at=rows[4].created_at) for letter in "xy"]
    for row in (*rows, *same_moment):
        await storage.connectors.add(row)
    await storage.connectors.add(connector("con_other", workspace="other"))

    seen: list[str] = []
    after: str | None = None
    while True:
        page = await storage.connectors.page(WORKSPACE, limit=2, after=after, search=None)
        seen += [row.id for row in page.items]
        after = page.next
        if after is None:
            break

    assert seen == ["con_4y", "con_4x", "con_4", "con_3", "con_2", "con_1", "con_0"]


async def test_search_ignores_case_and_takes_its_text_literally(storage: Storage) -> None:
    for identifier, name in (("con_a", "Été 100%"), ("con_b", "ete_100x"), ("con_c", "Other!")):
        await storage.connectors.add(connector(identifier, name=name))

    async def found(search: str) -> list[str]:
        page = await storage.connectors.page(WORKSPACE, limit=9, after=None, search=search)
        return [row.id for row in page.items]

    assert await found("éTÉ") == ["con_a"]
    assert await found("100%") == ["con_a"]
    assert await found("_") == ["con_b"]
    assert await found("!") == ["con_c"]
    assert await found("") == ["con_c", "con_b", "con_a"]


@pytest.mark.parametrize("cursor", ["", "x", "1", "1.", ".con_a", "-1.con_a", "9" * 30 + ".c"])
async def test_cursor_that_no_list_returned_is_the_callers_fault(
    storage: Storage, cursor: str
) -> None:
    with pytest.raises(CallerError):
        await storage.connectors.page(WORKSPACE, limit=1, after=cursor, search=None)


async def test_draft_is_saved_only_over_the_version_that_was_read(storage: Storage) -> None:
    row = connector()
    await storage.connectors.add(row)
    await storage.connectors.get(WORKSPACE, row.id)
    mine = replace(
        row, name="Mine", draft="mine", draft_version=2, draft_saved_at=LATER, draft_saved_by="me"
    )

    assert await storage.connectors.save_draft(mine, expected_version=1)
    assert not await storage.connectors.save_draft(
        replace(mine, draft="theirs"), expected_version=1
    )

    assert await storage.connectors.get(WORKSPACE, row.id) == mine


async def test_publishing_adds_a_revision_and_points_at_it(storage: Storage) -> None:
    await storage.connectors.add(connector())
    await storage.connectors.get(WORKSPACE, "con_a")

    assert await storage.connectors.publish(revision(1), expected_draft_version=1)
    assert await storage.connectors.publish(revision(2), expected_draft_version=1)

    row = await storage.connectors.get(WORKSPACE, "con_a")
    assert row is not None
    assert row.published == 2
    assert await storage.connectors.revision(WORKSPACE, "con_a", 1) == revision(1)
    assert await storage.connectors.revision(WORKSPACE, "con_a", 1) == revision(1)
    assert await storage.connectors.revision(WORKSPACE, "con_a", 3) is None
    assert list(await storage.connectors.revisions(WORKSPACE, "con_a")) == [
        revision(2),
        revision(1),
    ]


async def test_nothing_is_published_when_the_draft_moved(storage: Storage) -> None:
    await storage.connectors.add(connector(draft_version=2))

    assert not await storage.connectors.publish(revision(1), expected_draft_version=1)

    row = await storage.connectors.get(WORKSPACE, "con_a")
    assert row is not None
    assert row.published is None
    assert not await storage.connectors.revisions(WORKSPACE, "con_a")


@pytest.mark.row("T-35")
async def test_connector_made_anew_under_the_same_name_inherits_nothing(storage: Storage) -> None:
    await _filled(storage, connector("con_old", name="Calendar"))
    await _filled(storage, connector("con_else", name="Other"))

    await storage.connectors.delete(WORKSPACE, "con_old", LATER)
    await storage.connectors.add(connector("con_new", name="Calendar"))

    for identifier in ("con_old", "con_new"):
        assert not await storage.secrets.list(WORKSPACE, identifier)
        assert not await storage.connectors.revisions(WORKSPACE, identifier)
        page = await storage.connections.page(WORKSPACE, identifier, limit=9, after=None)
        assert not page.items
    assert await storage.connectors.get(WORKSPACE, "con_old") is None
    assert await storage.connectors.revision(WORKSPACE, "con_old", 1) is None
    assert await storage.authorizations.get(WORKSPACE, "aut_con_old") is None
    assert storage.connections.cached(WORKSPACE, "cnn_con_old") is None
    assert await storage.connections.get(WORKSPACE, "cnn_con_old") is None
    assert not await storage.connections.rescued(WORKSPACE, "cnn_con_old")
    assert await storage.connectors.get(WORKSPACE, "con_else") is not None
    assert len(await storage.secrets.list(WORKSPACE, "con_else")) == 1
    assert await storage.connections.get(WORKSPACE, "cnn_con_else") is not None


async def test_deleted_connector_takes_nothing_new(storage: Storage) -> None:
    row = connector()
    await storage.connectors.add(row)
    await storage.connectors.delete(WORKSPACE, "con_a", LATER)

    with pytest.raises(NotFound):
        await storage.secrets.add([secret()])
    with pytest.raises(NotFound):
        await storage.authorizations.add(authorization())
    with pytest.raises(NotFound):
        await storage.connections.add(connection())
    assert not await storage.connectors.save_draft(row, expected_version=1)
    assert not await storage.connectors.save_draft(row, expected_version=2)
    assert not await storage.connectors.publish(revision(), expected_draft_version=2)
    page = await storage.connectors.page(WORKSPACE, limit=9, after=None, search=None)
    assert not page.items
