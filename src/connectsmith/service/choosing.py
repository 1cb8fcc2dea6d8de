"""Let a connection's owner choose between items that a follow-up request found."""

from collections.abc import Mapping

from connectsmith.core.authorization.follow_up import Item, Offer, captured_into, chosen_again
from connectsmith.core.connection.credentials import Credentials
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import AuthorizationEnded, Bug, ChoiceNeeded
from connectsmith.service.attempts import blueprint_of
from connectsmith.service.blueprints import Blueprint, Blueprints
from connectsmith.service.following import Granted
from connectsmith.service.holdings import connection_place, opened, party_of_connection
from connectsmith.service.making import written
from connectsmith.service.ports import Connections, Sealer
from connectsmith.service.rows import AuthorizationRow, ConnectionRow
from connectsmith.service.token_endpoint import TokenEndpoint
from connectsmith.values import replace


class Chooser:
    """Settle what a new connection's owner has to choose."""

    def __init__(
        self,
        connections: Connections,
        blueprints: Blueprints,
        endpoint: TokenEndpoint,
        sealer: Sealer,
    ) -> None:
        self._connections = connections
        self._blueprints = blueprints
        self._endpoint = endpoint
        self._sealer = sealer

    async def choices(self, about: AuthorizationRow) -> tuple[Item, ...]:
        """Return what there is to choose before it can be kept; nothing for most."""
        if about.status != "completed":
            return ()
        row = await self._connections.get(about.workspace, about.connection or "")
        return () if row is None else self.offered(row)

    def offered(self, row: ConnectionRow) -> tuple[Item, ...]:
        """Return what a new connection's owner has to choose from; nothing for most."""
        offer = None if row.sealed is None else opened(self._sealer, row).offer
        return () if offer is None else offer.items

    async def settle(self, about: AuthorizationRow, choice: str | None) -> ConnectionRow | None:
        """Take the owner's choice, and make the requests that follow it.

        A connection that is renewed keeps what was chosen for it. Returns the connection when
        something was settled, None when there was nothing to.

        Raises:
            ChoiceNeeded: nothing was chosen, or not one of the items; `details` lists them.
            FollowUpFailed, NetworkError: a request failed; the choice can be made again.
        """
        row = await self._connections.get(about.workspace, about.connection or "")
        if row is None or row.sealed is None:
            return None
        held = opened(self._sealer, row)
        if held.offer is None:
            return None
        blueprint = await blueprint_of(self._blueprints, about)
        item = _picked(held.offer, choice) or await self._as_before(about, blueprint, held.offer)
        if item is None:
            raise _needed(held.offer)
        granted = await self._followed(row, blueprint, held, item)
        settled = await self._stored(row, blueprint, held, granted)
        if granted.offer is not None:
            raise _needed(granted.offer)
        return settled

    async def _as_before(
        self, about: AuthorizationRow, blueprint: Blueprint, offer: Offer
    ) -> Item | None:
        """Return what was chosen for the connection that is renewed."""
        if about.reconnects is None or blueprint.client is None:
            return None
        old = await self._connections.get(about.workspace, about.reconnects)
        if old is None or old.sealed is None:
            return None
        captured: Mapping[str, Secret] = opened(self._sealer, old).captured
        step = blueprint.client.follow_ups[offer.step - 1]
        return chosen_again(step, offer, captured)

    async def _followed(
        self, row: ConnectionRow, blueprint: Blueprint, held: Credentials, item: Item
    ) -> Granted:
        if held.tokens is None or held.offer is None:
            raise Bug("A connection without tokens offers a choice.")
        party = party_of_connection(row, blueprint, held)
        tokens = captured_into(held.tokens, item.captured)
        return await self._endpoint.follow_choice(party, tokens, after=held.offer.step)

    async def _stored(
        self, row: ConnectionRow, blueprint: Blueprint, held: Credentials, granted: Granted
    ) -> ConnectionRow:
        """Store tokens and captured values together, under a new version."""
        tokens, version = granted.tokens, row.version + 1
        settled = replace(held.renewed(tokens), offer=granted.offer)
        origins = blueprint.reach.of(settled)
        fresh = replace(
            row,
            version=version,
            sealed=self._sealer.seal(settled.flat(), connection_place(row, version)),
            origins_api=written(origins.api),
            origins_auth=written(origins.auth),
            scopes=tokens.scopes,
            received_at=tokens.received_at,
            lifetime=tokens.lifetime,
        )
        if not await self._connections.store(fresh, expected_version=row.version):
            raise AuthorizationEnded(
                "Another request settled this connection a moment ago, or it was discarded."
            )
        return fresh


def _picked(offer: Offer, choice: str | None) -> Item | None:
    """Return the item of an id or, where it is the only one of its name, of a label."""
    named = [each for each in offer.items if each.label == choice]
    by_id = [each for each in offer.items if each.id == choice]
    found = by_id or (named if len(named) == 1 else [])
    return found[0] if found else None


def _needed(offer: Offer) -> ChoiceNeeded:
    choices = [{"id": each.id, "label": each.label} for each in offer.items]
    labels = ", ".join(f"{each.id}: {each.label}" for each in offer.items[:20])
    return ChoiceNeeded(
        f"The account has several of what this connector works with. Choose one ({labels}).",
        place="/choice",
        details={"choices": choices},
    )
