"""Drafts that are ready to be tried out: made by REST, tested by clicks."""

import json
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect
from tests.browser.conftest import Workbench
from tests.servers.good import Registered

from connectsmith.samples import samples

Change = Callable[[dict[str, Any]], None]


def sandbox_text(workbench: Workbench, change: Change | None = None) -> str:
    """Return the sandbox's sample for the sandbox that runs."""
    text = next(each.text for each in samples() if each.name == "sandbox-calendar")
    definition = json.loads(text.replace("http://localhost:8401", workbench.sandbox.issuer))
    if change is not None:
        change(definition)
    return json.dumps(definition, indent=2)


def drafted(workbench: Workbench, text: str) -> str:
    """Make a connector with a draft; return its id."""
    made = workbench.installation.api.post("/v1/connectors", {"definition": text})
    identifier: str = made["id"]
    return identifier


def registered(workbench: Workbench, connector: str, *, lifetime: int = 3600) -> Registered:
    """Register a client for a connector's callback URL at the sandbox."""
    callback = f"{workbench.address}/oauth/callback/{connector}"
    return workbench.sandbox.register(redirect_uris=[callback], access_token_seconds=lifetime)


def store(workbench: Workbench, connector: str, client: Registered) -> None:
    """Store a client's id and secret."""
    pairs = [
        {"name": "clientID", "value": client.client_id},
        {"name": "clientSecret", "value": client.client_secret},
    ]
    workbench.installation.api.post(f"/v1/connectors/{connector}/secrets", {"secrets": pairs})


def ready(workbench: Workbench, change: Change | None = None, *, lifetime: int = 3600) -> str:
    """Return a draft whose client is registered and whose secrets are stored."""
    connector = drafted(workbench, sandbox_text(workbench, change))
    store(workbench, connector, registered(workbench, connector, lifetime=lifetime))
    return connector


def open_debugger(page: Page, connector: str) -> None:
    """Open the Debugger."""
    page.goto(f"/connectors/{connector}/debugger")


def row(page: Page, name: str) -> Locator:
    """Return an action's row, opened."""
    found = page.locator("details.step").filter(has=page.locator("summary").get_by_text(name))
    if found.get_attribute("open") is None:
        found.locator("summary").first.click()
    return found


def consent(page: Page, *, button: str = "Allow", person: str = "Ada Lindqvist") -> None:
    """Sign in by pointer: the button, the window that opens, the answer there."""
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Sign In", exact=True).click()
    answer(opened.value, button=button, person=person)


def answer(window: Page, *, button: str = "Allow", person: str = "Ada Lindqvist") -> None:
    """Answer the sandbox's consent page."""
    window.get_by_role("radio", name=person).check()
    window.get_by_role("button", name=button).click()


def signed_in(page: Page, connector: str) -> None:
    """Sign in at the sandbox in the Debugger, and see that it worked."""
    open_debugger(page, connector)
    consent(page)
    expect(page.get_by_text("Scopes granted")).to_be_visible()
