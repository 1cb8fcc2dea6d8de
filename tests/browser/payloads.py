"""Texts that would run, fetch or change something if a page took them for more than text.

Put each through every place where a page shows what others wrote; the fixtures fail the test on a
script error, a policy report, a dialog or a request to elsewhere, and `untouched` on the rest.
"""

import json
from pathlib import Path

from playwright.sync_api import Page

PAYLOADS: list[str] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "cross_site_scripting.json").read_text("utf-8")
)


def untouched(page: Page) -> None:
    """Fail if a payload ran on this page, or became an element of it."""
    assert page.evaluate("window.__x") is None
    assert page.evaluate("document.querySelectorAll('main').length") == 1
    made = page.evaluate(
        "document.querySelectorAll('[onerror], [onload], [onfocus], iframe, object, embed, base,"
        ' marquee, plaintext, meta[http-equiv], [href^="javascript:" i]\').length'
    )
    assert made == 0
