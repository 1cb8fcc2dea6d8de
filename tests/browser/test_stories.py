"""Whole stories in the original's own order, by clicking or by keyboard alone."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.conftest import Workbench
from tests.browser.drafts import (
    drafted,
    open_debugger,
    row,
    sandbox_text,
    store,
)
from tests.browser.editing import Editor
from tests.journeys.calendar import definition
from tests.journeys.installation import installed
from tests.servers.good import Registered
from tests.servers.hostile import Hostile
from tests.servers.oidc_provider import OidcServer
from tests.servers.replies import json_reply
from tests.servers.sandbox import start_sandbox
from tests.servers.wire import Received


@pytest.fixture
def workbench(
    browser: Browser, tmp_path: Path, hostile: Hostile, oidc: OidcServer
) -> Iterator[Workbench]:
    """An installation that may reach the sandbox, `oidc-provider` and a scripted service."""
    with (
        start_sandbox() as sandbox,
        installed(tmp_path, sandbox.port, hostile.port, oidc.port) as running,
        ExitStack() as rest,
    ):
        one = Workbench(running, sandbox, browser, rest)
        yield one
        one.check()


@pytest.fixture
def page(workbench: Workbench, oidc: OidcServer) -> Page:
    """An operator's browser, which goes to `oidc-provider` too."""
    return workbench.operator(oidc.issuer.removeprefix("http://"))


def test_oauth_in_the_original_s_order_by_pointer(workbench: Workbench, page: Page) -> None:
    """The callback is registered only after the first test has failed for the want of it."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=workbench.address)
    client = workbench.sandbox.register(redirect_uris=["http://localhost:9/not-yet"])
    editor = _from_sample(workbench, page)
    _enter_keys(editor, client)
    editor.content.click(position={"x": 80, "y": 200})
    cursor = editor.cursor()
    page.get_by_role("button", name="Save & Test").click()
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Sign In", exact=True).click()
    expect(opened.value.get_by_text("redirect_uri").first).to_be_visible()
    opened.value.close()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("It was cancelled here")).to_be_visible()

    page.get_by_role("link", name="Return to Editor").click()
    editor.wait()
    assert editor.cursor() == cursor > 0
    page.get_by_label("More about this connector").hover()
    page.get_by_role("button", name="Copy Callback URL").click()
    expect(page.locator("#toasts")).to_contain_text("Copied.")
    _register_copied(workbench, page, client)
    page.get_by_role("button", name="Save & Test").click()

    with page.expect_popup() as opened:
        page.get_by_role("button", name="Sign In", exact=True).click()
    opened.value.get_by_role("button", name="Allow").click()
    expect(page.get_by_text("Scopes granted")).to_be_visible()
    page.get_by_role("button", name="Test", exact=True).first.click()
    expect(page.get_by_text("It works, for Ada Lindqvist")).to_be_visible()
    _every_action(workbench, page)
    page.get_by_role("button", name="Create Connector").click()
    dialog = page.get_by_role("dialog", name="Create Connector")
    expect(dialog.get_by_text("Every action was tested and worked.")).to_be_visible()
    dialog.get_by_role("button", name="Create Connector").click()

    expect(page.get_by_text("is published, revision 1")).to_be_visible()
    (held,) = workbench.installation.api.get("/v1/connections")["items"]
    assert (held["test"], held["status"]) == (False, "active")


def _from_sample(workbench: Workbench, page: Page) -> Editor:
    """Begin with a sample, and make it the connector of the sandbox that runs."""
    page.goto("/connectors/new")
    samples = page.get_by_role("region", name="Begin with a sample")
    samples.get_by_role("button", name="Google Calendar").click()
    page.wait_for_url("**/connectors/con_*")
    editor = Editor(page, page.url.rsplit("/", 1)[1].partition("?")[0]).wait()
    editor.type_all(sandbox_text(workbench))
    return editor


def _enter_keys(editor: Editor, client: Registered) -> None:
    dialog = editor.open_keys()
    expect(dialog.get_by_label("Secret Name").nth(1)).to_have_value("clientSecret")
    dialog.get_by_label("Secret Value").nth(0).fill(client.client_id)
    dialog.get_by_label("Secret Value").nth(1).fill(client.client_secret)
    dialog.get_by_label("The new values may be sent to these origins").check()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()


def _register_copied(workbench: Workbench, page: Page, client: Registered) -> None:
    """Paste what was copied into the sandbox's own page, as into a service's console."""
    console = page.context.new_page()
    console.goto(workbench.sandbox.issuer)
    known = console.locator("section").filter(has_text=client.client_id)
    known.get_by_label("Add a callback URL").focus()
    console.keyboard.press("Control+V")
    known.get_by_role("button", name="Add").click()
    expect(console.get_by_role("status")).to_contain_text("is registered.")
    console.close()


def _every_action(workbench: Workbench, page: Page) -> None:
    for name, fields, status in (
        ("Who am I", {}, 200),
        ("List calendars", {}, 200),
        ("List events", {"Calendar": "team"}, 200),
    ):
        action = row(page, name)
        for label, value in fields.items():
            action.get_by_label(label).select_option(value)
        action.get_by_role("button", name=f"Test {name}").click()
        expect(action.get_by_text(f"The service answered {status}")).to_be_visible()
    action = row(page, "Create an event")
    action.get_by_label("Calendar").select_option("team")
    action.get_by_label("Title").fill("Lunch")
    action.get_by_label("Start").fill("2027-01-31T12:00:00Z")
    action.get_by_role("button", name="Test Create an event").click()
    page.get_by_role("dialog").get_by_role("button", name="Send").click()
    expect(action.get_by_text("The service answered 201")).to_be_visible()
    made = json.loads(action.locator("pre:visible").inner_text())["id"]
    action = row(page, "Delete an event")
    action.get_by_label("Calendar").select_option("team")
    action.get_by_role("textbox", name="Event").fill(made)
    action.get_by_role("button", name="Test Delete an event").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(action.get_by_text("The service answered 204")).to_be_visible()


# -- by keyboard ----------------------------------------------------------------------------------

_FOCUSED = """
() => {
  const one = document.activeElement;
  const name = one.getAttribute("aria-label") || one.labels?.[0]?.innerText || one.innerText || "";
  return name.trim();
}
"""


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has the focus is called so."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate(_FOCUSED).startswith(name):
            return
    raise AssertionError(f"Tab never reaches {name}")


def test_oauth_by_keyboard_alone(workbench: Workbench, page: Page) -> None:
    connector = drafted(workbench, sandbox_text(workbench))
    callback = f"{workbench.address}/oauth/callback/{connector}"
    store(workbench, connector, workbench.sandbox.register(redirect_uris=[callback]))
    open_debugger(page, connector)

    tab_to(page, "Sign In")
    with page.expect_popup() as opened:
        page.keyboard.press("Enter")
    expect(opened.value.get_by_role("button", name="Allow")).to_be_visible()
    tab_to(opened.value, "Allow")
    opened.value.keyboard.press("Enter")
    expect(page.get_by_text("Scopes granted")).to_be_visible()
    tab_to(page, "Test")
    page.keyboard.press("Enter")
    expect(page.get_by_text("It works, for Ada Lindqvist")).to_be_visible()
    tab_to(page, "List events")
    page.keyboard.press("Enter")
    tab_to(page, "Calendar")
    page.keyboard.press("t")
    tab_to(page, "Test List events")
    page.keyboard.press("Enter")
    expect(row(page, "List events").get_by_text("The service answered 200")).to_be_visible()
    tab_to(page, "Response")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Request").locator("visible=true").last).to_be_focused()
    page.keyboard.press("Home")
    tab_to(page, "Create an event")
    page.keyboard.press("Enter")
    tab_to(page, "Calendar")
    page.keyboard.press("t")
    tab_to(page, "Title")
    page.keyboard.type("Lunch")
    tab_to(page, "Start")
    page.keyboard.type("2027-01-31T12:00:00Z")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    tab_to(page, "Send")
    page.keyboard.press("Enter")
    expect(row(page, "Create an event").get_by_text("The service answered 201")).to_be_visible()
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    page.locator("#main").focus()
    tab_to(page, "Create Connector")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    tab_to(page, "Create Connector")
    page.keyboard.press("Enter")

    expect(page.get_by_text("is published, revision 1")).to_be_visible()


def test_oauth_at_a_stranger_s_authorization_server(
    workbench: Workbench, page: Page, oidc: OidcServer
) -> None:
    connector = drafted(workbench, json.dumps(definition(oidc.issuer)))
    callback = f"{workbench.address}/oauth/callback/{connector}"
    store(workbench, connector, oidc.register(redirect_uris=[callback], access_token_seconds=600))
    open_debugger(page, connector)

    with page.expect_popup() as opened:
        page.get_by_role("button", name="Sign In", exact=True).click()
    opened.value.get_by_role("button", name="Allow").click()

    expect(page.get_by_text("It renews itself")).to_be_visible()
    page.get_by_role("button", name="Test", exact=True).first.click()
    expect(page.get_by_text("It works, for ada@sandbox.example")).to_be_visible()
    action = row(page, "calendars list")
    action.get_by_role("button", name="Test calendars list").click()
    expect(action.get_by_text("The service answered 200")).to_be_visible()
    assert oidc.token_requests() == {"authorization_code": 1}


# -- without a browser's consent ------------------------------------------------------------------

KEY = "sk-a-key-that-no-page-shows"


def keyed(server: str) -> dict[str, Any]:
    """Return a connector that signs in with a key, of which region and form are checked."""
    return {
        "schema": "1.0",
        "name": "Keyed",
        "auth_components": {"type": "api_key"},
        "requiredSettings": {
            "authFields": [
                {
                    "key": "key",
                    "label": "API key",
                    "description": "From the service's settings.",
                    "masked": True,
                    "required": True,
                    "pattern": "sk-.+",
                    "errorText": "The key begins with sk-.",
                },
                {"key": "region", "label": "Region", "choices": {"eu": "Europe", "us": "America"}},
            ]
        },
        "auth_request": {"type": "header", "name": "X-Api-Key", "value": "{{authFields.key}}"},
        "endpoints": {"GET": {"/things": {"url": server}}},
        "actions": [
            {
                "modelId": "things",
                "actionId": "list",
                "endpoint": "/things",
                "method": "GET",
                "label": "List things",
            }
        ],
    }


def _things(asked: Received) -> Any:
    if asked.header("x-api-key") == KEY:
        return json_reply({"things": ["one"], "echo": KEY})
    return json_reply({"error": "unknown key"}, 401)


def test_api_key_from_the_field_to_the_kept_connection(
    workbench: Workbench, page: Page, hostile: Hostile
) -> None:
    hostile.on("/things", _things)
    connector = drafted(workbench, json.dumps(keyed(hostile.origin)))
    open_debugger(page, connector)
    page.get_by_label("API key", exact=False).first.fill("not-a-key")
    page.get_by_role("button", name="Sign In", exact=True).click()
    expect(page.get_by_text("The key begins with sk-.")).to_be_visible()

    page.get_by_label("API key", exact=False).first.fill(KEY)
    page.get_by_label("Region").select_option("eu")
    page.get_by_role("button", name="Sign In", exact=True).click()

    expect(page.get_by_text("There is nothing to renew")).to_be_visible()
    page.get_by_role("button", name="Test", exact=True).first.click()
    expect(page.get_by_text("things.list stood in for it")).to_be_visible()
    action = row(page, "List things")
    action.get_by_role("button", name="Test List things").click()
    expect(action.get_by_text("The service answered 200")).to_be_visible()
    expect(action.locator("pre:visible")).to_contain_text('"echo": "[masked:')
    assert KEY not in page.content()
    page.get_by_role("button", name="Create Connector").click()
    page.get_by_role("dialog").get_by_role("button", name="Create Connector").click()
    expect(page.get_by_text("is published, revision 1")).to_be_visible()
    (held,) = workbench.installation.api.get("/v1/connections")["items"]
    assert (held["test"], held["status"]) == (False, "active")
