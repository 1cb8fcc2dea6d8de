"""What only the operating system can tell: unguessable values, and the time of day."""

import os
import random
import secrets
from datetime import UTC, datetime

from connectsmith.core.secret.secret import Secret

_ID_LENGTH = 26
_ID_ALPHABET = b"abcdefghijklmnopqrstuvwxyz234567"
_ID_LETTERS = bytes(_ID_ALPHABET[each & 31] for each in range(256))
"""A letter for each byte: all 32 stand for eight bytes each, so that none is likelier."""
_TYPED_LENGTH = 8
_TYPED_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 characters, without 0 and O, 1 and I."""


class SystemClock:
    """The port `Clock` from the system's clock."""

    def now(self) -> datetime:
        """Return the present moment, aware, UTC."""
        return datetime.now(UTC)


class SystemRandomness:
    """The port `Randomness` from the system's generator."""

    def new_id(self, prefix: str) -> str:
        """Return `prefix_` and 26 lower-case base-32 characters (130 random bits)."""
        return f"{prefix}_{os.urandom(_ID_LENGTH).translate(_ID_LETTERS).decode()}"

    def secret(self) -> Secret:
        """Return 256 random bits, base64url without padding (43 characters)."""
        return Secret(self.text())

    def text(self) -> str:
        """Return the same as plain text."""
        return secrets.token_urlsafe(32)

    def typed(self) -> str:
        """Return eight characters a person can type (40 random bits, no look-alikes)."""
        return "".join(secrets.choice(_TYPED_ALPHABET) for _ in range(_TYPED_LENGTH))

    def fraction(self) -> float:
        """Return a number in [0, 1) for jitter."""
        return random.random()  # noqa: S311 - jitter is no secret, and this costs no system call
