"""What only the operating system can tell: unguessable values, and the time of day."""

import base64
import secrets
from datetime import UTC, datetime

from connectsmith.core.secret.secret import Secret

_ID_BYTES = 16
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
        """Return `prefix_` and 26 lower-case base-32 characters (128 random bits)."""
        encoded = base64.b32encode(secrets.token_bytes(_ID_BYTES)).decode().rstrip("=")
        return f"{prefix}_{encoded.lower()}"

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
        return secrets.randbits(53) / (1 << 53)
