"""A person without a pointer: only keys, and a look at where the focus is after each."""

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

STOPS = 80
_FOCUSED = """
() => {
  const one = document.activeElement;
  const box = one.getBoundingClientRect();
  const framed = ({outlineStyle, outlineWidth}) =>
    outlineStyle !== "none" && parseFloat(outlineWidth) > 0;
  const caret = one.closest(".cm-editor")?.querySelector(".cm-cursor");
  const spoken = (each) => each.ariaHidden === "true" ? "" : each.nodeType === Node.TEXT_NODE
    ? each.data : [...each.childNodes].map(spoken).join("");
  return {
    nothing: one === document.body,
    name: (one.ariaLabel ?? spoken(one.labels?.[0] ?? one)).trim(),
    marked: Boolean(caret) || framed(getComputedStyle(one)),
    inside: box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth,
  };
}
"""


@dataclass(frozen=True, slots=True)
class Keyboard:
    """The keyboard before one page. Whatever Tab stops at must be seen to have the focus."""

    page: Page

    def at(self) -> str:
        """Return what the element that has the focus is called."""
        return str(self._focused()["name"])

    def to(self, name: str) -> "Keyboard":
        """Press Tab until what has the focus is called so, or begins so."""
        return self._until(name, "Tab")

    def back_to(self, name: str) -> "Keyboard":
        """Press Shift+Tab until then."""
        return self._until(name, "Shift+Tab")

    def press(self, *keys: str) -> "Keyboard":
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def type(self, text: str) -> "Keyboard":
        """Type a text into what has the focus."""
        self.page.keyboard.type(text)
        return self

    def _until(self, name: str, key: str) -> "Keyboard":
        for _ in range(STOPS):
            self.page.keyboard.press(key)
            now = self._focused()
            if now["nothing"]:  # past the page's end, where the browser's own buttons would be
                continue
            assert now["marked"], f"nothing shows that {now['name']} has the focus"
            assert now["inside"], f"{now['name']} has the focus out of sight"
            if now["name"].startswith(name):
                return self
        raise AssertionError(f"{key} never reaches {name}")

    def _focused(self) -> Any:
        return self.page.evaluate(_FOCUSED)
