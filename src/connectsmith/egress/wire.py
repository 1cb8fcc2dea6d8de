"""HTTP/1.1 on a connection of the pool: a request written, the head of its answer read.

aiohttp dials, keeps connections and parses answers. Its session is left out: what it does besides
(cookies, redirects, proxies and credentials from the environment) must never happen here, and it
cost more than everything below.
"""

import asyncio
import math
from dataclasses import dataclass
from functools import lru_cache

import aiohttp
from aiohttp.connector import Connection
from aiohttp.http_parser import RawResponseMessage
from yarl import URL

from connectsmith.core.message import Headers, HttpRequest
from connectsmith.egress.attempt import Attempt, current
from connectsmith.egress.dialogue import Dialogue
from connectsmith.egress.limits import MIB, Limits

_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_FIRST_FINAL = 200
_SWITCHING_PROTOCOLS = 101
_BUFFER = 64 * 1024


@dataclass(slots=True)
class Arrival:
    """An answer whose head is there; its body comes out of `content`, compressed if it was."""

    status: int
    headers: Headers
    content: aiohttp.StreamReader
    _connection: Connection

    def header(self, name: str) -> str:
        """Return the first header of that lower-case name, or nothing."""
        return next((value for key, value in self.headers if key == name), "")

    def close(self) -> None:
        """Let go of the connection; it is used again if all was sent and the body read."""
        transport, dialogue = self._connection.transport, self._connection.protocol
        if isinstance(dialogue, Dialogue):
            dialogue.awaiting = False
        if transport is not None and transport.get_write_buffer_size():
            self._connection.close()
        else:
            self._connection.release()  # aiohttp closes it if there is more to read


class Wire:
    """Connections of one pool; without `keep` each serves one request that goes out once."""

    def __init__(self, connector: aiohttp.BaseConnector, limits: Limits, *, keep: bool) -> None:
        self._connector = connector
        self._limits = limits
        self._keep = keep
        self._patience = aiohttp.ClientTimeout(
            sock_connect=limits.connect.total_seconds(), ceil_threshold=math.inf
        )
        self._dialled = lru_cache(maxsize=1024)(_dialled)

    async def exchange(
        self, request: HttpRequest, written: bytes, attempt: Attempt, *, silence: float
    ) -> Arrival:
        """Send a request, which is written already; `silence` is in seconds.

        On an idle connection the server's closing can cross a request: what may be repeated
        (RFC 9110 section 9.2.2) then goes out once more, unless it needs a proof of its own.
        """
        again = self._keep and request.method in _REPEATABLE and not request.proves
        while True:
            try:
                return await self._once(request.method, written, attempt, silence)
            except aiohttp.ClientConnectorError:
                raise
            except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
                if not again:
                    raise
                again = False

    async def close(self) -> None:
        """Close all connections."""
        await self._connector.close()

    async def _once(self, method: str, written: bytes, attempt: Attempt, silence: float) -> Arrival:
        connection = await self._connect(attempt)
        try:
            attempt.sent = True
            self._expect(connection, method, silence)
            await _write(connection, written)
            message, content = await _final(connection)
        except BaseException:
            connection.close()
            raise
        return Arrival(message.code, _headers(message), content, connection)

    async def _connect(self, attempt: Attempt) -> Connection:
        """Return a connection to an attempt's origin; the guard of sockets is told about it."""
        token = current.set(attempt)
        try:
            return await self._connector.connect(
                self._dialled(attempt.origin.text), [], self._patience
            )
        finally:
            current.reset(token)

    def _expect(self, connection: Connection, method: str, silence: float) -> None:
        """Say what answer is awaited."""
        dialogue = _dialogue(connection)
        dialogue.awaiting = True
        dialogue.set_response_params(
            skip_payload=method == "HEAD",
            read_until_eof=True,
            auto_decompress=False,
            read_timeout=silence,
            read_bufsize=_BUFFER,
            timeout_ceil_threshold=math.inf,
            max_line_size=self._limits.header_line_bytes,
            max_field_size=self._limits.header_line_bytes,
            max_headers=self._limits.header_lines,
        )


def _dialled(origin: str) -> aiohttp.ClientRequest:
    """Return what tells the connector where to dial; it is never sent."""
    return aiohttp.ClientRequest("GET", URL(origin, encoded=True))


def _dialogue(connection: Connection) -> Dialogue:
    dialogue = connection.protocol
    if not isinstance(dialogue, Dialogue):  # it was closed meanwhile
        raise aiohttp.ServerDisconnectedError
    return dialogue


async def _write(connection: Connection, written: bytes) -> None:
    """Write a request; the event loop is not held up by one that is large.

    The transport keeps what the server does not take yet, so that an early answer is seen.
    """
    transport = connection.transport
    if transport is None or transport.is_closing():
        raise aiohttp.ServerDisconnectedError
    transport.write(written if len(written) <= MIB else written[:MIB])
    for start in range(MIB, len(written), MIB):
        await asyncio.sleep(0)
        transport.write(written[start : start + MIB])
    dialogue = _dialogue(connection)
    if not dialogue.writing_paused:
        dialogue.start_timeout()  # else when writing is resumed: see the pool


async def _final(connection: Connection) -> tuple[RawResponseMessage, aiohttp.StreamReader]:
    """Wait for an answer that is not an interim one (RFC 9110 section 15.2)."""
    dialogue = _dialogue(connection)
    while True:
        message, content = await dialogue.read()
        if message.code >= _FIRST_FINAL or message.code == _SWITCHING_PROTOCOLS:
            return message, content


def _headers(message: RawResponseMessage) -> Headers:
    """Return lower-case names; bytes that are not UTF-8 are replaced."""
    return tuple(
        [
            (name.decode("utf-8", "replace").lower(), value.decode("utf-8", "replace"))
            for name, value in message.raw_headers
        ]
    )
