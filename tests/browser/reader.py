"""A reader of a tutorial, who takes its bold words, in order, for what the pages say."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

_NO_PROSE = re.compile(r"^```.*?^```$|<!--.*?-->", re.MULTILINE | re.DOTALL)
_BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
_PICTURE = re.compile(r"!\[.+?\]\(\.\./pictures/(.+?)\)", re.DOTALL)


def quotations(text: str) -> list[str]:
    """Return what a page of the documentation has in bold, in order."""
    return [" ".join(each.split()) for each in _BOLD.findall(_NO_PROSE.sub("", text))]


def pictures(text: str) -> list[str]:
    """Return the names of the files of a page's pictures."""
    return _PICTURE.findall(text)


@dataclass
class Reader:
    """Reads `words` one by one, and does what the test says with each."""

    words: Sequence[str]
    read: int = 0

    @classmethod
    def of(cls, page: Path) -> "Reader":
        """Begin to read a page of the documentation."""
        return cls(quotations(page.read_text("utf-8")))

    def reads(self, expected: str) -> str:
        """Read on: the next words in bold must be these."""
        left = self.words[self.read :]
        assert left[:1] == [expected], f"the tutorial goes on with {left[:3]}, not {expected!r}"
        self.read += 1
        return expected

    def presses(self, within: Page | Locator, words: str, role: str = "button") -> None:
        """Press what is called exactly so; `role` is `button`, `link` or another of ARIA's."""
        name = re.compile(rf"^{re.escape(self.reads(words))}(?= |$)")
        within.get_by_role(role, name=name).first.click()  # type: ignore[arg-type]  # a literal

    def fills(self, within: Page | Locator, words: str, text: str) -> None:
        """Fill in the only visible field with that label."""
        self._field(within, words).fill(text)

    def chooses(self, within: Page | Locator, words: str, option: str) -> None:
        """Choose among what the field with that label offers."""
        self._field(within, words).select_option(label=option)

    def ticks(self, within: Page | Locator, words: str) -> None:
        """Tick the box, or take the choice, with that label."""
        within.get_by_label(self.reads(words)).check()

    def sees(self, within: Page | Locator, words: str) -> None:
        """See a text, as it is written."""
        seen = within.get_by_text(re.compile(re.escape(self.reads(words))))
        expect(seen.locator("visible=true").first).to_be_visible()

    def ends(self) -> None:
        """See that nothing of the page was left out."""
        assert self.words[self.read :] == []

    def _field(self, within: Page | Locator, words: str) -> Locator:
        name = re.compile(rf"^{re.escape(self.reads(words))}( required| datetime)*$")
        return within.get_by_label(name).locator("visible=true")
