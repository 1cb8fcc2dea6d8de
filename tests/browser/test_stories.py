"""Stories beside the original's own: a stranger's server, a key of the owner's, by clicking."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import Workbench
from tests.browser.drafts import (
    drafted,
    open_debugger,
    row,
    store,
)
from tests.browser.editing import editor_of
from tests.journeys.calendar import definition
from tests.servers.hostile import Hostile
from tests.servers.oidc_provider import OidcServer
from tests.servers.replies import json_reply
from tests.servers.wire import Received


@pytest.fixture
def neighbours(hostile: Hostile, oidc: OidcServer) -> Sequence[str]:
    """Let `oidc-provider` and a scripted service be reached."""
    return (hostile.origin, oidc.issuer)


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
    _import(page, json.dumps(keyed(hostile.origin), indent=2))
    page.get_by_role("button", name="Save & Test").click()
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
    page.get_by_role("link", name="Connections").click()
    kept = page.get_by_role("row").filter(has_text="Keyed")
    expect(kept).to_contain_text("works")
    expect(kept.get_by_text("test", exact=True)).to_have_count(0)


def _import(page: Page, text: str) -> None:
    """Begin with a definition that somebody else wrote."""
    page.goto("/connectors")
    page.get_by_role("link", name="Create a new connector").first.click()
    page.get_by_text("Import a definition").click()
    page.get_by_label("Or its text").fill(text)
    page.get_by_role("button", name="Import").click()
    editor_of(page)
