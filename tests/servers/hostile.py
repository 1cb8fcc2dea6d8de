"""A server that does what no honest one would, by script; also the canary nobody may reach.

    hostile.on("/token", silent(), json_reply({"access_token": "a"}))

Each reply answers one request; the last one all that follow.
"""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.servers.replies import Reply, not_found
from tests.servers.serving import Serving
from tests.servers.wire import Received

Planned = Reply | Callable[[Received], Reply]


class Hostile(Serving):
    """Scripted by path. An unscripted path answers 404, and is recorded as the others are."""

    def __init__(self, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self._scripts: dict[str, list[Planned]] = {}
        self._otherwise: Planned = not_found()
        super().__init__(host=host, tls=tls)

    def on(self, path: str, *replies: Planned) -> None:
        """Script a path anew."""
        assert replies, "a script has at least one reply"
        self._scripts[path] = list(replies)

    def otherwise(self, planned: Planned) -> None:
        """Script all other paths."""
        self._otherwise = planned

    async def answer(self, request: Received) -> Reply:
        script = self._scripts.get(request.path, [self._otherwise])
        planned = script.pop(0) if len(script) > 1 else script[0]
        return planned if isinstance(planned, Reply) else planned(request)


@contextmanager
def start_hostile(
    *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> Iterator[Hostile]:
    server = Hostile(host=host, tls=tls)
    try:
        yield server
    finally:
        server.close()
