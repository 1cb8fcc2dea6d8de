"""How many attempts to sign in are looked at: few, at growing distances, and never none for good.

An attempt is counted before the password is looked at, so that parallel ones cannot slip through.
Strangers to an account share one count; a browser that has signed in before has a count of its
own, so that whoever guesses at an account does not keep its operator out.
"""

import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Final

from connectsmith.durations import said
from connectsmith.errors import TooManyAttempts
from connectsmith.service.ports import Clock
from connectsmith.service.sign_in_ports import Sessions
from connectsmith.service.sign_in_rows import AttemptsRow

FORGOTTEN_AFTER: Final = timedelta(hours=24)
"""A count that long untouched begins anew."""
ROUNDS: Final = 10
"""How often a count is taken again that others changed at the same moment."""
_IPV6_SITE: Final = 64
_V4: Final = 4
_MOST_DOUBLINGS: Final = 32


@dataclass(frozen=True, slots=True)
class Pace:
    """How attempts under one count are spaced out.

    `free` come at any speed. From then on the first waits for `first`, and each later one twice as
    long as the one before, at most for `most`.
    """

    free: int
    first: timedelta
    most: timedelta

    def wait_after(self, failures: int) -> timedelta:
        """Return how long nothing is looked at after that many attempts without success."""
        beyond = failures - self.free
        if beyond < 0:
            return timedelta(0)
        doubled = self.first * (1 << min(beyond, _MOST_DOUBLINGS))
        return min(doubled, self.most)


OF_ACCOUNT: Final = Pace(3, timedelta(seconds=4), timedelta(minutes=15))
"""At most 10 in a quarter of an hour: 3, then after 4, 8, 16, 32, 64, 128 and 256 seconds."""
OF_ADDRESS: Final = Pace(40, timedelta(seconds=1), timedelta(minutes=5))
"""Generous: behind a reverse proxy everybody comes from its address."""


def normalised(email: str) -> str:
    """Return an e-mail address as it is stored, compared and counted.

    Case, compatible spellings of Unicode and every kind of blank make no difference.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", email).casefold())
    return "".join(each for each in folded if not each.isspace() and each.isprintable())


def network_of(address: str) -> str:
    """Return what an address is counted as: one holder commands a whole IPv6 network of 64 bits."""
    try:
        read = ip_address(address)
    except ValueError:
        return "unknown"
    if read.version == _V4:
        return str(read)
    return str(read.ipv4_mapped or ip_network((read, _IPV6_SITE), strict=False))


class Guessing:
    """Count attempts, and say no to those that come too soon."""

    def __init__(self, sessions: Sessions, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock

    async def count(self, subject: str, pace: Pace) -> None:
        """Count one attempt.

        Raises:
            TooManyAttempts: it comes too soon, and is not to be looked at.
        """
        digest = _digest(subject)
        for _ in range(ROUNDS):
            seen = await self._sessions.attempts(digest)
            now = self._clock.now()
            if seen is not None and seen.next_at > now:
                raise _too_many(seen.next_at - now)
            if await self._sessions.count(_next(digest, seen, pace, now), expected=seen):
                return
        raise _too_many(timedelta(seconds=1))

    async def forgive(self, subject: str) -> None:
        """Begin the count anew: the attempt was right."""
        await self._sessions.forgive(_digest(subject))


def _next(digest: bytes, seen: AttemptsRow | None, pace: Pace, now: datetime) -> AttemptsRow:
    fresh = seen is None or now - seen.last_at >= FORGOTTEN_AFTER
    failures = 1 if fresh or seen is None else seen.failures + 1
    return AttemptsRow(digest, failures, now, now + pace.wait_after(failures))


def _too_many(wait: timedelta) -> TooManyAttempts:
    seconds = max(1, round(wait.total_seconds()))
    minutes = -(-seconds // 60)
    shown = said(timedelta(seconds=seconds) if seconds <= 90 else timedelta(minutes=minutes))  # noqa: PLR2004 - how times are read
    return TooManyAttempts(
        f"There were too many attempts to sign in. The next one is looked at in {shown}.",
        retry_after_seconds=float(seconds),
    )


def _digest(subject: str) -> bytes:
    return hashlib.sha256(subject.encode("utf-8", "surrogatepass")).digest()
