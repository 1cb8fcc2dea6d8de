"""A Chromium that notices what no page of ours may do: errors, reports, requests to elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Request, Response, sync_playwright

PROGRAM = Path("/usr/bin/chromium")
# `refused by status` is Chromium's own line for a page or part that was answered with an error,
# which tests look at by themselves.
_BY_STATUS = (
    "Failed to load resource: the server responded with a status of",
    "Response Status Error Code",  # htmx's line for the same
)
_REPORTS = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run the system's Chromium until the block ends."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=PROGRAM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@dataclass
class Watch:
    """What a browser context did that it should not have; `hosts` are those it may ask."""

    hosts: set[str]
    faults: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        """Watch everything that happens in a context."""
        context.add_init_script(_REPORTS)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.faults.append(f"script: {error.error}"))
        context.on("request", self._request)
        context.on("response", self._response)
        context.on("dialog", self._dialog)

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(_BY_STATUS):
            self.faults.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob", "about") and parts.netloc not in self.hosts:
            self.faults.append(f"outside: {request.url}")

    def _response(self, response: Response) -> None:
        if "/static/" in response.url and response.status >= 400:
            self.faults.append(f"missing: {response.url}")

    def _dialog(self, dialog: Any) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def check(self) -> None:
        """Fail on whatever was noticed."""
        assert not self.faults, "\n".join(self.faults)


def narrow(page: Page) -> None:
    """Make a page as wide as a small phone."""
    page.set_viewport_size({"width": 375, "height": 812})


def wide(page: Page) -> None:
    """Make a page as wide as a desk's screen."""
    page.set_viewport_size({"width": 1440, "height": 900})
