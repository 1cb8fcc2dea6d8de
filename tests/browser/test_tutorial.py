"""The tutorial for the browser works as written, on what `make run` starts.

Whatever it has in bold must be on the page, word for word, when the reader comes there.
`CONNECTSMITH_TEST_PICTURES=folder` makes its pictures.
"""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.chromium import Watch
from tests.browser.conftest import EMAIL, PASSWORD
from tests.browser.drafts import row
from tests.browser.reader import Reader, pictures, quotations
from tests.browser.screens import DOCUMENTED, ILLUSTRATION, illustrate
from tests.docs.demo import DOCS, PORT, SANDBOX_PORT, Demo, running_demo

TUTORIAL = DOCS / "tutorial" / "first-connection.md"
MOST_BYTES = 800_000


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """What `make run` starts; for pictures at the very ports that the tutorial names."""
    drawn = "CONNECTSMITH_TEST_PICTURES" in os.environ
    ports = [each if drawn and is_free(each) else 0 for each in (PORT, SANDBOX_PORT)]
    with running_demo(tmp_path, *ports) as started:
        yield started


def is_free(port: int) -> bool:
    with suppress(OSError), closing(socket.create_server(("127.0.0.1", port))):
        return True
    return False


@pytest.fixture
def page(browser: Browser, demo: Demo) -> Iterator[Page]:
    """A browser on a desk, of somebody who has not been here before."""
    context = browser.new_context(
        locale="en-GB",
        timezone_id="Europe/Berlin",
        color_scheme="light",
        reduced_motion="reduce",
        viewport={"width": 1280, "height": 800},
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(15_000)
    watch = Watch({urlsplit(demo.link).netloc, urlsplit(demo.sandbox).netloc})
    watch.over(context)
    yield context.new_page()
    context.close()
    watch.check()


def test_tutorial_works_as_written(page: Page, demo: Demo) -> None:
    reader = Reader.of(TUTORIAL)
    sandbox = page.context.new_page()
    sandbox.goto(demo.sandbox)

    starts(reader, page, demo)
    creates_a_connector(reader, page)
    stores_a_secret(reader, page, sandbox)
    registers_the_callback_url(reader, page, sandbox)
    signs_in(reader, page)
    reads_by_actions(reader, page)
    writes_by_actions(reader, page)
    creates_it_for_others(reader, page)
    sees_it_renew_itself(reader, page, sandbox)
    reads_what_happened(reader, page)

    reader.ends()


def starts(reader: Reader, page: Page, demo: Demo) -> None:
    reader.reads("Sign in")  # in the box: `running_demo` finds the link by these words
    page.goto(demo.link)
    reader.fills(page, "E-mail", EMAIL)
    reader.fills(page, "Password", PASSWORD)
    reader.fills(page, "Password again", PASSWORD)
    reader.presses(page, "Sign in")
    reader.sees(page, "Custom Connectors")
    reader.sees(page, "Practice calendar")


def creates_a_connector(reader: Reader, page: Page) -> None:
    reader.presses(page, "Create a new connector", "link")
    choice = page.get_by_role("button", name="The sandbox")
    choice.scroll_into_view_if_needed()
    illustrate(page, "create")
    choice.blur()
    reader.sees(page, "Practise, or begin with nearly nothing")
    reader.reads("The sandbox")
    choice.click()
    page.wait_for_url("**/connectors/con_*")
    expect(page.locator('#editor[data-ready="true"]')).to_be_visible()
    expect(page.locator("#arrival")).to_contain_text("It arrives")
    illustrate(page, "editor")
    reader.sees(page, "Problems")
    reader.sees(page, "Schema definition")


def stores_a_secret(reader: Reader, page: Page, sandbox: Page) -> None:
    reader.presses(page, "Secret Keys")
    dialog = page.get_by_role("dialog", name="Secret Keys")
    dialog.get_by_text("clientSecret", exact=True).hover()
    dialog.get_by_role("button", name=f"{reader.reads('Delete')} clientSecret").click()
    reader.presses(dialog, "Add new secret pair")
    reader.fills(dialog, "Secret Name", "clientSecret")
    reader.reads("Secret Value")
    value = dialog.get_by_label("Secret Value").locator("visible=true")
    shown = sandbox.get_by_label(reader.reads("Client secret"))
    value.fill(shown.first.input_value())
    reader.ticks(dialog, "The new values may be sent to these origins, and nowhere else:")
    illustrate(page, "secret-keys")
    reader.presses(dialog, "Save")
    expect(dialog).to_be_hidden()


def registers_the_callback_url(reader: Reader, page: Page, sandbox: Page) -> None:
    reader.sees(page, "Callback URL")
    page.get_by_label("More about this connector").hover()
    reader.presses(page, "Copy Callback URL", role="menuitem")
    expect(page.locator("#toasts")).to_contain_text("Copied.")
    sandbox.bring_to_front()
    reader.reads("Add a callback URL")
    sandbox.get_by_label("Add a callback URL").first.focus()
    sandbox.keyboard.press("Control+V")
    reader.presses(sandbox, "Add")
    expect(sandbox.get_by_role("status")).to_be_visible()
    reader.sees(sandbox, "Register another app")
    page.bring_to_front()


def signs_in(reader: Reader, page: Page) -> None:
    reader.presses(page, "Save & Test")
    reader.sees(page, "Debugger")
    with page.expect_popup() as opened:
        reader.presses(page, "Sign In")
    window = opened.value
    window.set_viewport_size({"width": 640, "height": 720})
    reader.ticks(window, "Ada Lindqvist")
    illustrate(window, "consent")
    with window.expect_event("close"):
        reader.presses(window, "Allow")
    for fact in ("Account", "Scopes granted", "Access token ends", "Renewal"):
        reader.sees(page.locator("dl.facts"), fact)
    reader.presses(page.locator("#sign-in"), "Test")
    reader.sees(page, "It works, for Ada Lindqvist")


def reads_by_actions(reader: Reader, page: Page) -> None:
    sees_how_it_is_done(reader, page, ("Response", "Request"))
    for name in ("Who am I", "List calendars", "List events"):
        action = row(page, reader.reads(name))
        if name == "List events":
            reader.chooses(action, "Calendar", "Personal")
        action.get_by_role("button", name=f"Test {name}").click()
        reader.sees(action, "The service answered 200")


def sees_how_it_is_done(reader: Reader, page: Page, tabs: tuple[str, ...]) -> None:
    """See how a row is tested, on the first one, before the table of all of them."""
    action = row(page, "Who am I")
    button = action.locator("button[data-test]")
    expect(button).to_have_text(reader.reads("Test"))
    button.click()
    for name in tabs:
        expect(action.get_by_role("tab", name=reader.reads(name), exact=True)).to_be_visible()


def writes_by_actions(reader: Reader, page: Page) -> None:
    action = row(page, reader.reads("Create an event"))
    reader.chooses(action, "Calendar", "Personal")
    reader.fills(action, "Title", "Breakfast")
    reader.fills(action, "Start", "2030-01-31T08:00:00Z")
    action.get_by_role("button", name="Test Create an event").click()
    reader.presses(page.get_by_role("dialog"), "Send")
    reader.sees(action, "The service answered 201")
    made = json.loads(action.locator("pre:visible").inner_text())["id"]
    action.evaluate("one => { one.scrollIntoView(); window.scrollBy(0, -64); }")
    illustrate(page, "action")

    action = row(page, reader.reads("Delete an event"))
    reader.chooses(action, "Calendar", "Personal")
    reader.fills(action, "Event", made)
    action.get_by_role("button", name="Test Delete an event").click()
    reader.presses(page.get_by_role("dialog"), "Delete")
    reader.sees(action, "The service answered 204")


def creates_it_for_others(reader: Reader, page: Page) -> None:
    reader.presses(page, "Create Connector")
    dialog = page.get_by_role("dialog", name="Create Connector")
    reader.sees(dialog, "Every action was tested and worked.")
    expect(dialog.get_by_label(reader.reads("Keep the test connection"))).to_be_checked()
    reader.presses(dialog, "Create Connector")
    expect(page.get_by_text("is published, revision 1")).to_be_visible()


def sees_it_renew_itself(reader: Reader, page: Page, sandbox: Page) -> None:
    reader.presses(page, "Connections", "link")
    mine = page.get_by_role("row").filter(has_text="Sandbox Calendar")
    reader.sees(mine, "renews itself")
    sandbox.reload()
    reader.presses(sandbox, "Expire them now")
    expect(sandbox.get_by_role("status")).to_be_visible()
    mine.locator("summary").click()
    reader.presses(mine, "Test", "menuitem")
    dialog = page.get_by_role("dialog")
    reader.sees(dialog, "It works, for Ada Lindqvist")
    reader.presses(dialog, "Close")
    mine.locator("summary").click()
    reader.presses(mine, "Will it last?", "menuitem")
    expect(dialog.get_by_text("the access token was renewed").first).to_be_visible()
    illustrate(page, "will-it-last")
    dialog.get_by_role("button", name="Close").click()


def reads_what_happened(reader: Reader, page: Page) -> None:
    reader.presses(page, "Activity", "link")
    reader.sees(page, "token request")
    illustrate(page, "activity")
    page.get_by_role("row").nth(1).get_by_role("link").click()
    reader.presses(page, "Request", "tab")
    page.locator("summary:visible", has_text="headers").click()
    expect(page.get_by_text("Bearer [masked").locator("visible=true").first).to_be_visible()


def test_tutorial_s_pictures_are_there_and_small() -> None:
    named = pictures(TUTORIAL.read_text("utf-8"))
    there = sorted(DOCUMENTED.glob(f"{ILLUSTRATION}*.png"))

    assert sorted(named) == [each.name for each in there]
    assert sum(each.stat().st_size for each in there) < MOST_BYTES


def test_words_in_bold_are_read_over_lines_and_not_out_of_code() -> None:
    text = "Press **Save &\nTest**.\n\n```sh\necho **no**\n```\n\nThen **Sign In**.\n"

    assert quotations(text) == ["Save & Test", "Sign In"]
