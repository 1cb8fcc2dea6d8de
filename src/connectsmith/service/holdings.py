"""What a connection holds, sealed and opened; and how a row is rewritten with new tokens."""

from datetime import datetime, timedelta

from connectsmith.core.connection.credentials import Credentials
from connectsmith.core.connection.keep_alive import Stated, keep_alive_at, refresh_until
from connectsmith.core.connection.status import Event, next_status
from connectsmith.errors import Bug, ConnectionNotUsable
from connectsmith.service.blueprints import Blueprint
from connectsmith.service.party import Party
from connectsmith.service.ports import (
    Sealer,
    SealPlace,
)
from connectsmith.service.rows import (
    ConnectionRow,
)
from connectsmith.values import replace


def connection_place(row: ConnectionRow, version: int) -> SealPlace:
    """Say what a connection's sealed record is bound to: also to its version."""
    return SealPlace(row.workspace, "connection", row.connector, row.id, version)


def rescue_place(row: ConnectionRow, fence: int) -> SealPlace:
    """Say what tokens are bound to that came too late to be stored."""
    return SealPlace(row.workspace, "rescue", row.connector, row.id, fence)


def opened(sealer: Sealer, row: ConnectionRow) -> Credentials:
    """Open a connection's credentials.

    Raises:
        ConnectionNotUsable: it was revoked; nothing is held any more.
        SealBroken: the record does not belong to this row.
    """
    if row.sealed is None:
        raise ConnectionNotUsable("This connection was revoked; nothing is held for it any more.")
    return Credentials.of(sealer.open(row.sealed, connection_place(row, row.version)))


def party_of_connection(
    row: ConnectionRow, blueprint: Blueprint, credentials: Credentials
) -> Party:
    """Say whose tokens are asked for when this connection is refreshed or revoked."""
    return Party(
        workspace=row.workspace,
        connector=row.connector,
        blueprint=blueprint,
        origins_auth=row.origins_auth,
        origins_api=row.origins_api,
        fields=credentials.fields,
        captured=credentials.captured,
        connection=row.id,
        test=row.test,
        dpop_key=credentials.dpop_key,
        registration=credentials.registration,
    )


def renewed(
    sealer: Sealer,
    row: ConnectionRow,
    held: Credentials,
    *,
    now: datetime,
    by_access_token: bool,
    usual: timedelta | None,
) -> ConnectionRow:
    """Return the row with new credentials sealed under its next version, healthy again.

    `by_access_token` and `usual` say how it is kept alive: see `keep_alive_at`.
    """
    version = row.version + 1
    tokens = held.tokens
    if tokens is None:
        raise Bug("A connection was renewed without tokens.")
    return replace(
        row,
        status=next_status(row.status, Event.REFRESHED),
        version=version,
        sealed=sealer.seal(held.flat(), connection_place(row, version)),
        scopes=tokens.scopes or row.scopes,
        received_at=tokens.received_at,
        lifetime=tokens.lifetime,
        renewable=row.renewable or tokens.refresh_token is not None,
        refresh_until=refresh_until(tokens),
        keep_alive_at=keep_alive_at(
            tokens,
            by_access_token=by_access_token,
            before=Stated(row.received_at, row.refresh_until),
            usual=usual,
            name=f"{row.id}.{version}",
        ),
        refreshed_at=now,
        failure_code=None,
        failure_message=None,
        failed_at=None,
        retry_at=None,
    )
