"""Settings: API tokens, and what the administrator has set."""

from urllib.parse import urlsplit

from playwright.sync_api import Page, expect
from tests.browser.conftest import Workbench
from tests.browser.drafts import consent, drafted, open_debugger, sandbox_text, store
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


def test_changed_address_marks_connectors_until_a_sign_in_succeeds_there(
    workbench: Workbench,
) -> None:
    connector = drafted(workbench, sandbox_text(workbench))
    moved = f"http://localhost:{urlsplit(workbench.address).port}"
    page = workbench.operator(urlsplit(moved).netloc)

    page.goto("/settings")
    address = page.get_by_role("textbox", name="Address")
    address.fill("http://connect.example.com")
    page.get_by_role("region", name="Public base URL").get_by_role("button", name="Save").click()
    expect(page.get_by_text("must be https")).to_be_visible()
    look_at(page, "settings-address-refused")
    address.fill(moved)
    page.get_by_role("region", name="Public base URL").get_by_role("button", name="Save").click()
    expect(page.get_by_text("You are at another address")).to_be_visible()
    look_at(page, "settings-address-changed")
    page.goto("/connectors")
    expect(page.get_by_text("callback address changed")).to_be_visible()
    page.goto(f"/connectors/{connector}")
    expect(page.get_by_text("Register this one at the service’s console")).to_be_visible()
    look_at(page, "editor-address-changed")

    there = workbench.operator_at(moved)
    callback = f"{moved}/oauth/callback/{connector}"
    store(workbench, connector, workbench.sandbox.register(redirect_uris=[callback]))
    open_debugger(there, connector)
    consent(there)
    expect(there.get_by_text("Scopes granted")).to_be_visible()

    there.goto("/connectors")
    expect(there.get_by_text("callback address changed")).to_have_count(0)
    there.goto(f"/connectors/{connector}")
    expect(there.get_by_text("Register this one")).to_have_count(0)


def test_many_tokens_of_every_state_are_listed(workbench: Workbench, page: Page) -> None:
    api = workbench.installation.api
    long = "The nightly export of everything to the warehouse, in Lindqvist & Sons’ other office"
    for number in range(12):
        name = long if number == 3 else f"Program {number}"
        scopes = ["connectors:read"] if number % 2 else ["calls:write", "connections:read"]
        made = api.post(
            "/v1/tokens", {"name": name, "scopes": scopes, "expires_in_days": number or None}
        )
        if number == 5:
            api.ask("DELETE", f"/v1/tokens/{made['id']}", headers={"If-Match": "*"})

    page.goto("/settings")

    expect(page.get_by_role("row", name="Program")).to_have_count(11)
    look_at(page, "settings-many")
