"""`connectsmith demo` on ports of its own, started as the tutorials say."""

import os
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.docs.walkthrough import Terminal

DOCS = Path(__file__).resolve().parents[2] / "docs"
PORT, SANDBOX_PORT = 8400, 8401
"""What the pages name."""


@dataclass(frozen=True, slots=True)
class Demo:
    """A server and a sandbox; `link` is the one-time link that the box shows."""

    port: int
    sandbox_port: int
    environment: Mapping[str, str]
    link: str

    @property
    def sandbox(self) -> str:
        """Where the sandbox's own page is."""
        return f"http://localhost:{self.sandbox_port}"

    def ported(self, text: str) -> str:
        """Put our ports into a page."""
        text = text.replace(str(PORT), str(self.port))
        return text.replace(str(SANDBOX_PORT), str(self.sandbox_port))


@contextmanager
def running_demo(home: Path, port: int = 0, sandbox_port: int = 0) -> Iterator[Demo]:
    """Start it in an empty home, wait for the box at its end, and stop it afterwards."""
    port, sandbox_port = port or free_port(), sandbox_port or free_port()
    inherited = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    environment = {
        **inherited,
        "HOME": str(home),
        "BROWSER": "true",
        "TERM": "xterm",
        "COLUMNS": "200",
        "PYTHONUTF8": "1",
    }
    flags = ("--port", str(port), "--sandbox-port", str(sandbox_port))
    demo = Terminal(
        [sys.executable, "-m", "connectsmith", "demo", *flags], place=home, environment=environment
    )
    try:
        link = demo.wait_for(r"Sign in +http://\S+/welcome/\S+").split()[-1]
        demo.wait_for("Remove all")
        yield Demo(port, sandbox_port, environment, link)
    finally:
        demo.stop()


def free_port() -> int:
    """Return a port that nothing uses now."""
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        return int(probe.getsockname()[1])
