"""Whether a connection can be renewed, and how it is written down that it could not."""

from dataclasses import replace
from datetime import datetime, timedelta

from connectsmith.core.connection.status import Event, Status, next_status
from connectsmith.errors import (
    ClientRejected,
    ConnectionNotUsable,
    ConnectsmithError,
    CredentialsError,
    GrantRejected,
    RefreshPostponed,
    RemoteError,
)
from connectsmith.service.rows import (
    ConnectionRow,
)
from connectsmith.service.rules import Rules


def refuse_hopeless(row: ConnectionRow) -> None:
    """Raise for a connection that no request can renew.

    Raises:
        ConnectionNotUsable, GrantRejected, CredentialsError: a person must act.
    """
    if row.status is Status.UNCONFIRMED:
        raise ConnectionNotUsable("This connection was not kept yet. Keep it first.")
    if row.status is Status.NEEDS_AUTHORIZATION:
        raise GrantRejected(
            f"This connection must be authorized again: {row.failure_message or ''}".strip()
        )
    if not row.renewable:
        raise CredentialsError(
            "This connection cannot renew itself: the authorization server issued no refresh "
            "token. Authorize it again."
        )


def postponed_until(row: ConnectionRow, now: datetime) -> RefreshPostponed | None:
    """Return why no refresh is tried yet; None when one may be."""
    if row.retry_at is None or row.retry_at <= now:
        return None
    if row.failed_at is not None and row.failed_at > now:
        return None  # the clock was set back, and would make us wait that much longer
    error = RefreshPostponed(
        f"The access token could not be renewed ({row.failure_code}): {row.failure_message} "
        "It is tried again soon."
    )
    error.retry_after_seconds = max((row.retry_at - now).total_seconds(), 1.0)
    return error


def broken(
    row: ConnectionRow, error: ConnectsmithError, *, now: datetime, rules: Rules
) -> ConnectionRow:
    """Return a row that could not be renewed, with when it is tried again."""
    return replace(
        row,
        status=next_status(row.status, _event(error)),
        failure_code=error.code,
        failure_message=error.message,
        failed_at=now,
        retry_at=now + _back_off(row, error, rules),
    )


def _event(error: ConnectsmithError) -> Event:
    match error:
        case GrantRejected():
            return Event.GRANT_REJECTED
        case ClientRejected():
            return Event.CLIENT_REJECTED
        case _:
            return Event.REFRESH_FAILED


def _back_off(row: ConnectionRow, error: ConnectsmithError, rules: Rules) -> timedelta:
    """Double the pause with each failure in a row, within bounds; obey `Retry-After`."""
    if isinstance(error, RemoteError) and error.retry_after_seconds:
        return timedelta(seconds=error.retry_after_seconds)
    pause = timedelta()
    if row.failed_at is not None and row.retry_at is not None:
        pause = min(row.retry_at - row.failed_at, rules.retry_most)
    return min(max(rules.retry_first, 2 * pause), rules.retry_most)
