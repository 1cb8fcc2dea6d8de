"""Authorization servers with an API each, on one clock: what they grant, end, limit and lie about.

They are the port `Sender`, told apart by host. Each keeps a ledger of its grants, so that a test
can ask whose fault the end of one was.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs, urlsplit

from tests.service.standing import answered

from connectsmith.core.authorization.token_set import TokenSet
from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import ConnectionFailed
from connectsmith.service.ports import Clock

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a server grants.

    Attributes:
        lifetime: Of access tokens, as stated; None when the server states none.
        lives: How long they live in truth, where that is something else.
        refreshes: Whether a refresh token is issued.
        rotates: Whether each refresh brings another refresh token, and ends the one before.
        grace: How long after its use a rotated token is still taken.
        idle: How long a refresh token lives unused.
        ends: How long a grant lives at all.
        states_end: Whether answers say how long the refresh token lives.
    """

    lifetime: timedelta | None = HOUR
    lives: timedelta | None = None
    refreshes: bool = True
    rotates: bool = False
    grace: timedelta = timedelta()
    idle: timedelta | None = None
    ends: timedelta | None = None
    states_end: bool = False


@dataclass(slots=True)
class Grant:
    """One grant; `lost` says that a used refresh token came again and the server ended it."""

    id: str
    terms: Terms
    begun: datetime
    token: str
    used: datetime
    before: tuple[str, datetime] | None = None
    number: int = 0
    withdrawn: bool = False
    lost: bool = False
    asked: int = 0


@dataclass(slots=True)
class Authority:
    """One authorization server and its API."""

    clock: Clock
    per_second: float | None = None
    """How many token requests it takes a second; more get 429."""
    retry_after: str | None = None
    down: Callable[[], bool] = lambda: False
    unreachable: Callable[[], bool] = lambda: False
    refuses_client: Callable[[], bool] = lambda: False
    lose: int = 0
    """How many answers to the next token requests are lost on the way."""
    latency: float = 0.0
    grants: dict[str, Grant] = field(default_factory=dict)
    access: dict[str, tuple[Grant, datetime | None]] = field(default_factory=dict)
    arrivals: list[float] = field(default_factory=list)
    limited: int = 0
    busy: int = 0
    busiest: int = 0
    """How many token requests were under way at once, at most."""

    def grant(self, terms: Terms) -> TokenSet:
        """Grant access to somebody."""
        now = self.clock.now()
        one = Grant(f"g{len(self.grants)}", terms, now, f"refresh-g{len(self.grants)}-0", now)
        self.grants[one.id] = one
        body = self._issued(one)
        return TokenSet(
            Secret(str(body["access_token"])),
            now,
            refresh_token=Secret(one.token) if terms.refreshes else None,
            lifetime=terms.lifetime,
            refresh_lifetime=self._left(one) if terms.states_end and terms.refreshes else None,
        )

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        if urlsplit(request.url).path != "/token":
            return self._api(request)
        if self.unreachable():
            raise ConnectionFailed("Nobody listens.")
        self.arrivals.append(asyncio.get_running_loop().time())
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        if self.latency:
            await asyncio.sleep(self.latency)
        self.busy -= 1
        if self.down():
            return answered({"error": "server_error"}, 503)
        if self.refuses_client():
            return answered({"error": "invalid_client"}, 401)
        if self._over_limit():
            self.limited += 1
            return self._too_many()
        answer = self._refreshed(parse_qs(request.body.decode())["refresh_token"][0])
        if self.lose:
            self.lose -= 1
            error = ConnectionFailed("The answer was lost.")
            error.sent = True
            raise error
        return answer

    def _over_limit(self) -> bool:
        if self.per_second is None:
            return False
        now = self.arrivals[-1]
        recent = 0
        for moment in reversed(self.arrivals):
            if moment <= now - 1:
                break
            recent += 1
        return recent > self.per_second

    def _too_many(self) -> HttpResponse:
        answer = answered({"error": "slow_down"}, 429)
        wait = self.retry_after
        if wait is None:
            return answer
        if wait == "date":
            wait = format_datetime(self.clock.now() + timedelta(seconds=30), usegmt=True)
        return HttpResponse(429, (*answer.headers, ("retry-after", wait)), answer.body)

    def _refreshed(self, token: str) -> HttpResponse:
        grant = self.grants.get(token.split("-")[1])
        now = self.clock.now()
        if grant is None or not self.alive(grant):
            return answered({"error": "invalid_grant"}, 400)
        grant.asked += 1
        if token != grant.token and not self._graced(grant, token, now):
            grant.lost = True
            return answered({"error": "invalid_grant"}, 400)
        if grant.terms.rotates:
            grant.before = (grant.token, now) if token == grant.token else grant.before
            grant.number += 1
            grant.token = f"refresh-{grant.id}-{grant.number}"
        grant.used = now
        return answered(self._issued(grant))

    def _graced(self, grant: Grant, token: str, now: datetime) -> bool:
        before = grant.before
        return before is not None and before[0] == token and now - before[1] < grant.terms.grace

    def alive(self, grant: Grant) -> bool:
        """Tell whether a grant could still be refreshed."""
        now, terms = self.clock.now(), grant.terms
        if grant.withdrawn or grant.lost or not terms.refreshes:
            return False
        if terms.idle is not None and now - grant.used >= terms.idle:
            return False
        return terms.ends is None or now - grant.begun < terms.ends

    def _issued(self, grant: Grant) -> dict[str, object]:
        terms, now = grant.terms, self.clock.now()
        access = f"access-{grant.id}-{len(self.access)}"
        lives: timedelta | None = terms.lives or terms.lifetime
        if terms.ends is not None:
            left = grant.begun + terms.ends - now
            lives = left if lives is None else min(lives, left)
        self.access[access] = (grant, None if lives is None else now + lives)
        body: dict[str, object] = {"access_token": access, "token_type": "Bearer"}
        if terms.lifetime is not None:
            body["expires_in"] = int(terms.lifetime.total_seconds())
        if terms.refreshes and terms.rotates:
            body["refresh_token"] = grant.token
        if terms.refreshes and terms.states_end and (whole := self._left(grant)) is not None:
            body["refresh_token_expires_in"] = int(whole.total_seconds())
        return body

    def _left(self, grant: Grant) -> timedelta | None:
        terms, now = grant.terms, self.clock.now()
        ends = [] if terms.ends is None else [grant.begun + terms.ends - now]
        ends += [] if terms.idle is None else [terms.idle]
        return min(ends, default=None)

    def _api(self, request: HttpRequest) -> HttpResponse:
        written = next((each.value.reveal() for each in request.carries), "")
        grant, until = self.access.get(written, (None, None))
        if grant is None or grant.withdrawn or (until and until <= self.clock.now()):
            return answered({"error": "invalid_token"}, 401)
        return answered({"id": grant.id, "email": f"{grant.id}@example.com"})


class Authorities:
    """All servers there are, by host; the port `Sender`."""

    def __init__(self) -> None:
        self.by_host: dict[str, Authority] = {}

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Have the server answer that the request is for."""
        return await self.by_host[urlsplit(request.url).netloc].send(request)

    async def close(self) -> None:
        """Keep everything: a test may still look."""
