"""What a scripted server does after a request: a list of steps, made by the functions here."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from io import BytesIO

from tests.servers.loop import Gate
from tests.servers.wire import Pairs


@dataclass(frozen=True, slots=True)
class Send:
    """Send bytes at once."""

    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Drip:
    """Send bytes one by one, `every` so many seconds."""

    content: bytes = field(repr=False)
    every: float = 0.01


@dataclass(frozen=True, slots=True)
class Repeat:
    """Send bytes again and again until the client leaves, pausing `every` so many seconds."""

    content: bytes = field(repr=False)
    every: float = 0.0


@dataclass(frozen=True, slots=True)
class WaitAt:
    """Wait until the test opens the gate."""

    gate: Gate


@dataclass(frozen=True, slots=True)
class Silence:
    """Say nothing until the client leaves."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Break the connection with a RST."""


Step = Send | Drip | Repeat | WaitAt | Silence | Reset


@dataclass(frozen=True, slots=True)
class Reply:
    """Steps in order; then the connection is closed, or kept for the next request."""

    steps: tuple[Step, ...]
    keep_alive: bool = False

    @property
    def content(self) -> bytes:
        """The bytes of all `Send` steps."""
        return b"".join(step.content for step in self.steps if isinstance(step, Send))


def reply(
    status: int = 200,
    body: bytes = b"",
    *,
    headers: Sequence[tuple[str, str]] = (),
    content_type: str | None = "text/plain",
    keep_alive: bool = False,
) -> Reply:
    """Answer with a status, headers (repeated ones stay repeated) and a body of stated length."""
    own: list[tuple[str, str]] = [("Content-Length", str(len(body)))]
    if content_type is not None:
        own.append(("Content-Type", content_type))
    if not keep_alive:
        own.append(("Connection", "close"))
    return Reply((Send(head(status, (*own, *headers)) + body),), keep_alive)


def head(status: int, headers: Sequence[tuple[str, str]]) -> bytes:
    """Return status line and headers, with the empty line after them."""
    lines = [f"HTTP/1.1 {status} {_phrase(status)}", *(f"{name}: {v}" for name, v in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def raw(content: bytes) -> Reply:
    """Answer with these bytes, HTTP or not."""
    return Reply((Send(content),))


def json_reply(
    value: object,
    status: int = 200,
    *,
    headers: Sequence[tuple[str, str]] = (),
    content_type: str = "application/json",
    keep_alive: bool = False,
) -> Reply:
    """Answer with JSON."""
    body = json.dumps(value).encode()
    return reply(status, body, headers=headers, content_type=content_type, keep_alive=keep_alive)


def html_reply(text: str = "<!doctype html><h1>Hello</h1>", status: int = 200) -> Reply:
    """Answer with a web page."""
    return reply(status, text.encode(), content_type="text/html; charset=utf-8")


def redirect(location: str, status: int = 302) -> Reply:
    """Send the client elsewhere."""
    return reply(status, headers=[("Location", location)])


def not_found() -> Reply:
    """Answer 404."""
    return reply(404, b"nothing here")


def gzip_bomb(size: int, *, content_type: str = "application/json") -> Reply:
    """Answer with a small body that unpacks to `size` bytes of blanks."""
    packed = BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as bomb:
        for start in range(0, size, 1 << 20):
            bomb.write(b" " * min(1 << 20, size - start))
    encoding = [("Content-Encoding", "gzip")]
    return reply(200, packed.getvalue(), headers=encoding, content_type=content_type)


def endless_body(chunk: bytes = b"x" * 65536, *, every: float = 0.0) -> Reply:
    """Answer with a body that never ends."""
    start = head(200, [("Content-Type", "application/json"), ("Connection", "close")])
    return Reply((Send(start), Repeat(chunk, every)))


def endless_headers(*, every: float = 0.0) -> Reply:
    """Answer with headers that never end."""
    return Reply((Send(b"HTTP/1.1 200 OK\r\n"), Repeat(b"X-More: and more\r\n", every)))


def silent() -> Reply:
    """Never answer."""
    return Reply((Silence(),))


def hang_up(*, reset: bool = False) -> Reply:
    """Close without an answer: with a FIN, or a RST."""
    return Reply((Reset(),) if reset else ())


def after(gate: Gate, then: Reply) -> Reply:
    """Answer only once the gate is open."""
    return Reply((WaitAt(gate), *then.steps), then.keep_alive)


def dripping(whole: Reply, *, every: float = 0.01) -> Reply:
    """Answer one byte at a time."""
    return Reply((Drip(whole.content, every),))


def cut_off(whole: Reply, *, after_bytes: int, reset: bool = False) -> Reply:
    """Answer that many bytes, then hang up."""
    start = Send(whole.content[:after_bytes])
    return Reply((start, Reset()) if reset else (start,))


def with_headers(whole: Reply, headers: Pairs) -> Reply:
    """Add headers in front of the others, repeated ones included."""
    start, _, rest = whole.content.partition(b"\r\n")
    added = "".join(f"{name}: {value}\r\n" for name, value in headers).encode("latin-1")
    return Reply((Send(start + b"\r\n" + added + rest),), whole.keep_alive)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
