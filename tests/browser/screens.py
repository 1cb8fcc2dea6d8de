"""Look at a screen in both themes and at both widths: axe, overflow, and a picture on request.

`CONNECTSMITH_TEST_PICTURES=folder` keeps the pictures there; so the documentation's are made.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page
from tests.servers.node import install

FRONTEND = Path(__file__).parents[2] / "frontend"
AXE = FRONTEND / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS: dict[int, int] = {375: 812, 1440: 900}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
DOCUMENTED = Path(__file__).parents[2] / "docs" / "pictures"
IN_DOCUMENTS = {
    "connectors",
    "connectors-empty",
    "new-connector",
    "connector-delete-wrong",
    "sign-in",
    "settings",
}
"""The screens whose pictures are committed: `make pictures`."""
ILLUSTRATION = "tutorial-"
"""What names of the tutorial's pictures begin with."""
_RUN = """
async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
  .filter(({impact}) => impact === "serious" || impact === "critical")
  .map(({id, nodes}) => [id, ...nodes.map((one) => `${one.target} ${one.failureSummary}`)])
"""


def look_at(page: Page, name: str, *, axe: bool = True) -> None:
    """Check what a page shows now in every theme and width, and keep a picture of each."""
    before = page.viewport_size
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        for theme in THEMES:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            where = f"{name}, {theme}, {width} px"
            assert overflow(page) <= 0, f"{where}: wider than its screen"
            if axe:
                assert findings(page) == [], where
            _keep(page, f"{name}-{theme}-{width}.png")
    page.emulate_media(color_scheme="light")
    if before is not None:
        page.set_viewport_size(before)


def overflow(page: Page) -> int:
    """Return by how many pixels a page or its navigation is wider than the screen."""
    wider: int = page.evaluate(
        """Math.max(...[document.documentElement, ...document.querySelectorAll("nav")]
            .map((each) => each.scrollWidth - each.clientWidth))"""
    )
    return wider


def findings(page: Page) -> list[Any]:
    """Return what axe finds serious or critical."""
    if not page.evaluate("typeof window.axe === 'object'"):
        install(FRONTEND)
        # By the debugging protocol, which the page's policy does not bind.
        page.evaluate(AXE.read_text("utf-8") + "; undefined")
    found: list[Any] = page.evaluate(_RUN)
    return found


def _is_documented(name: str) -> bool:
    return name.rsplit("-", 2)[0] in IN_DOCUMENTS


def _keep(page: Page, name: str) -> None:
    folder = os.environ.get("CONNECTSMITH_TEST_PICTURES")
    if folder and (Path(folder).resolve() != DOCUMENTED or _is_documented(name)):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / name)


def illustrate(page: Page, name: str) -> None:
    """Keep a picture for the tutorial, on request: light, as wide as the page is now."""
    folder = os.environ.get("CONNECTSMITH_TEST_PICTURES")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{ILLUSTRATION}{name}.png", animations="disabled")


Look = Callable[[Page, str], None]
