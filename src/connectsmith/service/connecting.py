"""Connect an account to a published connector, or give its connection new credentials."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connectsmith.core.connection.status import Event, next_status
from connectsmith.errors import CallerError, ConnectorNotPublished, OtherAccount
from connectsmith.service.attempts import Start, Started
from connectsmith.service.authorizations import AuthorizationDesk
from connectsmith.service.blueprints import Blueprint, Blueprints
from connectsmith.service.caller import Caller
from connectsmith.service.connections import ConnectionDesk
from connectsmith.service.ports import Sealer
from connectsmith.service.repeating import entered_again
from connectsmith.service.rows import AuthorizationRow, ConnectionRow, ConnectorRow


@dataclass(frozen=True, slots=True)
class Aim:
    """What an account is to be connected to, and by which definition."""

    connector: ConnectorRow
    blueprint: Blueprint
    renews: ConnectionRow | None = None
    """The connection that gets new credentials; None: a new one is made."""
    entered: Mapping[str, str] = field(default_factory=dict)
    """What its owner entered then and need not enter again."""

    @property
    def test(self) -> bool:
        """Whether it is made with the draft."""
        return self.renews is not None and self.renews.test

    @property
    def reconnects(self) -> str | None:
        """Id of the connection that is renewed."""
        return None if self.renews is None else self.renews.id


class Connecting:
    """Make and renew connections whose owner is there."""

    def __init__(
        self,
        connections: ConnectionDesk,
        authorizations: AuthorizationDesk,
        blueprints: Blueprints,
        sealer: Sealer,
    ) -> None:
        self._connections = connections
        self._authorizations = authorizations
        self._blueprints = blueprints
        self._sealer = sealer

    async def new(self, caller: Caller, connector: str) -> Aim:
        """Aim at a new connection.

        Raises:
            ConnectorNotPublished: there is only a draft, which is tried out in the Debugger.
        """
        row = await self._blueprints.connector(caller.workspace, connector)
        if row.published is None:
            raise ConnectorNotPublished(
                f"“{row.name}” was never published. Try it out in its Debugger, and choose "
                "Create Connector there; then accounts can be connected to it."
            )
        return Aim(row, await self._blueprints.of(row, test=False))

    async def again(self, row: ConnectionRow) -> Aim:
        """Aim at new credentials for a connection."""
        connector = await self._blueprints.connector(row.workspace, row.connector)
        blueprint = await self._blueprints.of(connector, test=row.test)
        if row.sealed is None:
            return Aim(connector, blueprint, row, {})
        entered = await entered_again(self._blueprints, self._sealer, row, blueprint)
        return Aim(connector, blueprint, row, entered)

    async def start(
        self, caller: Caller, aim: Aim, fields: Mapping[str, object], *, return_to: str | None
    ) -> Started:
        """Begin a consent in the caller's own browser, or at another screen by a device code.

        See `Debugger.start`.
        """
        start = Start(
            aim.connector.id,
            fields,
            return_to=return_to,
            test=aim.test,
            reconnects=aim.reconnects,
            by_session=True,
        )
        return await self._authorizations.start(caller, start)

    async def latest(self, caller: Caller, aim: Aim) -> AuthorizationRow | None:
        """Return the newest authorization that the caller's own session started for this aim."""
        page = await self._authorizations.page(caller, aim.connector.id, limit=20, after=None)
        for row in page.items:
            same = (row.test, row.reconnects) == (aim.test, aim.reconnects)
            if same and row.created_by == caller.token:
                return row
        return None

    async def enter(self, caller: Caller, aim: Aim, fields: Mapping[str, object]) -> ConnectionRow:
        """Take what the owner entered, and prove it; it may replace what was held.

        Raises:
            FieldInvalid, SecretMissing: nothing was changed.
            OtherAccount: it is another account's; nothing was changed.
        """
        if aim.renews is not None:
            next_status(aim.renews.status, Event.REAUTHORIZED)
        if aim.test:
            raise CallerError("A test connection is made again in the Debugger.")
        new = await self._connections.create(caller, aim.connector.id, fields, test=False)
        if aim.renews is None:
            return new
        try:
            return await self._connections.reconnect(new, aim.renews)
        except OtherAccount as error:
            await self._connections.discard(new, error.code)
            raise
