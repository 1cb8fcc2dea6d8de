"""Fetch a compressed body in a process of its own; print how it ended and how memory grew.

The server runs in the same process, but hands the body out from a file in small pieces.
"""

import asyncio
import resource
import sys
from pathlib import Path

from tests.egress.servers import Received, get, sending, serving

from connectsmith.errors import ConnectsmithError

_UNIT = 1 if sys.platform == "darwin" else 1024


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT


async def main(bomb: Path, coding: str) -> None:
    whole = bomb.stat().st_size  # noqa: ASYNC240 - nothing else runs yet

    async def explode(request: Received, writer: asyncio.StreamWriter) -> None:
        size = 0 if request.target == "/warm" else whole
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {size}\r\n\r\n"
        writer.write(head.encode())
        with bomb.open("rb") as file:
            while size and (piece := file.read(65536)):
                writer.write(piece)
                await writer.drain()

    async with serving(explode) as server, sending(server) as sender:
        await sender.send(get(server.url("/warm")))
        before = peak()
        try:
            response = await sender.send(get(server.url()))
            ending = "truncated" if response.truncated else "whole"
        except ConnectsmithError as error:
            ending = type(error).__name__
        print(ending, peak() - before)  # noqa: T201 - the test reads it


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
