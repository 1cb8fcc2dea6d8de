"""The states of a connection and the one table that says how they follow each other."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, assert_never

from connectsmith.errors import ConnectionNotUsable, Fault, fault_of


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


TRANSITIONS: Final[Mapping[Status, Mapping[Event, Status]]] = {
    Status.UNCONFIRMED: {
        Event.KEPT: Status.ACTIVE,
        Event.REVOKED: Status.REVOKED,
    },
    Status.ACTIVE: {
        Event.REFRESHED: Status.ACTIVE,
        Event.REFRESH_FAILED: Status.DEGRADED,
        Event.CLIENT_REJECTED: Status.DEGRADED,
        Event.GRANT_REJECTED: Status.NEEDS_AUTHORIZATION,
        Event.REAUTHORIZED: Status.ACTIVE,
        Event.REVOKED: Status.REVOKED,
    },
    Status.DEGRADED: {
        Event.REFRESHED: Status.ACTIVE,
        Event.REFRESH_FAILED: Status.DEGRADED,
        Event.CLIENT_REJECTED: Status.DEGRADED,
        Event.GRANT_REJECTED: Status.NEEDS_AUTHORIZATION,
        Event.REAUTHORIZED: Status.ACTIVE,
        Event.REVOKED: Status.REVOKED,
    },
    Status.NEEDS_AUTHORIZATION: {
        # late news of attempts that began before the grant was lost
        Event.REFRESH_FAILED: Status.NEEDS_AUTHORIZATION,
        Event.CLIENT_REJECTED: Status.NEEDS_AUTHORIZATION,
        Event.GRANT_REJECTED: Status.NEEDS_AUTHORIZATION,
        Event.REAUTHORIZED: Status.ACTIVE,
        Event.REVOKED: Status.REVOKED,
    },
    Status.REVOKED: {
        Event.REVOKED: Status.REVOKED,
    },
}
"""What follows what; a pair that is missing cannot happen.

Only a rejected grant leads to `needs_authorization`: failures that may pass never destroy a grant.
"""

_IMPOSSIBLE: Final[Mapping[Status, str]] = {
    Status.UNCONFIRMED: "The connection was not kept yet. Keep it first.",
    Status.ACTIVE: "The connection was kept already.",
    Status.DEGRADED: "The connection was kept already.",
    Status.NEEDS_AUTHORIZATION: "The connection must be authorized again first.",
    Status.REVOKED: "The connection was revoked; nothing is held for it any more.",
}


def next_status(status: Status, event: Event) -> Status:
    """Return the status after an event.

    Raises:
        ConnectionNotUsable: the event is impossible in this status.
    """
    following = TRANSITIONS[status].get(event)
    if following is None:
        raise ConnectionNotUsable(
            _IMPOSSIBLE[status], details={"status": status.value, "event": event.value}
        )
    return following


def health(
    *,
    status: Status,
    renewable: bool,
    expires_at: datetime | None,
    now: datetime,
    failure_code: str | None = None,
    retry_at: datetime | None = None,
) -> str:
    """Say in a few words how a connection is, and who has to do what; times are UTC.

    "You" is the connection's owner.
    """
    match status:
        case Status.UNCONFIRMED:
            return "needs you: keep it, or it is dropped"
        case Status.ACTIVE:
            return _active(renewable=renewable, expires_at=expires_at, now=now)
        case Status.DEGRADED:
            return _degraded(failure_code, expires_at, retry_at, now)
        case Status.NEEDS_AUTHORIZATION:
            withdrawn = failure_code in {None, "grant_rejected"}
            return f"needs you: {'access was withdrawn, ' if withdrawn else ''}authorize again"
        case Status.REVOKED:
            return "ended by its owner: connect again"
        case _:
            assert_never(status)


def _active(*, renewable: bool, expires_at: datetime | None, now: datetime) -> str:
    if renewable:
        return "renews itself"
    if expires_at is None:
        return "works until it is withdrawn"
    if expires_at <= now:
        return f"needs you: access ended {moment_text(expires_at, now)}, authorize again"
    return f"ends {moment_text(expires_at, now)}: then authorize again"


_AUTHOR: Final[Mapping[str, str]] = {
    "client_rejected": "its client is refused",
    "secret_missing": "a secret is missing",
    "secret_destination_denied": "confirm where its secrets may go",
    "key_unusable": "its private key cannot be used",
    "authorization_request_rejected": "what it asks for is refused",
}
"""What the connector's author has to look at, by the failure's code."""


def _degraded(
    failure_code: str | None, expires_at: datetime | None, retry_at: datetime | None, now: datetime
) -> str:
    works = "works, but " if expires_at is None or expires_at > now else ""
    if failure_code == "egress_denied":
        return f"{works}needs the administrator: its authorization server may not be reached"
    match fault_of(failure_code or ""):
        case Fault.DEFINITION:
            what = _AUTHOR.get(failure_code or "", "mend its definition")
            return f"{works}needs the connector's author: {what}"
        case Fault.CREDENTIALS:
            return f"{works}needs you: authorize again"
        case _:
            moment = f" {moment_text(retry_at, now)}" if retry_at and retry_at > now else ""
            return f"{works}could not be renewed: tries again by itself{moment}"


def moment_text(moment: datetime, now: datetime) -> str:
    """Say when something is, was or will be: `today at 14:32 UTC`, `on 2026-12-24 at 09:00 UTC`."""
    days = (moment.date() - now.date()) // timedelta(days=1)
    day = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(days, f"on {moment:%Y-%m-%d}")
    return f"{day} at {moment:%H:%M} UTC"
