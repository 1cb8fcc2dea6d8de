"""How a new connection is written: what it holds sealed, and where that may go from the start."""

from datetime import datetime

from connectsmith.core.authorization.follow_up import Offer
from connectsmith.core.authorization.token_set import TokenSet, renews_itself
from connectsmith.core.connection.credentials import Credentials
from connectsmith.core.connection.keep_alive import Stated, keep_alive_at, refresh_until
from connectsmith.core.connection.status import Status
from connectsmith.core.secret.destinations import Destinations
from connectsmith.service.holdings import connection_place
from connectsmith.service.party import Party
from connectsmith.service.ports import Sealer
from connectsmith.service.rows import ConnectionRow
from connectsmith.service.rules import Rules
from connectsmith.values import replace, value_class


@value_class(frozen=True, slots=True)
class NewConnection:
    """What a connection is made from."""

    party: Party
    tokens: TokenSet | None
    test: bool
    caller: str
    operator: str
    status: Status
    definition: str | None = None
    """The draft's text that a test connection is made with."""
    offer: Offer | None = None


def made(
    new: NewConnection,
    *,
    id: str,  # noqa: A002 - the column's name
    now: datetime,
    sealer: Sealer,
    rules: Rules,
) -> ConnectionRow:
    """Return the row of a new connection, with what it holds sealed."""
    tokens, held = new.tokens, _held(new)
    origins = new.party.blueprint.reach.of(held)
    client = new.party.blueprint.client
    unconfirmed = new.status is Status.UNCONFIRMED
    row = ConnectionRow(
        workspace=new.party.workspace,
        id=id,
        connector=new.party.connector,
        revision=new.party.blueprint.revision,
        test=new.test,
        status=new.status,
        version=1,
        origins_api=written(origins.api),
        origins_auth=written(origins.auth),
        created_at=now,
        created_by=new.caller,
        operator=new.operator,
        definition=new.definition,
        sealed=None,
        scopes=tokens.scopes if tokens else (),
        received_at=tokens.received_at if tokens else None,
        lifetime=tokens.lifetime if tokens else None,
        renewable=client is not None and renews_itself(client, tokens),
        authorized_at=now,
        refresh_until=refresh_until(tokens) if tokens else None,
        keep_alive_at=keep_alive_at(
            tokens,
            by_access_token=client is not None and client.refresh_by == "access_token",
            before=Stated(None, None),
            usual=rules.keep_alive,
            name=f"{id}.1",
        ),
        discard_at=now + rules.keep_lifetime if unconfirmed else None,
    )
    return replace(row, sealed=sealer.seal(held.flat(), connection_place(row, 1)))


def _held(new: NewConnection) -> Credentials:
    party, tokens = new.party, new.tokens
    return Credentials(
        tokens,
        party.fields,
        {**party.captured, **(tokens.captured if tokens else {})},
        dpop_key=party.dpop_key,
        offer=new.offer,
        registration=party.registration,
    )


def written(destinations: Destinations) -> tuple[str, ...]:
    """Return destinations as rows hold them."""
    return tuple(sorted(destinations.origins))
