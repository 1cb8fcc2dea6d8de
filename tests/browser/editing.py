"""Open the editor on a definition, and read what it shows."""

import json
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page, expect
from tests.browser.conftest import Workbench
from tests.journeys.calendar import definition

ISSUER = "https://auth.example.com"


def definition_text(**changes: Any) -> str:
    """Return a good definition with some members of `auth_components` changed."""
    return json.dumps(definition(ISSUER, **changes), indent=2)


@dataclass
class Editor:
    """The editor's page."""

    page: Page
    connector: str

    @property
    def content(self) -> Locator:
        """The text, to be typed into."""
        return self.page.get_by_role("textbox", name="Connector definition, JSON")

    @property
    def problems(self) -> Locator:
        """The entries of the list of problems."""
        return self.page.locator("#problem-list > li")

    @property
    def notices(self) -> Locator:
        """What is said above the text."""
        return self.page.locator("#notices > .notice")

    @property
    def state(self) -> Locator:
        """Whether it is saved."""
        return self.page.locator("#save-state")

    @property
    def keys(self) -> Locator:
        """The Secret Keys dialog."""
        return self.page.get_by_role("dialog", name="Secret Keys")

    def open(self) -> "Editor":
        """Go to the editor and wait until it can be used."""
        self.page.goto(f"/connectors/{self.connector}")
        return self.wait()

    def wait(self) -> "Editor":
        """Wait until it can be used."""
        expect(self.page.locator('#editor[data-ready="true"]')).to_be_visible()
        return self

    def text(self) -> str:
        """Return the whole text, also what is scrolled away."""
        text: str = self.page.evaluate(_TEXT)
        return text

    def type_all(self, text: str) -> None:
        """Replace the whole text, as by pasting."""
        self.content.focus()
        self.page.keyboard.press("Control+A")
        self.page.evaluate(_PASTE, text)

    def cursor(self) -> int:
        """Return the UTF-16 offset of the cursor."""
        at: int = self.page.evaluate(_CURSOR)
        return at

    def open_keys(self) -> Locator:
        """Open the Secret Keys dialog."""
        self.page.get_by_role("button", name="Secret Keys", exact=True).click()
        expect(self.keys).to_be_visible()
        return self.keys


_VIEW = "document.querySelector('.cm-content').cmTile.root.view"
_TEXT = f"{_VIEW}.state.doc.toString()"
_CURSOR = f"{_VIEW}.state.selection.main.head"
_PASTE = """
(text) => {
  const moved = new DataTransfer();
  moved.setData("text/plain", text);
  document.querySelector(".cm-content").dispatchEvent(
    new ClipboardEvent("paste", { clipboardData: moved, bubbles: true, cancelable: true }));
}
"""


def editor_of(page: Page) -> Editor:
    """Wait for the editor that a page is being led to."""
    page.wait_for_url("**/connectors/con_*")
    return Editor(page, page.url.rsplit("/", 1)[1].partition("?")[0]).wait()


def made(workbench: Workbench, text: str) -> str:
    """Make a connector; return its id."""
    found = workbench.installation.api.post("/v1/connectors", {"definition": text})
    connector: str = found["id"]
    return connector


def opened(workbench: Workbench, text: str, page: Page | None = None) -> Editor:
    """Make a connector and open its editor."""
    return Editor(page or workbench.operator(), made(workbench, text)).open()


def save_elsewhere(workbench: Workbench, connector: str, text: str) -> None:
    """Save as somebody else would."""
    answer = workbench.installation.api.ask(
        "PUT",
        f"/v1/connectors/{connector}/draft",
        json={"text": text},
        headers={"If-Match": "*"},
    )
    assert answer.is_success, answer.text
