"""Passwords that are quick to look at, and counted."""

import hashlib

from connectsmith.core.secret.secret import Secret


class QuickPasswords:
    """The port `Passwords`; `computed` counts hashes, `old` holds those to be made anew."""

    def __init__(self) -> None:
        self.computed = 0
        self.old: set[str] = set()

    async def hash(self, password: Secret) -> str:
        """Return a hash that resists nobody, a different one each time."""
        self.computed += 1
        return f"{self.computed}${self._mix(self.computed, password)}"

    async def fits(self, password: Secret, stored: str | None) -> bool:
        """Compare, or compute all the same."""
        self.computed += 1
        salt, _, mixed = (stored or "0$").partition("$")
        return self._mix(int(salt), password) == mixed

    def outdated(self, stored: str) -> bool:
        """Tell whether a hash is one of the old ones."""
        return stored in self.old

    def close(self) -> None:
        """Hold nothing."""

    def _mix(self, salt: int, password: Secret) -> str:
        return hashlib.sha256(f"{salt}{password.reveal()}".encode()).hexdigest()
