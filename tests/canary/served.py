"""A real server process and the command line, with everything they print."""

import os
import re
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.canary.places import process
from tests.canary.sweep import Left
from tests.docs.walkthrough import Terminal

PATIENCE = 60
_PROGRAM = (sys.executable, "-W", "default", "-m", "connectsmith")
_FIELDS = 2 * 1024
"""Bytes that a file may have once the disk is full."""


class Server:
    """`connectsmith serve`; what it prints is read as it comes, so that it never waits for us."""

    def __init__(self, command: list[str], environment: Mapping[str, str], place: Path) -> None:
        self._process = subprocess.Popen(
            command, env=environment, cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self._up = threading.Event()
        self._printed: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
        streams = {"stdout": self._process.stdout, "stderr": self._process.stderr}
        self._readers = [
            threading.Thread(target=self._read, args=each, daemon=True) for each in streams.items()
        ]
        for reader in self._readers:
            reader.start()
        assert self._up.wait(PATIENCE), self._printed

    def _read(self, name: str, stream: Iterator[bytes]) -> None:
        for line in stream:
            self._printed[name].append(line)
            if b'"serving"' in line:
                self._up.set()

    def seen(self) -> list[Left]:
        """What the system shows of the process."""
        return list(process("serve", self._process.pid))

    def fill_disk(self) -> None:
        """Let no file of the process grow any more."""
        resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (_FIELDS, _FIELDS))

    def end(self) -> list[Left]:
        """Stop it, and return all that it printed."""
        self._process.terminate()
        self._process.wait(PATIENCE)
        for reader in self._readers:
            reader.join(PATIENCE)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        return [Left(f"{name} of serve", b"".join(each)) for name, each in self._printed.items()]


@dataclass
class Shell:
    """A person's home and terminal; `left` is everything that commands printed."""

    home: Path
    environment: dict[str, str]
    left: list[Left] = field(default_factory=list)

    def run(self, *words: str, types: str | None = None, **environ: str) -> str:
        """Run a command to its end, whatever it is; return what it printed to stdout."""
        ended = subprocess.run(
            [*_PROGRAM, *words],
            env=self.environment | environ,
            cwd=self.home,
            input=(types or "").encode(),
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        name = " ".join(words[:2]) if words[0] in _GROUPS else words[0]
        self.left += [
            Left(f"stdout of {name}", ended.stdout), Left(f"stderr of {name}", ended.stderr)
        ]  # fmt: skip
        return ended.stdout.decode()

    def run_on_terminal(self, *words: str, types: str) -> None:
        """Run a command that asks for something."""
        terminal = Terminal([*_PROGRAM, *words], place=self.home, environment=self.environment)
        terminal.wait_for(r": $")
        terminal.type(types)
        terminal.end()
        self.left.append(Left(f"terminal of {' '.join(words[:2])}", terminal.output.encode()))

    @contextmanager
    def connecting(self, *words: str) -> Iterator[str]:
        """Run `connect` until a browser has come back; yields the start link."""
        running = subprocess.Popen(
            [*_PROGRAM, "connect", *words],
            env=self.environment,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert running.stderr is not None
        first = b""
        while (link := re.search(rb"(http://\S+/oauth/start/\S+)\s", first)) is None:
            line = running.stderr.readline()
            assert line, first
            first += line
        self.left += process("connect", running.pid)
        yield link[1].decode()
        out, err = running.communicate(timeout=PATIENCE)
        self.left += [Left("stdout of connect", out), Left("stderr of connect", first + err)]

    def serve(self, *flags: str) -> Server:
        """Start the server."""
        environment = self.environment | {"PYTHONASYNCIODEBUG": "1"}
        return Server([*_PROGRAM, "serve", *flags], environment, self.home)


_GROUPS = frozenset(("connector", "secret", "connection", "calls", "token"))


def home_in(folder: Path, **environ: str) -> Shell:
    """Make a home with a temporary directory in it."""
    (folder / "temp").mkdir()
    inherited = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return Shell(
        folder,
        inherited
        | {
            "HOME": str(folder),
            "TMPDIR": str(folder / "temp"),
            "TERM": "dumb",
            "COLUMNS": "200",
            "PYTHONUTF8": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "CONNECTSMITH_LOG_LEVEL": "debug",
            **environ,
        },
    )
