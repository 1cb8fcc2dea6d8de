"""The states of a connection and the one table that says how they follow each other."""

from enum import StrEnum


class Status(StrEnum):
    """What a connection can do."""

    UNCONFIRMED = "unconfirmed"
    """Authorized, but its starter has not kept it yet: usable by nothing."""
    ACTIVE = "active"
    DEGRADED = "degraded"
    """The last refresh failed for a reason that may pass; it is tried again."""
    NEEDS_AUTHORIZATION = "needs_authorization"
    """The grant is gone; the owner must authorize again."""
    REVOKED = "revoked"
    """Ended by its owner; nothing is held any more."""


class Event(StrEnum):
    """What happens to a connection."""

    KEPT = "kept"
    REFRESHED = "refreshed"
    REFRESH_FAILED = "refresh_failed"
    CLIENT_REJECTED = "client_rejected"
    GRANT_REJECTED = "grant_rejected"
    REAUTHORIZED = "reauthorized"
    REVOKED = "revoked"


def next_status(status: Status, event: Event) -> Status:
    """Return the status after an event.

    Raises:
        ConnectionNotUsable: the event is impossible in this status.
    """
    raise NotImplementedError
