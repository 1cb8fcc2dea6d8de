"""Conversations with token and revocation endpoints; nothing here is stored or retried."""

from base64 import urlsafe_b64decode
from dataclasses import dataclass, replace
from uuid import UUID

from connectsmith.core.authorization.grant import (
    client_credentials_request,
    exchange_request,
    refresh_request,
)
from connectsmith.core.authorization.revocation import revocation_accepted, revocation_requests
from connectsmith.core.authorization.token_set import (
    TokenSet,
    read_token_answer,
    renewing_token,
    spared_tokens,
)
from connectsmith.core.authorization.values import Values
from connectsmith.core.connection.credentials import Credentials
from connectsmith.core.definition.facts import is_secret_name
from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import (
    ConnectsmithError,
    NetworkError,
    RemoteError,
    SecretDestinationDenied,
    TokenAnswerInvalid,
)
from connectsmith.service.flight_recorder import (
    CLIENT_CREDENTIALS,
    EXCHANGE,
    REFRESH,
    REVOCATION,
    Flight,
    FlightRecorder,
    answered,
)
from connectsmith.service.party import Party
from connectsmith.service.ports import (
    Clock,
    Randomness,
    Sender,
)
from connectsmith.service.rules import Rules
from connectsmith.service.secrets import SecretKeys


@dataclass(frozen=True, slots=True)
class Renewed:
    """What a renewal brought.

    With `error`, the answer could not be read: `tokens` are the ones held before, with the refresh
    token that it brought all the same.
    """

    tokens: TokenSet
    error: ConnectsmithError | None = None


class TokenEndpoint:
    """Exchange, refresh, client credentials and revocation for one connector at a time."""

    def __init__(
        self,
        *,
        secrets: SecretKeys,
        sender: Sender,
        clock: Clock,
        randomness: Randomness,
        rules: Rules,
        recorder: FlightRecorder,
    ) -> None:
        self._secrets = secrets
        self._sender = sender
        self._clock = clock
        self._randomness = randomness
        self._rules = rules
        self._recorder = recorder

    async def browser_values(self, party: Party) -> Values:
        """Open what an authorization request is made of: a browser sees its `client_id`.

        Raises:
            SecretDestinationDenied: `clientID` names a secret that no browser may see.
            SecretMissing: the definition names secrets that are not stored.
        """
        client_id = party.client.client_id
        names = frozenset(filter(is_secret_name, client_id.names if client_id else ()))
        await self._secrets.check_browser(party.workspace, party.connector, names)
        return await self.values(party)

    async def values(self, party: Party) -> Values:
        """Open what the placeholders of a party's requests stand for.

        Raises:
            SecretMissing: the definition names secrets that are not stored.
        """
        opened = await self._secrets.open(
            party.workspace, party.connector, party.client.secret_names
        )
        return Values(
            secrets=opened,
            fields=party.fields,
            captured=party.captured,
            destinations=Destinations.of(party.origins_auth),
            redirect_uri=self._rules.callback_url(party.connector),
            random=self._uuid(),
        )

    def _uuid(self) -> str:
        bits = urlsafe_b64decode(self._randomness.text() + "=")
        return str(UUID(bytes=bits[:16], version=4))

    async def exchange(
        self,
        party: Party,
        *,
        code: Secret,
        verifier: Secret,
        redirect_uri: str,
        state: Secret | None = None,
    ) -> TokenSet:
        """Redeem an authorization code, once (RFC 6749 section 4.1.3).

        `state` is the authorization request's, for a token request that names `oauth.state`.
        """
        values = await self.values(party)
        request = exchange_request(
            party.client,
            code=code,
            redirect_uri=redirect_uri,
            verifier=verifier,
            values=replace(values, state=state),
        )
        return await self._ask(party, request, EXCHANGE)

    async def client_credentials(self, party: Party) -> TokenSet:
        """Ask for a token on the client's own behalf (RFC 6749 section 4.4)."""
        request = client_credentials_request(party.client, values=await self.values(party))
        return await self._ask(party, request, CLIENT_CREDENTIALS)

    async def renew(self, party: Party, tokens: TokenSet | None) -> Renewed:
        """Refresh (RFC 6749 section 6), or ask again where the grant needs no person."""
        token = renewing_token(party.client, tokens) if tokens else None
        if tokens is None or token is None:
            return Renewed(await self.client_credentials(party))
        request = refresh_request(
            party.client, refresh_token=token, values=await self.values(party)
        )
        flight = await self._flown(party, request, REFRESH)
        try:
            return Renewed(self._landed(party, flight, tokens))
        except TokenAnswerInvalid as error:
            spared = spared_tokens(party.client, answered(flight), held=tokens)
            if spared is None:
                raise
            return Renewed(spared, error)

    async def revoke(
        self, party: Party, credentials: Credentials, *, values: Values | None = None
    ) -> bool:
        """Revoke tokens (RFC 7009); False when the server should be asked again later.

        `values` are those opened earlier, for when the connector may be gone by now.
        """
        if party.blueprint.client is None or credentials.tokens is None:
            return True
        opened = values or await self.values(party)
        requests = revocation_requests(party.client, credentials.tokens, opened)
        accepted = True
        for request in requests:
            accepted = await self._revoked(party, request) and accepted
        return accepted

    async def _revoked(self, party: Party, request: HttpRequest) -> bool:
        try:
            flight = await self._flown(party, request, REVOCATION)
        except (NetworkError, RemoteError):
            return False
        response = answered(flight)
        if response.status not in range(200, 300):
            refused = RemoteError(f"The authorization server answered {response.status}.")
            flight = replace(flight, error=refused)
        self._recorder.keep(party, flight)
        return revocation_accepted(response)

    async def _ask(self, party: Party, request: HttpRequest, kind: str) -> TokenSet:
        return self._landed(party, await self._flown(party, request, kind), None)

    async def _flown(self, party: Party, request: HttpRequest, kind: str) -> Flight:
        """Send a request; one that gets no answer is written down."""
        flight = Flight(kind, request, self._clock.now())
        try:
            return replace(flight, response=await self._send(party, request))
        except ConnectsmithError as error:
            self._recorder.keep(party, replace(flight, error=error))
            raise

    def _landed(self, party: Party, flight: Flight, refreshing: TokenSet | None) -> TokenSet:
        """Read an answer, and write it down as it was read."""
        try:
            tokens = self._read(party, flight.request, answered(flight), refreshing)
        except ConnectsmithError as error:
            self._recorder.keep(party, replace(flight, error=error))
            raise
        self._recorder.keep(party, replace(flight, tokens=tokens))
        return tokens

    def _read(
        self,
        party: Party,
        request: HttpRequest,
        response: HttpResponse,
        refreshing: TokenSet | None,
    ) -> TokenSet:
        return read_token_answer(
            party.client,
            response,
            received_at=self._clock.now(),
            refreshing=refreshing,
            sent=request,
        )

    async def _send(self, party: Party, request: HttpRequest) -> HttpResponse:
        try:
            return await self._sender.send(replace(request, timeout=self._rules.token_timeout))
        except SecretDestinationDenied as error:
            await self._secrets.denied(party.workspace, party.connector, error.message)
            raise
