"""Give a connection new credentials: by another consent, or by what its owner enters again."""

from collections.abc import Mapping

from connectsmith.core.connection.status import Event, next_status
from connectsmith.errors import CallerError, OtherAccount
from connectsmith.service.attempts import Start, Started
from connectsmith.service.authorizations import AuthorizationDesk
from connectsmith.service.blueprints import Blueprint, Blueprints
from connectsmith.service.caller import Caller
from connectsmith.service.connections import ConnectionDesk
from connectsmith.service.rows import ConnectionRow


class Reconnection:
    """Renew connections whose owner is there."""

    def __init__(
        self,
        connections: ConnectionDesk,
        authorizations: AuthorizationDesk,
        blueprints: Blueprints,
    ) -> None:
        self._connections = connections
        self._authorizations = authorizations
        self._blueprints = blueprints

    async def blueprint(self, row: ConnectionRow) -> Blueprint:
        """Return the definition a connection is renewed with."""
        connector = await self._blueprints.connector(row.workspace, row.connector)
        return await self._blueprints.of(connector, test=row.test)

    async def start(
        self,
        caller: Caller,
        row: ConnectionRow,
        fields: Mapping[str, object],
        *,
        return_to: str | None,
    ) -> Started:
        """Begin another consent in the caller's own browser; see `Debugger.start`."""
        start = Start(
            row.connector,
            fields,
            return_to=return_to,
            test=row.test,
            reconnects=row.id,
            by_session=True,
        )
        return await self._authorizations.start(caller, start)

    async def enter(
        self, caller: Caller, row: ConnectionRow, fields: Mapping[str, object]
    ) -> ConnectionRow:
        """Put what the owner entered in the place of what was held, and prove it.

        Raises:
            FieldInvalid, SecretMissing: nothing was changed.
            OtherAccount: it is another account's; nothing was changed.
        """
        next_status(row.status, Event.REAUTHORIZED)
        if row.test:
            raise CallerError("A test connection is made again in the Debugger.")
        new = await self._connections.create(caller, row.connector, fields, test=False)
        try:
            return await self._connections.reconnect(new, row)
        except OtherAccount as error:
            await self._connections.discard(new, error.code)
            raise
