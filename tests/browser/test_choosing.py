"""An account has several of what a connector works with: its owner picks one, in the browser."""

from collections.abc import Sequence
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import Workbench
from tests.browser.drafts import answer, consent, open_debugger, ready
from tests.browser.screens import look_at
from tests.browser.test_connections import menu
from tests.servers.hostile import Hostile
from tests.servers.replies import Reply, json_reply


@pytest.fixture
def neighbours(hostile: Hostile) -> Sequence[str]:
    """Let a scripted service be reached."""
    return (hostile.origin,)


def sites(*names: str) -> Reply:
    """List sites of an account."""
    return json_reply({"sites": [{"id": f"id-{name}", "name": name} for name in names]})


@pytest.fixture
def connector(workbench: Workbench, hostile: Hostile) -> str:
    """A draft whose sign-in looks up the account's sites."""
    hostile.on("/sites", sites("Berlin", "Vienna"))
    for name in ("Vienna", "Oslo"):
        hostile.on(f"/sites/id-{name}", json_reply({"root": f"root-{name}"}))

    def several(definition: dict[str, Any]) -> None:
        definition["auth_components"]["followUp"] = [
            {
                "url": f"{hostile.origin}/sites",
                "on": ["exchange"],
                "choose": {"items": "/sites", "label": "/name"},
                "capture": {"site": "/id"},
            },
            {
                "url": f"{hostile.origin}/sites/{{{{connection.site}}}}",
                "on": ["exchange"],
                "capture": {"root": "/root"},
            },
        ]

    return ready(workbench, several)


def held(workbench: Workbench) -> list[str]:
    """Return the state of every connection."""
    return [each["status"] for each in workbench.installation.api.get("/v1/connections")["items"]]


def test_one_of_several_is_chosen_by_pointer_and_survives_a_reload(
    page: Page, connector: str, hostile: Hostile
) -> None:
    open_debugger(page, connector)
    consent(page)
    choice = page.get_by_role("group", name="Which one?")
    expect(choice.get_by_label("Vienna")).to_be_visible()
    look_at(page, "debugger-choice")
    page.reload()

    choice.get_by_label("Vienna").check()
    page.get_by_role("button", name="Keep").click()

    expect(page.get_by_text("Scopes granted")).to_be_visible()
    assert hostile.counts() == {"/sites": 1, "/sites/id-Vienna": 1}


def test_one_of_several_is_chosen_by_keyboard(page: Page, connector: str) -> None:
    open_debugger(page, connector)
    consent(page)
    expect(page.get_by_label("Berlin")).to_be_focused()

    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Vienna")).to_be_checked()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Keep")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_text("Scopes granted")).to_be_visible()


def created(page: Page, connector: str) -> None:
    """Sign in, pick Vienna, create the connector and keep its connection."""
    open_debugger(page, connector)
    page.get_by_role("button", name="Sign In", exact=True).click()
    answer(page)
    page.get_by_label("Vienna").check()
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Scopes granted")).to_be_visible()
    page.get_by_role("button", name="Create Connector").click()
    page.get_by_role("dialog").get_by_role("button", name="Create Connector").click()
    expect(page.get_by_text("is published, revision 1")).to_be_visible()


@pytest.fixture
def narrow(page: Page) -> Page:
    """A browser that opens no windows: it goes to the service and back in its only tab."""
    page.add_init_script("window.open = () => null")
    return page


def test_one_tab_carries_a_choice_through_every_way_to_connect(
    workbench: Workbench, narrow: Page, connector: str, hostile: Hostile
) -> None:
    page = narrow
    created(page, connector)

    page.get_by_role("link", name="Connections").click()
    page.get_by_role("button", name="Connect an account").click()
    page.get_by_role("dialog").get_by_role("button", name="Sandbox Calendar").click()
    expect(page).to_have_url(f"{workbench.address}/connections/connect/{connector}")
    page.get_by_role("dialog").get_by_role("button", name="Sign In").click()
    answer(page, person="Bram Okonjo")
    dialog = page.get_by_role("dialog", name="Connect an account")
    expect(dialog.get_by_label("Vienna")).to_be_visible()
    page.reload()
    dialog.get_by_label("Vienna").check()
    dialog.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("is connected for Bram Okonjo.")).to_be_visible()
    expect(page).to_have_url(f"{workbench.address}/connections")
    assert held(workbench) == ["active", "active"]


def test_one_tab_carries_a_choice_through_a_reconnection(
    workbench: Workbench, narrow: Page, connector: str, hostile: Hostile
) -> None:
    page = narrow
    created(page, connector)
    hostile.on("/sites", sites("Berlin", "Oslo"))

    page.goto("/connections")
    menu(page, "Reconnect")
    page.get_by_role("dialog").get_by_role("button", name="Sign In").click()
    answer(page)
    dialog = page.get_by_role("dialog", name="Reconnect")
    dialog.get_by_label("Oslo").check()
    dialog.get_by_role("button", name="Keep").click()

    expect(page.get_by_text("The connection of Ada Lindqvist is renewed.")).to_be_visible()
    assert held(workbench) == ["active"]
    assert hostile.at("/sites/id-Oslo")


def test_reconnecting_asks_when_what_was_chosen_is_gone(
    workbench: Workbench, page: Page, connector: str, hostile: Hostile
) -> None:
    open_debugger(page, connector)
    consent(page)
    page.get_by_label("Vienna").check()
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Scopes granted")).to_be_visible()
    page.get_by_role("button", name="Create Connector").click()
    page.get_by_role("dialog").get_by_role("button", name="Create Connector").click()
    expect(page.get_by_text("is published, revision 1")).to_be_visible()
    hostile.on("/sites", sites("Berlin", "Oslo"))

    page.goto("/connections")
    menu(page, "Reconnect")
    dialog = page.get_by_role("dialog")
    with page.expect_popup() as opened:
        dialog.get_by_role("button", name="Sign In").click()
    answer(opened.value)
    expect(dialog.get_by_label("Oslo")).to_be_visible()
    look_at(page, "reconnect-choice")
    dialog.get_by_label("Oslo").check()
    dialog.get_by_role("button", name="Keep").click()

    expect(page.get_by_text("The connection of Ada Lindqvist is renewed.")).to_be_visible()
    assert held(workbench) == ["active"]
    assert hostile.at("/sites/id-Oslo")
