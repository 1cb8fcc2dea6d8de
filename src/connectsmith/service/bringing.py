"""Make a connection of what an authorization brought: both are stored, or neither.

Its tokens are given back only when they are surely not stored.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from connectsmith.core.authorization.follow_up import Item
from connectsmith.core.authorization.token_set import TokenSet
from connectsmith.core.authorization.values import Values
from connectsmith.core.connection.credentials import Credentials
from connectsmith.core.connection.status import Status
from connectsmith.errors import ConnectsmithError, NotFound, StorageBusy
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


@dataclass(frozen=True, slots=True)
class _Bringing:
    """What is to be stored together, and what gives the tokens back where it cannot be."""

    before: AuthorizationRow
    brought: Brought
    party: Party
    tokens: TokenSet
    values: Values


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
        self._held: list[_Bringing] = []
        """What the storage was out of reach for, or may have stored."""

    async def bring(
        self, row: AuthorizationRow, party: Party, granted: Granted, values: Values
    ) -> Brought:
        """Store the unconfirmed connection of an authorization that nobody else has ended.

        Raises:
            AuthorizationEnded, NotFound, StorageFull: the tokens were given back, with `values`.
            StorageBusy: the tokens are held; `store_held` stores them.
        """
        bringing = self._prepared(row, party, granted, values)
        return await self._keep(bringing)

    async def store_held(self) -> None:
        """Store what the storage did not take for want of an answer."""
        held, self._held = self._held, []
        for each in held:
            with suppress(ConnectsmithError):  # it is held again, or was given back
                await self._keep(each)

    async def _keep(self, bringing: _Bringing) -> Brought:
        """Store the tokens, hold them, or give them back: nobody else has them."""
        try:
            await self._store(bringing)
        except StorageBusy:
            self._held.append(bringing)
            raise
        except ConnectsmithError:
            credentials = Credentials(tokens=bringing.tokens)
            await self._endpoint.revoke(bringing.party, credentials, values=bringing.values)
            raise
        brought = bringing.brought
        return brought._replace(connection=await self._connections.introduce(brought.connection))

    async def _store(self, bringing: _Bringing) -> None:
        before, (after, connection, _) = bringing.before, bringing.brought
        event = EventRow(
            before.workspace,
            self._clock.now(),
            before.created_by,
            "authorization_completed",
            before.id,
            connection.id,
        )
        if await self._authorizations.complete(
            after, connection, event, expected_status=before.status
        ):
            return
        current = await self._authorizations.get(before.workspace, before.id)
        if current is not None and current.connection == connection.id:
            return  # stored before: its answer was lost
        if current is None or current.status == before.status:
            raise NotFound("The connector does not exist, or was deleted meanwhile.")
        raise ended(current)

    def _prepared(
        self, row: AuthorizationRow, party: Party, granted: Granted, values: Values
    ) -> _Bringing:
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
        offered = granted.offer.items if granted.offer else ()
        brought = Brought(done, connection, offered)
        return _Bringing(row, brought, party, granted.tokens, values)
