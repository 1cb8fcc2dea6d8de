"""Third-party text stays text, wherever a page of the shell shows it (T-60)."""

import base64
import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import Workbench
from tests.browser.payloads import PAYLOADS, TOGETHER, untouched
from tests.storage.rows import connection, connector

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
