"""Serve an installation as it is served in earnest, but for the meter. Prints where, and a token.

Takes a directory that is empty, and the private addresses it may call.
"""

import asyncio
import json
import os
import socket
import sys
from pathlib import Path

import uvicorn
import uvloop
from bench.meter import metered

from connectsmith.bootstrap import running
from connectsmith.logs import configure_logging
from connectsmith.offline import first_start
from connectsmith.serving import Protocol, Server
from connectsmith.settings import Settings


def settings_for(folder: Path, *, port: int, private: tuple[str, ...]) -> Settings:
    """Return the settings of an installation of its own."""
    return Settings(
        data_dir=folder / "data",
        key_file=folder / "keys" / "root.key",
        port=port,
        public_url=f"http://127.0.0.1:{port}",
        allow_private=private,
    )


async def serve(folder: Path, private: tuple[str, ...]) -> None:
    """Serve until told to stop."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        port = listener.getsockname()[1]
        settings = settings_for(folder, port=port, private=private)
        token = (await first_start(settings)).token
        async with running(settings) as application:
            config = uvicorn.Config(
                metered(application.app),
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                proxy_headers=False,
                http=Protocol,
            )
            said = {"address": settings.public_url, "token": token, "pid": os.getpid()}
            print(json.dumps(said), flush=True)
            await Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    configure_logging("info")
    uvloop.install()
    asyncio.run(serve(Path(sys.argv[1]), tuple(sys.argv[2:])))
