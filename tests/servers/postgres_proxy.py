"""A proxy in front of PostgreSQL that loses a commit, on its way there or on the way back.

Its client must not use TLS, so that a commit can be seen.
"""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from tests.servers.loop import LoopThread, cancel_the_rest


@dataclass(frozen=True, slots=True)
class _Loss:
    of: bytes
    arrives: bool
    away: bool


class PostgresProxy:
    """Passes everything on, until a commit is to be lost."""

    def __init__(self, upstream: str) -> None:
        place = urlsplit(upstream)
        self._upstream = place.hostname or "127.0.0.1", place.port or 5432
        self._loss: _Loss | None = None
        self._away = False
        self._loop = LoopThread("postgres proxy")
        self._server = self._loop.run(self._listen())
        port: int = self._server.sockets[0].getsockname()[1]
        user = "".join(place.netloc.rpartition("@")[:2])
        query = "sslmode=disable&gssencmode=disable"
        self.url = urlunsplit(place._replace(netloc=f"{user}127.0.0.1:{port}", query=query))

    def lose_commit(self, of: str, *, arrives: bool, away: bool = False) -> None:
        """Break the connection at the next commit of such statements.

        That is before its answer, if it `arrives`, or else before the server gets it.

        With `away` nobody gets to the server from then on, until it is `back`.
        """
        self._loss = _Loss(of.encode(), arrives, away)

    def back(self) -> None:
        """Let connections through again."""
        self._away = False

    def close(self) -> None:
        self._loop.run(self._stop())
        self._loop.close()

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def _stop(self) -> None:
        self._server.close()
        await cancel_the_rest()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        upstream = None
        try:
            if not self._away:
                from_server, upstream = await asyncio.open_connection(*self._upstream)
                await self._pass_on(reader, writer, from_server, upstream)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            for each in (writer, upstream):
                if each is not None:
                    each.close()

    async def _pass_on(
        self,
        from_client: StreamReader,
        to_client: StreamWriter,
        from_server: StreamReader,
        to_server: StreamWriter,
    ) -> None:
        back = asyncio.create_task(_pump(from_server, to_client))
        said = b""
        try:
            while content := await from_client.read(65536):
                said = content if b"BEGIN" in content else said + content
                loss = self._loss
                if loss is not None and b"COMMIT" in content and loss.of in said:
                    self._loss, self._away = None, loss.away
                    back.cancel()
                    await asyncio.wait([back])
                    if loss.arrives:
                        to_server.write(content)
                        await from_server.read(65536)
                    return
                to_server.write(content)
        finally:
            back.cancel()


async def _pump(reader: StreamReader, writer: StreamWriter) -> None:
    while content := await reader.read(65536):
        writer.write(content)
    writer.close()


@contextmanager
def start_postgres_proxy(upstream: str) -> Iterator[PostgresProxy]:
    proxy = PostgresProxy(upstream)
    try:
        yield proxy
    finally:
        proxy.close()
