"""What a client may send and how long it may take, at a server of our kind on a real socket."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, ClassVar

import pytest
import uvicorn
from tests.journeys.installation import listening
from tests.servers.loop import PATIENCE, LoopThread

from connectsmith.serving import LONGEST_HEAD, Protocol, Server

HEAD = b"POST / HTTP/1.1\r\nHost: a\r\n"
WHOLE = HEAD + b"Content-Length: 5\r\n\r\nhello"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
EARLY, SLOW = (WHOLE.replace(b" / ", each) for each in (b" /early ", b" /slow "))
Ask = Callable[[], Awaitable[dict[str, Any]]]
Tell = Callable[[dict[str, Any]], Awaitable[None]]


class Hasty(Protocol):
    """Waits for a head as long as a test can."""

    head_seconds: ClassVar[float] = 0.2


class HastyBody(Protocol):
    """Waits for a body as long as a test can."""

    request_seconds: ClassVar[float] = 0.2


async def echo(scope: dict[str, Any], receive: Ask, send: Tell) -> None:
    """Answer with the body, and with what the headers are named."""
    body, more = b"", scope["path"] != "/early"
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    if scope["path"] == "/slow":
        await asyncio.sleep(3 * Hasty.head_seconds)
    names = b" ".join(name for name, _ in scope["headers"])
    content = b"%d %s" % (len(body), names)
    headers = [(b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


@contextmanager
def serving(protocol: type[Protocol] = Protocol) -> Iterator[socket.socket]:
    """Serve until the block ends; yield a connection to it."""
    loop, listener = LoopThread("serving"), listening()
    config = uvicorn.Config(
        echo,
        lifespan="off",
        http=protocol,
        log_config=None,
    )
    server = Server(config)
    server.capture_signals = nullcontext  # type: ignore[method-assign, assignment]  # it runs in a thread
    done = loop.start(server.serve(sockets=[listener]))
    try:
        with socket.create_connection(listener.getsockname(), timeout=PATIENCE) as client:
            yield client
    finally:
        server.should_exit = True
        done.result(PATIENCE)
        loop.close()


def heard(client: socket.socket) -> bytes:
    """Return what comes until the server closes the connection."""
    parts = []
    try:
        while part := client.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def answer(client: socket.socket) -> bytes:
    """Return the body of the next answer."""
    file = client.makefile("rb")
    length = 0
    while (line := file.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    return file.read(length)


@pytest.mark.row("T-64")
@pytest.mark.parametrize("before", [b"", WHOLE])
def test_head_may_have_its_length_and_half_of_it_more_at_most(before: bytes) -> None:
    head = HEAD + b"X: %s\r\n\r\n"
    with serving() as client:
        client.sendall(before)
        at_first = answer(client) if before else b""
        client.sendall(head % (b"x" * (LONGEST_HEAD - len(head))))
        good = answer(client)
        client.sendall(head % (b"x" * (3 * LONGEST_HEAD // 2)))
        refused = heard(client)

    assert at_first in (b"", b"5 host content-length")
    assert good == b"0 host x"
    assert refused.startswith(b"HTTP/1.1 431 ") or not refused  # it does not hear out the rest


@pytest.mark.row("T-64")
@pytest.mark.parametrize("size", [1, 1000, 3 * LONGEST_HEAD])
def test_body_may_have_any_number_of_chunks_of_any_length(size: int) -> None:
    number = 6 * LONGEST_HEAD // size
    with serving() as client:
        client.sendall(CHUNKED)
        client.sendall(b"%x\r\n%s\r\n" % (size, b"x" * size) * number)
        client.sendall(b"0\r\n\r\n")

        assert answer(client) == b"%d host transfer-encoding" % (size * number)


@pytest.mark.row("T-64")
@pytest.mark.parametrize(
    "flood", [b"5\r\nhello\r\n0\r\nX: ", b"5;", b"5\r\nhello\r\n0\r\n" + b"X: y\r\n"]
)
def test_what_is_beside_a_body_ends_too(flood: bytes) -> None:
    with serving() as client:
        client.sendall(CHUNKED + flood)
        try:
            for _ in range(256):
                client.sendall(b"X: y\r\n" * 11000 if flood.endswith(b"\n") else b"x" * 65536)
        except (BrokenPipeError, ConnectionResetError):
            pass
        else:
            pytest.fail("it listened on and on")


@pytest.mark.row("T-64")
@pytest.mark.parametrize("sent", [b"", b"GET", HEAD, HEAD + b"X: y\r\n", b"\r\n\r\n"])
def test_head_that_does_not_come_closes_the_connection(sent: bytes) -> None:
    with serving(Hasty) as client:
        client.sendall(sent)

        assert heard(client) == b""


@pytest.mark.row("T-64")
@pytest.mark.parametrize("sent", [b"\r\n", HEAD])
def test_head_that_does_not_follow_an_answer_closes_the_connection(sent: bytes) -> None:
    with serving(Hasty) as client:
        client.sendall(WHOLE)
        first = answer(client)
        client.sendall(sent)

        assert (first, heard(client)) == (b"5 host content-length", b"")


@pytest.mark.row("T-64")
@pytest.mark.parametrize(("sent", "answered"), [(WHOLE, b""), (EARLY, b"0 host content-length")])
def test_body_that_does_not_come_closes_the_connection(sent: bytes, answered: bytes) -> None:
    """Whether the application waits for it or has answered."""
    with serving(HastyBody) as client:
        client.sendall(sent[:-1])

        assert heard(client).rpartition(b"\r\n\r\n")[2] == answered


def test_request_that_is_answered_slowly_is_not_late() -> None:
    with serving(Hasty) as client:
        client.sendall(SLOW + HEAD)

        assert answer(client) == b"5 host content-length"
        assert heard(client) == b""
