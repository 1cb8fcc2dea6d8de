"""WebKit by WebDriver, spoken as it is (W3C WebDriver): Debian's webkit2gtk-driver on a display.

Playwright brings a WebKit of its own, which is downloaded; this one is the system's.
"""

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

DRIVER, DISPLAY = "WebKitWebDriver", "Xvfb"
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""The key of an element's reference (W3C WebDriver section 12.1)."""
_PATIENCE = 30
_PAUSE = 0.1


def missing() -> str | None:
    """Return which program is not installed; None when all are."""
    return next((each for each in (DRIVER, DISPLAY) if shutil.which(each) is None), None)


@dataclass
class WebKit:
    """A browser window."""

    client: httpx.Client = field(repr=False)
    session: str

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """Send one command and return its value."""
        content = body if method == "POST" else None
        answer = self.client.request(method, f"/session/{self.session}{path}", json=content)
        assert answer.is_success, answer.text
        return answer.json()["value"]

    def open(self, url: str) -> None:
        """Go to a page."""
        self.ask("POST", "/url", url=url)

    @property
    def url(self) -> str:
        """Where the window is."""
        return str(self.ask("GET", "/url"))

    def text(self) -> str:
        """Return what the page says."""
        return str(
            self.ask("POST", "/execute/sync", script="return document.body.innerText", args=[])
        )

    def find(self, selector: str) -> str:
        """Return the element that a CSS selector finds."""
        found = self.ask("POST", "/element", using="css selector", value=selector)
        return str(found[ELEMENT])

    def type(self, selector: str, text: str) -> None:
        """Type into a field."""
        self.ask("POST", f"/element/{self.find(selector)}/value", text=text)

    def click(self, selector: str) -> None:
        """Press something, and wait for where it leads."""
        self.ask("POST", f"/element/{self.find(selector)}/click")

    def wait_for(self, part: str) -> None:
        """Wait until the address holds a text."""
        pause = threading.Event()
        for _ in range(int(_PATIENCE / _PAUSE)):
            if part in self.url:
                return
            pause.wait(_PAUSE)
        raise AssertionError(f"{self.url} never came to hold {part}")

    def cookies(self) -> list[dict[str, Any]]:
        """Return the cookies of the page."""
        cookies: list[dict[str, Any]] = self.ask("GET", "/cookie")
        return cookies


@contextmanager
def webkit(home: Path) -> Iterator[WebKit]:
    """Run WebKit on a display of its own until the block ends."""
    with _display() as display, _driver(home, display) as client:
        made = client.post("/session", json={"capabilities": {"alwaysMatch": {}}})
        assert made.is_success, made.text
        browser = WebKit(client, made.json()["value"]["sessionId"])
        try:
            yield browser
        finally:
            client.delete(f"/session/{browser.session}")


@contextmanager
def _display() -> Iterator[str]:
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [DISPLAY, "-displayfd", str(writing), "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
        pass_fds=(writing,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as said:
            yield f":{said.readline().strip()}"
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _driver(home: Path, display: str) -> Iterator[httpx.Client]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environ = {
        "DISPLAY": display,
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(home),
        "PATH": os.environ.get("PATH", os.defpath),
        "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",  # the sandbox needs rights of its own
        "NO_AT_BRIDGE": "1",
    }
    command, nothing = [DRIVER, f"--port={port}"], subprocess.DEVNULL
    process = subprocess.Popen(command, env=environ, stdout=nothing, stderr=nothing)
    pause = threading.Event()
    try:
        address = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=address, timeout=60, trust_env=False) as client:
            for _ in range(int(_PATIENCE / _PAUSE)):
                try:
                    client.get("/status")
                    break
                except httpx.TransportError:
                    pause.wait(_PAUSE)
            yield client
    finally:
        process.terminate()
        process.wait()
