"""Connections: make, keep, list, revoke, delete, and confirm where they may send what they hold."""

from collections.abc import Mapping, Sequence

from connectsmith.core.authorization.token_set import TokenSet
from connectsmith.core.connection.credentials import Credentials
from connectsmith.core.connection.fields import check_auth_fields
from connectsmith.core.connection.status import Event, Status, health, next_status
from connectsmith.errors import (
    AuthorizationEnded,
    CallerError,
    ConnectionNotUsable,
    ConnectsmithError,
    NotFound,
    SealBroken,
)
from connectsmith.service.blueprints import Blueprint, Blueprints
from connectsmith.service.caller import Caller
from connectsmith.service.holdings import connection_place, opened
from connectsmith.service.making import NewConnection, made, written
from connectsmith.service.owning import check_own, check_same_account
from connectsmith.service.party import Party
from connectsmith.service.ports import Clock, Connections, Events, Randomness, Sealer
from connectsmith.service.proof import Proof, Prover
from connectsmith.service.refresh import Refresher
from connectsmith.service.revocation import Revoker
from connectsmith.service.rows import ConnectionRow, EventRow, Page
from connectsmith.service.rules import Rules
from connectsmith.service.secret_entry import readable_origins
from connectsmith.service.token_endpoint import TokenEndpoint
from connectsmith.values import replace


class ConnectionDesk:
    """Look after connections."""

    def __init__(
        self,
        *,
        connections: Connections,
        blueprints: Blueprints,
        endpoint: TokenEndpoint,
        refresher: Refresher,
        prover: Prover,
        revoker: Revoker,
        events: Events,
        sealer: Sealer,
        clock: Clock,
        randomness: Randomness,
        rules: Rules,
    ) -> None:
        self._connections = connections
        self._blueprints = blueprints
        self._endpoint = endpoint
        self._refresher = refresher
        self._prover = prover
        self._revoker = revoker
        self._events = events
        self._sealer = sealer
        self._clock = clock
        self._randomness = randomness
        self._rules = rules

    # -- making ---------------------------------------------------------------------------------

    async def create(
        self, caller: Caller, connector: str, fields: Mapping[str, object], *, test: bool
    ) -> ConnectionRow:
        """Make a connection where no person has to consent in a browser, and prove it.

        Raises:
            CallerError: the connector's sign-in needs a browser.
            FieldInvalid, SecretMissing: something is missing.
            RemoteError, NetworkError: the token endpoint did not grant a token.
        """
        row = await self._blueprints.connector(caller.workspace, connector)
        blueprint = await self._blueprints.of(row, test=test)
        if blueprint.client is not None and blueprint.client.needs_person:
            raise CallerError("This connector signs in with a person: start an authorization.")
        checked = check_auth_fields(blueprint.definition, fields)
        origins = blueprint.reach.of(Credentials(fields=checked))
        party = Party(
            workspace=caller.workspace,
            connector=connector,
            blueprint=blueprint,
            origins_auth=written(origins.auth),
            origins_api=written(origins.api),
            fields=checked,
            captured={},
            connection=self._randomness.new_id("cnn"),
            caller=caller.token,
            test=test,
        )
        if blueprint.client is not None:
            party = await self._endpoint.bound(party)
        made = await self.add(
            NewConnection(
                party=party,
                tokens=await self._tokens(party),
                test=test,
                caller=caller.token,
                operator=caller.operator,
                status=Status.ACTIVE,
                definition=row.draft if test else None,
            )
        )
        await self.record(made, caller.token, "connection_created", "")
        return await self.introduce(made)

    async def _tokens(self, party: Party) -> TokenSet | None:
        """Ask for tokens without a person; None where the sign-in has none."""
        if party.blueprint.client is None:
            return None
        granted = await self._endpoint.unattended(party)
        if granted.offer is None:
            return granted.tokens
        await self._endpoint.revoke(party, Credentials(tokens=granted.tokens))
        raise CallerError(
            "The sign-in offers a choice, and nobody is there to make it: let the follow-up "
            "request capture its value without choose.",
            place="/auth_components/followUp",
        )

    async def add(self, new: NewConnection) -> ConnectionRow:
        """Seal and store a new connection."""
        await self._connections.add(row := self.prepare(new))
        return row

    def prepare(self, new: NewConnection) -> ConnectionRow:
        """Seal a new connection; nothing is stored."""
        return made(
            new,
            id=new.party.connection or self._randomness.new_id("cnn"),
            now=self._clock.now(),
            sealer=self._sealer,
            rules=self._rules,
        )

    async def introduce(self, row: ConnectionRow) -> ConnectionRow:
        """Find out whose account it is, when the definition says how; never fails for that."""
        blueprint = await self.blueprint_of(row)
        try:
            proof = await self._prover.introduce(row, blueprint)
        except ConnectsmithError as error:
            await self.record(row, "system", "account_unknown", error.message)
            return row
        return await self._named(row, proof)

    async def _named(self, row: ConnectionRow, proof: Proof) -> ConnectionRow:
        if proof.account_id is None and proof.account_label is None:
            return row
        current = await self.row(row.workspace, row.id)
        named = replace(current, account_id=proof.account_id, account_label=proof.account_label)
        if current.version != row.version or named == current:
            return current  # what was proved may be another grant than what is held by now
        await self._connections.name_account(
            row.workspace, row.id, proof.account_id, proof.account_label, version=row.version
        )
        return named

    async def keep(self, workspace: str, connection: str, reconnects: str | None) -> ConnectionRow:
        """Make an unconfirmed connection usable, or let it renew the one it reconnects."""
        row = await self.row(workspace, connection)
        if row.status is not Status.UNCONFIRMED:
            return row
        unnamed = (row.account_id, row.account_label) == (None, None)
        if unnamed and (await self.blueprint_of(row)).names_accounts:
            row = await self.introduce(row)  # may be under way: it is completed before that
        if reconnects is not None:
            return await self.reconnect(row, await self.row(workspace, reconnects))
        version = row.version + 1  # a new one, so that it is either kept or discarded, never both
        held = opened(self._sealer, row)
        kept = replace(
            row,
            status=next_status(row.status, Event.KEPT),
            version=version,
            discard_at=None,
            sealed=self._sealer.seal(held.flat(), connection_place(row, version)),
        )
        if await self._connections.store(kept, expected_version=row.version):
            return kept
        current = await self._connections.get(workspace, connection)
        if current is None or current.status is Status.REVOKED:
            raise AuthorizationEnded("It was not kept in time; its tokens were revoked.")
        return await self.keep(workspace, connection, None)

    async def reconnect(self, new: ConnectionRow, old: ConnectionRow) -> ConnectionRow:
        """Move what a new authorization brought into the connection it renews.

        Raises:
            OtherAccount: it is another account's.
        """
        check_same_account(new, old)
        held = opened(self._sealer, new)
        version = old.version + 1
        moved = replace(
            new,
            id=old.id,
            version=version,
            status=next_status(old.status, Event.REAUTHORIZED),
            created_at=old.created_at,
            created_by=old.created_by,
            operator=old.operator,
            discard_at=None,
            sealed=self._sealer.seal(held.flat(), connection_place(old, version)),
        )
        if await self._connections.absorb(moved, expected_version=old.version, absorbed=new):
            return moved
        old = await self.row(old.workspace, old.id)
        left = await self._connections.get(new.workspace, new.id)
        if left is not None and left.version == new.version:
            return await self.reconnect(left, old)
        if old.received_at == new.received_at:
            return old  # another request moved it this moment
        raise AuthorizationEnded("It was not kept in time; its tokens were revoked.")

    # -- looking --------------------------------------------------------------------------------

    async def row(self, workspace: str, connection: str) -> ConnectionRow:
        """Return a connection's row, or raise NotFound."""
        row = await self._connections.get(workspace, connection)
        if row is None:
            raise NotFound("There is no connection with that id.")
        return row

    async def usable_by(self, caller: Caller, connection: str) -> ConnectionRow:
        """Return a connection that is the caller's to use, or raise NotFound."""
        row = await self.row(caller.workspace, connection)
        check_own(row, caller)
        return row

    async def of_connector(self, caller: Caller, connection: str, connector: str) -> ConnectionRow:
        """Return a connection of one connector that the caller may use, or raise NotFound."""
        row = await self.usable_by(caller, connection)
        if row.connector != connector:
            raise NotFound("There is no connection with that id on this connector.")
        return row

    async def connector_name(self, row: ConnectionRow) -> str:
        """Return the name of a connection's connector."""
        return (await self._blueprints.connector(row.workspace, row.connector)).name

    def health(self, row: ConnectionRow) -> str:
        """Say in a sentence how a connection is."""
        return health(
            status=row.status,
            renewable=row.renewable,
            expires_at=row.received_at + row.lifetime if row.received_at and row.lifetime else None,
            now=self._clock.now(),
            failure_code=row.failure_code,
            retry_at=row.retry_at,
        )

    async def page(
        self, caller: Caller, connector: str | None, *, limit: int, after: str | None
    ) -> Page[ConnectionRow]:
        """List connections, newest first."""
        return await self._connections.page(caller.workspace, connector, limit=limit, after=after)

    async def real_ones(self, caller: Caller, connector: str) -> list[ConnectionRow]:
        """Return a connector's connections that are not tests and still hold something."""
        return [
            each
            for each in await self._all(caller, connector)
            if not each.test and each.sealed is not None
        ]

    async def _all(self, caller: Caller, connector: str) -> list[ConnectionRow]:
        rows: list[ConnectionRow] = []
        after = None
        while True:
            page = await self.page(caller, connector, limit=200, after=after)
            rows += page.items
            if page.next is None:
                return rows
            after = page.next

    async def blueprint_of(self, row: ConnectionRow) -> Blueprint:
        """Return the definition a connection works by."""
        connector = await self._blueprints.connector(row.workspace, row.connector)
        return await self._blueprints.of(connector, test=row.test)

    # -- doing ----------------------------------------------------------------------------------

    async def refresh(self, caller: Caller, connection: str) -> ConnectionRow:
        """Renew the access token now."""
        row = await self.usable_by(caller, connection)
        if row.status is Status.UNCONFIRMED:
            raise ConnectionNotUsable("Keep this connection first.")
        return await self._refresher.refresh(row, await self.blueprint_of(row), insist=True)

    async def test(self, caller: Caller, connection: str) -> Proof:
        """Prove a connection with `auth_test`, or with what stands in for it."""
        row = await self.usable_by(caller, connection)
        blueprint = await self.blueprint_of(row)
        if row.status in (Status.ACTIVE, Status.DEGRADED):
            row = await self._refresher.fresh(row, blueprint)
        proof = await self._prover.prove(caller, row, blueprint)
        await self._named(row, proof)
        return proof

    async def confirm(
        self,
        caller: Caller,
        connection: str,
        *,
        api: Sequence[str] | None,
        auth: Sequence[str] | None,
    ) -> ConnectionRow:
        """Approve the origins a connection's credentials may be sent to from now on.

        What is not named stays as it is: who approves an API approves no token endpoint with it.

        Raises:
            CallerError: neither is named, or an origin cannot be read.
        """
        row = await self.row(caller.workspace, connection)
        if api is None and auth is None:
            raise CallerError("Name the origins to approve: `api`, `auth`, or both.")
        to_api = row.origins_api if api is None else readable_origins(api, "/api")
        to_auth = row.origins_auth if auth is None else readable_origins(auth, "/auth")
        await self._connections.confirm_origins(row.workspace, row.id, to_api, to_auth)
        approved = f"api: {', '.join(to_api)}; auth: {', '.join(to_auth)}"
        await self.record(row, caller.token, "connection_origins_confirmed", approved)
        return await self.row(caller.workspace, connection)

    async def revoke(self, caller: Caller, connection: str) -> ConnectionRow:
        """End a connection here at once, and at the authorization server as soon as it answers."""
        row = await self.row(caller.workspace, connection)
        ended = await self._end(row)
        await self.record(row, caller.token, "connection_revoked", "")
        return ended

    async def delete(self, caller: Caller, connection: str) -> None:
        """Revoke a connection and remove it."""
        row = await self.row(caller.workspace, connection)
        await self._end(row)
        await self._connections.delete(row.workspace, row.id)
        await self.record(row, caller.token, "connection_deleted", "")

    async def _end(self, row: ConnectionRow) -> ConnectionRow:
        while row.sealed is not None:
            # Queued first, and again for tokens that a refresh brought meanwhile: what is gone
            # here must not live on there.
            ended = await self._ended(row)
            if ended is not None:
                return ended
            row = await self.row(row.workspace, row.id)
        return row

    async def _ended(self, row: ConnectionRow) -> ConnectionRow | None:
        """End exactly what a row holds; None when it holds something else by now."""
        job = await self._revoker.enqueue(row, await self._held(row), held=True)
        ended = replace(
            row,
            status=next_status(row.status, Event.REVOKED),
            version=row.version + 1,
            sealed=None,
            renewable=False,
            discard_at=None,
        )
        if await self._connections.store(ended, expected_version=row.version):
            await self._revoker.release(row.workspace, job)
            return ended
        await self._revoker.drop(row.workspace, job)
        return None

    async def _held(self, row: ConnectionRow) -> Credentials:
        """Open what is about to go; a record that does not open can still be thrown away."""
        try:
            return opened(self._sealer, row)
        except SealBroken as error:
            await self.record(row, "system", "revocation_given_up", error.code)
            return Credentials()

    async def revoke_all(self, caller: Caller, connector: str) -> None:
        """Revoke all connections of a connector that is about to go, asking each server once."""
        rows = [row for row in await self._all(caller, connector) if row.sealed is not None]
        await self._revoker.try_now([(row, await self._held(row)) for row in rows])

    async def discard_unkept(self, limit: int = 100) -> int:
        """Revoke and delete connections that nobody kept in time; return how many."""
        overdue = await self._connections.overdue(self._clock.now(), limit)
        for row in overdue:
            await self.discard(row, "not kept in time")
        return len(overdue)

    async def discard(self, row: ConnectionRow, why: str) -> None:
        """Revoke and delete a connection that nobody keeps, unless it was kept this moment."""
        if await self._ended(row) is None:
            return
        await self._connections.delete(row.workspace, row.id)
        await self.record(row, "system", "connection_discarded", why)

    async def record(self, row: ConnectionRow, who: str, what: str, message: str) -> None:
        """Write down what happened to a connection."""
        await self._events.add(
            EventRow(row.workspace, self._clock.now(), who, what, row.id, message)
        )
