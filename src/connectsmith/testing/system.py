"""A clock that stands still, and randomness that repeats."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta

from connectsmith.core.secret.secret import Secret

_START = datetime(2026, 1, 1, tzinfo=UTC)
_TYPED_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class FixedClock:
    """The port `Clock`; time passes when told to."""

    def __init__(self, now: datetime = _START) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return the moment it was set to."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self._now += by


class CountingRandomness:
    """The port `Randomness`; every value is different, and the same in every run."""

    def __init__(self, seed: str = "") -> None:
        self._seed = seed
        self._count = 0

    def new_id(self, prefix: str) -> str:
        """Return `prefix_` and 26 lower-case base-32 characters."""
        encoded = base64.b32encode(self._next()[:16]).decode().rstrip("=")
        return f"{prefix}_{encoded.lower()}"

    def secret(self) -> Secret:
        """Return 43 base64url characters."""
        return Secret(self.text())

    def text(self) -> str:
        """Return the same as plain text."""
        return base64.urlsafe_b64encode(self._next()).decode().rstrip("=")

    def typed(self) -> str:
        """Return eight characters a person can type."""
        letters = len(_TYPED_ALPHABET)
        return "".join(_TYPED_ALPHABET[byte % letters] for byte in self._next()[:8])

    def fraction(self) -> float:
        """Return one half."""
        return 0.5

    def _next(self) -> bytes:
        self._count += 1
        return hashlib.sha256(f"{self._seed}/{self._count}".encode()).digest()
