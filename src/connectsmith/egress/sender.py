"""The port `Sender` on aiohttp: judge, dial, read within limits, follow redirects by hand."""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache, partial
from pathlib import Path
from time import monotonic

import aiohttp
from yarl import URL

from connectsmith.core.message import Headers, HttpRequest, HttpResponse, Purpose, Timings
from connectsmith.core.secret.destinations import Destinations
from connectsmith.egress.attempt import Attempt, current, denial
from connectsmith.egress.body import pieces, read_body
from connectsmith.egress.failures import WIRE_ERRORS, timed_out, translated
from connectsmith.egress.limits import Limits
from connectsmith.egress.outgoing import outgoing_headers, payload
from connectsmith.egress.policy import EgressPolicy
from connectsmith.egress.pool import Pool, tls_context
from connectsmith.egress.redirects import REDIRECTS, redirected
from connectsmith.egress.resolver import Lookup, system_lookup
from connectsmith.egress.url import Origin, ParsedUrl, check_url
from connectsmith.errors import (
    RedirectRefused,
    ResponseTooLarge,
    ResponseUnreadable,
    SecretDestinationDenied,
)

_CREDENTIAL_PURPOSES = frozenset({Purpose.TOKEN, Purpose.REVOCATION, Purpose.METADATA})
_SWITCHING_PROTOCOLS = 101
_NO_CONTENT_TYPE = ("Content-Type",)


@dataclass(slots=True)
class _Answer:
    """An answer whose head is there and whose body is still to be read."""

    response: aiohttp.ClientResponse
    url: ParsedUrl
    attempt: Attempt
    first_byte_at: float

    def head(self, started: float, body: bytes = b"", *, truncated: bool = False) -> HttpResponse:
        return HttpResponse(
            status=self.response.status,
            headers=_headers(self.response),
            body=body,
            url=self.url.text,
            truncated=truncated,
            timings=Timings(
                first_byte=timedelta(seconds=self.first_byte_at - started),
                total=timedelta(seconds=monotonic() - started),
            ),
        )

    def close(self) -> None:
        """Drop the connection, unless the body was read to its end and it went back to the pool."""
        if not self.response.closed:
            self.response.close()


class HttpSender:
    """The only door out, for one policy and the life of a process.

    Connections are made on first use in the running event loop, and shared by everything that is
    sent under this policy and by nothing else.
    """

    def __init__(
        self,
        policy: EgressPolicy,
        *,
        limits: Limits | None = None,
        user_agent: str = "Connectsmith",
        lookup: Lookup = system_lookup,
        extra_ca_file: Path | None = None,
    ) -> None:
        self._policy = policy
        self._may_permit = lru_cache(maxsize=4096)(partial(_may_permit, policy))
        self._limits = limits = limits or Limits()
        self._user_agent = user_agent
        self._lookup = lookup
        self._tls = tls_context(extra_ca_file)
        self._pool: Pool | None = None
        silence = limits.silence.total_seconds()
        self._usual = self._timeout(limits.deadline.total_seconds(), silence=silence)
        self._download = self._timeout(limits.download_deadline.total_seconds(), silence=silence)

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send one request and read its answer; see the port `Sender`."""
        started = monotonic()
        limits = self._limits
        credentials = request.purpose in _CREDENTIAL_PURPOSES
        budget = limits.credential_bytes if credentials else limits.action_bytes
        answer = await self._answer(request, self._usual, started)
        try:
            body, whole = await read_body(answer.response, budget=budget, ratio=limits.ratio)
        except WIRE_ERRORS as error:
            raise translated(error, answer.attempt) from error
        finally:
            answer.close()
        if credentials and not whole:
            raise _too_large(answer.url, budget)
        return answer.head(started, body, truncated=not whole)

    @asynccontextmanager
    async def stream(self, request: HttpRequest) -> AsyncIterator["HttpStream"]:
        """Send one request and hand its body out in chunks; see the port `Sender`."""
        started = monotonic()
        answer = await self._answer(request, self._download, started)
        try:
            yield HttpStream(answer, answer.head(started), self._limits)
        finally:
            answer.close()

    async def close(self) -> None:
        """Close every connection. What is still running fails."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    async def _answer(
        self, request: HttpRequest, patience: aiohttp.ClientTimeout, started: float
    ) -> _Answer:
        """Send, follow redirects, and return the first answer that is none."""
        if request.timeout is not None:
            seconds = min(request.timeout, self._limits.longest_deadline).total_seconds()
            patience = self._timeout(seconds, silence=seconds)
        ends = started + (patience.total or 0)
        answer = await self._exchange(request, patience, sent=False)
        for _ in range(self._limits.redirects):
            onward = _onward(request, answer)
            if onward is None:
                return answer
            request = onward
            left = ends - monotonic()
            if left <= 0:
                raise timed_out(answer.attempt)
            patience = self._timeout(left, silence=patience.sock_read)
            answer = await self._exchange(request, patience, sent=True)
        if _onward(request, answer) is None:
            return answer
        raise RedirectRefused(
            f"{answer.url.origin.text} redirected once more after {self._limits.redirects}"
            " redirects, which was not followed."
        )

    async def _exchange(
        self, request: HttpRequest, patience: aiohttp.ClientTimeout, *, sent: bool
    ) -> _Answer:
        """Judge one request, send it, and return when its answer's head is there.

        `sent` tells whether an earlier request of the same chain of redirects has left.
        """
        url = check_url(request.url)
        _check_destinations(request, url)
        attempt = Attempt(url.origin, sent)
        if not self._may_permit(url.origin):
            raise denial(attempt)
        headers = outgoing_headers(request, self._user_agent)
        token = current.set(attempt)
        try:
            response = await self._session(request.purpose).request(
                request.method,
                URL(url.text, encoded=True),
                headers=headers,
                data=payload(request.body),
                skip_auto_headers=_NO_CONTENT_TYPE if request.body else None,
                allow_redirects=False,
                timeout=patience,
            )
        except WIRE_ERRORS as error:
            raise translated(error, attempt) from error
        finally:
            current.reset(token)
        if response.status == _SWITCHING_PROTOCOLS:
            response.close()
            raise ResponseUnreadable(f"{url.origin.text} answered in another protocol than HTTP.")
        return _Answer(response, url, attempt, monotonic())

    def _session(self, purpose: Purpose) -> aiohttp.ClientSession:
        pool = self._pool
        if pool is None:
            pool = self._pool = Pool(
                self._policy, limits=self._limits, lookup=self._lookup, tls=self._tls
            )
        return pool.fresh if purpose in _CREDENTIAL_PURPOSES else pool.reusing

    def _timeout(self, seconds: float, *, silence: float | None) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(
            total=seconds,
            sock_connect=self._limits.connect.total_seconds(),
            sock_read=silence,
            ceil_threshold=math.inf,
        )


class HttpStream:
    """The port `StreamedResponse`."""

    def __init__(self, answer: _Answer, head: HttpResponse, limits: Limits) -> None:
        self._answer = answer
        self._limits = limits
        self.head = head

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the decompressed body, piece by piece.

        Raises:
            ResponseTooLarge, ResponseUnreadable, ConnectionFailed, TimedOut: in its midst.
        """
        budget = self._limits.download_bytes
        try:
            async for piece in pieces(self._answer.response, ratio=self._limits.ratio):
                budget -= len(piece)
                if budget < 0:
                    raise _too_large(self._answer.url, self._limits.download_bytes)
                yield piece
        except WIRE_ERRORS as error:
            raise translated(error, self._answer.attempt) from error


def _onward(request: HttpRequest, answer: _Answer) -> HttpRequest | None:
    """Return the request an answer redirects to, if it does; the answer's body is then dropped."""
    response = answer.response
    if response.status not in REDIRECTS:
        return None
    locations = response.headers.getall("Location", ())
    try:
        onward = redirected(request, answer.url, response.status, locations)
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


def _headers(response: aiohttp.ClientResponse) -> Headers:
    """Return lower-case names; bytes beyond UTF-8, which arrive as surrogates, are replaced."""
    return tuple(
        (name.lower(), value if value.isascii() else _printable(value))
        for name, value in response.headers.items()
    )


def _printable(value: str) -> str:
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _too_large(url: ParsedUrl, budget: int) -> ResponseTooLarge:
    return ResponseTooLarge(f"{url.origin.text} answered with more than {budget} bytes.")
