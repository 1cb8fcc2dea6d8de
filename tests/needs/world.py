"""An installation of ours whose requests leave over real HTTP, and the service they go to.

Rows are in memory, the clock stands still, names lead to loopback: the rest is what runs in
production, from our REST API to the sockets.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
from tests.keys.rings import sealer
from tests.needs.service import CLIENT_ID, CLIENT_SECRET, Manners, Service, client_key
from tests.service.standing import PUBLIC, Caller, returned

from connectsmith.bootstrap import Parts, join
from connectsmith.egress.policy import EgressPolicy
from connectsmith.egress.sender import HttpSender
from connectsmith.service.rules import Rules
from connectsmith.testing.memory import MemoryStorage
from connectsmith.testing.passwords import QuickPasswords
from connectsmith.testing.system import CountingRandomness, FixedClock

LISTENER = "http://127.0.0.1:9/done"
AUTH, TOKEN, API = "auth.service.example", "auth.service.example", "api.service.example"


class UnservedError(Exception):
    """Something that must work did not."""


@dataclass(slots=True)
class World:
    """The caller of our API, the browser of an owner, and the service."""

    caller: Caller
    browser: httpx.AsyncClient
    service: Service
    clock: FixedClock
    definition: Mapping[str, Any]
    fields: Mapping[str, str] = field(default_factory=dict)
    choice: str | None = None
    """What the owner picks where several items are offered."""
    connector: str = ""

    async def publish(self) -> None:
        """Make the connector and store its secrets."""
        made = await self._post("/v1/connectors", {"definition": self.definition, "publish": True})
        self.connector = made["id"]
        self.service.callback_url = made["callback_url"]
        pairs = [
            {"name": "clientID", "value": CLIENT_ID},
            {"name": "clientSecret", "value": CLIENT_SECRET},
        ]
        if "privateKey" in self.definition["auth_components"]:
            key = client_key().as_pem(private=True).decode()
            pairs.append({"name": "privateKey", "value": key})
        await self._post(f"/v1/connectors/{self.connector}/secrets", {"secrets": pairs})

    async def connect(self) -> str:
        """Connect an account, through a browser where the definition wants one."""
        auth = self.definition["auth_components"]
        if auth.get("grant") == "client_credentials" and "authorizationURL" not in auth:
            made = await self._post(
                f"/v1/connectors/{self.connector}/connections", {"fields": self.fields}
            )
            return str(made["id"])
        started = await self._post(
            f"/v1/connectors/{self.connector}/authorizations",
            {"fields": self.fields, "return_to": LISTENER},
        )
        completion = await self._consent(started["start_url"])
        path = f"/v1/authorizations/{started['id']}"
        done = await self._post(f"{path}/complete", {"completion": completion})
        body = {}
        if done.get("choices"):
            body = {"choice": self._picked(done["choices"])}
        kept = await self._post(f"{path}/keep", body)
        return str(kept["id"])

    def _picked(self, choices: list[dict[str, Any]]) -> str:
        found = [each["id"] for each in choices if each["label"] == self.choice]
        if not found:
            raise UnservedError("the owner was not offered what they would pick")
        choice: str = found[0]
        return choice

    async def call(self, connection: str, **fields: Any) -> dict[str, Any]:
        """Call the action; return its outcome, or the problem as one."""
        path = f"/v1/connections/{connection}/calls"
        answer = await self.caller.ask("POST", path, {"action": "thing.get", "fields": fields})
        outcome: dict[str, Any] = answer.json()
        return outcome if answer.is_success else {**outcome, "ok": False}

    async def works(self, connection: str) -> None:
        """Call the action, which must succeed."""
        outcome = await self.call(connection)
        if not outcome["ok"]:
            raise UnservedError(f"{outcome.get('code')}: {outcome.get('message') or ''}")

    async def refresh(self, connection: str) -> dict[str, Any]:
        """Renew the access token now; return the connection, or the problem."""
        answer = await self.caller.ask("POST", f"/v1/connections/{connection}/refresh")
        shown: dict[str, Any] = answer.json()
        return shown

    async def shown(self, connection: str) -> dict[str, Any]:
        """Show a connection."""
        found: dict[str, Any] = await self.caller.get(f"/v1/connections/{connection}")
        return found

    def wait(self, **span: float) -> None:
        """Let time pass for both sides."""
        self.clock.advance(timedelta(**span))

    async def _post(self, path: str, body: object) -> Any:
        answer = await self.caller.ask("POST", path, body)
        if not answer.is_success:
            problem = answer.json()
            found = problem.get("diagnostics") or []
            errors = "; ".join(each["message"] for each in found if each["severity"] == "error")
            raise UnservedError(f"{problem['code']}: {errors or problem.get('detail') or ''}")
        return answer.json()

    async def _consent(self, start_url: str) -> str:
        left = await self.browser.post(start_url)
        if left.status_code != httpx.codes.SEE_OTHER:
            raise UnservedError("the start page did not send the browser on")
        answer = await self._visit(left.headers["location"])
        if answer.status_code != httpx.codes.FOUND:
            raise UnservedError(f"no consent: {answer.text[:200]}")
        back = urlsplit(answer.headers["location"])
        came = await self.browser.get(f"{back.path}?{back.query}")
        if came.status_code != httpx.codes.SEE_OTHER:
            raise UnservedError("the callback was refused")
        brought = returned(came)
        if "completion" not in brought:
            raise UnservedError(f"the callback ended in {brought.get('error')}")
        return brought["completion"]

    async def _visit(self, url: str) -> httpx.Response:
        """Open a page of the service; its script reads what stands behind the `#`."""
        parts = urlsplit(url)
        headers = {"Host": parts.netloc}
        if parts.fragment:
            headers["X-Fragment"] = parts.fragment
        target = f"{self.service.origin}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.get(target, headers=headers)


@asynccontextmanager
async def world(
    manners: Manners, definition: Any, *, fields: Mapping[str, str], choice: str | None
) -> AsyncIterator[World]:
    """Run both sides; `definition` is made once the service's port is known."""
    clock = FixedClock()
    service = Service(manners, clock)
    policy = EgressPolicy.of([f"127.0.0.1:{service.port}"])
    sender = HttpSender(policy, lookup=lambda host: ["127.0.0.1"])
    parts = Parts(MemoryStorage(), sealer(), sender, clock, CountingRandomness(), QuickPasswords())
    application = join(parts, Rules(public_url=PUBLIC))
    made = await application.desks.access.first_start("tester")
    assert made is not None
    transport = httpx.ASGITransport(application.app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {made[1]}"}
    async with (
        httpx.AsyncClient(transport=transport, base_url=PUBLIC, headers=headers) as client,
        httpx.AsyncClient(transport=transport, base_url=PUBLIC) as browser,
    ):
        try:
            one = World(Caller(client), browser, service, clock, definition(service.port))
            one.fields = {key: _at(each, service.port) for key, each in fields.items()}
            one.choice = choice
            yield one
        finally:
            await sender.close()
            service.close()


def _at(text: str, port: int) -> str:
    return text.replace("PORT", str(port))
