"""Authorizations from the caller's side: start, complete, keep.

The browser's side (start page and callback) is in `browser_steps`. Whoever starts an authorization
must also bring back what only the returning browser was given, and must then keep the connection:
a start link that was sent to somebody else ends in nothing.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from connectsmith.core.connection.credentials import Credentials
from connectsmith.core.connection.fields import check_auth_fields
from connectsmith.core.connection.reach import reach
from connectsmith.core.connection.status import Status
from connectsmith.core.secret.destinations import origin_of
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import (
    AuthorizationEnded,
    AuthorizationWaiting,
    CallerError,
    CompletionRefused,
    ConnectsmithError,
    NotFound,
)
from connectsmith.service.blueprints import Blueprint, Blueprints
from connectsmith.service.caller import Caller
from connectsmith.service.connections import ConnectionDesk, NewConnection, written
from connectsmith.service.ports import (
    AuthorizationRow,
    Authorizations,
    Clock,
    ConnectionRow,
    ConnectorRow,
    EventRow,
    Events,
    Randomness,
    Sealer,
    SealPlace,
)
from connectsmith.service.rules import Rules
from connectsmith.service.token_endpoint import Party, TokenEndpoint

FIELD = "field."
CAPTURED = "captured."
LOOPBACK_HOSTS = ("127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True)
class Start:
    """What a caller asks for when starting an authorization."""

    connector: str
    fields: Mapping[str, object]
    return_to: str | None = None
    test: bool = False
    reconnects: str | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """A started authorization; the start URL is shown this once."""

    row: AuthorizationRow
    start_url: str


def authorization_place(row: AuthorizationRow) -> SealPlace:
    """Say what an authorization's sealed record is bound to."""
    return SealPlace(row.workspace, "authorization", row.connector, row.id, 1)


def party_of(row: AuthorizationRow, blueprint: Blueprint, held: Mapping[str, Secret]) -> Party:
    """Read whose tokens an authorization is about out of its opened record."""
    return Party(
        workspace=row.workspace,
        connector=row.connector,
        blueprint=blueprint,
        origins_auth=row.origins_auth,
        fields=_below(FIELD, held),
        captured=_below(CAPTURED, held),
    )


def _below(prefix: str, held: Mapping[str, Secret]) -> dict[str, Secret]:
    return {key[len(prefix) :]: value for key, value in held.items() if key.startswith(prefix)}


class AuthorizationDesk:
    """Start, complete and keep authorizations."""

    def __init__(
        self,
        *,
        authorizations: Authorizations,
        blueprints: Blueprints,
        connections: ConnectionDesk,
        endpoint: TokenEndpoint,
        events: Events,
        sealer: Sealer,
        clock: Clock,
        randomness: Randomness,
        rules: Rules,
    ) -> None:
        self._authorizations = authorizations
        self._blueprints = blueprints
        self._connections = connections
        self._endpoint = endpoint
        self._events = events
        self._sealer = sealer
        self._clock = clock
        self._randomness = randomness
        self._rules = rules

    async def start(self, caller: Caller, start: Start) -> Started:
        """Begin an authorization; nothing is sent anywhere yet.

        Raises:
            CallerError: the connector signs in without a browser, or `return_to` is not allowed.
            FieldInvalid: fields are missing or refused.
            SecretMissing: secrets the definition names are not stored.
        """
        connector = await self._blueprints.connector(caller.workspace, start.connector)
        blueprint = await self._blueprints.of(connector, test=start.test)
        if blueprint.client is None or not blueprint.client.needs_browser:
            raise CallerError(
                "This connector signs in without a browser: create a connection instead.",
                details={"sign_in": blueprint.definition.auth_components.type},
            )
        if start.reconnects is not None:
            await self._connections.of_connector(caller, start.reconnects, connector.id)
        self._check_return(start.return_to)
        fields = check_auth_fields(blueprint.definition, start.fields)
        value = self._randomness.text()
        row = self._new_row(caller, start, connector, revision=blueprint.revision, value=value)
        origins = reach(blueprint.definition, Credentials(fields=fields))
        held = {FIELD + key: each for key, each in fields.items()}
        row = replace(
            row,
            origins_api=written(origins.api),
            origins_auth=written(origins.auth),
            sealed=self._sealer.seal(held, authorization_place(row)),
        )
        # What would fail after consent is refused now.
        await self._endpoint.values(party_of(row, blueprint, held))
        await self._authorizations.add(row)
        return Started(row, self._rules.start_url(value))

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
        )

    def _check_return(self, return_to: str | None) -> None:
        if return_to is None:
            return
        parts = urlsplit(return_to)
        clean = return_to.isascii() and return_to.isprintable() and "\\" not in return_to
        if clean and not parts.fragment and parts.username is None and parts.hostname:
            if parts.scheme == "http" and parts.netloc.rpartition(":")[0] in LOOPBACK_HOSTS:
                return
            if parts.scheme in ("http", "https") and (
                origin_of(return_to) in self._rules.return_origins
            ):
                return
        raise CallerError(
            "The browser may be sent back to a loopback address (http://127.0.0.1:PORT/…) or to an "
            "origin that the administrator allowed with the setting `return_origins`.",
            place="/return_to",
        )

    async def get(self, caller: Caller, authorization: str) -> AuthorizationRow:
        """Return an authorization of the caller's workspace, ended if its time is over."""
        row = await self._authorizations.get(caller.workspace, authorization)
        if row is None:
            raise NotFound("There is no authorization with that id.")
        return await self.ended_if_late(row)

    async def ended_if_late(self, row: AuthorizationRow) -> AuthorizationRow:
        """End an authorization whose time is over; return it as it now is."""
        if row.status in ("completed", "kept", "failed", "expired"):
            return row
        if row.expires_at > self._clock.now():
            return row
        ended = expired(row)
        if await self._authorizations.advance(ended, expected_status=row.status):
            return ended
        fresh = await self._authorizations.get(row.workspace, row.id)
        return row if fresh is None else fresh

    async def complete(
        self, caller: Caller, authorization: str, completion: str
    ) -> tuple[AuthorizationRow, ConnectionRow]:
        """Redeem the code for the caller who started, and make an unconfirmed connection.

        Raises:
            AuthorizationWaiting: the browser has not come back yet.
            AuthorizationEnded: expired, refused, failed or interrupted.
            CompletionRefused: not the value the returning browser was given.
        """
        row = await self._own(caller, authorization)
        if row.status in ("created", "started"):
            raise AuthorizationWaiting(
                "The browser has not come back from the authorization server yet."
            )
        await self._check_completion(row, completion)
        if row.status == "completed" and row.connection is not None:
            return row, await self._connections.row(caller.workspace, row.connection)
        if row.status != "returned":
            raise _ended(row)
        redeeming = replace(row, status="redeeming")
        if not await self._authorizations.advance(redeeming, expected_status="returned"):
            raise _ended(await self._own(caller, authorization))
        return await self._redeem(redeeming)

    async def _own(self, caller: Caller, authorization: str) -> AuthorizationRow:
        """Return the caller's own authorization: to all others it does not exist."""
        row = await self.get(caller, authorization)
        if row.created_by != caller.token:
            raise NotFound("There is no authorization with that id.")
        return row

    async def _check_completion(self, row: AuthorizationRow, completion: str) -> None:
        if row.completion_digest is None:
            raise _ended(row)
        if row.return_to is None:
            completion = completion.replace("-", "").replace(" ", "").upper()
        given = self._sealer.digest("completion", Secret(completion))
        if hmac.compare_digest(given, row.completion_digest):
            return
        attempts = await self._authorizations.count_attempt(row.workspace, row.id)
        left = self._rules.completion_attempts - attempts
        if left <= 0 and row.status == "returned":
            ended = failed(row, "completion_refused", "Too many wrong completion values.")
            await self._authorizations.advance(ended, expected_status="returned")
        await self._record(row, "completion_refused", f"attempt {attempts}")
        raise CompletionRefused(
            "That is not the completion value the returning browser was given. "
            f"{max(left, 0)} attempt(s) left.",
            place="/completion",
        )

    async def _redeem(self, row: AuthorizationRow) -> tuple[AuthorizationRow, ConnectionRow]:
        try:
            connection = await self._exchange(row)
        except ConnectsmithError as error:
            ended = failed(row, error.code, error.message)
            await self._authorizations.advance(ended, expected_status="redeeming")
            raise
        done = replace(row, status="completed", connection=connection.id, sealed=None)
        await self._authorizations.advance(done, expected_status="redeeming")
        await self._record(row, "authorization_completed", connection.id)
        return done, await self._connections.introduce(connection)

    async def _exchange(self, row: AuthorizationRow) -> ConnectionRow:
        held = self._sealer.open(row.sealed or b"", authorization_place(row))
        blueprint = await blueprint_of(self._blueprints, row)
        party = party_of(row, blueprint, held)
        tokens = await self._endpoint.exchange(
            party,
            code=held["code"],
            verifier=held["verifier"],
            redirect_uri=self._rules.callback_url(row.connector),
        )
        return await self._connections.add(
            NewConnection(
                party=party,
                tokens=tokens,
                test=row.test,
                caller=row.created_by,
                status=Status.UNCONFIRMED,
            )
        )

    async def keep(self, caller: Caller, authorization: str) -> ConnectionRow:
        """Keep the connection: from now on it can be used.

        Raises:
            AuthorizationWaiting: it was not completed yet.
            AuthorizationEnded: it was not kept in time, or failed.
        """
        row = await self._own(caller, authorization)
        if row.status in ("created", "started", "returned", "redeeming"):
            raise AuthorizationWaiting("Complete the authorization first.")
        if row.status not in ("completed", "kept") or row.connection is None:
            raise _ended(row)
        if row.status == "kept":
            return await self._connections.row(caller.workspace, row.connection)
        kept = await self._connections.keep(caller.workspace, row.connection, row.reconnects)
        await self._authorizations.advance(
            replace(row, status="kept", connection=kept.id), expected_status="completed"
        )
        await self._record(row, "connection_kept", kept.id)
        return kept

    async def expire(self, limit: int = 100) -> int:
        """End authorizations whose time is over; return how many."""
        overdue: Sequence[AuthorizationRow] = await self._authorizations.overdue(
            self._clock.now(), limit
        )
        for row in overdue:
            await self._authorizations.advance(expired(row), expected_status=row.status)
        return len(overdue)

    async def _record(self, row: AuthorizationRow, what: str, message: str) -> None:
        await self._events.add(
            EventRow(row.workspace, self._clock.now(), row.created_by, what, row.id, message)
        )


async def blueprint_of(blueprints: Blueprints, row: AuthorizationRow) -> Blueprint:
    """Return the definition an authorization was started with, whatever was edited since."""
    connector = await blueprints.connector(row.workspace, row.connector)
    if row.definition is not None:
        return await blueprints.of(replace(connector, draft=row.definition), test=True)
    return await blueprints.revision(row.workspace, row.connector, row.revision)


def expired(row: AuthorizationRow) -> AuthorizationRow:
    """Return an authorization ended by time; what it held is dropped."""
    if row.status == "redeeming":
        return failed(row, "interrupted", "The exchange was interrupted. Start again.")
    return replace(
        row,
        status="expired",
        sealed=None,
        error_code="expired",
        error_message="It was not finished in time. Start again.",
    )


def failed(row: AuthorizationRow, code: str, message: str) -> AuthorizationRow:
    """Return an authorization that ended badly; what it held is dropped."""
    return replace(row, status="failed", sealed=None, error_code=code, error_message=message)


def _ended(row: AuthorizationRow) -> AuthorizationEnded:
    reason = row.error_message or f"It is {row.status} already."
    return AuthorizationEnded(
        f"This authorization has ended: {reason}",
        details={"status": row.status, "error": row.error_code},
    )
