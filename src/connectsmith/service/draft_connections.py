"""Test connections: an operator's own, made with a draft, ended or kept when it is published."""

from collections.abc import Sequence
from dataclasses import dataclass

from connectsmith.core.connection.status import Event, Status, next_status
from connectsmith.core.definition.changes import scopes_of
from connectsmith.core.definition.facts import sign_in_kind
from connectsmith.core.definition.model import Definition
from connectsmith.errors import Conflict, ConnectsmithError
from connectsmith.service.blueprints import Blueprint, Blueprints
from connectsmith.service.caller import Caller
from connectsmith.service.connections import ConnectionDesk
from connectsmith.service.holdings import connection_place, opened
from connectsmith.service.making import written
from connectsmith.service.ports import Connections, Sealer
from connectsmith.service.rows import ConnectionRow, ConnectorRow
from connectsmith.values import replace

USABLE = frozenset({Status.ACTIVE, Status.DEGRADED, Status.NEEDS_AUTHORIZATION})


@dataclass(frozen=True, slots=True)
class Fitness:
    """Whether a test connection can be kept as a real one; `why` says what is in the way."""

    fits: bool
    why: str = ""


class DraftConnections:
    """Look after the test connections of the Debugger."""

    def __init__(
        self,
        connections: Connections,
        desk: ConnectionDesk,
        blueprints: Blueprints,
        sealer: Sealer,
    ) -> None:
        self._connections = connections
        self._desk = desk
        self._blueprints = blueprints
        self._sealer = sealer

    async def newest(self, caller: Caller, connector: str) -> ConnectionRow | None:
        """Return the operator's test connection that the Debugger uses, if there is one."""
        found = await self._own(caller, connector)
        return found[0] if found else None

    async def _own(self, caller: Caller, connector: str) -> Sequence[ConnectionRow]:
        rows = await self._connections.tests(caller.workspace, connector, caller.operator)
        return [row for row in rows if row.status in USABLE]

    async def end_older(self, caller: Caller, connector: str) -> None:
        """End the test connections that a newer sign-in has replaced.

        Their tokens are not revoked where they may be the same account's: with some services that
        would end the new ones too.
        """
        own = await self._own(caller, connector)
        for row in own[1:]:
            if _may_share_account(row, own[0]):
                await self._forget(row)
            else:
                await self._desk.delete(caller, row.id)

    async def end_all(self, caller: Caller, connector: str) -> None:
        """End the operator's test connections, here and at the authorization server.

        Where a real connection may be the same account's, they are only forgotten here.
        """
        real = await self._desk.real_ones(caller, connector)
        for row in await self._own(caller, connector):
            if any(_may_share_account(row, each) for each in real):
                await self._forget(row)
            else:
                await self._desk.delete(caller, row.id)

    async def _forget(self, row: ConnectionRow) -> None:
        ended = replace(
            row,
            status=next_status(row.status, Event.REVOKED),
            version=row.version + 1,
            sealed=None,
            renewable=False,
        )
        if await self._connections.store(ended, expected_version=row.version):
            await self._connections.delete(row.workspace, row.id)
            await self._desk.record(
                row, row.operator, "connection_deleted", "replaced, and not revoked there"
            )

    async def fitness(self, row: ConnectionRow, connector: ConnectorRow) -> Fitness:
        """Tell whether a test connection can be kept as a real one of the draft as it is now.

        It was consented to with an earlier text: scopes, origins and sign-in must be the same.
        """
        if row.status is not Status.ACTIVE:
            return Fitness(fits=False, why=f"it {self._desk.health(row)}")
        now = await self._blueprints.of(connector, test=True)
        try:
            made = replace(connector, draft=row.definition or "")
            then = (await self._blueprints.of(made, test=True)).definition
        except ConnectsmithError:
            return Fitness(fits=False, why="it was made with a text that cannot be read any more")
        return self._compared(row, then, now)

    def _compared(self, row: ConnectionRow, then: Definition, now: Blueprint) -> Fitness:
        if scopes_of(then) != scopes_of(now.definition):
            return Fitness(fits=False, why="other scopes are asked for now")
        if _sign_in(then) != _sign_in(now.definition):
            return Fitness(fits=False, why="one signs in in another way now")
        origins = now.reach.of(opened(self._sealer, row))
        if (written(origins.api), written(origins.auth)) != (row.origins_api, row.origins_auth):
            return Fitness(fits=False, why="it would be sent to other origins now")
        return Fitness(fits=True)

    async def keep_as_real(
        self, row: ConnectionRow, connector: ConnectorRow, revision: int
    ) -> ConnectionRow:
        """Make a test connection a real one of a revision that was just published.

        Raises:
            Conflict: scopes, origins or sign-in differ from what was consented to.
        """
        fitness = await self.fitness(row, connector)
        if not fitness.fits:
            raise Conflict(f"The test connection cannot be kept: {fitness.why}.")
        version = row.version + 1
        sealed = self._sealer.seal(opened(self._sealer, row).flat(), connection_place(row, version))
        kept = replace(
            row, test=False, definition=None, revision=revision, version=version, sealed=sealed
        )
        if not await self._connections.store(kept, expected_version=row.version):
            raise Conflict("The test connection was changed this moment. Look again.")
        await self._desk.record(
            row, row.operator, "connection_kept", f"as a real one, revision {revision}"
        )
        return kept


def _may_share_account(one: ConnectionRow, other: ConnectionRow) -> bool:
    accounts = {each.account_id or each.account_label for each in (one, other)}
    return None in accounts or len(accounts) == 1


def _sign_in(definition: Definition) -> object:
    """Return what a consent depended on besides scopes and origins."""
    auth = definition.auth_components.model_dump(exclude={"scope"})
    fields = [each.model_dump() for each in definition.required_settings.auth_fields]
    carried = definition.auth_request.model_dump() if definition.auth_request else None
    return sign_in_kind(definition), auth, fields, carried
