"""Menus that open under the mouse and when Tab comes to them, and stay open under a click."""

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser.conftest import Workbench
from tests.browser.editing import Editor, definition_text, made, opened
from tests.browser.screens import look_at
from tests.browser.test_connections import published


@pytest.fixture
def editor(workbench: Workbench) -> Editor:
    """The editor on a good definition."""
    return opened(workbench, definition_text())


def summary(page: Page) -> Locator:
    """The editor's menu."""
    return page.locator("summary[aria-label='More about this connector']")


def first_item(page: Page) -> Locator:
    """What the menu shows first when it is open."""
    return page.get_by_role("button", name="Copy Callback URL")


def test_click_leaves_open_what_hovering_opened_and_the_next_click_closes_it(
    editor: Editor,
) -> None:
    page = editor.page
    summary(page).hover()
    expect(first_item(page)).to_be_visible()
    look_at(page, "editor-menu", axe=False)
    summary(page).hover()

    summary(page).click()
    expect(first_item(page)).to_be_visible()
    summary(page).click()

    expect(first_item(page)).to_be_hidden()


def test_menu_closes_when_the_mouse_leaves_it_unclicked(editor: Editor) -> None:
    page = editor.page
    summary(page).hover()
    first_item(page).hover()
    expect(first_item(page)).to_be_visible()

    page.get_by_role("button", name="Save & Test").hover()

    expect(first_item(page)).to_be_hidden()


def test_escape_closes_a_menu_and_gives_the_focus_back(editor: Editor) -> None:
    page = editor.page
    for arrives in (summary(page).hover, summary(page).click):
        arrives()
        expect(first_item(page)).to_be_visible()
        page.keyboard.press("Escape")
        expect(first_item(page)).to_be_hidden()
        expect(summary(page)).to_be_focused()
        page.mouse.move(0, 0)


def test_tab_opens_a_menu_and_enter_and_space_toggle_it(editor: Editor) -> None:
    page = editor.page
    page.get_by_role("button", name="Save & Test").focus()
    page.keyboard.press("Tab")
    expect(summary(page)).to_be_focused()
    expect(first_item(page)).to_be_visible()

    for key in ("Enter", "Space"):
        page.keyboard.press(key)
        expect(first_item(page)).to_be_hidden()
        page.keyboard.press(key)
        expect(first_item(page)).to_be_visible()
    page.keyboard.press("Tab")
    expect(first_item(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(summary(page)).to_be_focused()
    expect(first_item(page)).to_be_hidden()


def test_callback_url_is_copied_from_the_menu_under_the_mouse(workbench: Workbench) -> None:
    page = workbench.operator()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=workbench.address)
    connector = made(workbench, definition_text())
    Editor(page, connector).open()

    summary(page).hover()
    first_item(page).click()

    expect(page.locator("#toasts")).to_contain_text("Copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{workbench.address}/oauth/callback/{connector}"


def test_menu_of_a_connection_opens_under_the_mouse(workbench: Workbench, page: Page) -> None:
    published(workbench, page)
    page.goto("/connections")
    item = page.locator(".table .menu-items").get_by_text("Reconnect", exact=True)

    page.locator("summary[aria-label^='What can be done']").hover()
    expect(item).to_be_visible()
    look_at(page, "connections-menu", axe=False)
    page.locator("summary[aria-label^='What can be done']").click()

    expect(item).to_be_visible()
