"""The editor and its dialogs in both themes and at both widths, for axe and for the eye."""

import json

from playwright.sync_api import Page, expect
from tests.browser.conftest import Workbench
from tests.browser.editing import definition_text, opened
from tests.browser.screens import look_at


def test_a_good_text_is_shown_without_problems(workbench: Workbench) -> None:
    editor = opened(workbench, definition_text())

    expect(editor.page.get_by_text("It arrives")).to_be_visible()
    look_at(editor.page, "editor")


def test_an_empty_text_is_shown(workbench: Workbench) -> None:
    editor = opened(workbench, "")

    expect(editor.page.locator("#no-actions")).to_be_visible()
    look_at(editor.page, "editor-empty")


def test_a_faulty_text_is_shown_with_its_problems(workbench: Workbench) -> None:
    text = json.loads(definition_text(tokenUrl="https://b.example.com", clientID="{{clientId}}"))
    text["actions"][0]["endpoint"] = "/nowhere"
    text["requireSettings"] = 7
    editor = opened(workbench, json.dumps(text, indent=2) + "\n,")

    expect(editor.problems.first).to_be_visible()
    look_at(editor.page, "editor-faulty")


def test_secret_keys_are_shown(workbench: Workbench) -> None:
    editor = opened(workbench, definition_text())

    dialog = editor.open_keys()
    look_at(editor.page, "secret-keys-empty")
    dialog.get_by_label("Secret Value").first.fill("client-7")
    look_at(editor.page, "secret-keys-entered")


def test_what_may_be_written_is_laid_out_as_text(page: Page) -> None:
    for name in ("format", "limitations"):
        page.goto(f"/reference/{name}")
        expect(page.locator("article.text")).to_have_css("display", "grid")
        look_at(page, f"reference-{name}")
