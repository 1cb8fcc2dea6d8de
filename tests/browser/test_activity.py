"""Activity: every call and every token request, narrowed and opened."""

import re

from playwright.sync_api import Page, expect
from tests.browser.conftest import Workbench
from tests.browser.drafts import ready, row, signed_in
from tests.browser.screens import look_at
from tests.browser.test_connectors import made


def test_nothing_yet_says_what_will_be_there(page: Page) -> None:
    page.goto("/activity")

    expect(page.get_by_role("heading", name="Nothing has happened yet")).to_be_visible()
    look_at(page, "activity-empty")


def test_calls_and_token_requests_are_narrowed_and_opened(workbench: Workbench, page: Page) -> None:
    signed_in(page, ready(workbench))
    action = row(page, "Delete an event")
    action.get_by_label("Calendar").select_option("team")
    action.get_by_role("textbox", name="Event").fill("none-such")
    action.get_by_role("button", name="Test Delete an event").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(action.get_by_role("alert")).to_contain_text("The service answered 404")
    look_at(page, "debugger-action-failed")

    page.get_by_role("link", name="Activity").click()
    entries = page.locator("#entries tbody tr")
    expect(entries).to_have_count(3)
    look_at(page, "activity")
    page.get_by_label("Outcome").select_option("Failed")
    expect(entries).to_have_count(1)
    expect(page).to_have_url(f"{workbench.address}/activity?connector=&kind=&ok=false&within=")
    page.get_by_label("Outcome").select_option("")
    page.get_by_label("What").select_option("Token requests")
    expect(entries).to_have_count(1)
    page.get_by_label("When").select_option("the last hour")
    page.get_by_role("link", name="Code exchange").click()

    expect(page.get_by_role("heading", name="Code exchange")).to_be_visible()
    expect(page.locator("pre:visible")).to_contain_text('"access_token": "[masked:')
    look_at(page, "activity-call")
    page.go_back()
    expect(page.get_by_label("What")).to_have_value("token")


def test_what_nothing_is_like_offers_everything(workbench: Workbench, page: Page) -> None:
    signed_in(page, ready(workbench))

    page.goto("/activity?ok=false")
    page.get_by_role("link", name="Show everything").click()

    expect(page.locator("#entries tbody tr")).to_have_count(2)


def test_connector_that_is_not_offered_is_found_by_name(workbench: Workbench, page: Page) -> None:
    calendar = made(workbench, "Calendar of old")
    for number in range(20):
        made(workbench, f"Connector {number:02}")
    page.goto("/activity?ok=false")
    choice = page.get_by_label("Connector", exact=True)
    expect(choice.get_by_role("option")).to_have_count(21)
    expect(page.get_by_text("Not all fit here; find others by name.")).to_be_visible()
    look_at(page, "activity-many-connectors")

    search = page.get_by_label("Find a connector by its name")
    search.press_sequentially("CALEN")
    expect(choice.get_by_role("option")).to_have_text(["All connectors", "Calendar of old"])
    expect(search).to_be_focused()
    page.keyboard.press("Tab")
    expect(choice).to_be_focused()
    page.keyboard.press("ArrowDown")

    expect(page).to_have_url(re.compile(f"connector={calendar}&.*ok=false"))
    search.fill("nothing like it")
    expect(page.get_by_text("No connector’s name contains “nothing like it”.")).to_be_visible()
    expect(choice).to_have_value(calendar)
    search.press("Enter")
    expect(page).to_have_url(re.compile("find=nothing"))
    expect(choice).to_have_value(calendar)
    expect(page.get_by_label("Outcome")).to_have_value("false")
