"""Activity: every call and every token request, narrowed and opened."""

from playwright.sync_api import Page, expect
from tests.browser.conftest import Workbench
from tests.browser.drafts import ready, row, signed_in
from tests.browser.screens import look_at


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
