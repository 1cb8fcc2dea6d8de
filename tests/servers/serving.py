"""Accept connections on loopback, record what comes, and answer as a subclass decides."""

import asyncio
import socket
import ssl
import struct
from abc import ABC, abstractmethod
from asyncio import BaseTransport, StreamReader, StreamWriter
from collections import Counter
from collections.abc import Awaitable, Callable
from threading import Condition
from typing import assert_never
from weakref import WeakSet

from tests.servers.loop import PATIENCE, LoopThread, cancel_the_rest
from tests.servers.replies import Drip, Repeat, Reply, Reset, Send, Silence, Step, WaitAt
from tests.servers.wire import LINE_LIMIT, Received, read_request


class Serving(ABC):
    """A server on a free port of `host`; `connections` counts those accepted, TLS or not yet."""

    def __init__(self, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.connections = 0
        self._received: list[Received] = []
        self._failures: list[Exception] = []
        self._news = Condition()
        self._scheme = "http" if tls is None else "https"
        self._accepted: WeakSet[BaseTransport] = WeakSet()
        self._loop = LoopThread(type(self).__name__)
        self._server = self._loop.run(self._listen(host, tls))
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.address = host

    @property
    def origin(self) -> str:
        """Scheme, literal address and port."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self._scheme}://{host}:{self.port}"

    def origin_as(self, host: str) -> str:
        """The origin under another name, such as `localhost`."""
        return f"{self._scheme}://{host}:{self.port}"

    @property
    def received(self) -> list[Received]:
        """Every request so far, in order."""
        with self._news:
            return list(self._received)

    def at(self, path: str) -> list[Received]:
        """The requests for one path."""
        return [request for request in self.received if request.path == path]

    def counts(self) -> Counter[str]:
        """How many requests came for each path."""
        return Counter(request.path for request in self.received)

    def wait_for(self, count: int, path: str | None = None) -> None:
        """Wait until so many requests have come, to a path or at all."""
        with self._news:
            came = self._news.wait_for(lambda: self._count(path) >= count, PATIENCE)
        assert came, f"{self._count(path)} of {count} requests came"

    async def arrived(self, count: int, path: str | None = None) -> None:
        """Wait as `wait_for` does, without blocking the loop."""
        await asyncio.to_thread(self.wait_for, count, path)

    def close(self) -> None:
        self._loop.run(self._stop())
        self._loop.close()
        if self._failures:
            raise ExceptionGroup("a scripted server failed", self._failures)

    @abstractmethod
    async def answer(self, request: Received) -> Reply:
        """Decide what to do about a request."""

    def _count(self, path: str | None) -> int:
        return sum(path is None or request.path == path for request in self._received)

    async def _listen(self, host: str, tls: ssl.SSLContext | None) -> asyncio.Server:
        return await asyncio.get_running_loop().create_server(self._accept, host, 0, ssl=tls)

    def _accept(self) -> asyncio.StreamReaderProtocol:
        """Count a connection as soon as it is there, before any TLS."""
        self.connections += 1
        return _Protocol(StreamReader(limit=LINE_LIMIT), self._serve, self._accepted)

    async def _stop(self) -> None:
        """Close every connection: one whose `_serve` was cancelled unstarted has nobody else."""
        self._server.close()
        await cancel_the_rest()
        for transport in self._accepted:
            transport.close()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            while (request := await read_request(reader)) is not None:
                with self._news:
                    self._received.append(request)
                    self._news.notify_all()
                planned = await self.answer(request)
                for step in planned.steps:
                    await _take(step, reader, writer)
                if not planned.keep_alive:
                    break
        except (ConnectionError, asyncio.CancelledError):
            writer.transport.abort()
        except Exception as error:  # noqa: BLE001 - raised again when the server is closed
            self._failures.append(error)
        finally:
            writer.close()


class _Protocol(asyncio.StreamReaderProtocol):
    """Serves a connection, and notes it."""

    def __init__(
        self,
        reader: StreamReader,
        serve: Callable[[StreamReader, StreamWriter], Awaitable[None]],
        accepted: WeakSet[BaseTransport],
    ) -> None:
        super().__init__(reader, serve)
        self._accepted = accepted

    def connection_made(self, transport: BaseTransport) -> None:
        self._accepted.add(transport)
        super().connection_made(transport)


async def _take(step: Step, reader: StreamReader, writer: StreamWriter) -> None:
    match step:
        case Send(content):
            writer.write(content)
            await writer.drain()
        case Drip(content, every):
            for byte in content:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(every)
        case Repeat(content, every):
            while not writer.is_closing():
                writer.write(content)
                await writer.drain()
                await asyncio.sleep(every)
        case WaitAt(gate):
            await gate.passed()
        case Silence():
            await reader.read()
        case Reset():
            _reset(writer)
        case _:
            assert_never(step)


def _reset(writer: StreamWriter) -> None:
    """Close with a RST: a linger time of zero makes the kernel send one."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
