"""The tutorial and the how-to work as written: every command is run against a real server."""

import os
import re
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from tests.docs.walkthrough import Command, Elsewhere, File, Terminal, read_page, run_command

from connectsmith.sandbox.driver import answer_consent

DOCS = Path(__file__).resolve().parents[2] / "docs"


@dataclass(frozen=True, slots=True)
class Installation:
    """A server and a sandbox that were started as the tutorial says."""

    port: int
    sandbox_port: int
    environment: Mapping[str, str]

    @property
    def flags(self) -> tuple[str, ...]:
        """Choose our ports."""
        return ("--port", str(self.port), "--sandbox-port", str(self.sandbox_port))

    def ported(self, text: str) -> str:
        """Put our ports into a page."""
        return text.replace("8400", str(self.port)).replace("8401", str(self.sandbox_port))


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    home = tmp_path_factory.mktemp("home")
    inherited = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    environment = {
        **inherited,
        "HOME": str(home),
        "BROWSER": "true",
        "TERM": "xterm",
        "COLUMNS": "200",
        "PYTHONUTF8": "1",
    }
    started = Installation(free_port(), free_port(), environment)
    demo = Terminal(
        [sys.executable, "-m", "connectsmith", "demo", *started.flags],
        place=home,
        environment=environment,
    )
    try:
        demo.wait_for("Remove all")
        yield started
    finally:
        demo.stop()


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    "page", ["tutorial/first-connection.md", "how-to/client-secrets-and-oauth2.md"]
)
def test_page_works_as_written(page: str, installation: Installation, tmp_path: Path) -> None:
    seen: list[str] = []

    for step in read_page(installation.ported((DOCS / page).read_text())):
        match step:
            case File(name, text):
                (tmp_path / name).write_text(text)
            case Elsewhere(name):
                ELSEWHERE[name](installation, seen[-1])
            case Command("make run"):
                pass
            case Command() as command:
                connects = command.line.startswith("connectsmith connect ")
                shown = run_command(
                    command,
                    place=tmp_path,
                    environment=installation.environment,
                    meanwhile=consent if connects else None,
                )
                seen.append(shown)

    assert len(seen) > 5


def consent(terminal: Terminal) -> None:
    """Be the person in the browser, and at the prompt."""
    answer_consent(terminal.wait_for(r"http://\S+/oauth/start/\S+"))
    terminal.wait_for(r"Keep this connection\?.*: $")
    terminal.type("y")


def register_callback_url(installation: Installation, seen: str) -> None:
    """Paste what the terminal showed."""
    printed = re.search(r"http://\S+/oauth/callback/\w+", seen)
    assert printed is not None, seen
    tell_sandbox(installation, "redirect-uris", {"redirect_uri": printed.group()})


def expire_access_tokens(installation: Installation, _seen: str) -> None:
    tell_sandbox(installation, "expire", {})


def tell_sandbox(installation: Installation, what: str, members: dict[str, str]) -> None:
    address = f"http://localhost:{installation.sandbox_port}/sandbox/{what}"
    httpx2.post(address, json=members, trust_env=False).raise_for_status()


ELSEWHERE: Mapping[str, Callable[[Installation, str], None]] = {
    "register the callback URL": register_callback_url,
    "expire the access tokens": expire_access_tokens,
}
