"""HTTP requests as they came over the wire, read leniently: what arrives is evidence."""

from asyncio import IncompleteReadError, LimitOverrunError, StreamReader
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

Pairs = tuple[tuple[str, str], ...]
LINE_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class Received:
    """One request. Nothing but method and path in its repr: the rest may hold a secret."""

    method: str
    target: str = field(repr=False)
    headers: Pairs = field(repr=False)
    body: bytes = field(repr=False)
    raw_head: bytes = field(repr=False)

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> Pairs:
        return _pairs(urlsplit(self.target).query)

    @property
    def form(self) -> Pairs:
        return _pairs(self.body.decode("utf-8", "replace"))

    def header(self, name: str) -> str | None:
        """Return the first header of that name, in any case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


async def read_request(reader: StreamReader) -> Received | None:
    """Return the next request, or None when the other side has no (readable) one."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        start, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
        headers = tuple(_header(line) for line in lines)
        method, target, _ = start.split(" ", 2)
        body = await _read_body(reader, {name.lower(): value for name, value in headers})
    except (IncompleteReadError, LimitOverrunError, ConnectionError, ValueError):
        return None
    return Received(method, target, headers, body, head)


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.strip()


def _pairs(encoded: str) -> Pairs:
    return tuple(parse_qsl(encoded, keep_blank_values=True))


async def _read_body(reader: StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return await reader.readexactly(int(headers.get("content-length", "0")))
    body = bytearray()
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readuntil(b"\r\n")
    return bytes(body)
