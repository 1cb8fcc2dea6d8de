"""`connectsmith serve` as a process of its own, with data, key and profile in a folder."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from json import loads
from pathlib import Path
from threading import Timer
from typing import Any

from tests.journeys.installation import Api

from connectsmith.sdk import read_profile

PATIENCE = 60


@dataclass(slots=True)
class Serving:
    """A server process, and what it has written so far."""

    process: subprocess.Popen[str]
    api: Api
    lines: list[dict[str, Any]]

    def next_line(self) -> dict[str, Any]:
        """Wait for its next line; the first words are for people, the rest is JSON."""
        assert self.process.stderr is not None
        while line := self.process.stderr.readline():
            if line.startswith("{"):
                self.lines.append(loads(line))
                return self.lines[-1]
        raise AssertionError(f"it ended with {self.process.wait()}: {self.lines}")

    def await_event(self, event: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait until it has written so many lines of a kind."""
        seen: list[dict[str, Any]] = []
        while len(seen) < count:
            line = self.next_line()
            if line["event"] == event:
                seen.append(line)
        return seen

    def stop(self) -> int:
        """Ask it to stop, and read what it says until it has."""
        self.process.terminate()
        return self.ended()

    def ended(self) -> int:
        """Wait for its end."""
        _, rest = self.process.communicate(timeout=PATIENCE)
        self.lines += [loads(line) for line in rest.splitlines() if line.startswith("{")]
        return self.process.returncode


def environment(folder: Path, **settings: Any) -> dict[str, str]:
    """Return an environment with data, key and profile in a folder, and settings."""
    places = {
        "data_dir": folder / "data",
        "key_file": folder / "keys" / "root.key",
        "profile": folder / "profile",
        **settings,
    }
    named = {f"CONNECTSMITH_{name.upper()}": str(value) for name, value in places.items()}
    return {"PATH": os.environ["PATH"], "HOME": str(folder), **named}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "connectsmith", *arguments]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@contextmanager
def serving(
    folder: Path, *private: int, port: int | None = None, **settings: Any
) -> Iterator[Serving]:
    """Run `connectsmith serve` until the block ends."""
    port = port or free_port()
    pairs = ",".join(f"127.0.0.1:{each},[::1]:{each}" for each in private)
    around = environment(folder, port=port, allow_private=pairs, **settings)
    process = subprocess.Popen(
        command("serve"), env=around, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    watch = Timer(PATIENCE * 2, process.kill)
    watch.start()
    server = Serving(process, Api(f"http://127.0.0.1:{port}", ""), [])
    try:
        server.await_event("serving", int(settings.get("workers", 1)))
        server.api = Api(server.api.address, read_profile(folder / "profile").token or "")
        yield server
    finally:
        watch.cancel()
        if process.poll() is None:
            server.stop()
        assert process.stderr is not None
        process.stderr.close()


def refused(folder: Path, **settings: Any) -> tuple[int, str]:
    """Run `connectsmith serve` where it may not start; return exit code and last line."""
    ended = subprocess.run(
        command("serve"),
        env=environment(folder, **settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    return ended.returncode, ended.stderr.splitlines()[-1]
