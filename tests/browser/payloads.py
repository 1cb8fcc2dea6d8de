"""Texts that would run, fetch or change something if a page took them for more than text.

Put all through every place where a page shows what others wrote; the fixtures fail the test on a
script error, a policy report, a dialog or a request to elsewhere, and `untouched` on the rest.
"""

import json
import tomllib
from pathlib import Path

from playwright.sync_api import Page

_VECTORS = Path(__file__).parents[1] / "vectors"
PAYLOADS: list[str] = [
    *json.loads((_VECTORS / "cross_site_scripting.json").read_text("utf-8")),
    *(
        each.replace("{canary}", "https://canary.invalid")
        for each in tomllib.loads((_VECTORS / "markup.toml").read_text("utf-8"))["payloads"]
    ),
]
TOGETHER = " ".join(each for each in PAYLOADS if each.isprintable())
"""For places that hold one text: were any of it taken for markup, this would not stand there."""

_MADE = """
  [onerror], [onload], [onfocus], iframe, object, embed, base, marquee, plaintext, video, audio,
  meta[http-equiv], [href^="javascript:" i],
  script:not([src^="/static/"], [type="application/json"])
"""
_MISSING = """
([texts, places]) => {
  const seen = new Map();
  const nodes = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  while (nodes.nextNode()) {
    const text = nodes.currentNode.data.trim();
    seen.set(text, (seen.get(text) ?? 0) + 1);
  }
  return texts.filter((each) => (seen.get(each.trim()) ?? 0) < places);
}
"""


def untouched(page: Page) -> None:
    """Fail if a payload ran on this page, or became an element of it."""
    assert page.evaluate("window.__x") is None
    assert page.evaluate("document.querySelectorAll('main').length") == 1
    made = page.locator(_MADE).evaluate_all("all => all.map((one) => one.outerHTML)")
    assert made == []


def says(page: Page, *texts: str, places: int = 1) -> None:
    """Fail unless each text stands whole, as text and as nothing else, at so many places."""
    assert page.evaluate(_MISSING, [list(texts), places]) == []
    untouched(page)
