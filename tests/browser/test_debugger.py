"""The Debugger in a real browser, against the sandbox."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import Workbench
from tests.browser.drafts import (
    answer,
    consent,
    drafted,
    open_debugger,
    ready,
    registered,
    row,
    sandbox_text,
    signed_in,
    store,
)
from tests.browser.screens import look_at


def test_signing_in_by_a_window_shows_whose_account_it_is(workbench: Workbench, page: Page) -> None:
    connector = ready(workbench)
    open_debugger(page, connector)
    look_at(page, "debugger-start")

    with page.expect_popup() as opened:
        page.get_by_role("button", name="Sign In", exact=True).click()
    expect(page.get_by_text("Waiting for your consent")).to_be_visible()
    look_at(page, "debugger-waiting")
    answer(opened.value)

    authentication = page.locator("#sign-in")
    expect(authentication).to_contain_text("Ada Lindqvist")
    expect(authentication).to_contain_text("calendar.read calendar.write")
    expect(authentication).to_contain_text("It renews itself")
    look_at(page, "debugger-signed-in")
    page.get_by_role("button", name="Test", exact=True).first.click()
    expect(page.get_by_text("auth_test of the definition was run (GET).")).to_be_visible()
    expect(page.get_by_text("It works, for Ada Lindqvist")).to_be_visible()


def test_window_closes_by_itself_and_says_nothing_to_its_opener(
    workbench: Workbench, page: Page
) -> None:
    open_debugger(page, ready(workbench))
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Sign In", exact=True).click()
    window = opened.value
    window.get_by_label("Ada Lindqvist").wait_for()

    assert window.evaluate("window.opener") is None
    with window.expect_event("close"):
        answer(window)
    expect(page.get_by_text("Scopes granted")).to_be_visible()


def test_where_no_window_can_be_opened_the_same_tab_goes_there_and_back(
    workbench: Workbench, page: Page
) -> None:
    connector = ready(workbench)
    page.add_init_script("window.open = () => null")
    open_debugger(page, connector)

    page.get_by_role("button", name="Sign In", exact=True).click()
    answer(page)

    expect(page).to_have_url(f"{workbench.address}/connectors/{connector}/debugger")
    expect(page.get_by_text("Scopes granted")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Scopes granted")).to_be_visible()


def test_reload_and_back_in_the_middle_lose_nothing(workbench: Workbench, page: Page) -> None:
    connector = ready(workbench)
    page.add_init_script("window.open = () => null")
    open_debugger(page, connector)
    page.get_by_role("button", name="Sign In", exact=True).click()
    page.get_by_label("Ada Lindqvist").wait_for()

    page.reload()
    page.go_back()
    expect(page.get_by_text("Waiting for your consent")).to_be_visible()
    page.go_forward()
    answer(page)
    expect(page.get_by_text("Scopes granted")).to_be_visible()

    page.go_back()
    page.go_back()
    page.goto(f"/connectors/{connector}/debugger")
    expect(page.get_by_text("Scopes granted")).to_be_visible()


def test_two_tabs_sign_in_at_once(workbench: Workbench, page: Page) -> None:
    connector = ready(workbench)
    other = page.context.new_page()
    windows = []
    for tab in (page, other):
        open_debugger(tab, connector)
    for tab in (page, other):
        with tab.expect_popup() as opened:
            tab.get_by_role("button", name="Sign In", exact=True).click()
        windows.append(opened.value)

    for window in reversed(windows):
        answer(window)

    for tab in (page, other):
        expect(tab.get_by_text("Scopes granted")).to_be_visible()
    assert workbench.sandbox.token_requests() == {"authorization_code": 2}
    held = workbench.installation.api.get("/v1/connections")["items"]
    assert [each["test"] for each in held] == [True]


@pytest.mark.row("T-11")
def test_consent_in_another_browser_connects_nobody(workbench: Workbench, page: Page) -> None:
    connector = ready(workbench)
    page.add_init_script("window.open = () => null")
    open_debugger(page, connector)
    page.get_by_role("button", name="Sign In", exact=True).click()
    page.get_by_label("Ada Lindqvist").wait_for()
    victim = workbench.visitor()
    victim.context.add_cookies(
        [each for each in page.context.cookies() if not _is_of_the_session(workbench, each)]  # type: ignore[misc]  # what is read can be put back
    )

    victim.goto(page.url)
    answer(victim)

    expect(victim.get_by_text("belongs to no sign-in that this browser began")).to_be_visible()
    assert workbench.sandbox.token_requests() == {}
    assert workbench.installation.api.get("/v1/connections")["items"] == []


def _is_of_the_session(workbench: Workbench, cookie: Any) -> bool:
    return bool(cookie["name"] == workbench.cookie("session"))


# -- what can go wrong ----------------------------------------------------------------------------


def test_missing_secret_is_named_and_leads_nowhere(workbench: Workbench, page: Page) -> None:
    open_debugger(page, drafted(workbench, sandbox_text(workbench)))

    with page.expect_popup() as opened:
        page.get_by_role("button", name="Sign In", exact=True).click()

    expect(page.get_by_text("names secrets that are not stored: clientID")).to_be_visible()
    expect(page.get_by_text("Add what is missing in Secret Keys")).to_be_visible()
    if not opened.value.is_closed():
        opened.value.wait_for_event("close")
    assert opened.value.url == "about:blank"
    look_at(page, "debugger-secret-missing")
    page.get_by_role("link", name="Secret Keys").click()
    dialog = page.get_by_role("dialog", name="Secret Keys")
    expect(dialog.get_by_label("Secret Name").first).to_have_value("clientID")


def test_denied_consent_is_explained(workbench: Workbench, page: Page) -> None:
    open_debugger(page, ready(workbench))

    consent(page, button="Deny")

    expect(page.get_by_text("access_denied")).to_be_visible()
    expect(page.get_by_text("If too much was asked for")).to_be_visible()
    look_at(page, "debugger-denied")


def test_wrong_client_secret_is_explained_and_leads_to_the_token_request(
    workbench: Workbench, page: Page
) -> None:
    connector = drafted(workbench, sandbox_text(workbench))
    client = registered(workbench, connector)
    store(workbench, connector, type(client)(client.client_id, "not-the-secret-that-was-issued"))
    open_debugger(page, connector)

    consent(page)

    expect(page.get_by_text("invalid_client")).to_be_visible()
    expect(page.get_by_text("Compare the two secrets")).to_be_visible()
    page.get_by_role("link", name="Activity").click()
    page.get_by_role("link", name="Code exchange").click()
    expect(page.get_by_text("Code: client_rejected")).to_be_visible()
    page.get_by_role("tab", name="Request").click()
    expect(page.locator("pre:visible")).to_contain_text("grant_type=authorization_code")
    assert "not-the-secret-that-was-issued" not in page.content()
    look_at(page, "activity-call-failed")


def test_callback_that_is_not_registered_yet_is_said_where_to_register(
    workbench: Workbench, page: Page
) -> None:
    connector = drafted(workbench, sandbox_text(workbench))
    client = workbench.sandbox.register(redirect_uris=["http://localhost:9/elsewhere"])
    store(workbench, connector, client)
    open_debugger(page, connector)

    with page.expect_popup() as opened:
        page.get_by_role("button", name="Sign In", exact=True).click()
    expect(opened.value.get_by_text("redirect", exact=False).first).to_be_visible()

    expect(page.get_by_text("register this callback URL with it")).to_be_visible()
    expect(page.get_by_text(f"{workbench.address}/oauth/callback/{connector}")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("It was cancelled here")).to_be_visible()
    expect(page.get_by_role("button", name="Sign In", exact=True)).to_be_visible()


def test_expired_sign_in_says_so(workbench: Workbench, page: Page) -> None:
    connector = ready(workbench)
    open_debugger(page, connector)
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Sign In", exact=True).click()
    opened.value.get_by_label("Ada Lindqvist").wait_for()
    (started,) = workbench.installation.api.get(f"/v1/connectors/{connector}/authorizations")[
        "items"
    ]
    _end(workbench, started["id"])

    answer(opened.value)

    expect(page.get_by_text("It was not finished in time")).to_be_visible()
    assert workbench.sandbox.token_requests() == {}


def _end(workbench: Workbench, authorization: str) -> None:
    """Let an authorization's time be over."""
    inside = workbench.installation.inside
    stored = workbench.installation.loop.run(
        inside.parts.storage.authorizations.get("default", authorization)
    )
    assert stored is not None
    over = replace(stored, expires_at=stored.created_at - timedelta(minutes=1))
    assert workbench.installation.loop.run(
        inside.parts.storage.authorizations.advance(over, expected_status=stored.status)
    )


def test_service_that_is_down_is_said_to_be(workbench: Workbench, page: Page) -> None:
    connector = ready(workbench)
    signed_in(page, connector)

    def elsewhere(definition: dict[str, Any]) -> None:
        definition["endpoints"]["GET"]["/me"]["url"] = "http://localhost:1"

    text = sandbox_text(workbench, elsewhere)
    workbench.installation.api.ask(
        "PUT",
        f"/v1/connectors/{connector}/draft",
        json={"text": text},
        headers={"If-Match": "*"},
    )
    open_debugger(page, connector)
    action = row(page, "Who am I")
    action.get_by_role("button", name="Test Who am I").click()

    expect(action.get_by_role("alert")).to_be_visible()
    look_at(page, "debugger-service-down")


def test_faulty_draft_is_not_tested_and_leads_back(workbench: Workbench, page: Page) -> None:
    connector = drafted(workbench, '{"schema": "1.0"}')

    open_debugger(page, connector)

    expect(page.get_by_role("heading", name="This draft cannot be tested yet")).to_be_visible()
    expect(page.get_by_role("link", name="Return to Editor")).to_have_attribute(
        "href", f"/connectors/{connector}"
    )
    look_at(page, "debugger-faulty")


# -- actions --------------------------------------------------------------------------------------


def test_reading_action_shows_request_response_and_curl(workbench: Workbench, page: Page) -> None:
    connector = ready(workbench)
    signed_in(page, connector)

    listing = row(page, "List events")
    listing.get_by_label("Calendar").select_option("team")
    listing.get_by_role("button", name="Test List events").click()

    expect(listing.get_by_text("The service answered 200")).to_be_visible()
    expect(listing.locator("summary").get_by_text("tested")).to_be_visible()
    expect(listing.get_by_role("tab", name="Response")).to_have_attribute("aria-selected", "true")
    expect(listing.locator("pre:visible")).to_contain_text('"title": "Planning"')
    listing.scroll_into_view_if_needed()
    look_at(page, "debugger-action")
    listing.get_by_role("tab", name="Response").press("ArrowRight")
    listing.get_by_text("headers").locator("visible=true").click()
    expect(listing.locator("dd:visible", has_text="Bearer [masked:")).to_be_visible()
    listing.get_by_role("tab", name="cURL").click()
    expect(listing.locator("pre:visible")).to_contain_text("curl --request GET")


def test_writing_action_asks_first_also_on_enter(workbench: Workbench, page: Page) -> None:
    connector = ready(workbench)
    signed_in(page, connector)
    before = len(workbench.sandbox.state.calendars.events("ada", "team"))
    action = row(page, "Create an event")
    action.get_by_label("Calendar").select_option("team")
    action.get_by_label("Title").fill("Lunch")
    action.get_by_label("Start").fill("2027-01-31T12:00:00Z")

    action.get_by_label("Title").press("Enter")
    dialog = page.get_by_role("dialog", name="This changes something at the service")
    look_at(page, "debugger-asks")
    dialog.get_by_role("button", name="Cancel").click()
    assert len(workbench.sandbox.state.calendars.events("ada", "team")) == before
    action.get_by_role("button", name="Test Create an event").click()
    dialog.get_by_role("button", name="Send").click()

    expect(action.get_by_text("The service answered 201")).to_be_visible()
    assert len(workbench.sandbox.state.calendars.events("ada", "team")) == before + 1


def test_what_is_wrong_with_a_field_is_said_beside_it(workbench: Workbench, page: Page) -> None:
    connector = ready(workbench)
    signed_in(page, connector)
    action = row(page, "Create an event")
    action.get_by_label("Title").fill("Lunch")
    action.get_by_label("Start").fill("noon")

    action.get_by_role("button", name="Test Create an event").click()

    expect(action.get_by_text('"calendar" is required.').last).to_be_visible()
    expect(action.get_by_text("must be a time with offset").last).to_be_visible()
    expect(action.get_by_label("Title")).to_have_value("Lunch")
    action.scroll_into_view_if_needed()
    look_at(page, "debugger-fields-refused")


ECHO = {
    "modelId": "echo",
    "actionId": "send",
    "endpoint": "/echo",
    "method": "POST",
    "label": "Echo",
    "effect": "read",
    "actionFields": [
        {"key": "text", "label": "Text", "default": "as it is"},
        {"key": "count", "label": "Count", "type": "integer"},
        {"key": "share", "label": "Share", "type": "number"},
        {"key": "loud", "label": "Loud", "type": "boolean"},
        {"key": "day", "label": "Day", "type": "date"},
        {"key": "kind", "label": "Kind", "choices": {"a": "First", "b": "Second"}},
        {
            "key": "person",
            "label": "Person",
            "type": "object",
            "required": True,
            "fields": [
                {"key": "name", "required": True},
                {"key": "tags", "type": "array", "items": {"type": "string"}},
            ],
        },
        {"key": "picture", "label": "Picture", "type": "file"},
        {"key": "rare", "label": "Rare", "visibility": "advanced"},
    ],
}


def test_every_type_of_field_is_sent_as_its_type(
    workbench: Workbench, page: Page, tmp_path: Path
) -> None:
    def add(definition: dict[str, Any]) -> None:
        definition["endpoints"]["POST"]["/echo"] = {"url": workbench.sandbox.issuer}
        definition["actions"].append(ECHO)

    connector = ready(workbench, add)
    signed_in(page, connector)
    action = row(page, "Echo")
    expect(action.get_by_label("Person")).to_have_value('{\n  "name": ""\n}')
    action.get_by_label("Count").fill("3")
    action.get_by_label("Share").fill("0.5")
    action.get_by_label("Loud").select_option("true")
    action.get_by_label("Day").fill("2027-01-31")
    action.get_by_label("Kind").select_option("b")
    action.get_by_label("Person").fill('{"name": "Ada", "tags": ["x", "y"]}')
    picture = tmp_path / "dot.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    action.get_by_label("Picture").set_input_files(picture)
    look_at(page, "debugger-every-field")

    action.get_by_role("button", name="Test Echo").click()
    action.get_by_role("tab", name="Request").click()

    sent = json.loads(action.locator("pre:visible").inner_text())
    assert sent == {
        "text": "as it is",
        "count": 3,
        "share": 0.5,
        "loud": True,
        "day": "2027-01-31",
        "kind": "b",
        "person": {"name": "Ada", "tags": ["x", "y"]},
        "picture": base64.b64encode(picture.read_bytes()).decode(),
    }


def test_json_that_is_none_is_said_beside_its_field(workbench: Workbench, page: Page) -> None:
    def add(definition: dict[str, Any]) -> None:
        definition["endpoints"]["POST"]["/echo"] = {"url": workbench.sandbox.issuer}
        definition["actions"].append(ECHO)

    signed_in(page, ready(workbench, add))
    action = row(page, "Echo")
    action.get_by_label("Person").fill('{"name": ')

    action.get_by_role("button", name="Test Echo").click()

    expect(action.get_by_text("This is no JSON").first).to_be_visible()
    expect(action.get_by_label("Person")).to_have_value('{"name": ')


def test_draft_that_was_saved_since_is_not_tested_unseen(workbench: Workbench, page: Page) -> None:
    connector = ready(workbench)
    signed_in(page, connector)
    workbench.installation.api.ask(
        "PUT",
        f"/v1/connectors/{connector}/draft",
        json={"text": sandbox_text(workbench)},
        headers={"If-Match": "*"},
    )

    row(page, "Who am I").get_by_role("button", name="Test Who am I").click()

    expect(page.get_by_text("The draft was saved since this page was opened")).to_be_visible()


def test_ended_test_connection_is_gone_here_and_there(workbench: Workbench, page: Page) -> None:
    connector = ready(workbench)
    signed_in(page, connector)

    page.get_by_role("button", name="End test connection").click()

    expect(page.get_by_role("button", name="Sign In", exact=True)).to_be_visible()
    assert workbench.installation.api.get("/v1/connections")["items"] == []
