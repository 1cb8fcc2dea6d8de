"""Connections: what a person sees of them, and does with them."""

from playwright.sync_api import Page, expect
from tests.browser.conftest import Workbench
from tests.browser.drafts import answer, ready, signed_in
from tests.browser.screens import look_at


def published(workbench: Workbench, page: Page, *, keep: bool = True) -> str:
    """Sign in, create the connector, and keep the connection; by clicks."""
    connector = ready(workbench)
    signed_in(page, connector)
    page.get_by_role("button", name="Create Connector").click()
    dialog = page.get_by_role("dialog", name="Create Connector")
    dialog.get_by_label("Keep the test connection").set_checked(keep)
    dialog.get_by_role("button", name="Create Connector").click()
    expect(page.get_by_text("is published, revision 1")).to_be_visible()
    return connector


def menu(page: Page, item: str) -> None:
    """Choose from the menu of the only connection."""
    page.locator("summary[aria-label^='What can be done']").click()
    page.locator(".table .menu-items").get_by_text(item, exact=True).click()


def test_no_connections_say_how_to_get_one(page: Page) -> None:
    page.goto("/connections")

    expect(page.get_by_role("heading", name="No connections yet")).to_be_visible()
    look_at(page, "connections-empty")


def test_publication_says_what_it_means_and_keeps_the_test_connection(
    workbench: Workbench, page: Page
) -> None:
    connector = ready(workbench)
    signed_in(page, connector)

    page.get_by_role("button", name="Create Connector").click()
    dialog = page.get_by_role("dialog", name="Create Connector")

    expect(dialog.get_by_text("Not tested since the draft was saved")).to_be_visible()
    expect(dialog.get_by_text("event.delete")).to_be_visible()
    expect(dialog.get_by_text(workbench.sandbox.issuer).first).to_be_visible()
    expect(dialog.get_by_label("Keep the test connection")).to_be_checked()
    look_at(page, "publication")
    dialog.get_by_role("button", name="Create Connector").click()
    expect(page.get_by_text("Its connection of Ada Lindqvist was kept.")).to_be_visible()

    page.get_by_role("link", name="Connections").click()
    expect(page.get_by_role("cell", name="Ada Lindqvist").first).to_be_visible()
    expect(page.get_by_text("renews itself")).to_be_visible()
    look_at(page, "connections")
    page.goto(f"/connectors/{connector}/debugger")
    expect(page.get_by_role("button", name="Publish changes")).to_be_visible()
    expect(page.get_by_role("button", name="Sign In", exact=True)).to_be_visible()


def test_connection_is_tested_and_shows_what_was_said(workbench: Workbench, page: Page) -> None:
    published(workbench, page)
    page.goto("/connections")

    menu(page, "Test")

    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("It works, for Ada Lindqvist")).to_be_visible()
    expect(dialog.get_by_role("tab", name="Response")).to_be_visible()
    look_at(page, "connection-test")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_a_connection_says_what_it_will_live_through(workbench: Workbench, page: Page) -> None:
    published(workbench, page)
    page.goto("/connections")

    menu(page, "Will it last?")

    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("the access token was renewed")).to_be_visible()
    expect(dialog.get_by_text("What was skipped can be tried")).to_be_visible()
    expect(dialog).not_to_contain_text("--")
    look_at(page, "connection-survival")
    assert workbench.sandbox.token_requests()["refresh_token"] >= 2


def test_same_account_reconnects_and_another_one_is_refused(
    workbench: Workbench, page: Page
) -> None:
    published(workbench, page)
    page.goto("/connections")
    menu(page, "Reconnect")
    dialog = page.get_by_role("dialog")
    look_at(page, "reconnect")
    with page.expect_popup() as opened:
        dialog.get_by_role("button", name="Sign In").click()
    answer(opened.value, person="Bram Okonjo")
    expect(dialog.get_by_text("belongs to Ada Lindqvist, and Bram Okonjo")).to_be_visible()
    look_at(page, "reconnect-other-account")

    with page.expect_popup() as opened:
        dialog.get_by_role("button", name="Sign In").click()
    answer(opened.value)

    expect(page.get_by_text("The connection of Ada Lindqvist is renewed.")).to_be_visible()
    (held,) = workbench.installation.api.get("/v1/connections")["items"]
    assert (held["account"]["label"], held["status"]) == ("Ada Lindqvist", "active")


def test_account_is_connected_to_a_published_connector(workbench: Workbench, page: Page) -> None:
    published(workbench, page, keep=False)
    drafted = ready(workbench)
    page.goto("/connections")

    page.get_by_role("button", name="Connect an account").click()
    dialog = page.get_by_role("dialog", name="Connect an account")
    expect(dialog.get_by_role("listitem")).to_have_count(1)
    look_at(page, "connect-pick")
    dialog.get_by_label("Find a connector").fill("nothing")
    expect(dialog.get_by_text("No published connector’s name contains")).to_be_visible()
    dialog.get_by_label("Find a connector").fill("calendar")
    dialog.get_by_role("listitem").get_by_role("button").click()
    with page.expect_popup() as opened:
        dialog.get_by_role("button", name="Sign In").click()
    answer(opened.value)

    expect(page.get_by_text("is connected for Ada Lindqvist.")).to_be_visible()
    expect(page.get_by_text("renews itself")).to_be_visible()
    page.goto(f"/connections/connect/{drafted}")
    expect(page.get_by_text("was never published")).to_be_visible()


def test_refusal_in_the_same_tab_is_said_where_it_was_begun(
    workbench: Workbench, page: Page
) -> None:
    page.add_init_script("window.open = () => null")
    connector = ready(workbench)
    workbench.installation.api.post(f"/v1/connectors/{connector}/publish", {})
    page.goto(f"/connections/connect/{connector}")
    dialog = page.get_by_role("dialog", name="Connect an account")

    dialog.get_by_role("button", name="Sign In").click()
    answer(page, button="Deny")

    expect(dialog.get_by_text("If too much was asked for")).to_be_visible()
    look_at(page, "connect-denied")
    dialog.get_by_role("button", name="Close").click()
    expect(page).to_have_url(f"{workbench.address}/connections")


def test_revoking_and_deleting_ask_first(workbench: Workbench, page: Page) -> None:
    published(workbench, page)
    page.goto("/connections")
    menu(page, "Revoke")
    dialog = page.get_by_role("dialog")
    look_at(page, "connection-revoke")
    dialog.get_by_role("button", name="Cancel").click()
    assert workbench.installation.api.get("/v1/connections")["items"][0]["status"] == "active"

    menu(page, "Revoke")
    dialog.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("The connection of Ada Lindqvist is revoked.")).to_be_visible()
    expect(page.get_by_text("ended by its owner")).to_be_visible()
    menu(page, "Delete")
    dialog.get_by_role("button", name="Delete").click()

    expect(page.get_by_role("heading", name="No connections yet")).to_be_visible()


def test_grant_that_was_withdrawn_is_said_and_reconnected(workbench: Workbench, page: Page) -> None:
    published(workbench, page)
    (held,) = workbench.installation.api.get("/v1/connections")["items"]
    workbench.sandbox.state.grants._refresh.clear()
    workbench.installation.api.ask("POST", f"/v1/connections/{held['id']}/refresh", json={})

    page.goto("/connections")

    expect(page.get_by_text("needs you: access was withdrawn")).to_be_visible()
    look_at(page, "connections-failing")

    page.get_by_role("row").get_by_role("button", name="Reconnect", exact=True).click()
    with page.expect_popup() as opened:
        page.get_by_role("dialog").get_by_role("button", name="Sign In").click()
    answer(opened.value)
    expect(page.get_by_text("The connection of Ada Lindqvist is renewed.")).to_be_visible()
