"""What a hostile service says, wherever a page repeats it: text, and nothing more."""

import json
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.conftest import Workbench
from tests.browser.drafts import drafted, open_debugger, row
from tests.journeys.installation import installed
from tests.servers.hostile import Hostile
from tests.servers.replies import json_reply, reply
from tests.servers.sandbox import start_sandbox

CORPUS = tomllib.loads((Path(__file__).parents[1] / "vectors" / "markup.toml").read_text())


@pytest.fixture
def workbench(browser: Browser, tmp_path: Path, hostile: Hostile) -> Iterator[Workbench]:
    """An installation that may reach a hostile service."""
    with (
        start_sandbox() as sandbox,
        installed(tmp_path, sandbox.port, hostile.port) as running,
        ExitStack() as rest,
    ):
        one = Workbench(running, sandbox, browser, rest)
        yield one
        one.check()


@pytest.fixture
def page(workbench: Workbench, hostile: Hostile) -> Page:
    """An operator's browser, which goes to the hostile service's consent page too."""
    return workbench.operator(hostile.origin.removeprefix("http://"))


def payloads(canary: str) -> list[str]:
    return [each.replace("{canary}", canary) for each in CORPUS["payloads"]]


def definition(server: str, texts: list[str]) -> dict[str, Any]:
    """Return a connector whose every label is a payload, and whose service answers with them."""
    mark = texts[0]
    return {
        "schema": "1.0",
        "name": f"Evil {mark}",
        "auth_components": {
            "type": "oauth2",
            "authorizationURL": f"{server}/authorize",
            "tokenURL": f"{server}/token",
            "clientID": "an-open-client",
            "clientAuth": "none",
            "scope": "a",
        },
        "requiredSettings": {
            "authFields": [
                {"key": "shop", "label": texts[8], "description": texts[9], "example": texts[12]},
                {"key": "kind", "label": texts[2], "choices": {texts[11]: texts[10]}},
            ]
        },
        "endpoints": {"GET": {"/say": {"url": server}}},
        "actions": [
            {
                "modelId": "say",
                "actionId": "it",
                "endpoint": "/say",
                "method": "GET",
                "label": f"Say {texts[5]}",
                "helpText": texts[13],
                "actionFields": [
                    {"key": "q", "label": texts[6], "description": texts[7], "default": texts[12]}
                ],
            }
        ],
    }


def harmless(page: Page, texts: list[str]) -> None:
    """See that nothing ran and nothing was made into an element."""
    assert page.evaluate("window.__x") is None
    made = "script:not([src^='/static/']), iframe, object, embed, base, marquee, video, audio"
    assert page.locator(f"main :is({made})").count() == 0
    assert page.locator("main [onerror], main [onload], main [onfocus]").count() == 0
    assert page.locator(f"main >> text={texts[0]}").count() >= 0


@pytest.mark.row("T-60")
def test_labels_errors_and_names_are_text(
    workbench: Workbench, page: Page, hostile: Hostile
) -> None:
    texts = payloads(hostile.origin_as("canary.invalid"))
    connector = drafted(workbench, json.dumps(definition(hostile.origin, texts)))
    open_debugger(page, connector)
    harmless(page, texts)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Evil {texts[0]}")
    hostile.on("/authorize", _denied)

    page.get_by_role("button", name="Sign In", exact=True).click()

    expect(page.get_by_role("alert")).to_contain_text(f"access_denied: {texts[0]}")
    harmless(page, texts)
    page.goto("/connections")
    harmless(page, texts)


@pytest.mark.row("T-60")
def test_bodies_headers_and_account_names_are_text(
    workbench: Workbench, page: Page, hostile: Hostile
) -> None:
    texts = payloads(hostile.origin_as("canary.invalid"))
    text = definition(hostile.origin, texts)
    text["auth_test"] = {"method": "GET", "endpoint": "/say", "account": {"label": "/who"}}
    hostile.on("/authorize", _consented)
    hostile.on("/token", json_reply({"access_token": "an-access-token", "token_type": "bearer"}))
    hostile.on("/say", json_reply({"who": texts[8]}))
    connector = drafted(workbench, json.dumps(text))
    open_debugger(page, connector)

    page.get_by_role("button", name="Sign In", exact=True).click()
    expect(page.get_by_text("Access token ends", exact=True)).to_be_visible()
    expect(page.locator("#sign-in dd").first).to_have_text(texts[8])
    action = row(page, "Say ")
    for kind in ("application/json", "text/html", "image/svg+xml", "text/plain"):
        body = json.dumps(texts) if "json" in kind else "\n".join(texts)
        hostile.on(
            "/say", reply(200, body.encode(), content_type=kind, headers=[("X-Note", texts[0])])
        )
        action.get_by_role("button", name="Test").click()
        expect(action.locator("pre:visible")).to_contain_text("window.__x")
        action.get_by_text("headers").locator("visible=true").click()
        expect(action.get_by_text(texts[0], exact=True).first).to_be_visible()
        harmless(page, texts)

    page.goto("/activity")
    harmless(page, texts)
    page.get_by_role("link", name="say.it").first.click()
    expect(page.locator("pre:visible")).to_contain_text("window.__x")
    harmless(page, texts)
    page.goto("/connections")
    expect(page.get_by_text(texts[8]).first).to_be_visible()
    harmless(page, texts)


def _denied(asked: Any) -> Any:
    query = dict(asked.query)
    words = urlencode({"error": "access_denied", "error_description": CORPUS["payloads"][0]})
    back = f"{query['redirect_uri']}?{words}&state={query['state']}"
    return reply(302, headers=[("Location", back)])


def _consented(asked: Any) -> Any:
    query = dict(asked.query)
    back = f"{query['redirect_uri']}?code=a-code&state={query['state']}"
    return reply(302, headers=[("Location", back)])


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360"
    "f8cf00000301010018dd8db00000000049454e44ae426082"
)


def test_images_binaries_and_long_bodies_are_shown_as_what_they_are(
    workbench: Workbench, page: Page, hostile: Hostile
) -> None:
    text = definition(hostile.origin, payloads("x"))
    text |= {"auth_components": {"type": "none"}, "requiredSettings": {"authFields": []}}
    text["actions"][0] |= {"label": "Fetch", "actionFields": []}
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
