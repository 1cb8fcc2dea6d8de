"""Third-party text stays text, wherever a page of the shell shows it (T-60)."""

import base64
import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect
from tests.browser.chromium import narrow, wide
from tests.browser.conftest import Workbench
from tests.browser.drafts import open_debugger
from tests.browser.editing import made, opened, save_elsewhere
from tests.browser.payloads import PAYLOADS, TOGETHER, says, untouched
from tests.storage.rows import connection, connector

from connectsmith.core.definition.authority import HostRules
from connectsmith.core.definition.hosts import compile_with
from connectsmith.errors import UrlInvalid

PICTURE = (
    "<svg xmlns='http://www.w3.org/2000/svg' onload='window.__x=1'><script>window.__x=1;"
    "fetch('https://outside.invalid/')</script><image href='https://outside.invalid/x.png'/></svg>"
)


def put_everywhere(workbench: Workbench) -> None:
    """Name connectors, their accounts and API tokens after every payload."""
    storage, run = workbench.installation.inside.parts.storage, workbench.installation.loop.run
    now = workbench.installation.inside.desks.clock.now()
    for number, payload in enumerate(PAYLOADS):
        at = now - timedelta(seconds=number)
        name = f"con_{number}"
        run(storage.connectors.add(connector(name, name=payload, created_at=at)))
        row = connection(f"cnn_{number}", connector=name, account_label=payload, created_at=at)
        run(storage.connections.add(row))


def test_the_list_is_long_enough() -> None:
    assert len(set(PAYLOADS)) >= 200


@pytest.mark.row("T-60")
def test_connectors_named_after_payloads_are_listed_as_text(
    workbench: Workbench, page: Page
) -> None:
    put_everywhere(workbench)
    page.goto("/connectors")
    named = page.locator("td .named a")
    while page.get_by_role("link", name="Show more").count():
        shown = named.count()
        page.get_by_role("link", name="Show more").click()
        expect(named.nth(shown)).to_be_attached()

    assert named.evaluate_all("all => all.map(one => one.textContent)") == PAYLOADS
    untouched(page)


@pytest.mark.row("T-60")
def test_page_and_dialog_before_a_deletion_show_names_and_accounts_as_text(
    workbench: Workbench, page: Page
) -> None:
    storage, run = workbench.installation.inside.parts.storage, workbench.installation.loop.run
    run(storage.connectors.add(connector(name=TOGETHER)))
    run(storage.connections.add(connection(account_label=TOGETHER)))

    page.goto("/connectors/con_a/delete")
    expect(page.locator("h1")).to_contain_text(TOGETHER)
    expect(page.locator(".notice p")).to_contain_text(TOGETHER)
    untouched(page)
    page.goto("/connectors")
    page.locator("[hx-get$='/delete']").dispatch_event("click")

    dialog = page.locator("dialog[open]")
    expect(dialog.get_by_role("heading")).to_contain_text(TOGETHER)
    expect(dialog.locator(".notice p")).to_contain_text(TOGETHER)
    untouched(page)


@pytest.mark.row("T-60")
def test_what_is_typed_into_a_page_comes_back_as_text(workbench: Workbench, page: Page) -> None:
    outside = workbench.visitor()
    for typed in _addressable():
        for path, name in (("/connectors", "search"), ("/connectors/new", "service")):
            page.goto(f"{path}?{urlencode({name: typed})}")
            assert page.locator(f"#{name}").input_value() == typed
            untouched(page)
        outside.goto(f"/sign-in?{urlencode({'to': typed})}")
        assert outside.locator("input[name=to]").input_value() == "/connectors"
        untouched(outside)


def _addressable() -> list[str]:
    """Return all payloads that a line can hold, as many together as an address can."""
    size = 40
    able = [each.strip() for each in PAYLOADS if each.isprintable()]
    return [" ".join(able[at : at + size]) for at in range(0, len(able), size)]


@pytest.mark.row("T-60")
def test_api_tokens_named_after_payloads_are_listed_as_text(
    workbench: Workbench, page: Page
) -> None:
    printable = [each for each in PAYLOADS if len(each) <= 200]
    for payload in printable:
        body = {"name": payload, "scopes": ["calls:read"]}
        workbench.installation.api.post("/v1/tokens", body)

    page.goto("/settings")

    names = page.locator("td strong").evaluate_all("all => all.map(one => one.textContent)")
    assert set(printable) <= set(names)
    untouched(page)


@pytest.mark.row("T-60")
def test_icon_that_is_a_script_is_a_picture_at_most(workbench: Workbench, page: Page) -> None:
    uri = "data:image/svg+xml;base64," + base64.b64encode(PICTURE.encode()).decode()
    text = json.dumps({"schema": "1.0", "name": "Icon", "icon": uri})
    workbench.installation.api.post("/v1/connectors", {"definition": text})

    page.goto("/connectors")

    page.wait_for_load_state("networkidle")
    untouched(page)


@pytest.mark.row("T-60")
def test_text_that_cannot_be_imported_is_typed_text_still(page: Page) -> None:
    """The error says what is wrong in words of its own; the text is in its box to be mended."""
    text = f"{TOGETHER} {'x' * 1024 * 1024}"
    page.goto("/connectors/new")
    page.locator("details.import summary").click()
    page.locator("#text").evaluate("(box, text) => { box.value = text; }", text)

    page.get_by_role("button", name="Import", exact=True).click()

    expect(page.get_by_role("alert")).to_have_text("A definition has at most 1 MiB of text.")
    assert page.locator("#text").input_value() == text
    untouched(page)


@pytest.mark.row("T-60")
@pytest.mark.parametrize("size", [wide, narrow], ids=["wide", "narrow"])
def test_both_texts_of_a_conflict_are_text(
    workbench: Workbench, page: Page, size: Callable[[Page], None]
) -> None:
    size(page)
    lines = list(dict.fromkeys(each for each in PAYLOADS if each.isprintable()))
    mine, theirs = ([f"{whose}: {each}" for each in lines] for whose in ("mine", "theirs"))
    editor = opened(workbench, "{}", page)
    editor.type_all("\n".join(mine))
    save_elsewhere(workbench, editor.connector, "\n".join(theirs))

    page.keyboard.press("Control+s")

    expect(page.locator("#conflict")).to_be_visible()
    assert {*mine, *theirs} <= _compared(page)
    untouched(page)
    page.get_by_role("button", name="Use the saved text").click()
    assert editor.text() == "\n".join(theirs)
    untouched(page)


def _compared(page: Page) -> set[str]:
    """Return the lines of both texts, scrolling through: only what is near is on the page."""
    found: list[str] = page.evaluate(_COMPARED)
    return set(found)


_COMPARED = """
async () => {
  const seen = new Set();
  const texts = document.querySelector("#conflict-texts");
  const boxes = [texts, texts.querySelector(".cm-scroller")];
  const height = () => Math.max(...boxes.map((each) => each.scrollHeight));
  for (let top = 0; top < height(); top += texts.clientHeight / 2) {
    for (const each of boxes) each.scrollTop = top;
    for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
    for (const each of texts.querySelectorAll(".cm-line, .cm-deletedLine")) {
      seen.add(each.textContent);
    }
  }
  return [...seen];
}
"""


# -- before something is published ----------------------------------------------------------------


@pytest.mark.row("T-60")
def test_what_a_publication_changes_is_told_as_text(workbench: Workbench, page: Page) -> None:
    """Names of actions, fields, scopes and secrets: an author writes them as freely as labels."""
    connector = made(workbench, json.dumps(_version({"removed": "", "changed": "before"})))
    workbench.installation.api.post(f"/v1/connectors/{connector}/publish", {})
    after = _version({"added": "", "changed": "after"}, keys=UNIQUE, scopes=SCOPES)
    after["auth_components"]["tokenParams"] = {each: f"{{{{{each}}}}}" for each in SECRETS}
    save_elsewhere(workbench, connector, json.dumps(after))
    open_debugger(page, connector)

    page.get_by_role("button", name="Publish changes").click()

    dialog = page.get_by_role("dialog", name="Publish changes")
    expect(dialog).to_be_visible()
    names = [f"{model}.{each}" for model in ("added", "changed") for each in UNIQUE]
    assert dialog.locator("li code").evaluate_all(_TEXTS) == names
    actions = [[f"{model}.{each}" for each in UNIQUE] for model in ("added", "changed", "removed")]
    says(page, *(", ".join(sorted(each)) for each in (*actions, SCOPES, SECRETS, UNIQUE)))


UNIQUE = list(dict.fromkeys(PAYLOADS))
SCOPES = sorted({part for each in PAYLOADS for part in each.split() if part.isascii()})
SECRETS = [each for each in UNIQUE if not set(each) & set("{}.")]
_TEXTS = "all => all.map((one) => one.textContent)"


def _version(
    models: dict[str, str], *, keys: Sequence[str] = (), scopes: Sequence[str] = ()
) -> dict[str, Any]:
    """Return a definition with an action named after each payload for each model."""
    return {
        "schema": "1.0",
        "name": "All",
        "auth_components": {
            "type": "oauth2",
            "authorizationURL": "https://api.example.com/authorize",
            "tokenURL": "https://api.example.com/token",
            "clientID": "an-open-client",
            "clientAuth": "none",
            "scope": " ".join(scopes),
        },
        "requiredSettings": {"authFields": [{"key": each, "label": "Key"} for each in keys]},
        "endpoints": {"GET": {"/say": {"url": "https://api.example.com"}}},
        "actions": [
            {
                "modelId": model,
                "actionId": each,
                "endpoint": "/say",
                "method": "GET",
                "label": "Say",
                "helpText": text,
            }
            for model, text in models.items()
            for each in UNIQUE
        ],
    }


@pytest.mark.row("T-60")
@pytest.mark.parametrize("written", ["https://{}", "https://{}.example.com", "https://a:{}"])
def test_no_origin_can_hold_markup(written: str) -> None:
    rules = HostRules({}, ("*",))
    for each in PAYLOADS:
        try:
            found = compile_with(written.replace("{}", each), rules).origins
        except UrlInvalid:
            continue
        assert not set("".join(found)) & set("<>\"'`&;= \t\n")
