"""Whether a connection can be renewed, and how it is written down that it could not."""

from datetime import datetime, timedelta
from math import ceil, log2

from connectsmith.core.connection.freshness import share_of, too_soon
from connectsmith.core.connection.status import Event, Status, next_status
from connectsmith.durations import said
from connectsmith.errors import (
    ClientRejected,
    ConnectionNotUsable,
    ConnectsmithError,
    CredentialsError,
    GrantRejected,
    NetworkError,
    RefreshPostponed,
    RemoteError,
)
from connectsmith.service.rows import (
    ConnectionRow,
)
from connectsmith.service.rules import Rules
from connectsmith.values import replace


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


def renewed_just_now(row: ConnectionRow, now: datetime) -> RefreshPostponed | None:
    """Return why a token is not renewed again although it is refused; None when it may be."""
    wait = too_soon(renewed_at=row.refreshed_at, now=now)
    if wait is None:
        return None
    seconds = max(ceil(wait.total_seconds()), 1)
    error = RefreshPostponed(
        "The last renewal was less than half a minute ago, and another so soon would not help. "
        f"Call again in {said(timedelta(seconds=seconds))}; if the service still refuses, connect "
        "again."
    )
    error.retry_after_seconds = float(seconds)
    return error


def broken(
    row: ConnectionRow, error: ConnectsmithError, *, now: datetime, rules: Rules
) -> ConnectionRow:
    """Return a row that could not be renewed, with when it is tried again."""
    retry_at = now + _back_off(row, error, rules)
    return replace(
        row,
        status=next_status(row.status, _event(error)),
        failure_code=error.code,
        failure_message=error.message,
        failed_at=now,
        retry_at=retry_at,
        keep_alive_at=_asked_again_at(row, error, retry_at),
    )


def _asked_again_at(
    row: ConnectionRow, error: ConnectsmithError, retry_at: datetime
) -> datetime | None:
    """Return when it is renewed though nobody uses it: soon, if the answer may have been lost.

    The server may have rotated the refresh token, and forgives the old one for seconds only.
    """
    if row.keep_alive_at is None or not (isinstance(error, NetworkError) and error.sent):
        return row.keep_alive_at
    return min(row.keep_alive_at, retry_at)


def _event(error: ConnectsmithError) -> Event:
    match error:
        case GrantRejected():
            return Event.GRANT_REJECTED
        case ClientRejected():
            return Event.CLIENT_REJECTED
        case _:
            return Event.REFRESH_FAILED


def _back_off(row: ConnectionRow, error: ConnectsmithError, rules: Rules) -> timedelta:
    """Double the pause with each failure in a row, within bounds; obey `Retry-After`.

    Pauses are spread by a tenth: either way where they are ours, only upwards where they were asked
    for.
    """
    share = share_of(f"{row.id}.{row.fence}")
    if isinstance(error, RemoteError) and error.retry_after_seconds:
        return timedelta(seconds=error.retry_after_seconds * (1 + 0.1 * share))
    pause = rules.retry_first
    if row.failed_at is not None and row.retry_at is not None:
        before = (row.retry_at - row.failed_at) / rules.retry_first
        pause = rules.retry_first * 2 ** min(max(round(log2(before)), 0) + 1, 20)
    return min(pause, rules.retry_most) * (0.9 + 0.2 * share)
