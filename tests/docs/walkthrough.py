"""Do what a page of the documentation says, on a terminal, as its reader would.

A `console` block is run: a line that begins with `$ ` is a command, the lines below must appear in
its output, in that order; `…` stands for anything. Comments that readers do not see say the rest:

    <!-- file: NAME -->     the next block is the content of this file
    <!-- types: TEXT -->    what the reader types when the next command asks
    <!-- exits: NUMBER -->  how the next command ends, if not with 0
    <!-- step: NAME -->     something done outside the terminal: the test knows how
"""

import os
import pty
import re
import select
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PATIENCE_SECONDS = 60
_BLOCK = re.compile(
    r"<!-- (?P<comment>.*?) -->|^```(?P<kind>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@dataclass(frozen=True, slots=True)
class File:
    """Something the reader saves."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """Something the reader types."""

    line: str
    shows: tuple[str, ...]
    types: tuple[str, ...] = ()
    exits: int = 0


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Something the reader does outside the terminal."""

    name: str


def read_page(text: str) -> Iterator[File | Command | Elsewhere]:
    """Yield what a page asks its reader to do."""
    said: dict[str, str] = {}
    for found in _BLOCK.finditer(text):
        comment, kind, body = found.group("comment", "kind", "body")
        if comment is not None:
            name, _, value = comment.partition(": ")
            if name == "step":
                yield Elsewhere(value)
            said[name] = value
            continue
        if kind == "console":
            yield from _commands(body, said)
        elif "file" in said:
            yield File(said["file"], body)
        said = {}


def _commands(body: str, said: Mapping[str, str]) -> Iterator[Command]:
    lines = body.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("$ ")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield Command(
            line=lines[start][2:],
            shows=tuple(lines[start + 1 : end]),
            types=(said["types"],) if "types" in said else (),
            exits=int(said.get("exits", 0)),
        )


class Terminal:
    """One command on a terminal of its own."""

    def __init__(
        self, command: Sequence[str], *, place: Path, environment: Mapping[str, str]
    ) -> None:
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            command,
            cwd=place,
            env=environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.output = ""
        self._answered = 0

    def wait_for(self, pattern: str) -> str:
        """Read until something new matches; return the match."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            found = re.compile(pattern).search(self.output, self._answered)
            if found is not None:
                self._answered = found.end()
                return found.group()
            if time.monotonic() > deadline or not self._read():
                raise AssertionError(f"never saw {pattern!r} in:\n{self.output}")

    def type(self, text: str) -> None:
        """Type a line."""
        os.write(self._ours, text.encode() + b"\n")

    def end(self) -> int:
        """Read to the end; return the exit code."""
        while self._read():
            pass
        os.close(self._ours)
        return self._process.wait(PATIENCE_SECONDS)

    def stop(self) -> None:
        """Press Ctrl-C, as it were, and wait."""
        self._process.terminate()
        self.end()

    def _read(self) -> bool:
        ready, _, _ = select.select([self._ours], [], [], PATIENCE_SECONDS)
        if not ready:
            raise AssertionError(f"nothing more came after:\n{self.output}")
        try:
            new = os.read(self._ours, 65536)
        except OSError:  # how Linux says that the other end is closed
            return False
        self.output += _COLOURS.sub("", new.decode(errors="replace")).replace("\r\n", "\n")
        return bool(new)


def run_command(
    command: Command,
    *,
    place: Path,
    environment: Mapping[str, str],
    meanwhile: Callable[[Terminal], None] | None = None,
) -> str:
    """Run a command, see that it shows what the page says, and return all that it showed."""
    words = shlex.split(command.line)
    assert words[0] == "connectsmith", command.line
    terminal = Terminal([sys.executable, "-m", *words], place=place, environment=environment)
    for text in command.types:
        terminal.wait_for(r": $")
        terminal.type(text)
    if meanwhile is not None:
        meanwhile(terminal)
    code = terminal.end()
    assert code == command.exits, f"$ {command.line}\n{terminal.output}"
    _compare(command, terminal.output)
    return terminal.output


def _compare(command: Command, output: str) -> None:
    lines = iter(" ".join(line.split()) for line in output.splitlines())
    for expected in command.shows:
        pattern = ".*".join(map(re.escape, " ".join(expected.split()).split("…")))
        assert any(re.search(pattern, line) for line in lines), (
            f"$ {command.line}\ndoes not show: {expected}\nbut:\n{output}"
        )
