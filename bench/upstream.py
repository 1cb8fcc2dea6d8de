"""The API that is called: 500 bytes of JSON for whoever brings the right bearer token.

Written on a bare protocol so that it is never what is measured. Prints its port.
"""

import asyncio
import json
import sys
from typing import cast

import uvloop

TOKEN = "upstream-access-token-" + "x" * 40
BODY = json.dumps({"id": "evt_1", "name": "breakfast", "note": "n" * 455}).encode()
HEAD = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
GOOD = HEAD % (b"200 OK", len(BODY)) + BODY
BAD = HEAD % (b"401 Unauthorized", 2) + b"{}"
WANTED = f"authorization: bearer {TOKEN}".encode()


class Protocol(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.seen = b""

    def data_received(self, data: bytes) -> None:
        *heads, self.seen = (self.seen + data).split(b"\r\n\r\n")
        for head in heads:
            self.transport.write(GOOD if WANTED in head.lower() else BAD)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Protocol, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(main())
