"""The callback URL: there from the first draft, and whether it arrives."""

import json

from playwright.sync_api import Route, expect
from tests.browser.conftest import Workbench
from tests.browser.editing import Editor, definition_text, made, opened
from tests.browser.screens import look_at


def test_it_is_shown_and_copied_from_the_first_draft(workbench: Workbench) -> None:
    page = workbench.operator()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=workbench.address)
    editor = opened(workbench, "", page)
    url = f"{workbench.address}/oauth/callback/{editor.connector}"

    expect(page.locator(".copyable code")).to_have_text(url)
    page.get_by_role("button", name="Copy the callback URL").click()
    first = page.evaluate("navigator.clipboard.readText()")
    page.evaluate("navigator.clipboard.writeText('')")
    page.get_by_label("More about this connector").hover()
    page.get_by_role("menuitem", name="Copy Callback URL").click()
    expect(page.locator("#toasts")).to_contain_text("Copied.")

    assert (first, page.evaluate("navigator.clipboard.readText()")) == (url, url)


def test_the_browser_finds_out_that_it_arrives(workbench: Workbench) -> None:
    editor = opened(workbench, definition_text())

    expect(editor.page.locator("#arrival")).to_contain_text("It arrives")


def test_a_server_that_is_another_one_is_not_taken_for_ours(workbench: Workbench) -> None:
    page = workbench.operator()
    editor = Editor(page, made(workbench, definition_text()))

    def other(route: Route) -> None:
        route.fulfill(
            content_type="application/json",
            headers={"Access-Control-Allow-Origin": "*"},
            body=json.dumps({"answer": "0" * 64}),
        )

    page.route("**/arrival?*", other)
    editor.open()

    expect(page.locator("#arrival")).to_contain_text("Another server answers")
    look_at(page, "callback-other")


def test_an_address_that_nothing_answers_is_said_to_and_asked_again(workbench: Workbench) -> None:
    page = workbench.operator()
    editor = Editor(page, made(workbench, definition_text()))
    page.route("**/arrival?*", lambda route: route.fulfill(status=502, body="proxy"))
    editor.open()
    expect(page.locator("#arrival")).to_contain_text("It does not arrive")

    page.unroute("**/arrival?*")
    page.get_by_role("button", name="Check again").click()

    expect(page.locator("#arrival")).to_contain_text("It arrives")


def test_what_a_console_may_refuse_is_said(workbench: Workbench) -> None:
    editor = opened(workbench, definition_text())

    concerns = editor.page.locator(".concerns li")

    expect(concerns.filter(has_text="plain http")).to_have_count(1)
    expect(concerns.filter(has_text="whichever machine the browser runs on")).to_have_count(1)
