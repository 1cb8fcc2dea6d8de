"""Open what a party's requests are made of: secrets, and what signing takes."""

from base64 import urlsafe_b64decode
from dataclasses import dataclass
from uuid import UUID

from connectsmith.core.authorization.signing import Signing
from connectsmith.core.authorization.values import Values
from connectsmith.core.definition.facts import is_secret_name
from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.secret import Secret
from connectsmith.service.blueprints import Blueprints
from connectsmith.service.client_ports import KeySigner
from connectsmith.service.discovery import Discovery
from connectsmith.service.other_clocks import OtherClocks
from connectsmith.service.party import Party
from connectsmith.service.ports import Randomness
from connectsmith.service.proofs import Proofs
from connectsmith.service.registrations import Registrations
from connectsmith.service.rules import Rules
from connectsmith.service.secrets import SecretKeys
from connectsmith.service.signing_keys import SigningKeys
from connectsmith.values import replace


@dataclass(frozen=True, slots=True)
class Opener:
    """Open values for requests; nothing of them is kept."""

    secrets: SecretKeys
    keys: SigningKeys
    blueprints: Blueprints
    discovery: Discovery
    signer: KeySigner
    clocks: OtherClocks
    proofs: Proofs
    registrations: Registrations
    randomness: Randomness
    rules: Rules

    async def browser_values(self, party: Party) -> Values:
        """Open what an authorization request is made of: a browser sees its `client_id`.

        Raises:
            SecretDestinationDenied: `clientID` names a secret that no browser may see.
            SecretMissing: the definition names secrets that are not stored.
        """
        client_id, issuer = party.client.client_id, party.blueprint.issuer
        if issuer is not None:
            await self.discovery.attempt(party.workspace, party.connector, issuer)
        names = frozenset(filter(is_secret_name, client_id.names if client_id else ()))
        await self.secrets.check_browser(party.workspace, party.connector, names)
        return self.fresh(party, await self.values(party))

    async def with_client(self, party: Party) -> Party:
        """Return a party with the client that a new grant is to be given to.

        Raises:
            SecretMissing: the definition names secrets that are not stored.
            RegistrationRefused, NetworkError: the server registers none that would do.
        """
        if party.client.registration is None:
            return party
        chosen = await self.registrations.for_sign_in(party, await self._stored(party))
        return replace(party, registration=Secret(chosen.id))

    async def refit(self, party: Party) -> None:
        """See that a grant can be asked for anew without a person, as far as that is up to us."""
        if party.client.registration is not None:
            await self.registrations.refit(party)

    async def values(self, party: Party) -> Values:
        """Open what the placeholders of a party's requests stand for; see `fresh` before sending.

        Raises:
            SecretMissing: the definition names secrets that are not stored.
        """
        values = await self._stored(party)
        if party.client.registration is None:
            return values
        return replace(values, registered=await self.registrations.of(party, values))

    async def _stored(self, party: Party) -> Values:
        client, destinations = party.client, Destinations.of(party.origins_auth)
        return Values(
            secrets=await self.secrets.open(party.workspace, party.connector, client.secret_names),
            fields=party.fields,
            captured=party.captured,
            destinations=destinations,
            redirect_uri=self.rules.callback_url(party.connector),
            signing=await self._signing(party, destinations) if client.signs else None,
        )

    def fresh(self, party: Party, values: Values) -> Values:
        """Return values for one request: nothing random is used twice."""
        signing = values.signing
        if signing is not None:
            moment = self.clocks.moment(party.connector)
            signing = replace(signing, moment=moment, jti=self._uuid())
        return replace(values, random=self._uuid(), signing=signing)

    async def _signing(self, party: Party, destinations: Destinations) -> Signing:
        own_key = None
        if party.client.own_key_needed:
            connector = await self.blueprints.connector(party.workspace, party.connector)
            own_key = await self.keys.current(connector, party.client.assertion.alg, destinations)
        moment = self.clocks.moment(party.connector)
        return Signing(self.signer, moment, self._uuid(), own_key)

    def _uuid(self) -> str:
        bits = urlsafe_b64decode(self.randomness.text() + "=")
        return str(UUID(bytes=bits[:16], version=4))
