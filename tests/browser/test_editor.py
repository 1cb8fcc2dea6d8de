"""The editor as a person uses it: problems, fixes, completion, saving; nothing typed is lost."""

import json
import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import Route, expect
from tests.browser.chromium import narrow
from tests.browser.conftest import EMAIL, PASSWORD, Workbench
from tests.browser.editing import Editor, definition_text, made, opened, save_elsewhere
from tests.browser.payloads import PAYLOADS, TOGETHER, says, untouched
from tests.browser.screens import look_at


def draft(workbench: Workbench, connector: str) -> str:
    """Return the draft that is saved."""
    text: str = workbench.installation.api.get(f"/v1/connectors/{connector}/draft")["text"]
    return text


# -- what is wrong, where, and how it is mended ----------------------------------------------------


def test_a_problem_is_marked_in_its_exact_place_behind_emoji_and_mended_by_a_click(
    workbench: Workbench,
) -> None:
    good = json.loads(definition_text())
    good["name"] = "😀 Calendar"
    editor = opened(workbench, json.dumps(good, indent=2, ensure_ascii=False))

    editor.type_all(editor.text().replace('"requiredSettings"', '"requiredSetting"'))
    line = editor.problems.filter(has_text='"requiredSetting" is not').first
    line.get_by_role("button").first.click()
    selected = editor.page.evaluate("document.getSelection().toString()")
    editor.problems.get_by_role("button", name='Rename it to "requiredSettings"').first.click()

    assert '"requiredSetting"' in selected
    expect(editor.page.locator("#problem-count")).to_have_text("2 warnings")
    assert json.loads(editor.text()) == good


def test_the_same_code_reads_it_as_on_the_command_line(workbench: Workbench) -> None:
    text = definition_text().replace('"schema": "1.0",', '"schema": "1.0"')
    editor = opened(workbench, text)
    said = workbench.installation.api.get(f"/v1/connectors/{editor.connector}/draft")

    first = next(each for each in said["diagnostics"] if each["severity"] == "error")

    expect(editor.problems.filter(has_text=first["message"])).to_have_count(1)


def test_an_answer_about_a_text_that_has_changed_is_dropped(workbench: Workbench) -> None:
    editor = opened(workbench, definition_text())
    held: list[Route] = []

    def hold_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    editor.page.route("**/look", hold_first)

    with editor.page.expect_request("**/look"):
        editor.type_all("[")
    editor.type_all(definition_text())
    expect(editor.page.locator("#problem-count")).to_have_text("2 warnings")

    assert len(held) == 1


def test_the_first_error_gets_the_cursor_and_nothing_is_sent(workbench: Workbench) -> None:
    editor = opened(workbench, definition_text())
    faulty = definition_text().replace('"oauth2"', '"oauth9"').replace('"GET"', '"GOT"')
    editor.type_all(faulty)

    editor.page.get_by_role("button", name="Save & Test").click()

    expect(editor.notices.filter(has_text="errors in the text")).to_be_visible()
    assert editor.page.url.endswith(editor.connector)
    assert draft(workbench, editor.connector) == faulty
    first = editor.problems.locator(".visually-hidden", has_text="Error").first.locator("..")
    line = faulty[: editor.cursor()].count("\n") + 1
    expect(first).to_contain_text(f"Line {line}")


def test_save_and_test_opens_the_debugger_and_back_leads_to_the_same_place(
    workbench: Workbench,
) -> None:
    editor = opened(workbench, definition_text())
    editor.content.focus()
    editor.page.keyboard.press("Control+End")
    editor.page.keyboard.press("ArrowUp")
    before = editor.cursor()

    editor.page.get_by_role("button", name="Save & Test").click()
    editor.page.wait_for_url("**/debugger")
    editor.page.go_back()

    editor.wait()
    assert before > 1000
    assert editor.cursor() == before


# -- completion and help ---------------------------------------------------------------------------


def typed_at(editor: Editor, mark: str, text: str) -> None:
    """Put the cursor behind a mark and type."""
    at = editor.text().index(mark) + len(mark)
    editor.page.evaluate(
        "(at) => document.querySelector('.cm-content').cmTile.root.view"
        ".dispatch({selection: {anchor: at}})",
        at,
    )
    editor.content.focus()
    editor.page.keyboard.type(text, delay=20)


def option(editor: Editor, name: str) -> None:
    """Take an entry of the list of completions."""
    editor.page.locator(".cm-tooltip-autocomplete li", has_text=name).first.click()


def test_members_of_the_format_are_completed_with_their_meaning(workbench: Workbench) -> None:
    editor = opened(workbench, definition_text())

    typed_at(editor, '"auth_components": {', "\n")
    editor.page.keyboard.type("refreshU", delay=20)
    expect(editor.page.locator(".cm-tooltip-autocomplete")).to_be_visible()
    expect(editor.page.locator(".cm-completionInfo")).to_contain_text("refresh tokens go")
    option(editor, "refreshURL")

    assert '"refreshURL": ""' in editor.text()


def test_names_in_braces_paths_and_methods_are_completed(workbench: Workbench) -> None:
    text = json.loads(definition_text())
    text["requiredSettings"]["authFields"] = [{"key": "shop"}]
    text["auth_components"]["clientID"] = ""
    text["auth_request"] = {"type": "oauth2", "headers": {"X-Shop": ""}}
    text["actions"][0]["endpoint"] = ""
    editor = opened(workbench, json.dumps(text, indent=2))

    typed_at(editor, '"clientID": "', "{{")
    option(editor, "clientSecret")
    typed_at(editor, '"X-Shop": "', "{{au")
    option(editor, "authFields.shop")
    typed_at(editor, '"endpoint": ""', "")
    editor.page.keyboard.press("ArrowLeft")
    editor.page.keyboard.type("/")
    option(editor, "/me")

    found = json.loads(editor.text())
    assert found["auth_components"]["clientID"] == "{{clientSecret}}"
    assert found["auth_request"]["headers"] == {"X-Shop": "{{authFields.shop}}"}
    assert found["actions"][0]["endpoint"] == "/me"


def test_a_member_is_explained_when_pointed_at_and_below_the_text(workbench: Workbench) -> None:
    editor = opened(workbench, definition_text())

    editor.page.locator(".tok-propertyName", has_text='"tokenURL"').first.hover()
    expect(editor.page.locator(".cm-about")).to_contain_text("The token endpoint")
    typed_at(editor, '"tokenU', "")

    expect(editor.page.locator("#cursor-about")).to_contain_text(
        "auth_components › tokenURL: The token endpoint"  # noqa: RUF001 - as it is shown
    )


def test_the_outline_leads_to_an_action(workbench: Workbench) -> None:
    editor = opened(workbench, definition_text())

    editor.page.get_by_role("button", name="events.create").click()

    assert editor.text()[editor.cursor() :].startswith("{\n")
    assert '"actionId": "create"' in editor.text()[editor.cursor() :][:120]


def test_the_schema_and_the_limitations_are_served(workbench: Workbench) -> None:
    page = workbench.operator()

    page.goto("/reference/format")
    expect(page.get_by_role("heading", name="AuthComponents")).to_be_visible()
    page.goto("/reference/limitations")
    expect(page.get_by_role("heading", name="Not there")).to_be_visible()


# -- nothing typed is lost -------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "{", '{"a": 1}\n', definition_text()])
def test_the_draft_is_saved_as_typed_faulty_or_not(workbench: Workbench, text: str) -> None:
    editor = opened(workbench, "{}")
    editor.type_all(f" {text}")

    editor.page.keyboard.press("Control+s")

    expect(editor.state).to_contain_text("Saved")
    assert draft(workbench, editor.connector) == f" {text}"


@pytest.mark.parametrize(("typed", "expected"), [("1", "1"), ("[", "[2,\n3]")])
def test_what_is_typed_over_several_lines_takes_their_place(
    workbench: Workbench, typed: str, expected: str
) -> None:
    """The browser's own way writes styles, which the policy reports: see the workbench's check."""
    editor = opened(workbench, "2,\n3")
    editor.content.focus()
    editor.page.keyboard.press("Control+A")

    editor.page.keyboard.type(typed)

    assert editor.text() == expected


def test_line_ends_of_windows_stay_what_they_were(workbench: Workbench) -> None:
    text = definition_text().replace("\n", "\r\n")
    editor = opened(workbench, text)
    typed_at(editor, '"Calendar', "!")

    editor.page.keyboard.press("Control+s")

    expect(editor.state).to_contain_text("Saved")
    assert draft(workbench, editor.connector) == text.replace('"Calendar', '"Calendar!')


def test_a_reload_brings_back_what_was_typed_and_the_saved_text_on_demand(
    workbench: Workbench,
) -> None:
    saved = definition_text()
    editor = opened(workbench, saved)
    editor.type_all("{ not saved")

    editor.page.reload()
    editor.wait()

    assert editor.text() == "{ not saved"
    expect(editor.notices).to_contain_text("Text that was not saved is back")
    editor.notices.get_by_role("button", name="Use the saved text").click()
    assert editor.text() == saved
    editor.page.keyboard.press("Control+z")
    assert editor.text() == "{ not saved"


def test_another_tab_takes_up_what_a_tab_that_crashed_left(workbench: Workbench) -> None:
    editor = opened(workbench, definition_text())
    editor.type_all("{ typed before the crash")
    with editor.page.context.expect_page() as popup:
        editor.page.evaluate("window.open('about:blank')")

    editor.page.close(run_before_unload=False)
    again = Editor(popup.value, editor.connector).open()

    assert again.text() == "{ typed before the crash"


def test_what_was_typed_outlives_a_sign_out(workbench: Workbench) -> None:
    editor = opened(workbench, definition_text())
    page = editor.page
    editor.type_all("{ before signing out")
    page.get_by_label("Account").click()
    page.get_by_role("menuitem", name="Sign out").click()
    page.wait_for_url("**/sign-in**")

    page.goto(f"/connectors/{editor.connector}")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    page.wait_for_url(f"**/connectors/{editor.connector}")
    assert editor.wait().text() == "{ before signing out"


def test_what_was_typed_is_not_in_another_browser(workbench: Workbench) -> None:
    editor = opened(workbench, definition_text())
    editor.type_all("{ typed here")

    elsewhere = Editor(workbench.operator(), editor.connector).open()

    assert elsewhere.text() == definition_text()


def test_what_one_operator_typed_is_not_shown_to_another_in_the_same_browser(
    workbench: Workbench,
) -> None:
    editor = opened(workbench, definition_text())
    editor.type_all("{ typed by Ada")

    _handed_over(workbench)
    editor.page.reload()

    assert editor.wait().text() == definition_text()


def _handed_over(workbench: Workbench) -> None:
    """Make the open session another operator's; so far an installation makes only one."""
    file = workbench.installation.settings.data_dir / "connectsmith.db"
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(
            "INSERT INTO operators (workspace, id, name, created_at)"
            " SELECT workspace, 'ope_other', 'Bram', created_at FROM operators"
        )
        database.execute("UPDATE sessions SET operator = 'ope_other'")


def test_who_is_signed_out_while_typing_is_told_and_loses_nothing(workbench: Workbench) -> None:
    editor = opened(workbench, definition_text())
    editor.page.context.clear_cookies()
    editor.type_all("{ signed out")

    editor.page.keyboard.press("Control+s")

    expect(editor.notices).to_contain_text("You are signed out")
    editor.notices.get_by_role("button", name="Sign in").click()
    expect(editor.page.get_by_label("Password")).to_be_visible()
    assert f"to=%2Fconnectors%2F{editor.connector}" in editor.page.url


def test_no_secret_written_into_the_text_is_kept_in_the_browser(workbench: Workbench) -> None:
    editor = opened(workbench, definition_text())
    editor.type_all(definition_text(clientSecret='canary-"3f', privateKey="canary-4a"))

    kept = editor.page.evaluate("JSON.stringify({...localStorage})")
    editor.page.reload()
    editor.wait()

    assert "canary" not in kept
    assert json.loads(editor.text())["auth_components"]["clientSecret"] == ""
    assert json.loads(editor.text())["auth_components"]["clientID"] == "{{clientID}}"


def test_two_tabs_keep_their_texts_apart(workbench: Workbench) -> None:
    one = opened(workbench, "{}")
    other = Editor(one.page.context.new_page(), one.connector).open()
    one.type_all("{ one")
    other.type_all("{ other")

    for each, text in ((one, "{ one"), (other, "{ other")):
        each.page.reload()
        assert each.wait().text() == text


def test_a_save_in_one_tab_is_told_to_the_other(workbench: Workbench) -> None:
    one = opened(workbench, "{}")
    other = Editor(one.page.context.new_page(), one.connector).open()

    one.type_all("{ one")
    one.page.keyboard.press("Control+s")
    expect(one.state).to_contain_text("Saved")

    expect(other.notices).to_contain_text("Somebody saved this connector meanwhile")
    other.notices.get_by_role("button", name="Show the saved text").click()
    expect(other.notices).to_have_count(0)
    assert other.text() == "{ one"


# -- two people ------------------------------------------------------------------------------------


def conflicting(workbench: Workbench) -> Editor:
    """Type something while somebody else saves something."""
    editor = opened(workbench, definition_text())
    typed_at(editor, '"Calendar', " of mine")
    save_elsewhere(workbench, editor.connector, definition_text().replace("prompt", "theirs"))
    editor.page.keyboard.press("Control+s")
    expect(editor.page.get_by_role("dialog")).to_be_visible()
    return editor


def test_second_of_two_who_save_sees_both_texts_and_overwrites_nothing(
    workbench: Workbench,
) -> None:
    editor = conflicting(workbench)
    dialog = editor.page.get_by_role("dialog")

    expect(dialog.get_by_role("textbox", name="What was saved")).to_contain_text("theirs")
    expect(dialog.get_by_role("textbox", name="What you typed")).to_contain_text("of mine")
    assert '"theirs"' in draft(workbench, editor.connector)
    look_at(editor.page, "editor-conflict")
    dialog.get_by_role("button", name="Go on typing", exact=True).click()
    assert "of mine" in editor.text()
    expect(editor.state).to_contain_text("Not saved: somebody else saved")


def test_on_a_narrow_screen_what_differs_stands_in_one_text(workbench: Workbench) -> None:
    page = workbench.operator()
    narrow(page)
    editor = opened(workbench, definition_text(), page)
    typed_at(editor, '"Calendar', " of mine")
    save_elsewhere(workbench, editor.connector, definition_text().replace("prompt", "theirs"))
    page.keyboard.press("Control+s")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("textbox")).to_contain_text("theirs")
    look_at(page, "editor-conflict-narrow")

    dialog.get_by_role("button", name="Take this part of what was saved").last.click()
    dialog.get_by_role("button", name="Save yours as it stands here").click()

    expect(editor.state).to_contain_text("Saved")
    saved = draft(workbench, editor.connector)
    assert "of mine" in saved
    assert '"theirs"' in saved


def test_the_saved_text_can_be_taken_and_what_was_typed_is_an_undo_away(
    workbench: Workbench,
) -> None:
    editor = conflicting(workbench)

    editor.page.get_by_role("button", name="Use the saved text").click()

    assert '"theirs"' in editor.text()
    editor.content.focus()
    editor.page.keyboard.press("Control+z")
    assert "of mine" in editor.text()


def test_own_text_can_be_saved_after_it_was_compared(workbench: Workbench) -> None:
    editor = conflicting(workbench)
    dialog = editor.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Take this part of what was saved").last.click()

    dialog.get_by_role("button", name="Save yours as it stands here").click()

    expect(editor.state).to_contain_text("Saved")
    saved = draft(workbench, editor.connector)
    assert "of mine" in saved
    assert '"theirs"' in saved
    assert editor.text() == saved


def test_text_brought_back_is_compared_when_somebody_saved_meanwhile(workbench: Workbench) -> None:
    editor = opened(workbench, definition_text())
    editor.type_all("{ mine")
    save_elsewhere(workbench, editor.connector, "{ theirs")

    editor.page.reload()
    editor.wait()

    assert editor.text() == "{ mine"
    editor.notices.get_by_role("button", name="Compare and decide").click()
    expect(editor.page.get_by_role("textbox", name="What was saved")).to_contain_text("theirs")


# -- a text is only a text -------------------------------------------------------------------------


@pytest.mark.row("T-60")
def test_a_hostile_text_is_shown_and_never_run(workbench: Workbench) -> None:
    """Names, actions, secrets, and diagnostics that repeat what was written."""
    text = json.loads(definition_text())
    text["name"] = TOGETHER
    text["auth_components"] |= {"type": TOGETHER, "clientID": "{{<img src=x onerror=alert(3)>}}"}
    text["actions"] = [
        text["actions"][0] | {"label": each, "method": each, "actionId": f"a{number}"}
        for number, each in enumerate(PAYLOADS)
    ]
    text |= {each: each for each in PAYLOADS}
    editor = opened(workbench, json.dumps(text, indent=2))

    expect(editor.page.locator("#connector-name")).to_have_text(TOGETHER[:200].strip())
    expect(editor.problems.filter(has_text="<img src=x").first).to_be_visible()
    expect(editor.page.locator("#secret-list")).to_contain_text("<img src=x onerror=alert(3)>")
    says(editor.page, *PAYLOADS)
    editor.open_keys()
    untouched(editor.page)
    assert editor.page.locator("main img").count() == 0


def test_the_menu_copies_exports_duplicates_and_asks_before_it_deletes(
    workbench: Workbench,
) -> None:
    editor = opened(workbench, definition_text())
    page = editor.page
    menu = page.get_by_label("More about this connector")

    menu.hover()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Export what is saved").click()
    menu.hover()
    page.get_by_role("menuitem", name="Delete …").click()
    expect(page.get_by_role("dialog")).to_contain_text("Calendar")
    page.keyboard.press("Escape")
    menu.hover()
    page.get_by_role("menuitem", name="Duplicate, without secrets").click()
    page.wait_for_url(lambda url: editor.connector not in url)

    assert download.value.suggested_filename == "calendar.json"
    assert download.value.path().read_text() == definition_text()


def test_nothing_moves_while_the_page_fills_and_one_types(workbench: Workbench) -> None:
    page = workbench.operator()
    page.add_init_script(
        "window.shifted = 0; new PerformanceObserver((list) => {"
        " for (const each of list.getEntries()) if (!each.hadRecentInput) {"
        " window.shifted += each.value; window.sources = (window.sources ?? '') + each.value +"
        " each.sources.map((one) => (one.node?.id || one.node?.className || one.node?.nodeName)"
        " + JSON.stringify(one.previousRect) + JSON.stringify(one.currentRect)).join(); }"
        "}).observe({type: 'layout-shift', buffered: true});"
    )
    editor = Editor(page, made(workbench, definition_text())).open()
    expect(page.get_by_text("It arrives")).to_be_visible()

    typed_at(editor, '"Calendar', " of mine")
    editor.type_all("{ faulty")
    expect(editor.problems.first).to_be_visible()

    assert page.evaluate("window.shifted") < 0.01, page.evaluate("window.sources")


def test_everything_is_reached_by_the_keyboard(workbench: Workbench) -> None:
    editor = opened(workbench, definition_text())
    page = editor.page
    page.locator("#open-keys").focus()
    names = []
    for _ in range(14):
        names.append(
            page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")
        )
        page.keyboard.press("Tab")

    assert names[:3] == ["open-keys", "save", "save-and-test"]
    assert any("Line 13" in each for each in names)
    page.locator("details.menu[data-hover] summary").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="Copy Callback URL")).to_be_focused()
