"""When an access token is renewed, and until when it is used; the clock is an argument."""

from datetime import datetime, timedelta
from typing import Final
from zlib import crc32

SHORTEST_MARGIN: Final = timedelta(seconds=60)
LONGEST_MARGIN: Final = timedelta(minutes=15)
MARGIN_SHARE: Final = 0.10
JITTER: Final = 0.10

SHORT_LIVED: Final = timedelta(minutes=2)
SHORT_LIVED_SHARE: Final = 0.20

_LARGEST_MARGIN: Final = LONGEST_MARGIN * (1 + JITTER)

LARGEST_SHARE: Final = 0.90
"""A margin never takes more of a lifetime, or every call would renew the token."""

SHORTEST_USE: Final = timedelta(seconds=30)
"""No token is renewed again before this, whatever lifetime its server states."""
CLOCK_ERROR: Final = timedelta(minutes=5)
"""How far the clocks of an installation's machines may be apart."""


def refresh_due(
    *,
    received_at: datetime,
    lifetime: timedelta | None,
    now: datetime,
    fraction: float,
    margin: timedelta | None = None,
) -> bool:
    """Tell whether a token has less than its margin left.

    `fraction` in [0, 1) spreads the margin by ten per cent either way, so that what was issued
    together is not renewed together. A `margin` of the definition is taken as written. A token of
    unknown lifetime is never due: it is used until it is refused. One that was received in the
    future is due, since the clock was set back and its age is unknown.
    """
    if lifetime is None:
        return False
    if received_at - now > CLOCK_ERROR:
        return True
    if now - received_at < SHORTEST_USE:
        return False
    left = received_at + lifetime - now
    if left > (_LARGEST_MARGIN if margin is None else margin):
        return False  # most calls end here; fractions of durations cost ten times as much
    wanted = margin if margin is not None else _margin(lifetime) * _spread(fraction)
    return left <= min(wanted, lifetime * LARGEST_SHARE)


def usable(*, received_at: datetime | None, lifetime: timedelta | None, now: datetime) -> bool:
    """Tell whether a token may still be accepted, as far as is known."""
    return received_at is None or lifetime is None or now < received_at + lifetime


def too_soon(*, renewed_at: datetime | None, now: datetime) -> timedelta | None:
    """Return how long to wait until a token may be renewed again; None when it may be now.

    A token that is refused right after it was renewed is not helped by the next one: whatever an
    authorization server or an API answers, there is one renewal in half a minute at most.
    """
    if renewed_at is None or not timedelta() <= now - renewed_at < SHORTEST_USE:
        return None
    return renewed_at + SHORTEST_USE - now


def share_of(name: str) -> float:
    """Return a number in [0, 1) that is always the same for a name, and spread over names.

    Jitter that was drawn anew for every look would end at its earliest: whoever looks often enough
    draws every number.
    """
    return crc32(name.encode()) / 2**32


def _margin(lifetime: timedelta) -> timedelta:
    if lifetime < SHORT_LIVED:
        return lifetime * SHORT_LIVED_SHARE
    return max(SHORTEST_MARGIN, min(lifetime * MARGIN_SHARE, LONGEST_MARGIN))


def _spread(fraction: float) -> float:
    return 1 - JITTER + 2 * JITTER * fraction
