"""A whole installation without a network or a disk: rows in memory, a clock that stands still.

The authorization server is `https://auth.example.com`; what it answers is scripted. Callers and
browsers speak HTTP to the application itself.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from tests.journeys.calendar import definition
from tests.keys.rings import sealer

from connectsmith.bootstrap import Application, Parts, join
from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.service.ports import Clock, Sender
from connectsmith.service.rows import (
    AuthorizationRow,
    ConnectionRow,
    EventRow,
)
from connectsmith.service.rules import Rules
from connectsmith.testing.memory import MemoryStorage
from connectsmith.testing.passwords import QuickPasswords
from connectsmith.testing.sender import ScriptedSender
from connectsmith.testing.system import CountingRandomness, FixedClock

WORKSPACE = "default"
ISSUER = "https://auth.example.com"
PUBLIC = "http://127.0.0.1:8400"
LISTENER = "http://127.0.0.1:9/done"
TOKENS = {
    "access_token": "issued-access-token",
    "refresh_token": "issued-refresh-token",
    "token_type": "Bearer",
    "expires_in": 3600,
}


def answered(body: object, status: int = 200) -> HttpResponse:
    """Return a JSON answer of a token endpoint or an API."""
    headers = (("content-type", "application/json"),)
    return HttpResponse(status, headers, json.dumps(body).encode())


def granting(request: HttpRequest) -> HttpResponse:
    """Answer as an honest server: tokens at the token endpoint, the account elsewhere."""
    if urlsplit(request.url).path == "/token":
        return answered(TOKENS)
    return answered({"id": "ada", "email": "ada@example.com"})


class PatientSender(ScriptedSender):
    """Holds what is about to be sent while told to."""

    def __init__(self) -> None:
        super().__init__()
        self._free = asyncio.Event()
        self._free.set()
        self._reached = asyncio.Event()

    def hold(self) -> None:
        """Hold from now on."""
        self._free.clear()
        self._reached.clear()

    def release(self) -> None:
        """Let go what was held."""
        self._free.set()

    async def reached(self) -> None:
        """Wait until something is held."""
        await self._reached.wait()

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send once that is allowed."""
        self._reached.set()
        await self._free.wait()
        return await super().send(request)


@dataclass(frozen=True, slots=True)
class Caller:
    """A program with an API token."""

    client: httpx.AsyncClient = field(repr=False)

    async def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        """Send one request and return whatever comes."""
        content = None if body is None and method in ("GET", "DELETE") else body or {}
        headers = {"If-Match": "*"} if method == "DELETE" or path.endswith("/secrets") else {}
        return await self.client.request(method, path, json=content, headers=headers)

    async def get(self, path: str) -> Any:
        """Return the JSON of a successful GET."""
        return _good(await self.ask("GET", path))

    async def post(self, path: str, body: object = None) -> Any:
        """Return the JSON of a successful POST."""
        return _good(await self.ask("POST", path, body))

    async def problem(self, path: str, body: object = None) -> Any:
        """Return the problem document of a POST that must fail."""
        response = await self.ask("POST", path, body)
        assert response.headers["content-type"] == "application/problem+json", response.text
        return response.json()

    async def start(self, connector: str, **asked: Any) -> dict[str, Any]:
        """Start an authorization, for a loopback listener unless told otherwise."""
        body = {"return_to": LISTENER} | asked
        started: dict[str, Any] = await self.post(
            f"/v1/connectors/{connector}/authorizations", body
        )
        return started

    async def complete(self, started: Mapping[str, Any], completion: str) -> Any:
        """Bring a completion value."""
        return await self.post(
            f"/v1/authorizations/{started['id']}/complete", {"completion": completion}
        )

    async def wrong(self, started: Mapping[str, Any], completion: str) -> Any:
        """Bring one that must be refused."""
        return await self.problem(
            f"/v1/authorizations/{started['id']}/complete", {"completion": completion}
        )


def _good(response: httpx.Response) -> Any:
    assert response.is_success, f"{response.status_code}: {response.text}"
    return response.json() if response.content else None


@dataclass(frozen=True, slots=True)
class Visitor:
    """A browser with cookies of its own, which follows nothing by itself."""

    client: httpx.AsyncClient = field(repr=False)

    async def depart(self, start_url: str) -> "Request":
        """Press the start page's button; return what the authorization server is asked."""
        left = await self.client.post(start_url)
        assert left.status_code == 303, left.text
        return Request(left.headers["location"])

    async def come_back(self, path: str, /, **query: str) -> httpx.Response:
        """Open a callback."""
        return await self.client.get(path, params=query)

    async def see(self, answer: httpx.Response) -> httpx.Response:
        """Follow one redirect on our own address."""
        assert answer.status_code == 303, answer.text
        assert answer.headers["location"].startswith("/"), answer.headers["location"]
        return await self.client.get(answer.headers["location"])


@dataclass(frozen=True, slots=True)
class Request:
    """An authorization request as the authorization server reads it."""

    url: str = field(repr=False)

    def __getitem__(self, name: str) -> str:
        (value,) = parse_qs(urlsplit(self.url).query)[name]
        return value

    @property
    def callback(self) -> str:
        """The path of the redirect URI."""
        return urlsplit(self["redirect_uri"]).path


@dataclass(slots=True)
class Standing:
    """The installation, its caller, and what happened in it."""

    application: Application
    storage: MemoryStorage
    sender: PatientSender
    clock: FixedClock
    caller: Caller = field(init=False)

    def browser(self) -> Visitor:
        """Return another browser."""
        return Visitor(self._client())

    def as_holder_of(self, token: str) -> Caller:
        """Return the API as the holder of an API token sees it."""
        return Caller(self._client(Authorization=f"Bearer {token}"))

    async def another_caller(self) -> Caller:
        """Return another caller of the same operator."""
        made = await self.caller.post("/v1/tokens", {"name": "b", "scopes": ["connections:write"]})
        return self.as_holder_of(made["token"])

    def _client(self, **headers: str) -> httpx.AsyncClient:
        public = self.application.desks.rules.public_url
        transport = httpx.ASGITransport(self.application.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=public, headers=headers)

    async def connector(self, server: str = ISSUER, **changes: Any) -> str:
        """Publish a connector with its secrets stored; return its id."""
        made = await self.caller.post(
            "/v1/connectors",
            {"definition": json.dumps(definition(server, **changes)), "publish": True},
        )
        pairs = [
            {"name": "clientID", "value": "the-client"},
            {"name": "clientSecret", "value": "the-secret"},
        ]
        await self.caller.post(f"/v1/connectors/{made['id']}/secrets", {"secrets": pairs})
        connector: str = made["id"]
        return connector

    def grants(self) -> None:
        """Let the authorization server grant whatever is asked from now on."""
        self.sender.reply(*[granting] * 100)

    @property
    def token_requests(self) -> list[HttpRequest]:
        """What token endpoints were asked, in order."""
        return [each for each in self.sender.requests if each.url.endswith("/token")]

    async def row(self, authorization: str) -> AuthorizationRow:
        """Return an authorization as it is stored."""
        row = await self.storage.authorizations.get(WORKSPACE, authorization)
        assert row is not None
        return row

    async def connections(self) -> list[ConnectionRow]:
        """Return all connections."""
        page = await self.storage.connections.page(WORKSPACE, None, limit=100, after=None)
        return list(page.items)

    async def events(self, what: str) -> list[EventRow]:
        """Return what was recorded under a name."""
        recent = await self.storage.events.recent(WORKSPACE, 1000)
        return [each for each in recent if each.what == what]


@asynccontextmanager
async def standing(
    *,
    world: tuple[Sender, Clock] | None = None,
    storage: MemoryStorage | None = None,
    **rules: Any,
) -> AsyncIterator[Standing]:
    """Run an installation; `rules` replace what it goes by.

    `world` is what there is instead of scripted answers and a clock that stands still.
    """
    storage, sender, clock = storage or MemoryStorage(), PatientSender(), FixedClock()
    outside, time = world or (sender, clock)
    parts = Parts(storage, sealer(), outside, time, CountingRandomness(), QuickPasswords())
    application = join(parts, Rules(**{"public_url": PUBLIC} | rules))
    made = await application.desks.access.first_start("tester")
    assert made is not None
    one = Standing(application, storage, sender, clock)
    one.caller = one.as_holder_of(made[1])
    yield one


def returned(answer: httpx.Response) -> dict[str, str]:
    """Return what a browser is sent back with."""
    assert answer.status_code == 303, answer.text
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}
