"""Callbacks as bytes on a socket, as no library would write them."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.journeys.calendar import prepared
from tests.journeys.installation import installed
from tests.servers.sandbox import SandboxServer

STATE = b"S" * 43
TARGETS = [
    b"?state=" + STATE + b"&code=\xff\xfe\x80",
    b"?state=" + STATE + b"&code=%ff%fe%80",
    b"?state=%00" + STATE,
    b"?state=" + STATE + b"&code=a&code=b&state=" + STATE,
    b"?state[]=" + STATE + b"&code[0]=a",
    b"?state=" + STATE + b";code=a",
    b"?&&&===&%&%zz",
    b"?" + b"state=" * 500,
    b"?" + b"a&" * 8_000,
    b"?code=" + b"a" * 60_000,
    b"?error=<script>alert(1)</script>&state=" + STATE,
    b"?state=" + STATE + b"#fragment",
    b"/..%2f..%2fv1?state=" + STATE,
    b"/%00?state=" + STATE,
    b"/%ff?state=" + STATE,
    b"?state=" + STATE + b" HTTP/1.1\r\nX-Injected: yes",
]


@pytest.fixture
def address(tmp_path: Path, sandbox: SandboxServer) -> Iterator[tuple[int, bytes]]:
    """The port of an installation, and the callback path of a connector."""
    with installed(tmp_path, sandbox.port) as running:
        connector = prepared(running, sandbox).connector
        yield running.settings.port, f"/oauth/callback/{connector}".encode()


@pytest.mark.row("T-16", "C-14")
def test_no_bytes_break_the_callback(address: tuple[int, bytes], sandbox: SandboxServer) -> None:
    port, path = address

    for target in TARGETS:
        status, body = _asked(port, path + target)

        assert status in {b"303", b"400", b"404", b"414", b"431"}, (target[:80], status)
        assert b"<script" not in body
    assert sandbox.token_requests() == {}


def _asked(port: int, target: bytes) -> tuple[bytes, bytes]:
    """Send one request line and return the answer's status and all of it."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(
            b"GET "
            + target
            + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: connectsmith_x=\xff; =;\r\n"
            b"Connection: close\r\n\r\n"
        )
        answer = b""
        while piece := connection.recv(65_536):
            answer += piece
    return answer.split(b" ", 2)[1], answer
