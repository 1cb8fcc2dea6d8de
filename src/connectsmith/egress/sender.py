"""The port `Sender` on aiohttp: judge, dial, read within limits, follow redirects by hand."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache, partial
from pathlib import Path
from time import monotonic

from connectsmith.core.message import HttpRequest, HttpResponse, Purpose, Timings
from connectsmith.core.secret.destinations import Destinations
from connectsmith.egress.attempt import Attempt, denial
from connectsmith.egress.body import pieces, read_body
from connectsmith.egress.failures import WIRE_ERRORS, translated
from connectsmith.egress.limits import Limits
from connectsmith.egress.outgoing import written
from connectsmith.egress.policy import EgressPolicy
from connectsmith.egress.pool import Pool, tls_context
from connectsmith.egress.redirects import REDIRECTS, redirected
from connectsmith.egress.resolver import Lookup, system_lookup
from connectsmith.egress.url import Origin, ParsedUrl, check_url
from connectsmith.egress.wire import Arrival
from connectsmith.errors import (
    RedirectRefused,
    ResponseTooLarge,
    ResponseUnreadable,
    SecretDestinationDenied,
)

_CREDENTIAL_PURPOSES = frozenset({Purpose.TOKEN, Purpose.REVOCATION, Purpose.METADATA})
_SWITCHING_PROTOCOLS = 101


@dataclass(slots=True)
class _Trip:
    """One request on its way, with the redirects it follows; times as `monotonic` tells them."""

    request: HttpRequest
    url: ParsedUrl
    attempt: Attempt
    started: float
    first_byte_at: float = 0.0
    bare: bool = False

    def turn(self, onward: HttpRequest) -> None:
        """Go on with the request that a redirect asks for."""
        self.bare = self.bare or len(onward.carries) < len(self.request.carries)
        self.request, self.url = onward, check_url(onward.url)
        self.attempt.origin = self.url.origin

    def head(self, answer: Arrival, body: bytes = b"", *, truncated: bool = False) -> HttpResponse:
        return HttpResponse(
            status=answer.status,
            headers=answer.headers,
            body=body,
            url=self.url.text,
            truncated=truncated,
            bare=self.bare,
            timings=Timings(
                first_byte=timedelta(seconds=self.first_byte_at - self.started),
                total=timedelta(seconds=monotonic() - self.started),
            ),
        )


class HttpSender:
    """The only door out, for one policy and the life of a process.

    Connections are made on first use in the running event loop, and shared by everything that is
    sent under this policy and by nothing else.
    """

    def __init__(
        self,
        policy: EgressPolicy,
        *,
        is_ours: Callable[[str, int], bool] = lambda _host, _port: False,
        limits: Limits | None = None,
        user_agent: str = "Connectsmith",
        lookup: Lookup = system_lookup,
        extra_ca_file: Path | None = None,
    ) -> None:
        self._policy = policy
        self._is_ours = is_ours
        self._may_permit = lru_cache(maxsize=4096)(partial(_may_permit, policy))
        self._limits = limits or Limits()
        self._user_agent = user_agent
        self._lookup = lookup
        self._tls = tls_context(extra_ca_file)
        self._pool: Pool | None = None

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send one request and read its answer; see the port `Sender`."""
        trip = _begun(request)
        limits = self._limits
        credentials = request.purpose in _CREDENTIAL_PURPOSES
        budget = limits.credential_bytes if credentials else limits.action_bytes
        try:
            async with asyncio.timeout(self._deadline(request, limits.deadline)):
                answer = await self._answer(trip)
                try:
                    body, whole = await read_body(answer, budget=budget, ratio=limits.ratio)
                finally:
                    answer.close()
        except WIRE_ERRORS as error:
            raise translated(error, trip.attempt) from error
        if credentials and not whole:
            raise _too_large(trip.url, budget)
        return trip.head(answer, body, truncated=not whole)

    @asynccontextmanager
    async def stream(self, request: HttpRequest) -> AsyncIterator["HttpStream"]:
        """Send one request and hand its body out in chunks; see the port `Sender`."""
        trip = _begun(request)
        seconds = self._deadline(request, self._limits.download_deadline)
        ends = asyncio.get_running_loop().time() + seconds
        try:
            async with asyncio.timeout_at(ends):
                answer = await self._answer(trip)
        except WIRE_ERRORS as error:
            raise translated(error, trip.attempt) from error
        try:
            yield HttpStream(trip, answer, self._limits, ends)
        finally:
            answer.close()

    async def close(self) -> None:
        """Close every connection. What is still running fails."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    def _deadline(self, request: HttpRequest, usual: timedelta) -> float:
        """Return the seconds that a request may take with its redirects and its body."""
        if request.timeout is None:
            return usual.total_seconds()
        return min(request.timeout, self._limits.longest_deadline).total_seconds()

    async def _answer(self, trip: _Trip) -> Arrival:
        """Send, follow redirects, and return the first answer that is none."""
        for _ in range(self._limits.redirects + 1):
            answer = await self._exchange(trip)
            onward = _onward(trip, answer)
            if onward is None:
                return answer
            trip.turn(onward)
        raise RedirectRefused(
            f"{trip.url.origin.text} redirected once more after {self._limits.redirects}"
            " redirects, which was not followed."
        )

    async def _exchange(self, trip: _Trip) -> Arrival:
        """Judge one request, send it, and return when its answer's head is there."""
        request, url, attempt = trip.request, trip.url, trip.attempt
        _check_destinations(request, url)
        if not self._may_permit(url.origin) or self._is_ours(url.origin.host, url.origin.port):
            raise denial(attempt)
        keep = request.purpose not in _CREDENTIAL_PURPOSES
        pool = self._open_pool()
        wire = pool.reusing if keep else pool.fresh
        answer = await wire.exchange(
            request,
            written(request, url, self._user_agent, keep=keep),
            attempt,
            silence=self._silence(request),
        )
        trip.first_byte_at = monotonic()
        if answer.status == _SWITCHING_PROTOCOLS:
            answer.close()
            raise ResponseUnreadable(f"{url.origin.text} answered in another protocol than HTTP.")
        return answer

    def _silence(self, request: HttpRequest) -> float:
        longest = self._limits.silence if request.timeout is None else self._limits.longest_deadline
        return longest.total_seconds()

    def _open_pool(self) -> Pool:
        pool = self._pool
        if pool is None:
            pool = self._pool = Pool(
                self._policy, limits=self._limits, lookup=self._lookup, tls=self._tls
            )
        return pool


class HttpStream:
    """The port `StreamedResponse`; ends at a moment of the event loop's clock."""

    def __init__(self, trip: _Trip, answer: Arrival, limits: Limits, ends: float) -> None:
        self._trip = trip
        self._answer = answer
        self._limits = limits
        self._ends = ends
        self.head = trip.head(answer)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the decompressed body, piece by piece.

        Raises:
            ResponseTooLarge, ResponseUnreadable, ConnectionFailed, TimedOut: in its midst.
        """
        budget = self._limits.download_bytes
        reading = pieces(self._answer, ratio=self._limits.ratio)
        while piece := await self._next(reading):
            budget -= len(piece)
            if budget < 0:
                raise _too_large(self._trip.url, self._limits.download_bytes)
            yield piece

    async def _next(self, reading: AsyncIterator[bytes]) -> bytes:
        """Return the next piece; none at the end."""
        try:
            async with asyncio.timeout_at(self._ends):
                return await anext(reading, b"")
        except WIRE_ERRORS as error:
            raise translated(error, self._trip.attempt) from error


def _begun(request: HttpRequest) -> _Trip:
    started = monotonic()
    url = check_url(request.url)
    return _Trip(request, url, Attempt(url.origin), started)


def _onward(trip: _Trip, answer: Arrival) -> HttpRequest | None:
    """Return the request an answer redirects to, if it does; the answer's body is then dropped."""
    if answer.status not in REDIRECTS:
        return None
    locations = [value for name, value in answer.headers if name == "location"]
    try:
        onward = redirected(trip.request, trip.url, answer.status, locations)
    except BaseException:
        answer.close()
        raise
    if onward is not None:
        answer.close()
    return onward


def _may_permit(policy: EgressPolicy, origin: Origin) -> bool:
    return policy.may_permit(origin.host, origin.port, plain=origin.plain)


@lru_cache(maxsize=4096)
def _may_receive(destinations: Destinations, origin: str) -> bool:
    return destinations.permits(origin)


def _check_destinations(request: HttpRequest, url: ParsedUrl) -> None:
    for carried in request.carries:
        if not _may_receive(carried.destinations, url.origin.text):
            raise SecretDestinationDenied(
                f"{carried.name[:1].upper()}{carried.name[1:]} may not be sent to"
                f" {url.origin.text}: nobody confirmed that origin for it. Nothing was sent."
                " Confirm the origin if it is the right one, or correct the URL.",
                details={"origin": url.origin.text},
            )


def _too_large(url: ParsedUrl, budget: int) -> ResponseTooLarge:
    return ResponseTooLarge(f"{url.origin.text} answered with more than {budget} bytes.")
