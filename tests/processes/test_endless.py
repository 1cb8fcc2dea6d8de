"""Requests without an end at `connectsmith serve`: they are cut off, and cost little memory."""

import socket
from collections.abc import Iterator
from contextlib import closing
from itertools import count, repeat
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.processes.served import PATIENCE, Serving, serving

ENOUGH = 64 << 20
"""Bytes that nobody may take."""
LITTLE = 8 << 10
"""KiB by which the process may grow."""
START = b"GET /v1/connectors HTTP/1.1\r\nHost: %s\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("endless")) as running:
        yield running


def headers() -> Iterator[bytes]:
    """Yield headers with ever new names, a thousand at once."""
    for start in count(step=1000):
        yield b"".join(b"X-%d: y\r\n" % number for number in range(start, start + 1000))


@pytest.mark.row("T-64")
@pytest.mark.parametrize(
    ("start", "more"),
    [
        (START + b"X: ", repeat(b"x" * 65536)),
        (START, headers()),
        (b"GET /", repeat(b"x" * 65536)),
        (START + b"X: ", repeat(b"slow")),
    ],
    ids=["one huge header", "very many headers", "a very long request line", "a few bytes a time"],
)
def test_head_without_end_is_cut_off_and_not_kept(
    server: Serving, start: bytes, more: Iterator[bytes]
) -> None:
    host = urlsplit(server.api.address).netloc
    before = peak(server)

    answer = flooded(server, start.replace(b"%s", host.encode()), more)

    assert not answer or answer.startswith(b"HTTP/1.1 431 ")
    assert peak(server) - before < LITTLE
    assert server.api.ask("GET", "/v1/connectors").status_code == 200


def flooded(server: Serving, start: bytes, more: Iterator[bytes]) -> bytes:
    """Send until the server closes the connection; return what it said."""
    place = urlsplit(server.api.address)
    sent = 0
    with closing(socket.create_connection((place.hostname, place.port), PATIENCE)) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            client.sendall(start)
            for piece in more:
                client.sendall(piece)
                sent += len(piece)
                assert sent < ENOUGH
        except (BrokenPipeError, ConnectionResetError):
            pass
        try:
            return client.recv(65536)
        except ConnectionResetError:
            return b""


def peak(server: Serving) -> int:
    """Return the most memory that the process has used so far, in KiB."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    (line,) = [each for each in status.splitlines() if each.startswith("VmHWM:")]
    return int(line.split()[1])
