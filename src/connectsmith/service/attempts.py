"""One attempt to authorize: what its record is bound to, whose tokens it is about, how it ends."""

from collections.abc import Mapping
from dataclasses import dataclass

from connectsmith.core.secret.secret import Secret
from connectsmith.errors import AuthorizationEnded, ConnectsmithError
from connectsmith.service.authorization_ports import Authorizations
from connectsmith.service.blueprints import Blueprint, Blueprints
from connectsmith.service.party import Party
from connectsmith.service.ports import Clock, Events, Sealer, SealPlace
from connectsmith.service.rows import AuthorizationRow, ConnectionRow, EventRow
from connectsmith.values import replace, value_class

FIELD = "field."
CAPTURED = "captured."
DPOP_KEY = "dpop_key"
REGISTRATION = "registration"
UNANSWERED = frozenset({"created", "started", "polling"})
"""Nobody has said anything yet."""
CLOSED = frozenset({"kept", "failed", "expired"})
"""Nothing follows."""


@value_class(frozen=True, slots=True)
class Start:
    """What a caller asks for when starting an authorization."""

    connector: str
    fields: Mapping[str, object]
    return_to: str | None = None
    test: bool = False
    reconnects: str | None = None
    by_session: bool = False
    """The caller is an operator's session, and the browser that starts is the one that returns."""


@value_class(frozen=True, slots=True)
class Started:
    """A started authorization; the start URL is shown this once. A device code has none: empty."""

    row: AuthorizationRow
    start_url: str


@dataclass(frozen=True, slots=True)
class Attempts:
    """What attempts hold sealed, and what became of them."""

    authorizations: Authorizations
    events: Events
    sealer: Sealer
    clock: Clock

    def held(self, row: AuthorizationRow) -> dict[str, Secret]:
        """Open what an attempt holds."""
        return self.sealer.open(row.sealed or b"", authorization_place(row))

    def sealed(self, row: AuthorizationRow, held: Mapping[str, Secret]) -> bytes:
        """Seal what an attempt is to hold."""
        return self.sealer.seal(held, authorization_place(row))

    async def fail(
        self, row: AuthorizationRow, error: ConnectsmithError, *, by: str | None = None
    ) -> bool:
        """End an attempt badly, and write it down; False when it has gone on or ended meanwhile."""
        over = failed(row, error.code, error.message)
        if not await self.authorizations.advance(over, expected_status=row.status):
            return False
        await self.record(row, "authorization_failed", error.code, by=by)
        return True

    async def record(
        self, row: AuthorizationRow, what: str, message: str, *, by: str | None = None
    ) -> None:
        """Write down what happened to an attempt: by whoever began it, unless said otherwise."""
        who = by or row.created_by
        await self.events.add(EventRow(row.workspace, self.clock.now(), who, what, row.id, message))


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
        origins_api=row.origins_api,
        fields=_below(FIELD, held),
        captured=_below(CAPTURED, held),
        dpop_key=held.get(DPOP_KEY),
        caller=row.created_by,
        test=row.test,
        registration=held.get(REGISTRATION),
    )


def bound(party: Party) -> dict[str, Secret]:
    """Return what an attempt remembers of what its grant is bound to."""
    kept = {DPOP_KEY: party.dpop_key, REGISTRATION: party.registration}
    return {name: value for name, value in kept.items() if value is not None}


def _below(prefix: str, held: Mapping[str, Secret]) -> dict[str, Secret]:
    return {key[len(prefix) :]: value for key, value in held.items() if key.startswith(prefix)}


async def blueprint_of(blueprints: Blueprints, row: AuthorizationRow | ConnectionRow) -> Blueprint:
    """Return the definition a row was made with, whatever was edited since."""
    connector = await blueprints.connector(row.workspace, row.connector)
    if row.definition is not None:
        return await blueprints.of(replace(connector, draft=row.definition), test=True)
    return await blueprints.revision(row.workspace, row.connector, row.revision)


def expired(row: AuthorizationRow) -> AuthorizationRow:
    """Return an authorization ended by time; what it held is dropped."""
    if row.status == "redeeming":
        return failed(row, "interrupted", "The exchange was interrupted. Start again.")
    message = "It was not finished in time. Start again."
    if row.status == "completed":
        message = "The connection was not kept in time, so it is revoked. Start again."
    return replace(row, status="expired", sealed=None, error_code="expired", error_message=message)


def failed(row: AuthorizationRow, code: str, message: str) -> AuthorizationRow:
    """Return an authorization that ended badly; what it held is dropped."""
    return replace(row, status="failed", sealed=None, error_code=code, error_message=message)


def ended(row: AuthorizationRow) -> AuthorizationEnded:
    """Return the error that says how an authorization ended."""
    reason = row.error_message or f"It is {row.status} already."
    return AuthorizationEnded(
        f"This authorization has ended: {reason}",
        details={"status": row.status, "error": row.error_code},
    )
