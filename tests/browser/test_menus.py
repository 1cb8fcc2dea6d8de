"""Menus that open under the mouse and by keys, stay open under a click, and cost Tab one stop."""

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
    return page.get_by_role("menuitem", name="Copy Callback URL")


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


def test_keys_open_a_menu_go_through_it_and_leave_it(editor: Editor) -> None:
    page = editor.page
    last = page.get_by_role("menuitem", name="Delete …")
    summary(page).focus()
    expect(first_item(page)).to_be_hidden()

    for key, item in (("Enter", first_item), ("Space", first_item), ("ArrowDown", first_item)):
        page.keyboard.press(key)
        expect(item(page)).to_be_focused()
        page.keyboard.press("Escape")
        expect(summary(page)).to_be_focused()
        expect(first_item(page)).to_be_hidden()
    page.keyboard.press("ArrowUp")
    expect(last).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(first_item(page)).to_be_focused()
    page.keyboard.press("End")
    expect(last).to_be_focused()
    page.keyboard.press("Home")
    expect(first_item(page)).to_be_focused()
    page.keyboard.press("Tab")
    expect(first_item(page)).to_be_hidden()
    expect(summary(page)).not_to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(summary(page)).to_be_focused()


def test_menus_of_a_list_cost_tab_one_stop_a_row(workbench: Workbench, page: Page) -> None:
    for _ in range(3):
        made(workbench, definition_text())
    page.goto("/connectors")
    buttons = page.locator(".table summary")
    buttons.first.focus()

    for number in (1, 2):
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        expect(buttons.nth(number)).to_be_focused()
    expect(page.get_by_role("menu")).to_have_count(0)
    buttons.last.hover()
    expect(page.get_by_role("menuitem", name="Open the editor")).to_be_visible()
    look_at(page, "connectors-menu")


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
