"""Let a server under test tell how much CPU its process has used."""

import time

from starlette.types import ASGIApp, Receive, Scope, Send

PATH = "/bench/cpu"


def metered(app: ASGIApp) -> ASGIApp:
    """Wrap an application so that `PATH` answers the process's CPU seconds."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await app(scope, receive, send)
            return
        body = repr(time.process_time()).encode()
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return wrapped
