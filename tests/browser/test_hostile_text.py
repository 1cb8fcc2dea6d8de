"""What a hostile service says, wherever a page repeats it: text, and nothing more."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import Workbench
from tests.browser.drafts import drafted, open_debugger, row
from tests.browser.payloads import PAYLOADS, TOGETHER, says, untouched
from tests.servers.hostile import Hostile
from tests.servers.replies import Reply, json_reply, redirect, reply
from tests.servers.wire import Received

from connectsmith.core.authorization.words import LONGEST


@pytest.fixture
def neighbours(hostile: Hostile) -> Sequence[str]:
    """Let a scripted service be reached."""
    return (hostile.origin,)


def definition(server: str) -> dict[str, Any]:
    """Return a connector whose fields carry every payload at every place a field has."""
    fields = [
        {"key": f"f{number}", "label": each, "description": each}
        for number, each in enumerate(PAYLOADS)
    ]
    chosen = {"key": "one", "label": "One of", "choices": {each: each for each in PAYLOADS}}
    examples = [each | {"example": each["label"]} for each in fields]
    defaults = [each | {"default": each["label"]} for each in fields]
    return {
        "schema": "1.0",
        "name": TOGETHER,
        "auth_components": {
            "type": "oauth2",
            "authorizationURL": f"{server}/authorize",
            "tokenURL": f"{server}/token",
            "clientID": "an-open-client",
            "clientAuth": "none",
            "scope": SCOPES,
        },
        "auth_test": {"method": "GET", "endpoint": "/who", "account": {"label": "/who"}},
        "requiredSettings": {"authFields": [*examples, chosen]},
        "endpoints": {"GET": {"/say": {"url": server}, "/who": {"url": server}}},
        "actions": [
            {
                "modelId": "say",
                "actionId": "it",
                "endpoint": "/say",
                "method": "GET",
                "label": TOGETHER,
                "helpText": TOGETHER,
                "actionFields": [*defaults, chosen],
            },
            {
                "modelId": "say",
                "actionId": "all",
                "endpoint": "/say",
                "method": "GET",
                "label": "Say all",
            },
        ],
    }


SCOPES = " ".join(sorted({part for each in PAYLOADS for part in each.split() if part.isascii()}))
GRANT = {"access_token": "an-access-token", "token_type": "bearer", "scope": SCOPES}


@pytest.mark.row("T-60")
def test_everything_a_definition_says_is_text_in_the_debugger(
    workbench: Workbench, page: Page, hostile: Hostile
) -> None:
    connector = drafted(workbench, json.dumps(definition(hostile.origin)))

    open_debugger(page, connector)

    says(page, *PAYLOADS, places=6)
    says(page, TOGETHER, places=2)


@pytest.mark.row("T-60")
def test_everything_a_service_says_is_text_in_the_debugger(
    workbench: Workbench, page: Page, hostile: Hostile
) -> None:
    _consenting(hostile)
    hostile.on("/who", json_reply({"who": PAYLOADS[0]}))
    connector = drafted(workbench, json.dumps(definition(hostile.origin)))
    open_debugger(page, connector)

    page.get_by_role("button", name="Sign In", exact=True).click()
    expect(page.get_by_text("Access token ends", exact=True)).to_be_visible()
    says(page, SCOPES, places=2)
    says(page, PAYLOADS[0])
    action = row(page, "Say all")
    for kind in ("application/json", "text/html", "image/svg+xml", "text/plain"):
        body = json.dumps(PAYLOADS, indent=2) if "json" in kind else "\n".join(PAYLOADS)
        hostile.on("/say", reply(200, body.encode(), content_type=kind, headers=_headers()))
        action.get_by_role("button", name="Test").click()
        expect(action.get_by_text(f"bytes, {kind}")).to_be_visible()
        says(page, *(value for _, value in _headers()))
        shown = action.locator("pre:visible").text_content() or ""
        assert (json.loads(shown) if "json" in kind else shown) == (
            PAYLOADS if "json" in kind else body
        )


def _consenting(hostile: Hostile) -> None:
    """Let the service consent to everything, and grant what a scope cannot be called."""
    hostile.on("/authorize", _consented)
    hostile.on("/token", json_reply(GRANT))


def _headers() -> list[tuple[str, str]]:
    """Return headers with every payload that a header can hold."""
    able = [each for each in PAYLOADS if each.isascii() and each.isprintable()]
    return [
        (f"X-Note-{number}", " ".join(able[number : number + 50]).strip())
        for number in range(0, len(able), 50)
    ]


@pytest.mark.row("T-60")
def test_what_is_kept_of_a_service_is_text_on_every_page_and_dialog(
    workbench: Workbench, page: Page, hostile: Hostile
) -> None:
    """Names and errors are kept up to some length; longer ones are written behind its back."""
    _consenting(hostile)
    hostile.on("/who", json_reply({"who": "Ada"}))
    connector = drafted(workbench, json.dumps(definition(hostile.origin)))
    open_debugger(page, connector)
    page.get_by_role("button", name="Sign In", exact=True).click()
    expect(page.get_by_text("Access token ends", exact=True)).to_be_visible()
    _rewritten(workbench)

    page.reload()
    page.get_by_role("button", name="Create Connector").click()
    dialog = page.locator("#asks dialog[open]")
    expect(dialog.get_by_role("heading").first).to_have_text(f"Create Connector: {TOGETHER}")
    says(page, TOGETHER, places=5)
    dialog.get_by_role("button", name="Create Connector").click()
    page.wait_for_url("**/connectors")
    hostile.on("/who", json_reply({}))  # so that no proof gives the account its name again
    _rewritten(workbench)
    for path, *places in (
        ("/connectors", "td .named a"),
        (f"/connectors/{connector}", "#connector-name"),
        (f"/connectors/{connector}/delete", "h1"),
        (f"/connectors/{connector}/debugger", "h1", ".step-name", ".step-body p"),
        ("/connections", "td .named strong", "td[data-label=Connector]"),
        ("/activity", "td .named a", "td[data-label=Connector]", "td[data-label=Account]"),
    ):
        page.goto(path)
        for place in places:
            expect(page.locator(place).filter(has_text=TOGETHER).first).to_be_attached()
        untouched(page)
    page.locator("td .named a").first.click()
    expect(page.locator("h1")).to_have_text(TOGETHER)
    untouched(page)
    _in_dialogs(page)


def _in_dialogs(page: Page) -> None:
    """Look at each dialog that a connection has."""
    page.goto("/connections")
    for asked in ("revoke", "delete", "reconnect", "test", "survival"):
        page.locator(f"[hx-get$='/{asked}'], [hx-post$='/{asked}']").first.dispatch_event("click")
        dialog = page.locator("#asks dialog[open]")
        expect(dialog).to_be_visible()
        expect(dialog).to_contain_text(TOGETHER)
        untouched(page)
        dialog.evaluate("one => { one.close(); one.remove(); }")


@pytest.mark.row("T-60")
def test_what_a_token_endpoint_refuses_with_is_text_in_the_survival_verdict(
    workbench: Workbench, page: Page, hostile: Hostile
) -> None:
    """In the verdict's sentence and in the step that failed."""
    _consenting(hostile)
    hostile.on("/token", json_reply(GRANT | {"refresh_token": "a-refresh-token"}))
    hostile.on("/who", json_reply({"who": "Ada"}))
    open_debugger(page, drafted(workbench, json.dumps(definition(hostile.origin))))
    page.get_by_role("button", name="Sign In", exact=True).click()
    expect(page.get_by_text("Access token ends", exact=True)).to_be_visible()
    page.goto("/connections")

    for words in _kept_whole():
        answer = {"error": "invalid_request", "error_description": words}
        hostile.on("/token", json_reply(answer, 400))
        page.locator("[hx-post$='/survival']").dispatch_event("click")
        dialog = page.locator("#asks dialog[open]")
        expect(dialog.locator(".notice")).to_contain_text(words)
        expect(dialog.locator("li").filter(has_text="failed").first).to_contain_text(words)
        untouched(page)
        dialog.evaluate("one => { one.close(); one.remove(); }")


def _kept_whole() -> list[str]:
    """Return all payloads of one line, as many together as is kept of a service's words."""
    found = [""]
    for each in (" ".join(one.split()) for one in PAYLOADS if one.isprintable()):
        if len(found[-1]) + len(each) < LONGEST:
            found[-1] += f" {each}"
        else:
            found.append(each)
    return [each.strip() for each in found]


def _rewritten(workbench: Workbench) -> None:
    """Name all after every payload at once, whatever length names may have."""
    folder = workbench.installation.settings.data_dir
    for file, change in (
        ("connectsmith.db", "UPDATE connectors SET name = ?"),
        ("connectsmith.db", "UPDATE connections SET account_label = ?"),
        ("connectsmith.db", "UPDATE connections SET failure_message = ?"),
        ("connectsmith.db", "UPDATE authorizations SET error_message = ? WHERE error_code > ''"),
        ("calls.db", "UPDATE calls SET action = ?"),
    ):
        with closing(sqlite3.connect(folder / file)) as database, database:
            database.execute(change, [TOGETHER])


def _consented(asked: Received) -> Reply:
    query = dict(asked.query)
    return redirect(f"{query['redirect_uri']}?code=a-code&state={query['state']}", 302)


@pytest.mark.row("T-60")
def test_refused_sign_in_is_text_wherever_it_is_told(
    workbench: Workbench, page: Page, hostile: Hostile
) -> None:
    """On the pages of the sign-in itself, in the Debugger, and where somebody connects."""
    hostile.on("/authorize", _denied)
    text = json.dumps(definition(hostile.origin))
    made = workbench.installation.api.post("/v1/connectors", {"definition": text, "publish": True})
    at = f"/v1/connectors/{made['id']}"
    _rewritten(workbench)
    asked: dict[str, Any] = {"fields": {}, "return_to": None}
    started = workbench.installation.api.post(f"{at}/authorizations", asked)

    page.goto(started["start_url"])
    expect(page.locator("h1")).to_contain_text(TOGETHER)
    says(page, *SCOPES.split(), places=1)
    page.get_by_role("button").click()
    expect(page.get_by_text("access_denied").first).to_be_visible()
    _rewritten(workbench)
    page.reload()
    expect(page.locator("h1")).to_contain_text(TOGETHER)
    expect(page.get_by_role("alert")).to_have_text(TOGETHER)
    untouched(page)

    open_debugger(page, made["id"])
    page.get_by_role("button", name="Sign In", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("access_denied")
    _rewritten(workbench)
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text(TOGETHER)
    untouched(page)


def _denied(asked: Received) -> Reply:
    query = dict(asked.query)
    words = urlencode({"error": "access_denied", "error_description": PAYLOADS[0]})
    return redirect(f"{query['redirect_uri']}?{words}&state={query['state']}", 302)


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360"
    "f8cf00000301010018dd8db00000000049454e44ae426082"
)


def test_images_binaries_and_long_bodies_are_shown_as_what_they_are(
    workbench: Workbench, page: Page, hostile: Hostile
) -> None:
    text = definition(hostile.origin)
    text |= {"auth_components": {"type": "none"}, "requiredSettings": {"authFields": []}}
    text["actions"] = [text["actions"][1] | {"label": "Fetch"}]
    connector = drafted(workbench, json.dumps(text))
    open_debugger(page, connector)
    action = row(page, "Fetch")

    hostile.on("/say", reply(200, PNG, content_type="image/png"))
    action.get_by_role("button", name="Test").click()
    image = action.get_by_role("img")
    expect(image).to_be_visible()
    assert image.evaluate("one => one.decode().then(() => one.naturalWidth)") == 1

    svg = b'<svg xmlns="http://www.w3.org/2000/svg" onload="window.__x=1"/>'
    hostile.on("/say", reply(200, svg, content_type="image/png"))
    action.get_by_role("button", name="Test").click()
    expect(action.locator("pre:visible")).to_contain_text("<svg")

    hostile.on("/say", reply(200, bytes(range(256)) * 8, content_type="application/octet-stream"))
    action.get_by_role("button", name="Test").click()
    expect(action.locator("pre:visible")).to_contain_text("00000000  00 01 02 03")
    with page.expect_download() as got:
        action.get_by_role("link", name="Download the body").click()
    assert got.value.path().read_bytes() == bytes(range(256)) * 8

    hostile.on("/say", reply(200, b'{"long": "' + b"x" * 3_000_000 + b'"}'))
    action.get_by_role("button", name="Test").click()
    expect(action.get_by_text("only the beginning is shown")).to_be_visible()
