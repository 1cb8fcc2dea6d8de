"""Servers on loopback that answer from a script and remember every byte they were sent."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from connectsmith.core.message import HttpRequest, Purpose
from connectsmith.egress.limits import Limits
from connectsmith.egress.policy import EgressPolicy
from connectsmith.egress.resolver import Lookup
from connectsmith.egress.sender import HttpSender


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it arrived; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[Received, asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class Server:
    """What a scripted server saw."""

    port: int = 0
    connections: int = 0
    received: bytearray = field(default_factory=bytearray)
    requests: list[Received] = field(default_factory=list)

    def url(self, target: str = "/", *, scheme: str = "http", host: str = "127.0.0.1") -> str:
        return f"{scheme}://{host}:{self.port}{target}"


def reply(status: int = 200, body: bytes = b"", **headers: str) -> bytes:
    """Return an answer with its length; underscores in header names become hyphens."""
    lines = [f"HTTP/1.1 {status} Scripted", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def always(answer: bytes) -> Answer:
    async def write(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    return write


@asynccontextmanager
async def serving(
    answer: Answer | bytes | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
) -> AsyncIterator[Server]:
    """Run a server until the block ends; connections that are still open are dropped."""
    script = answer if callable(answer) else always(answer or reply(body=b"ok"))
    server = Server()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        while True:
            request = await _read(reader, server)
            server.requests.append(request)
            await script(request, writer)
            await writer.drain()

    async with conversing(converse, tls=tls, host=host, port=port) as server.port:
        yield server


Converse = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def conversing(
    converse: Converse,
    *,
    tls: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    limit: int = 1 << 22,
) -> AsyncIterator[int]:
    """Serve connections by hand until the block ends; yield the port."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await converse(reader, writer)
        except (asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            tasks.discard(task)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    listener = await asyncio.start_server(serve, host, port, ssl=tls, limit=limit)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _read(reader: asyncio.StreamReader, server: Server) -> Received:
    head = await reader.readuntil(b"\r\n\r\n")
    server.received += head
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    method, target, _ = first.split(" ")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    server.received += body
    return Received(method, target, headers, body)


@asynccontextmanager
async def sending(
    *servers: Server,
    limits: Limits | None = None,
    lookup: Lookup | None = None,
    policy: EgressPolicy | None = None,
    **options: object,
) -> AsyncIterator[HttpSender]:
    """Open a sender that may reach the given servers on 127.0.0.1 and nothing else."""
    allowed = policy or EgressPolicy.of(f"127.0.0.1:{server.port}" for server in servers)
    sender = HttpSender(allowed, limits=limits, lookup=lookup or loopback, **options)  # type: ignore[arg-type]  # options are HttpSender's own
    try:
        yield sender
    finally:
        await sender.close()


def loopback(_: str) -> tuple[str, ...]:
    """Answer every name with 127.0.0.1."""
    return ("127.0.0.1",)


def get(url: str, **members: object) -> HttpRequest:
    return HttpRequest("GET", url, **members)  # type: ignore[arg-type]  # members are HttpRequest's


def post_for_token(url: str) -> HttpRequest:
    return HttpRequest("POST", url, body=b"grant_type=refresh_token", purpose=Purpose.TOKEN)
