"""The REST API over a real database, in this process, with a scripted service behind it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.journeys.calendar import definition
from tests.keys.rings import sealer

from connectsmith.bootstrap import Application, Parts, join
from connectsmith.service.rules import Rules
from connectsmith.storage.opening import open_sqlite
from connectsmith.testing.passwords import QuickPasswords
from connectsmith.testing.sender import ScriptedSender
from connectsmith.testing.system import CountingRandomness, FixedClock

PUBLIC = "http://127.0.0.1:8400"
SCOPES = (
    "connectors:read",
    "connectors:write",
    "secrets:write",
    "connections:read",
    "connections:write",
    "calls:read",
    "calls:write",
    "tokens:write",
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with an API token, or without."""

    client: httpx.AsyncClient = field(repr=False)

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send one request; a body that is text or bytes is sent as it is, as JSON."""
        headers = {"If-Match": "*"} | more.pop("headers", {})
        if isinstance(more.get("content"), (str, bytes)):
            headers = {"Content-Type": "application/json"} | headers
        return await self.client.request(method, path, headers=headers, **more)

    async def get(self, path: str, **query: Any) -> Any:
        """Return the JSON of a successful GET."""
        return _good(await self.ask("GET", path, params=query))

    async def post(self, path: str, body: object = None) -> Any:
        """Return the JSON of a successful POST."""
        return _good(await self.ask("POST", path, json=body or {}))

    async def problem(self, method: str, path: str, **more: Any) -> Any:
        """Return the problem document of a request that must fail."""
        response = await self.ask(method, path, **more)
        assert response.headers["content-type"] == "application/problem+json", response.text
        document = response.json()
        assert document["status"] == response.status_code
        assert document["type"] == f"urn:connectsmith:error:{document['code']}"
        return document


def _good(response: httpx.Response) -> Any:
    assert response.is_success, f"{response.status_code}: {response.text}"
    return response.json() if response.content else None


@dataclass(frozen=True, slots=True)
class Served:
    """The application, the service it talks to, and a caller with every scope."""

    application: Application
    sender: ScriptedSender
    clock: FixedClock
    operator: Caller

    def with_token(self, token: str | None) -> Caller:
        """Return the API as the holder of an API token sees it."""
        return Caller(_client(self.application, token))

    async def limited(self, *scopes: str) -> Caller:
        """Return a caller with these scopes alone."""
        body = {"name": "limited", "scopes": list(scopes)}
        return self.with_token((await self.operator.post("/v1/tokens", body))["token"])

    async def connector(self, **changes: Any) -> str:
        """Publish the calendar connector; return its id."""
        text = definition("https://auth.example.com", **changes)
        made = await self.operator.post("/v1/connectors", {"definition": text, "publish": True})
        connector: str = made["id"]
        return connector


def _client(application: Application, token: str | None) -> httpx.AsyncClient:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(application.app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=PUBLIC, headers=headers)


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """Serve the API over SQLite."""
    storage = await open_sqlite(tmp_path)
    sender, clock = ScriptedSender(), FixedClock()
    parts = Parts(storage, sealer(), sender, clock, CountingRandomness(), QuickPasswords())
    application = join(parts, Rules(public_url=PUBLIC))
    made = await application.desks.access.first_start("tester")
    assert made is not None
    yield Served(application, sender, clock, Caller(_client(application, made[1])))
    await storage.close()
