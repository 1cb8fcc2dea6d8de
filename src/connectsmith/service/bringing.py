"""Make a connection of what an authorization brought: both are stored, or neither."""

from typing import NamedTuple

from connectsmith.core.authorization.follow_up import Item
from connectsmith.core.authorization.values import Values
from connectsmith.core.connection.credentials import Credentials
from connectsmith.core.connection.status import Status
from connectsmith.errors import ConnectsmithError, NotFound
from connectsmith.service.attempts import ended
from connectsmith.service.authorization_ports import Authorizations
from connectsmith.service.connections import ConnectionDesk
from connectsmith.service.following import Granted
from connectsmith.service.making import NewConnection
from connectsmith.service.party import Party
from connectsmith.service.ports import Clock
from connectsmith.service.rows import AuthorizationRow, ConnectionRow, EventRow
from connectsmith.service.token_endpoint import TokenEndpoint
from connectsmith.values import replace


class Brought(NamedTuple):
    """What became of an authorization; `offered` is what its owner has to choose from, if any."""

    row: AuthorizationRow
    connection: ConnectionRow
    offered: tuple[Item, ...] = ()


class Bringer:
    """Store new connections for whoever has to keep them."""

    def __init__(
        self,
        authorizations: Authorizations,
        connections: ConnectionDesk,
        endpoint: TokenEndpoint,
        clock: Clock,
    ) -> None:
        self._authorizations = authorizations
        self._connections = connections
        self._endpoint = endpoint
        self._clock = clock

    async def bring(
        self, row: AuthorizationRow, party: Party, granted: Granted, values: Values
    ) -> Brought:
        """Store the unconfirmed connection of an authorization that nobody else has ended.

        Raises:
            AuthorizationEnded, NotFound, StorageFull: the tokens were given back, with `values`.
        """
        try:
            brought = await self._stored(row, party, granted)
        except ConnectsmithError:
            # What nobody can keep is given back.
            await self._endpoint.revoke(party, Credentials(tokens=granted.tokens), values=values)
            raise
        return brought._replace(connection=await self._connections.introduce(brought.connection))

    async def _stored(self, row: AuthorizationRow, party: Party, granted: Granted) -> Brought:
        new = NewConnection(
            party=party,
            tokens=granted.tokens,
            test=row.test,
            caller=row.created_by,
            operator=row.operator,
            status=Status.UNCONFIRMED,
            definition=row.definition,
            offer=granted.offer,
        )
        connection = self._connections.prepare(new)
        done = replace(
            row,
            status="completed",
            sealed=None,
            device=None,
            connection=connection.id,
            expires_at=connection.discard_at or row.expires_at,
        )
        event = EventRow(
            row.workspace,
            self._clock.now(),
            row.created_by,
            "authorization_completed",
            row.id,
            connection.id,
        )
        if not await self._authorizations.complete(
            done, connection, event, expected_status=row.status
        ):
            raise await self._refusal(row)
        return Brought(done, connection, granted.offer.items if granted.offer else ())

    async def _refusal(self, row: AuthorizationRow) -> ConnectsmithError:
        current = await self._authorizations.get(row.workspace, row.id)
        if current is None or current.status == row.status:
            return NotFound("The connector does not exist, or was deleted meanwhile.")
        return ended(current)
