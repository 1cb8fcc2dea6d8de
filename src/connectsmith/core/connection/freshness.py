"""When an access token is renewed, and until when it is used; the clock is an argument."""

from datetime import datetime, timedelta
from typing import Final

SHORTEST_MARGIN: Final = timedelta(seconds=60)
LONGEST_MARGIN: Final = timedelta(minutes=15)
MARGIN_SHARE: Final = 0.10
JITTER: Final = 0.10

SHORT_LIVED: Final = timedelta(minutes=2)
SHORT_LIVED_SHARE: Final = 0.20

LARGEST_SHARE: Final = 0.90
"""A margin never takes more of a lifetime, or every call would renew the token."""


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
    unknown lifetime is never due: it is used until it is refused.
    """
    if lifetime is None:
        return False
    wanted = margin if margin is not None else _margin(lifetime) * _spread(fraction)
    return received_at + lifetime - now <= min(wanted, lifetime * LARGEST_SHARE)


def usable(*, received_at: datetime | None, lifetime: timedelta | None, now: datetime) -> bool:
    """Tell whether a token may still be accepted, as far as is known."""
    return received_at is None or lifetime is None or now < received_at + lifetime


def _margin(lifetime: timedelta) -> timedelta:
    if lifetime < SHORT_LIVED:
        return lifetime * SHORT_LIVED_SHARE
    return max(SHORTEST_MARGIN, min(lifetime * MARGIN_SHARE, LONGEST_MARGIN))


def _spread(fraction: float) -> float:
    return 1 - JITTER + 2 * JITTER * fraction
