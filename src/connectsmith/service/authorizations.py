"""Authorizations from the caller's side: start, complete, keep.

The browser's side (start page and callback) is in `browser_steps`. Whoever starts an authorization
must also bring back what only the returning browser was given, and must then keep the connection:
a start link that was sent to somebody else ends in nothing.
"""

import hmac
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NoReturn

from connectsmith.core.authorization.follow_up import Item
from connectsmith.core.authorization.return_address import check_return_address, check_return_path
from connectsmith.core.connection.credentials import Credentials
from connectsmith.core.connection.fields import check_auth_fields
from connectsmith.core.connection.status import Event, next_status
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import (
    AuthorizationWaiting,
    CallerError,
    ChoiceNeeded,
    CompletionRefused,
    ConnectsmithError,
    NotFound,
    StorageBusy,
)
from connectsmith.service.attempts import (
    CLOSED,
    FIELD,
    UNANSWERED,
    Attempts,
    Start,
    Started,
    blueprint_of,
    ended,
    expired,
    failed,
    party_of,
)
from connectsmith.service.blueprints import Blueprints
from connectsmith.service.bringing import Bringer, Brought
from connectsmith.service.caller import Caller
from connectsmith.service.choosing import Chooser
from connectsmith.service.connections import ConnectionDesk
from connectsmith.service.device_flow import DeviceFlow
from connectsmith.service.keeping import Keeper
from connectsmith.service.making import written
from connectsmith.service.ports import Randomness
from connectsmith.service.repeating import entered_again
from connectsmith.service.rows import AuthorizationRow, ConnectionRow, ConnectorRow, Page
from connectsmith.service.rules import Rules
from connectsmith.service.token_endpoint import TokenEndpoint
from connectsmith.values import replace


class AuthorizationDesk:
    """Start, complete and keep authorizations."""

    def __init__(
        self,
        *,
        attempts: Attempts,
        blueprints: Blueprints,
        connections: ConnectionDesk,
        devices: DeviceFlow,
        endpoint: TokenEndpoint,
        randomness: Randomness,
        rules: Rules,
        chooser: Chooser,
        bringer: Bringer,
        keeper: Keeper,
    ) -> None:
        self._authorizations = attempts.authorizations
        self._attempts = attempts
        self._blueprints = blueprints
        self._connections = connections
        self._devices = devices
        self._endpoint = endpoint
        self._sealer = attempts.sealer
        self._clock = attempts.clock
        self._randomness = randomness
        self._rules = rules
        self._chooser = chooser
        self._bringer = bringer
        self._keeper = keeper

    async def start(self, caller: Caller, start: Start) -> Started:
        """Begin an authorization; only a device code is asked for already.

        Raises:
            CallerError: the connector signs in without a browser, or `return_to` is not allowed.
            FieldInvalid: fields are missing or refused.
            SecretMissing: secrets the definition names are not stored.
            SecretDestinationDenied: `clientID` names a secret that no browser may see.
        """
        connector = await self._blueprints.connector(caller.workspace, start.connector)
        blueprint = await self._blueprints.of(connector, test=start.test)
        if blueprint.client is None or not blueprint.client.needs_person:
            raise CallerError(
                "This connector signs in without a browser: create a connection instead.",
                details={"sign_in": blueprint.definition.auth_components.type},
            )
        given = start.fields
        if start.reconnects is not None:
            old = await self._reconnected(caller, start.reconnects, start)
            kept = await entered_again(self._blueprints, self._sealer, old, blueprint)
            given = {**kept, **given}
        if start.return_to is not None and start.by_session:
            check_return_path(start.return_to)
        elif start.return_to is not None:
            check_return_address(start.return_to, self._rules.return_origins)
        fields = check_auth_fields(blueprint.definition, given)
        value = self._randomness.text()
        row = self._new_row(caller, start, connector, revision=blueprint.revision, value=value)
        origins = blueprint.reach.of(Credentials(fields=fields))
        held = {FIELD + key: each for key, each in fields.items()}
        row = replace(
            row,
            origins_api=written(origins.api),
            origins_auth=written(origins.auth),
            sealed=self._attempts.sealed(row, held),
        )
        # What would fail after consent is refused now.
        party = await self._endpoint.bound(party_of(row, blueprint, held))
        await self._endpoint.browser_values(party)
        if blueprint.client.device is not None:
            return Started(await self._devices.begin(party, row, held), "")
        await self._authorizations.add(row)
        return Started(row, self._rules.start_url(value))

    async def _reconnected(self, caller: Caller, connection: str, start: Start) -> ConnectionRow:
        """Return the connection to renew; refuse now what could not be kept after consent."""
        renewed = await self._connections.of_connector(caller, connection, start.connector)
        next_status(renewed.status, Event.REAUTHORIZED)
        if renewed.test != start.test:
            raise CallerError(
                "A connection made with the draft is renewed with the draft, and a published one "
                "with what is published.",
                place="/test",
            )
        return renewed

    def _new_row(
        self,
        caller: Caller,
        start: Start,
        connector: ConnectorRow,
        *,
        revision: int,
        value: str,
    ) -> AuthorizationRow:
        now = self._clock.now()
        return AuthorizationRow(
            workspace=caller.workspace,
            id=self._randomness.new_id("aut"),
            connector=connector.id,
            revision=revision,
            status="created",
            test=start.test,
            created_by=caller.token,
            created_at=now,
            expires_at=now + self._rules.authorization_lifetime,
            start_digest=self._sealer.digest("start", Secret(value)),
            return_to=start.return_to,
            definition=connector.draft if start.test else None,
            reconnects=start.reconnects,
            operator=caller.operator,
            by_session=start.by_session,
        )

    async def get(self, caller: Caller, authorization: str) -> AuthorizationRow:
        """Return an authorization of the caller's workspace, ended if its time is over."""
        row = await self._authorizations.get(caller.workspace, authorization)
        if row is None:
            raise NotFound("There is no authorization with that id.")
        return await self.ended_if_late(row)

    async def page(
        self, caller: Caller, connector: str, *, limit: int, after: str | None
    ) -> Page[AuthorizationRow]:
        """List a connector's authorizations, newest first, ended if their time is over."""
        page = await self._authorizations.page(
            caller.workspace, connector, limit=limit, after=after
        )
        return Page([await self.ended_if_late(each) for each in page.items], page.next)

    async def unkept(self, caller: Caller) -> Sequence[AuthorizationRow]:
        """Return the caller's own that are completed and wait to be kept, newest first."""
        return await self._authorizations.unkept(caller.workspace, caller.token, self._clock.now())

    async def ended_if_late(self, row: AuthorizationRow) -> AuthorizationRow:
        """End an authorization whose time is over; return it as it now is."""
        if row.status in CLOSED or row.expires_at > self._clock.now():
            return row
        over = expired(row)
        if await self._authorizations.advance(over, expected_status=row.status):
            return over
        return await self._authorizations.get(row.workspace, row.id) or row

    async def complete(self, caller: Caller, authorization: str, completion: str) -> Brought:
        """Redeem the code for the caller who started, and make an unconfirmed connection.

        Raises:
            AuthorizationWaiting: the browser has not come back yet, or the code is on its way.
            AuthorizationEnded: expired, refused, failed or interrupted.
            CompletionRefused: not the value the returning browser was given.
        """
        row = await self.own(caller, authorization)
        if row.status == "returned" and not row.by_session:
            held = self._attempts.held(row)
            redeeming = await self._claim(row, completion)
            if redeeming is not None:
                return await self._redeem(redeeming, held)
            row = await self.own(caller, authorization)
        elif row.status not in UNANSWERED | CLOSED and not self._fits(row, completion):
            raise _not_the_value()
        row, connection = await self._outcome(row)
        return Brought(row, connection, self._chooser.offered(connection))

    async def finish(
        self, caller: Caller, authorization: str
    ) -> tuple[AuthorizationRow, ConnectionRow]:
        """Redeem the code for the session that started, once its own browser has come back.

        The session stands in place of the completion value: the callback was taken only in it,
        with the authorization's cookie. The connection is kept at once, and so is one that a
        device code of this session made, unless its owner has to choose something first.

        Raises:
            AuthorizationWaiting, AuthorizationEnded: as `complete` does.
            OtherAccount: somebody else's account consented; nothing was changed.
        """
        row = await self.own(caller, authorization)
        if row.status == "returned" and row.by_session:
            held = self._attempts.held(row)
            redeeming = self._redeeming(row)
            if await self._authorizations.advance(redeeming, expected_status="returned"):
                await self._redeem(redeeming, held)
            row = await self.own(caller, authorization)
        if row.status == "completed" and row.by_session:
            with suppress(ChoiceNeeded):
                await self.keep(caller, authorization)
            row = await self.own(caller, authorization)
        return await self._outcome(row)

    async def cancel(self, caller: Caller, authorization: str) -> None:
        """Give up what the caller's browser has not come back from; nothing was sent."""
        row = await self.own(caller, authorization)
        over = failed(row, "cancelled", "It was cancelled here before anybody consented.")
        if row.status in UNANSWERED:
            await self._authorizations.advance(over, expected_status=row.status)

    async def own(self, caller: Caller, authorization: str) -> AuthorizationRow:
        """Return the caller's own authorization: to all others it does not exist."""
        row = await self.get(caller, authorization)
        if row.created_by != caller.token:
            raise NotFound("There is no authorization with that id.")
        return row

    async def _claim(self, row: AuthorizationRow, completion: str) -> AuthorizationRow | None:
        """Use the completion value up; None when somebody else is doing so.

        Every try is counted, and a good one taken in that same step, so that tries at the same
        moment are no more than tries one after another. From here on the code is not stored any
        more: it is redeemed by us or by nobody.
        """
        redeeming = self._redeeming(row) if self._fits(row, completion) else None
        most = self._rules.completion_attempts
        attempt = await self._authorizations.attempt(row, redeeming, most=most)
        if redeeming is None:
            await self._refuse(row, attempt.number)
        return redeeming if attempt.taken else None

    def _redeeming(self, row: AuthorizationRow) -> AuthorizationRow:
        until = self._clock.now() + self._rules.lease
        return replace(row, status="redeeming", sealed=None, expires_at=until)

    def _fits(self, row: AuthorizationRow, completion: str) -> bool:
        if row.return_to is None:
            completion = completion.replace("-", "").replace(" ", "").upper()
        given = self._sealer.digest("completion", Secret(completion))
        return hmac.compare_digest(given, row.completion_digest or b"")

    async def _refuse(self, row: AuthorizationRow, attempt: int) -> NoReturn:
        left = self._rules.completion_attempts - attempt
        if left <= 0:
            over = failed(row, "completion_refused", "Too many wrong completion values.")
            await self._authorizations.advance(over, expected_status="returned")
        await self._attempts.record(row, "completion_refused", f"attempt {attempt}")
        raise _not_the_value(f" {max(left, 0)} attempt(s) left.")

    async def _outcome(self, row: AuthorizationRow) -> tuple[AuthorizationRow, ConnectionRow]:
        """Return what another request made of it, or say how far it is."""
        if row.status in UNANSWERED:
            raise AuthorizationWaiting("Nobody has said yes at the authorization server yet.")
        if row.status in ("returned", "redeeming"):
            raise AuthorizationWaiting("Another request redeems the code. Ask again in a moment.")
        if row.status not in ("completed", "kept") or row.connection is None:
            raise ended(row)
        if row.status == "kept" and not row.by_session:
            raise ended(row)
        return row, await self._connections.row(row.workspace, row.connection)

    async def _redeem(self, row: AuthorizationRow, held: Mapping[str, Secret]) -> Brought:
        try:
            return await self._exchange(row, held)
        except StorageBusy:
            raise  # what was brought is held, and ends the attempt well once it is stored
        except ConnectsmithError as error:
            await self._attempts.fail(row, error)
            raise

    async def _exchange(self, row: AuthorizationRow, held: Mapping[str, Secret]) -> Brought:
        party = party_of(row, await blueprint_of(self._blueprints, row), held)
        party = replace(party, connection=self._randomness.new_id("cnn"))
        values = await self._endpoint.values(party)
        granted = await self._endpoint.redeem(party, held, values)
        return await self._bringer.bring(row, party, granted, values)

    async def choices(self, caller: Caller, authorization: str) -> tuple[Item, ...]:
        """Return what has to be chosen from before the caller's authorization can be kept."""
        return await self._chooser.choices(await self.own(caller, authorization))

    async def keep(
        self, caller: Caller, authorization: str, choice: str | None = None
    ) -> ConnectionRow:
        """Keep the connection: from now on it can be used.

        Raises:
            AuthorizationWaiting: it was not completed yet.
            ChoiceNeeded: its owner has to choose first; `choice` is the id of an item.
            AuthorizationEnded: it was not kept in time, or failed.
        """
        return await self._keeper.keep(await self.own(caller, authorization), choice)

    async def expire(self, limit: int = 100) -> int:
        """End authorizations whose time is over; return how many."""
        overdue: Sequence[AuthorizationRow] = await self._authorizations.overdue(
            self._clock.now(), limit
        )
        for row in overdue:
            await self._authorizations.advance(expired(row), expected_status=row.status)
        return len(overdue)


def _not_the_value(left: str = "") -> CompletionRefused:
    return CompletionRefused(
        f"That is not the completion value the returning browser was given.{left}",
        place="/completion",
    )
