"""A plain client, as it is written on an afternoon: the control where no member serves a need.

It does what RFC 6749 says and what habit adds: one answer format, status 200, a fixed margin of 15
minutes, columns of 2,048 characters, and the newest answer overwriting what was held.
"""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import httpx
from tests.needs.service import CLIENT_ID, CLIENT_SECRET, Service

from connectsmith.testing.system import FixedClock

if TYPE_CHECKING:
    from tests.needs.scenario import Scenario

MARGIN = timedelta(minutes=15)
COLUMN = 2048


class Naive:
    """The plain client."""

    def __init__(self, service: Service, clock: FixedClock, auth: dict[str, Any]) -> None:
        self._service = service
        self._clock = clock
        self._auth = auth
        self._held: dict[str, Any] = {}
        self._until = clock.now()

    @classmethod
    async def play(cls, scenario: "Scenario") -> str | None:
        """Let it do what our own client does in the other run; return what went wrong."""
        clock = FixedClock()
        service = Service(scenario.manners, clock)
        service.callback_url = "https://naive.example/callback"
        auth = scenario.definition(service.port, served=True)["auth_components"]
        one = cls(service, clock, auth)
        try:
            await one._connect()
            for _ in range(3):
                await one._call_twice()
                clock.advance(timedelta(hours=2))
        except (httpx.HTTPStatusError, ValueError, TypeError, KeyError, OverflowError) as error:
            # The first refusal ends it; the other caller may meet another.
            return service.refusals[0] if service.refusals else type(error).__name__
        finally:
            service.close()
        return None

    async def _connect(self) -> None:
        parameters = {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": self._service.callback_url,
            "scope": self._auth["scope"],
            "state": "a-state",
        } | dict.fromkeys(self._auth.get("authorizationParams", {}), "")
        page = urlsplit(self._auth["authorizationURL"]).path
        back = await self._ask("GET", f"{page}?{urlencode(parameters, quote_via=quote)}")
        code = dict(parse_qsl(urlsplit(back.headers["location"]).query))["code"]
        await self._tokens(
            grant_type="authorization_code",
            code=code,
            redirect_uri=self._service.callback_url,
        )

    async def _tokens(self, **parameters: str) -> None:
        client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        answer = await self._ask("POST", "/token", data=parameters | client)
        if answer.status_code != httpx.codes.OK:
            raise ValueError(answer.status_code)
        held = answer.json()
        self._held = {
            "access_token": held["access_token"][:COLUMN],
            "refresh_token": held.get("refresh_token"),
        }
        lifetime = held.get("expires_in")
        until = timedelta(days=36500) if lifetime is None else timedelta(seconds=lifetime)
        self._until = self._clock.now() + until

    async def _call_twice(self) -> None:
        """Call from two places at the same time; both end before either is said to have failed."""
        ended = await asyncio.gather(self._call(), self._call(), return_exceptions=True)
        for failure in filter(None, ended):
            raise failure

    async def _call(self) -> None:
        if self._until - self._clock.now() < MARGIN:
            await self._tokens(
                grant_type="refresh_token", refresh_token=self._held["refresh_token"]
            )
        bearer = {"Authorization": f"Bearer {self._held['access_token']}"}
        answer = await self._ask("GET", "/api/thing", headers=bearer)
        answer.raise_for_status()

    async def _ask(self, method: str, target: str, **more: Any) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.request(method, self._service.origin + target, **more)
        if answer.is_error:
            answer.raise_for_status()
        return answer
