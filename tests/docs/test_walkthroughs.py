"""Pages about the command line work as written: every command is run against a real server."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx2
import pytest
from tests.docs.demo import DOCS, Demo, running_demo
from tests.docs.walkthrough import Command, Elsewhere, File, Terminal, read_page, run_command

from connectsmith.sandbox.driver import answer_consent


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_demo(tmp_path_factory.mktemp("home")) as started:
        yield started


@pytest.mark.parametrize(
    "page",
    [
        "tutorial/by-command-line.md",
        "how-to/client-secrets-and-oauth2.md",
        "how-to/follow-up-requests.md",
    ],
)
def test_page_works_as_written(page: str, installation: Demo, tmp_path: Path) -> None:
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


def register_callback_url(installation: Demo, seen: str) -> None:
    """Paste what the terminal showed."""
    printed = re.search(r"http://\S+/oauth/callback/\w+", seen)
    assert printed is not None, seen
    tell_sandbox(installation, "redirect-uris", {"redirect_uri": printed.group()})


def expire_access_tokens(installation: Demo, _seen: str) -> None:
    tell_sandbox(installation, "expire", {})


def tell_sandbox(installation: Demo, what: str, members: dict[str, str]) -> None:
    address = f"{installation.sandbox}/sandbox/{what}"
    httpx2.post(address, json=members, trust_env=False).raise_for_status()


ELSEWHERE: Mapping[str, Callable[[Demo, str], None]] = {
    "register the callback URL": register_callback_url,
    "expire the access tokens": expire_access_tokens,
}
