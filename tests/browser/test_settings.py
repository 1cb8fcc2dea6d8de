"""Settings: API tokens, and what the administrator has set."""

from playwright.sync_api import Page, expect
from tests.browser.conftest import Workbench
from tests.browser.screens import look_at
from tests.journeys.installation import Api


def test_api_token_is_shown_once_works_and_is_revoked(workbench: Workbench, page: Page) -> None:
    page.goto("/settings")
    look_at(page, "settings")

    page.get_by_role("button", name="New API token").click()
    dialog = page.get_by_role("dialog")
    look_at(page, "settings-new-token")
    dialog.get_by_role("textbox", name="Name").fill("The shop")
    dialog.get_by_role("button", name="Make it").click()
    expect(dialog.get_by_text("Choose at least one thing that it may do.")).to_be_visible()
    expect(dialog.get_by_role("textbox", name="Name")).to_have_value("The shop")
    dialog.get_by_label("connectors:read").check()
    dialog.get_by_role("button", name="Make it").click()

    notice = page.get_by_text("It is shown this once.")
    expect(notice).to_be_visible()
    look_at(page, "settings-token-issued")
    token = page.locator(".notice code").inner_text()
    api = Api(workbench.address, token)
    assert api.ask("GET", "/v1/connectors").status_code == 200
    assert api.ask("GET", "/v1/tokens").status_code == 403

    page.goto("/settings")
    expect(page.get_by_text(token)).to_have_count(0)
    page.get_by_role("button", name="Revoke The shop").click()
    page.get_by_role("dialog", name="Revoke").get_by_role("button", name="Revoke").click()

    expect(page.get_by_text("The API token was revoked.")).to_be_visible()
    expect(page.get_by_role("row", name="The shop").get_by_text("revoked")).to_be_visible()
    assert api.ask("GET", "/v1/connectors").status_code == 401
