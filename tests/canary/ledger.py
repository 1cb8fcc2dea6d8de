"""What must be found nowhere: every value of a run that is a secret, with what kind it is."""

import secrets
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

SHORTEST: Final = 24
"""Characters of a value we make up; those that are made elsewhere are as long as they are."""
AWKWARD: Final = "/+&=\"<' %\\~"
"""Characters that look different in each encoding."""


@dataclass(frozen=True, slots=True)
class Canary:
    """One value."""

    kind: str
    value: bytes = field(repr=False)


class Ledger:
    """Canaries of one run, from several threads."""

    def __init__(self) -> None:
        self._kinds: dict[bytes, str] = {}
        self._lock = Lock()

    def make(self, kind: str, *, awkward: bool = False) -> str:
        """Return a new canary; an awkward one has characters that encodings change."""
        bare = secrets.token_urlsafe(SHORTEST)
        return self.note(kind, bare[:12] + AWKWARD + bare[12:] if awkward else bare)

    def note(self, kind: str, value: str | bytes) -> str:
        """Write down a value that was made elsewhere; the first kind it is given stays."""
        content = value.encode() if isinstance(value, str) else value
        assert len(content) >= 8, f"a value of kind {kind} is too short to be looked for"
        with self._lock:
            self._kinds.setdefault(content, kind)
        return value if isinstance(value, str) else ""

    def note_unnamed(self, value: str) -> None:
        """Write down a random value: as a part of what it went into, if that is known."""
        whole = next((each for each in self.canaries if value.encode() in each.value), None)
        self.note(whole.kind if whole else "random value", value)

    @property
    def canaries(self) -> tuple[Canary, ...]:
        """All so far."""
        with self._lock:
            return tuple(Canary(kind, value) for value, kind in self._kinds.items())

    def kinds(self) -> frozenset[str]:
        """The kinds there are."""
        return frozenset(each.kind for each in self.canaries)
