"""An authorization server's token endpoint that says yes to everything.

Written on a bare protocol so that it is never what is measured. Prints its port. Speaks TLS when it
is given the path of a certificate with its key.
"""

import asyncio
import json
import ssl
import sys
from itertools import count
from typing import cast

import uvloop
from bench.upstream import TOKEN

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
SERIAL = count()


def token_answer() -> bytes:
    """Return a fresh token answer."""
    number = next(SERIAL)
    answer = {
        "access_token": TOKEN,
        "refresh_token": f"refresh-{number:032}",
        "token_type": "Bearer",
        "expires_in": 3600,
    }
    body = json.dumps(answer).encode()
    return HEAD % len(body) + body


class Protocol(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.seen = b""

    def data_received(self, data: bytes) -> None:
        self.seen += data
        head, end, body = self.seen.partition(b"\r\n\r\n")
        if end and len(body) >= _length(head):
            self.seen = body[_length(head) :]
            self.transport.write(token_answer())


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def main(certificate: str | None = None) -> None:
    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Protocol, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
