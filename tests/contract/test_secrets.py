from typing import Any

import pytest
from tests.storage.rows import LATER, WORKSPACE, connector, secret

from connectsmith.errors import NameTaken, NotFound
from connectsmith.service.ports import (
    Storage,
)
from connectsmith.service.rows import ConfirmedRow, SecretsChange


@pytest.fixture
async def stored(storage: Storage) -> Storage:
    await storage.connectors.add(connector())
    await storage.connectors.add(connector("con_b"))
    await storage.secrets.list(WORKSPACE, "con_a")
    return storage


async def test_secrets_are_listed_by_name_as_they_were_stored(stored: Storage) -> None:
    rows = [secret("sec_b", name="clientSecret"), secret("sec_a", name="clientId")]
    await stored.secrets.add(rows)

    assert list(await stored.secrets.list(WORKSPACE, "con_a")) == rows[::-1]
    assert list(await stored.secrets.list(WORKSPACE, "con_a")) == rows[::-1]
    assert not await stored.secrets.list("other", "con_a")
    assert not await stored.secrets.list(WORKSPACE, "con_b")


async def test_all_or_none_are_added_when_a_name_is_taken(stored: Storage) -> None:
    await stored.secrets.add([secret("sec_a", name="clientId")])

    with pytest.raises(NameTaken):
        await stored.secrets.add([secret("sec_b", name="new"), secret("sec_c", name="clientId")])
    with pytest.raises(NameTaken):
        await stored.secrets.add([secret("sec_d", name="twice"), secret("sec_e", name="twice")])

    assert [row.id for row in await stored.secrets.list(WORKSPACE, "con_a")] == ["sec_a"]


async def test_same_name_is_free_on_another_connector(stored: Storage) -> None:
    await stored.secrets.add([secret("sec_a")])
    await stored.secrets.add([secret("sec_b", connector="con_b")])

    assert [row.id for row in await stored.secrets.list(WORKSPACE, "con_b")] == ["sec_b"]


async def test_nothing_is_added_to_a_connector_that_does_not_exist(stored: Storage) -> None:
    with pytest.raises(NotFound):
        await stored.secrets.add([secret(connector="con_none")])
    with pytest.raises(NotFound):
        await stored.secrets.add([secret(workspace="other")])
    await stored.secrets.add([])


async def test_origins_are_confirmed_on_the_connectors_own_secret_only(stored: Storage) -> None:
    await stored.secrets.add([secret()])
    await stored.secrets.list(WORKSPACE, "con_a")
    wider = ("https://a.example.com", "https://b.example.com")

    assert not await stored.secrets.confirm(
        WORKSPACE, "con_b", "sec_a", origins=wider, browser=True
    )
    assert await stored.secrets.confirm(WORKSPACE, "con_a", "sec_a", origins=wider, browser=None)

    [row] = await stored.secrets.list(WORKSPACE, "con_a")
    assert (row.origins, row.browser) == (wider, False)


async def test_browser_is_allowed_and_forbidden_without_touching_origins(stored: Storage) -> None:
    await stored.secrets.add([secret()])

    await stored.secrets.confirm(WORKSPACE, "con_a", "sec_a", origins=None, browser=True)
    [allowed] = await stored.secrets.list(WORKSPACE, "con_a")
    await stored.secrets.confirm(WORKSPACE, "con_a", "sec_a", origins=(), browser=False)
    [forbidden] = await stored.secrets.list(WORKSPACE, "con_a")

    assert (allowed.origins, allowed.browser) == (secret().origins, True)
    assert (forbidden.origins, forbidden.browser) == ((), False)


async def test_deleted_secret_is_gone_and_its_name_free(stored: Storage) -> None:
    await stored.secrets.add([secret()])
    await stored.secrets.list(WORKSPACE, "con_a")

    assert not await stored.secrets.delete(WORKSPACE, "con_b", "sec_a")
    assert await stored.secrets.delete(WORKSPACE, "con_a", "sec_a")
    assert not await stored.secrets.delete(WORKSPACE, "con_a", "sec_a")

    assert not await stored.secrets.list(WORKSPACE, "con_a")
    await stored.secrets.add([secret("sec_new")])


async def test_last_use_is_listed(stored: Storage) -> None:
    await stored.secrets.add([secret()])
    await stored.secrets.list(WORKSPACE, "con_a")

    await stored.secrets.touch(WORKSPACE, ["sec_a", "sec_gone"], LATER)
    await stored.secrets.touch(WORKSPACE, [], LATER)

    [row] = await stored.secrets.list(WORKSPACE, "con_a")
    assert row.last_used_at == LATER


def change(**what: Any) -> SecretsChange:
    return SecretsChange(**{"workspace": WORKSPACE, "connector": "con_a"} | what)


async def test_secrets_are_deleted_confirmed_and_added_at_once(stored: Storage) -> None:
    await stored.secrets.add([secret("sec_a", name="one"), secret("sec_b", name="two")])
    await stored.secrets.list(WORKSPACE, "con_a")
    wider = ("https://b.example.com",)

    changed = await stored.secrets.change(
        change(
            draft_version=1,
            deleted=("sec_a",),
            confirmed=(ConfirmedRow("sec_b", wider, browser=True, seen=secret().origins),),
            added=(secret("sec_c", name="one"),),
        )
    )

    rows = await stored.secrets.list(WORKSPACE, "con_a")
    assert changed
    assert [(row.id, row.name, row.origins, row.browser) for row in rows] == [
        ("sec_c", "one", secret().origins, False),
        ("sec_b", "two", wider, True),
    ]


@pytest.mark.parametrize(
    "what",
    [
        {"draft_version": 2},
        {"deleted": ("sec_gone",)},
        {"confirmed": (ConfirmedRow("sec_gone", ()),)},
        {"confirmed": (ConfirmedRow("sec_a", (), seen=("https://never.example.com",)),)},
        {"deleted": ("sec_a",), "confirmed": (ConfirmedRow("sec_a", ()),)},
    ],
)
async def test_nothing_changes_when_a_part_no_longer_fits(
    stored: Storage, what: dict[str, Any]
) -> None:
    await stored.secrets.add([secret()])

    changed = await stored.secrets.change(
        change(**{"added": (secret("sec_b", name="new"),)} | what)
    )

    assert not changed
    assert list(await stored.secrets.list(WORKSPACE, "con_a")) == [secret()]


async def test_nothing_changes_when_a_name_to_add_is_taken(stored: Storage) -> None:
    rows = [secret("sec_a", name="one"), secret("sec_b", name="two")]
    await stored.secrets.add(rows)

    with pytest.raises(NameTaken):
        await stored.secrets.change(
            change(deleted=("sec_a",), added=(secret("sec_c", name="two"),))
        )

    assert list(await stored.secrets.list(WORKSPACE, "con_a")) == rows


async def test_secrets_of_no_connector_are_not_changed(stored: Storage) -> None:
    with pytest.raises(NotFound):
        await stored.secrets.change(change(connector="con_none", added=(secret(),)))
    with pytest.raises(NotFound):
        await stored.secrets.change(change(connector="con_none", deleted=("sec_a",)))
