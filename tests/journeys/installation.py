"""A whole installation of ours in this process, on a free port, with its API token."""

import socket
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import httpx2
import uvicorn
from tests.servers.loop import LoopThread

from connectsmith.bootstrap import Application, join, open_parts, rules_of, running
from connectsmith.service.ports import Clock
from connectsmith.settings import Settings

PLAIN: Final = ssl.create_default_context()
"""For clients of plain http: each would read the machine's certificates again without it."""


@dataclass(frozen=True, slots=True)
class Api:
    """Our REST API as its callers see it."""

    address: str
    token: str = field(repr=False)

    def ask(self, method: str, path: str, **more: Any) -> httpx2.Response:
        """Send one request with the API token and return whatever comes."""
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        if path.endswith("/secrets"):
            headers.setdefault("If-Match", "*")
        with httpx2.Client(timeout=30, trust_env=False, verify=PLAIN) as client:
            return client.request(method, self.address + path, headers=headers, **more)

    def get(self, path: str) -> Any:
        """Return the JSON of a successful GET."""
        return _good(self.ask("GET", path))

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return the JSON of a successful POST."""
        return _good(self.ask("POST", path, json=body or {}))

    def problem(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return the problem document of a POST that must fail."""
        response = self.ask("POST", path, json=body or {})
        assert response.headers["content-type"] == "application/problem+json", response.text
        return response.json()


def _good(response: httpx2.Response) -> Any:
    assert response.is_success, f"{response.status_code}: {response.text}"
    return response.json() if response.content else None


@dataclass(frozen=True, slots=True)
class Installation:
    """A running installation; `inside` is for looking at what must not be there."""

    settings: Settings
    api: Api
    inside: Application
    loop: LoopThread

    @property
    def address(self) -> str:
        """Where it listens."""
        return self.api.address

    def do_chores(self) -> None:
        """Do what people wait for, now."""
        self.loop.run(self.inside.chores.often())

    def another_token(self) -> Api:
        """Return the API as another caller of the same operator sees it."""
        made = self.api.post(
            "/v1/tokens", {"name": "other", "scopes": ["connections:read", "connections:write"]}
        )
        return replace(self.api, token=made["token"])


def settings_for(folder: Path, port: int, *private: int, **more: Any) -> Settings:
    """Return settings with data and key in a folder; `private` are loopback ports to allow."""
    pairs = [f"127.0.0.1:{each}" for each in private] + [f"[::1]:{each}" for each in private]
    return Settings(
        data_dir=folder / "data",
        key_file=folder / "keys" / "root.key",
        port=port,
        public_url=f"http://127.0.0.1:{port}",
        allow_private=tuple(pairs),
        **more,
    )


def listening(port: int = 0) -> socket.socket:
    """Listen on loopback.

    Asyncio sends small answers at once (TCP_NODELAY) only where the socket names its protocol,
    which `socket.create_server` leaves out; uvloop, which serves the product, always does.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()
    return listener


@contextmanager
def installed(
    folder: Path,
    *private: int,
    chores: bool = True,
    clock: Clock | None = None,
    port: int = 0,
    **more: Any,
) -> Iterator[Installation]:
    """Run an installation until the block ends; a second one on the folder finds its data.

    One with a clock of its own does its chores when told to.
    """
    loop = LoopThread("installation")
    listener = listening(port)
    settings = settings_for(folder, listener.getsockname()[1], *private, **more)
    application: AbstractAsyncContextManager[Application] = (
        running(settings, chores=chores) if clock is None else _running_by(clock, settings)
    )
    try:
        inside = loop.run(application.__aenter__())
        server = uvicorn.Server(
            uvicorn.Config(inside.app, lifespan="off", access_log=False, log_config=None)
        )
        serving = loop.start(server.serve(sockets=[listener]))
        token = loop.run(_token(inside))
        try:
            yield Installation(settings, Api(settings.public_url, token), inside, loop)
        finally:
            server.should_exit = True
            serving.result(timeout=30)
            loop.run(application.__aexit__(None, None, None))
    finally:
        listener.close()
        loop.close()


@asynccontextmanager
async def _running_by(clock: Clock, settings: Settings) -> AsyncIterator[Application]:
    rules = rules_of(settings)
    parts = replace(await open_parts(settings, rules), clock=clock)
    try:
        yield join(parts, rules)
    finally:
        await parts.sender.close()
        await parts.storage.close()


async def _token(inside: Application) -> str:
    made = await inside.desks.access.first_start("tester")
    return made[1] if made else await inside.desks.access.issue_local()
