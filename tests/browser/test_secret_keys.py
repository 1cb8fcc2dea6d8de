"""The Secret Keys dialog: entered, bound to what was seen, never shown again, deleted on Save."""

import json
from typing import Any

from playwright.sync_api import Locator, expect
from tests.browser.conftest import Workbench
from tests.browser.editing import ISSUER, Editor, definition_text, opened
from tests.browser.screens import look_at

CANARY = "canary-5e1d"
AGREE = "The new values may be sent to these origins"


def stored(workbench: Workbench, connector: str) -> dict[str, dict[str, Any]]:
    """Return the secrets that are stored, by name."""
    found = workbench.installation.api.get(f"/v1/connectors/{connector}/secrets")["items"]
    return {each["name"]: each for each in found}


def store(workbench: Workbench, connector: str, *names: str) -> None:
    """Store secrets as somebody else would."""
    pairs = [{"name": name, "value": f"{name}-value", "origins": [ISSUER]} for name in names]
    workbench.installation.api.post(f"/v1/connectors/{connector}/secrets", {"secrets": pairs})


def row(dialog: Locator, name: str) -> Locator:
    """Return the row of a stored secret."""
    return dialog.locator("#stored-keys > li").filter(has_text=name)


def value_of(dialog: Locator, index: int) -> Locator:
    """Return the field of a value that is entered."""
    return dialog.get_by_label("Secret Value").nth(index)


def test_names_in_the_text_are_offered_and_several_pairs_are_saved_at_once(
    workbench: Workbench,
) -> None:
    editor = opened(workbench, definition_text())
    dialog = editor.open_keys()
    names = dialog.get_by_label("Secret Name")
    expect(names).to_have_count(2)

    expect(names.nth(0)).to_have_value("clientID")
    value_of(dialog, 0).fill("the-client")
    value_of(dialog, 1).fill(CANARY)
    dialog.get_by_role("button", name="Add new secret pair").click()
    names.nth(2).fill("Any name, sögar this")
    value_of(dialog, 2).fill("line one\nline two")
    expect(dialog.get_by_role("button", name="Save")).to_be_disabled()
    expect(dialog.locator("#destination-list")).to_have_text(ISSUER)
    dialog.get_by_label(AGREE).check()
    dialog.get_by_role("button", name="Save").click()

    expect(dialog).to_be_hidden()
    found = stored(workbench, editor.connector)
    assert {name: (each["origins"], each["browser"]) for name, each in found.items()} == {
        "Any name, sögar this": ([ISSUER], False),
        "clientID": ([ISSUER], True),
        "clientSecret": ([ISSUER], False),
    }
    expect(editor.page.locator("#secret-list .badge.good")).to_have_count(2)
    expect(editor.page.locator("#problem-count")).to_have_text("No problems")


def test_a_value_is_never_shown_again_and_kept_nowhere_in_the_browser(
    workbench: Workbench,
) -> None:
    editor = opened(workbench, definition_text())
    dialog = editor.open_keys()
    value_of(dialog, 1).fill(CANARY)
    dialog.get_by_label(AGREE).check()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()

    with editor.page.expect_response("**/secrets") as answered:
        editor.open_keys()
    expect(row(dialog, "clientSecret")).to_contain_text("Added just now, never used yet")
    expect(row(dialog, "clientSecret")).to_contain_text(f"May go to {ISSUER}")
    kept = editor.page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.body.outerHTML,"
        " [...document.querySelectorAll('input, textarea')].map((each) => each.value)])"
    )

    assert CANARY not in kept
    assert CANARY not in answered.value.text()
    look_at(editor.page, "secret-keys-stored")


def test_what_is_typed_in_the_dialog_is_gone_when_it_is_closed(workbench: Workbench) -> None:
    editor = opened(workbench, definition_text())
    dialog = editor.open_keys()
    value_of(dialog, 0).fill(CANARY)

    editor.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    editor.open_keys()

    expect(value_of(dialog, 0)).to_have_value("")


def test_the_browser_sees_the_client_id_is_said_beside_it(workbench: Workbench) -> None:
    editor = opened(workbench, definition_text())
    dialog = editor.open_keys()

    named = dialog.locator("#key-rows > li").filter(has_text="the browser sees this one")

    expect(named).to_have_count(1)
    expect(named.get_by_label("Secret Name")).to_have_value("clientID")


def test_secrets_can_be_stored_before_the_text_that_names_them_is_saved(
    workbench: Workbench,
) -> None:
    editor = opened(workbench, "{}")
    editor.type_all(definition_text(tokenURL="https://new.example.com/token", revocationURL=None))
    expect(editor.page.locator("#secret-list > li")).to_have_count(2)

    dialog = editor.open_keys()
    value_of(dialog, 0).fill("the-client")
    dialog.get_by_label(AGREE).check()
    dialog.get_by_role("button", name="Save").click()

    expect(dialog).to_be_hidden()
    found = stored(workbench, editor.connector)
    assert found["clientID"]["origins"] == ["https://new.example.com"]
    assert found["clientID"]["browser"] is True


def test_a_text_without_token_url_sends_secrets_nowhere_until_it_is_allowed(
    workbench: Workbench,
) -> None:
    editor = opened(workbench, "{}")
    dialog = editor.open_keys()
    dialog.get_by_label("Secret Name").fill("clientSecret")
    value_of(dialog, 0).fill("v")
    expect(dialog).to_contain_text("may be sent nowhere")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    assert stored(workbench, editor.connector)["clientSecret"]["origins"] == []

    editor.type_all(definition_text())
    expect(editor.page.locator("#secret-list > li")).to_have_count(2)
    editor.open_keys()
    row(dialog, "clientSecret").get_by_role("button", name="Allow").click()
    dialog.get_by_role("button", name="Save").click()

    expect(dialog).to_be_hidden()
    assert stored(workbench, editor.connector)["clientSecret"]["origins"] == [ISSUER]


def test_a_secret_in_clear_is_moved_out_of_the_text_by_one_click(workbench: Workbench) -> None:
    editor = opened(workbench, definition_text(clientSecret=CANARY))

    editor.page.get_by_role("button", name="Move it to Secret Keys").click()
    dialog = editor.keys
    expect(dialog.get_by_label("Secret Name").last).to_have_value("clientSecret")
    expect(value_of(dialog, 1)).to_have_value(CANARY)
    dialog.get_by_label(AGREE).check()
    dialog.get_by_role("button", name="Save").click()

    expect(dialog).to_be_hidden()
    assert set(stored(workbench, editor.connector)) == {"clientSecret"}
    assert json.loads(editor.text())["auth_components"]["clientSecret"] == "{{clientSecret}}"


def test_names_that_no_placeholder_could_say_are_refused_as_they_are_typed(
    workbench: Workbench,
) -> None:
    editor = opened(workbench, definition_text())
    dialog = editor.open_keys()
    name = dialog.get_by_label("Secret Name").first
    value_of(dialog, 0).fill("v")
    dialog.get_by_label(AGREE).check()

    for wrong, said in {
        "{{clientID}}": "no braces",
        "oauth.x": "does not begin with a namespace",
        "clientSecret": "given twice",
        " a": "no spaces around it",
    }.items():
        name.fill(wrong)
        expect(dialog.locator(".key-row .error").first).to_contain_text(said)
        expect(dialog.get_by_role("button", name="Save")).to_be_disabled()
    name.fill("clientID")
    expect(dialog.get_by_role("button", name="Save")).to_be_enabled()


def deleting(workbench: Workbench) -> tuple[Editor, Locator]:
    """Open the dialog of a connector with two stored secrets."""
    editor = opened(workbench, definition_text())
    store(workbench, editor.connector, "clientID", "clientSecret")
    return editor, editor.open_keys()


def test_deleting_waits_for_save_and_can_be_undone(workbench: Workbench) -> None:
    editor, dialog = deleting(workbench)
    first = row(dialog, "clientSecret")

    first.hover()
    first.get_by_role("button", name="Delete clientSecret").click()
    expect(first).to_contain_text("Deleted on Save.")
    look_at(editor.page, "secret-keys-deleting")
    first.get_by_role("button", name="Undo: keep clientSecret").click()
    expect(first).not_to_contain_text("Deleted on Save.")
    row(dialog, "clientID").get_by_role("button").press("Enter")
    assert set(stored(workbench, editor.connector)) == {"clientID", "clientSecret"}
    dialog.get_by_role("button", name="Save").click()

    expect(dialog).to_be_hidden()
    assert set(stored(workbench, editor.connector)) == {"clientSecret"}


def test_deleting_and_entering_anew_replaces_a_value_in_one_save(workbench: Workbench) -> None:
    editor, dialog = deleting(workbench)
    before = stored(workbench, editor.connector)["clientSecret"]["id"]

    row(dialog, "clientSecret").get_by_role("button").press("Enter")
    dialog.get_by_role("button", name="Add new secret pair").click()
    dialog.get_by_label("Secret Name").fill("clientSecret")
    value_of(dialog, 0).fill("v")
    dialog.get_by_label(AGREE).check()
    dialog.get_by_role("button", name="Save").click()

    expect(dialog).to_be_hidden()
    assert stored(workbench, editor.connector)["clientSecret"]["id"] != before


def test_second_of_two_who_save_sees_what_changed_and_keeps_what_was_typed(
    workbench: Workbench,
) -> None:
    editor = opened(workbench, definition_text())
    dialog = editor.open_keys()
    value_of(dialog, 1).fill(CANARY)
    store(workbench, editor.connector, "clientSecret")
    first = stored(workbench, editor.connector)

    dialog.get_by_label(AGREE).check()
    dialog.get_by_role("button", name="Save").click()

    expect(dialog.locator("#keys-notice")).to_contain_text("Added meanwhile: clientSecret.")
    expect(dialog.locator(".key-row .error").nth(1)).to_contain_text("It is stored already")
    expect(value_of(dialog, 1)).to_have_value(CANARY)
    assert stored(workbench, editor.connector) == first
    look_at(editor.page, "secret-keys-conflict")


def test_what_somebody_else_deleted_is_not_deleted_again_unseen(workbench: Workbench) -> None:
    editor, dialog = deleting(workbench)
    row(dialog, "clientID").get_by_role("button").press("Enter")
    identifier = stored(workbench, editor.connector)["clientID"]["id"]
    path = f"/v1/connectors/{editor.connector}/secrets/{identifier}"
    workbench.installation.api.ask("DELETE", path, headers={"If-Match": "*"})
    store(workbench, editor.connector, "clientID")

    dialog.get_by_role("button", name="Save").click()

    expect(dialog.locator("#keys-notice")).to_contain_text("Somebody else saved at the same time")
    expect(row(dialog, "clientID")).not_to_contain_text("Deleted on Save")
    assert set(stored(workbench, editor.connector)) == {"clientID", "clientSecret"}


def test_an_editor_who_moves_token_url_meanwhile_catches_nothing(workbench: Workbench) -> None:
    editor = opened(workbench, definition_text())
    dialog = editor.open_keys()
    value_of(dialog, 0).fill(CANARY)
    dialog.get_by_label(AGREE).check()
    workbench.installation.api.ask(
        "PUT",
        f"/v1/connectors/{editor.connector}/draft",
        json={"text": definition_text(tokenURL="https://evil.example.com/token")},
        headers={"If-Match": "*"},
    )

    dialog.get_by_role("button", name="Save").click()

    expect(dialog.locator("#keys-notice")).to_contain_text("https://evil.example.com")
    expect(dialog.get_by_label(AGREE)).not_to_be_checked()
    assert stored(workbench, editor.connector) == {}


def test_deleting_says_how_many_connections_stop_renewing(workbench: Workbench) -> None:
    text = json.loads(definition_text())
    editor = opened(workbench, json.dumps(text))
    store(workbench, editor.connector, "clientID", "clientSecret")
    editor.page.route(
        "**/secrets",
        lambda route: route.fulfill(
            response=(answer := route.fetch()),
            json={
                **answer.json(),
                "secrets": [{**each, "renewing": 2} for each in answer.json()["secrets"]],
            },
        ),
    )
    dialog = editor.open_keys()

    row(dialog, "clientSecret").get_by_role("button").press("Enter")

    expect(row(dialog, "clientSecret")).to_contain_text(
        "Deleted on Save: 2 connections will stop renewing."
    )


def test_names_are_only_names(workbench: Workbench) -> None:
    evil = "<img src=x onerror=alert(1)>"
    editor = opened(workbench, definition_text(clientSecret="{{" + evil + "}}"))
    store(workbench, editor.connector, evil, "'\"><script>alert(2)</script>")

    dialog = editor.open_keys()

    expect(row(dialog, evil)).to_be_visible()
    expect(row(dialog, "<script>alert(2)</script>")).to_be_visible()
    assert editor.page.locator("dialog img, dialog script").count() == 0
