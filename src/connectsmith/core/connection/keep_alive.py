"""When a grant that nobody uses is renewed, so that its refresh token does not die of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from connectsmith.core.authorization.token_set import TokenSet
from connectsmith.core.connection.freshness import share_of

USUAL: Final = timedelta(days=6)
"""How often, where a server says nothing. Limits are whole weeks (Okta's is one), hence below."""
SHORTEST: Final = timedelta(minutes=1)
SPREAD: Final = 0.2
SHORTEST_LOOK: Final = timedelta(seconds=10)
"""Within less, seconds that are rounded do not tell whether an end moved."""


def refresh_until(tokens: TokenSet) -> datetime | None:
    """Return when the refresh token ends, as far as the server says."""
    stated = tokens.refresh_lifetime
    return None if stated is None else tokens.received_at + stated


@dataclass(frozen=True, slots=True)
class Stated:
    """What a token answer said: when it came, and when its refresh token ends."""

    received_at: datetime | None
    refresh_until: datetime | None


def end_moved(before: Stated, after: Stated) -> bool:
    """Tell whether renewing puts off the end of the grant; an end that is not stated is none.

    One that is counted from the last use moves with it; one that is the grant's own stays.
    """
    if before.received_at is None or after.received_at is None:
        return True
    if before.refresh_until is None or after.refresh_until is None:
        return True
    elapsed = after.received_at - before.received_at
    return elapsed < SHORTEST_LOOK or after.refresh_until - before.refresh_until > elapsed / 2


def keep_alive_at(
    tokens: TokenSet | None,
    *,
    by_access_token: bool,
    before: Stated,
    usual: timedelta | None,
    name: str,
) -> datetime | None:
    """Return when to renew tokens that nobody asked for since; None where it is of no use.

    That is after half of the time the server grants, and no later than usual. An end that the last
    renewal did not move is not chased. `before` is what was stated before the last renewal,
    `name` spreads the moments, `usual` is None where nothing is kept alive.
    """
    if tokens is None or usual is None:
        return None
    if by_access_token:
        granted = tokens.lifetime
    elif tokens.refresh_token is None:
        return None
    else:
        after = Stated(tokens.received_at, refresh_until(tokens))
        granted = tokens.refresh_lifetime if end_moved(before, after) else None
    every = usual if granted is None else max(min(usual, granted / 2), SHORTEST)
    return tokens.received_at + every * (1 - SPREAD * share_of(name))


def next_attempt(received_at: datetime | None, due_at: datetime, now: datetime) -> datetime:
    """Return when a renewal is tried again, should this one fail: an hour on, or sooner."""
    every = timedelta(days=1) if received_at is None else due_at - received_at
    return now + max(min(every / 8, timedelta(hours=1)), SHORTEST)
