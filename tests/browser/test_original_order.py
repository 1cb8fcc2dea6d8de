"""The whole OAuth story in the original's own order, every step of it in the browser.

An app is registered at the sandbox, a sample begun with, its secrets stored, and the first test
fails because the callback URL is registered nowhere yet; it is copied, registered, and all works.
"""

import json
from collections.abc import Mapping

from playwright.sync_api import Locator, Page, expect
from tests.browser.conftest import Workbench
from tests.browser.drafts import row, sandbox_text
from tests.browser.editing import Editor, editor_of
from tests.browser.keyboard import Keyboard


def test_oauth_by_pointer(workbench: Workbench, desk: Page, console: Page) -> None:
    """The callback is registered only after the first test has failed for the want of it."""
    app = _register_app(console)
    editor = _from_sample(workbench, desk)
    _enter_keys(editor, app)
    editor.content.click(position={"x": 80, "y": 200})
    cursor = editor.cursor()
    desk.get_by_role("button", name="Save & Test").click()
    _refused(desk)

    desk.get_by_role("link", name="Return to Editor").click()
    editor.wait()
    assert editor.cursor() == cursor > 0
    desk.get_by_label("More about this connector").hover()
    desk.get_by_role("menuitem", name="Copy Callback URL").click()
    expect(desk.locator("#toasts")).to_contain_text("Copied.")
    _add_callback(app)
    desk.get_by_role("button", name="Save & Test").click()

    with desk.expect_popup() as opened:
        desk.get_by_role("button", name="Sign In", exact=True).click()
    opened.value.get_by_role("button", name="Allow").click()
    expect(desk.get_by_text("Scopes granted")).to_be_visible()
    desk.get_by_role("button", name="Test", exact=True).first.click()
    expect(desk.get_by_text("It works, for Ada Lindqvist")).to_be_visible()
    _every_action(desk)
    _create(desk)
    _is_kept(desk, "Ada Lindqvist", "renews itself")


def _register_app(console: Page) -> Locator:
    """Register an app, as at a service's console; return what the console shows of it."""
    console.get_by_label("Name that people see").fill("My calendar")
    console.get_by_role("button", name="Register").click()
    return console.get_by_role("region", name="App: My calendar")


def _from_sample(workbench: Workbench, page: Page) -> Editor:
    """Begin with a sample, and make it the connector of the sandbox that runs."""
    page.goto("/connectors")
    page.get_by_role("link", name="Create a new connector").first.click()
    samples = page.get_by_role("region", name="Begin with a sample")
    samples.get_by_role("button", name="Google Calendar").click()
    editor = editor_of(page)
    editor.type_all(sandbox_text(workbench))
    return editor


def _enter_keys(editor: Editor, app: Locator) -> None:
    dialog = editor.open_keys()
    expect(dialog.get_by_label("Secret Name").nth(1)).to_have_value("clientSecret")
    for number, name in enumerate(("Client id", "Client secret")):
        shown = app.get_by_label(name, exact=True).input_value()
        dialog.get_by_label("Secret Value").nth(number).fill(shown)
    dialog.get_by_label("The new values may be sent to these origins").check()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()


def _refused(page: Page) -> None:
    """Sign in while the callback URL is registered nowhere, read why not, and give up."""
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Sign In", exact=True).click()
    expect(opened.value.get_by_text("redirect_uri").first).to_be_visible()
    opened.value.close()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("It was cancelled here")).to_be_visible()


def _add_callback(app: Locator) -> None:
    """Paste what was copied under the app that was registered."""
    app.get_by_label("Add a callback URL").click()
    app.page.keyboard.press("Control+V")
    app.get_by_role("button", name="Add").click()
    expect(app.page.get_by_role("status")).to_contain_text("is registered.")


def _create(page: Page) -> None:
    page.get_by_role("button", name="Create Connector").click()
    dialog = page.get_by_role("dialog", name="Create Connector")
    expect(dialog.get_by_text("Every action was tested and worked.")).to_be_visible()
    dialog.get_by_role("button", name="Create Connector").click()
    expect(page.get_by_text("is published, revision 1")).to_be_visible()


def _is_kept(page: Page, account: str, health: str) -> None:
    """See the test connection among the real ones."""
    page.get_by_role("link", name="Connections").click()
    kept = page.get_by_role("row").filter(has_text=account)
    expect(kept).to_contain_text(health)
    expect(kept.get_by_text("test", exact=True)).to_have_count(0)


def _every_action(page: Page) -> None:
    for name, fields, status in (
        ("Who am I", {}, 200),
        ("List calendars", {}, 200),
        ("List events", {"Calendar": "team"}, 200),
    ):
        action = row(page, name)
        for label, value in fields.items():
            action.get_by_label(label).select_option(value)
        action.get_by_role("button", name=f"Test {name}").click()
        expect(action.get_by_text(f"The service answered {status}")).to_be_visible()
    action = row(page, "Create an event")
    action.get_by_label("Calendar").select_option("team")
    action.get_by_label("Title").fill("Lunch")
    action.get_by_label("Start").fill("2027-01-31T12:00:00Z")
    action.get_by_role("button", name="Test Create an event").click()
    page.get_by_role("dialog").get_by_role("button", name="Send").click()
    expect(action.get_by_text("The service answered 201")).to_be_visible()
    made = json.loads(action.locator("pre:visible").inner_text())["id"]
    action = row(page, "Delete an event")
    action.get_by_label("Calendar").select_option("team")
    action.get_by_role("textbox", name="Event").fill(made)
    action.get_by_role("button", name="Test Delete an event").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(action.get_by_text("The service answered 204")).to_be_visible()


# -- by keyboard alone ----------------------------------------------------------------------------


def test_oauth_by_keyboard_alone(workbench: Workbench, desk: Page, console: Page) -> None:
    """Windows come to the front and close by the desktop's keys, which a page does not see."""
    page, keys = desk, Keyboard(desk)
    _register_app_by_keyboard(console)
    _draft_by_keyboard(page, sandbox_text(workbench))
    _enter_keys_by_keyboard(page, console)
    cursor = editor_of(page).cursor()
    keys.to("Save & Test").press("Enter")

    _refused_by_keyboard(page)
    keys.back_to("Return to Editor").press("Enter")
    assert editor_of(page).cursor() == cursor > 0
    keys.to("More about this connector").press("ArrowDown")
    assert keys.at() == "Copy Callback URL"
    keys.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Copied.")
    _add_callback_by_keyboard(console)
    page.bring_to_front()
    keys.back_to("Save & Test").press("Enter")

    _consent_by_keyboard(page)
    _every_action_by_keyboard(page)
    keys.back_to("Create Connector").press("Enter")
    expect(page.get_by_text("Every action was tested and worked.")).to_be_visible()
    keys.to("Create Connector").press("Enter")
    expect(page.get_by_text("is published, revision 1")).to_be_visible()
    keys.to("Connections").press("Enter")
    kept = page.get_by_role("row").filter(has_text="Ada Lindqvist")
    expect(kept).to_contain_text("renews itself")


def _register_app_by_keyboard(console: Page) -> None:
    Keyboard(console).to("Name that people see").type("My calendar").press("Enter")
    expect(console.get_by_role("status")).to_contain_text("“My calendar” is registered.")


def _copy_by_keyboard(console: Page, name: str) -> None:
    """Copy a value of the app that was registered: Tab selects the whole of a field."""
    console.bring_to_front()
    app = console.get_by_role("region", name="App: My calendar")
    keys = Keyboard(console)
    while not app.get_by_label(name, exact=True).evaluate("one => one === document.activeElement"):
        keys.to(name)
    keys.press("Control+C")


def _draft_by_keyboard(page: Page, text: str) -> None:
    """Begin with a sample, and make it the connector of the sandbox that runs."""
    keys = Keyboard(page)
    page.goto("/connectors")
    keys.to("Create a new connector").press("Enter")
    page.wait_for_url("**/connectors/new")
    keys.to("Google Calendar").press("Enter")
    editor_of(page)
    keys.to("Connector definition, JSON")
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    keys.press("Control+A", "Control+V")


def _enter_keys_by_keyboard(page: Page, console: Page) -> None:
    keys = Keyboard(page).back_to("Secret Keys").press("Enter")
    dialog = page.get_by_role("dialog", name="Secret Keys")
    expect(dialog).to_be_visible()
    assert keys.at() == "Secret Value"
    _copy_by_keyboard(console, "Client id")
    page.bring_to_front()
    keys.press("Control+V")
    _copy_by_keyboard(console, "Client secret")
    page.bring_to_front()
    keys.to("Secret Value").press("Control+V")
    keys.to("The new values may be sent").press("Space")
    keys.to("Save").press("Enter")
    expect(dialog).to_be_hidden()
    assert keys.at() == "Secret Keys"


def _refused_by_keyboard(page: Page) -> None:
    """Sign in while the callback URL is registered nowhere, read why not, and give up."""
    keys = Keyboard(page)
    page.wait_for_url("**/debugger")
    with page.expect_popup() as opened:
        keys.to("Sign In").press("Enter")
    expect(opened.value.get_by_text("redirect_uri").first).to_be_visible()
    opened.value.close()
    keys.to("Cancel").press("Enter")
    expect(page.get_by_text("It was cancelled here")).to_be_visible()


def _add_callback_by_keyboard(console: Page) -> None:
    """Paste what was copied into the console, below the secret that the focus is still on."""
    console.bring_to_front()
    Keyboard(console).to("Add a callback URL").press("Control+V", "Enter")
    expect(console.get_by_role("status")).to_contain_text("is registered.")


def _consent_by_keyboard(page: Page) -> None:
    keys = Keyboard(page)
    page.wait_for_url("**/debugger")
    with page.expect_popup() as opened:
        keys.to("Sign In").press("Enter")
    expect(opened.value.get_by_role("button", name="Allow")).to_be_visible()
    with opened.value.expect_event("close"):
        Keyboard(opened.value).to("Allow").press("Enter")
    expect(page.get_by_text("Scopes granted")).to_be_visible()
    keys.to("Test").press("Enter")
    expect(page.get_by_text("It works, for Ada Lindqvist")).to_be_visible()


def _every_action_by_keyboard(page: Page) -> None:
    keys = Keyboard(page)
    for name, fields, status in (
        ("Who am I", {}, 200),
        ("List calendars", {}, 200),
        ("List events", {"Calendar": "Team"}, 200),
    ):
        _test_by_keyboard(page, name, fields)
        expect(_answer_of(page, name)).to_contain_text(f"The service answered {status}")
    keys.to("Response").press("ArrowRight")
    assert keys.at() == "Request"
    event = {"Calendar": "Team", "Title": "Lunch", "Start": "2027-01-31T12:00:00Z"}
    _test_by_keyboard(page, "Create an event", event)
    keys.to("Send").press("Enter")
    answer = _answer_of(page, "Create an event")
    expect(answer).to_contain_text("The service answered 201")
    made = json.loads(answer.locator("pre:visible").inner_text())["id"]
    _test_by_keyboard(page, "Delete an event", {"Calendar": "Team", "Event": made})
    keys.to("Delete").press("Enter")
    expect(_answer_of(page, "Delete an event")).to_contain_text("The service answered 204")


def _test_by_keyboard(page: Page, name: str, fields: Mapping[str, str]) -> None:
    keys = Keyboard(page).to(name).press("Enter")
    for label, value in fields.items():
        keys.to(label).type(value)
    keys.to(f"Test {name}").press("Enter")


def _answer_of(page: Page, name: str) -> Locator:
    return page.locator("details.step").filter(has=page.locator("summary").get_by_text(name))
