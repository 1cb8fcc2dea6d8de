"""Rows of the storage that have to do with operators signing in."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One browser in which an operator is signed in: the SHA-256 of what it holds."""

    workspace: str
    id: str
    operator: str
    digest: bytes = field(repr=False)
    created_at: datetime
    last_used_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A one-time link that gives an operator an e-mail address and a password."""

    workspace: str
    digest: bytes = field(repr=False)
    operator: str
    expires_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A browser that has signed in before: its attempts are counted apart from strangers'."""

    workspace: str
    digest: bytes = field(repr=False)
    operator: str
    known_since: datetime


@dataclass(frozen=True, slots=True)
class AttemptsRow:
    """Attempts to sign in that were counted under one digest."""

    digest: bytes = field(repr=False)
    failures: int
    last_at: datetime
    next_at: datetime
    """No attempt is looked at before this."""
