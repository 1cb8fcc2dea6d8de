"""Conversations with token and revocation endpoints; nothing here is stored or retried."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeVar

from connectsmith.core.authorization.device import Poll
from connectsmith.core.authorization.follow_up import Offer
from connectsmith.core.authorization.grant import (
    exchange_request,
    refresh_request,
    unattended_request,
)
from connectsmith.core.authorization.revocation import (
    revocable,
    revocation_accepted,
    revocation_request,
)
from connectsmith.core.authorization.token_set import (
    TokenSet,
    read_token_answer,
    renewing_token,
    spared_by,
    spared_tokens,
)
from connectsmith.core.authorization.values import Values
from connectsmith.core.connection.credentials import Credentials
from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import (
    ConnectsmithError,
    GrantRejected,
    NetworkError,
    RemoteError,
    SecretDestinationDenied,
    TokenAnswerInvalid,
)
from connectsmith.service.flight_recorder import (
    DEVICE,
    EXCHANGE,
    PUSHED,
    REFRESH,
    REVOCATION,
    Flight,
    FlightRecorder,
    answered,
)
from connectsmith.service.following import FOLLOW_UP, Follower, Granted, Reading, Write
from connectsmith.service.opening import Opener
from connectsmith.service.party import Party
from connectsmith.service.ports import (
    Clock,
    Randomness,
    Sender,
)
from connectsmith.service.proofs import Hold, Holder
from connectsmith.service.rules import Rules
from connectsmith.values import replace

_Read = TypeVar("_Read")
_WITHOUT_PROOF: Final = frozenset({REVOCATION, DEVICE, PUSHED, FOLLOW_UP})
"""Requests that are not answered with tokens, or not always."""
_REFUSED: Final = frozenset({400, 401})
"""What a server answers that believes no signature (RFC 6749 section 5.2)."""


@dataclass(frozen=True, slots=True)
class Renewed:
    """What a renewal brought.

    With `error`, the answer could not be read: `tokens` are the ones held before, with the refresh
    token that it brought all the same.
    """

    tokens: TokenSet
    error: ConnectsmithError | None = None


class TokenEndpoint:
    """Exchange, refresh, grants without a person, and revocation for one connector at a time."""

    def __init__(
        self,
        *,
        opener: Opener,
        sender: Sender,
        clock: Clock,
        randomness: Randomness,
        rules: Rules,
        recorder: FlightRecorder,
    ) -> None:
        self._opener = opener
        self._sender = sender
        self._clock = clock
        self._rules = rules
        self._recorder = recorder
        self._follower = Follower(self, opener.proofs, clock, randomness)

    async def browser_values(self, party: Party) -> Values:
        """Open what an authorization request is made of; see `Opener`."""
        return await self._opener.browser_values(party)

    async def values(self, party: Party) -> Values:
        """Open what the placeholders of a party's requests stand for; see `Opener`."""
        return await self._opener.values(party)

    async def redeem(self, party: Party, held: Mapping[str, Secret], values: Values) -> Granted:
        """Ask for the tokens of an authorization that came back, with what it holds sealed."""
        if party.client.unattended:
            return await self.unattended(party)
        return await self.exchange(
            party,
            code=held["code"],
            verifier=held["verifier"],
            redirect_uri=held["redirect_uri"],
            state=held.get("state"),
            opened=values,
        )

    async def exchange(
        self,
        party: Party,
        *,
        code: Secret,
        verifier: Secret,
        redirect_uri: Secret,
        state: Secret | None = None,
        opened: Values | None = None,
    ) -> Granted:
        """Redeem an authorization code, once (RFC 6749 section 4.1.3), and do what follows.

        `state` is the authorization request's, for a token request that names `oauth.state`;
        `opened` are the values, where they were opened before. When a follow-up request fails, the
        tokens are given back.
        """

        def write(values: Values) -> HttpRequest:
            return exchange_request(
                party.client,
                code=code,
                redirect_uri=redirect_uri,
                verifier=verifier,
                values=replace(values, state=state),
            )

        flight = await self._flown(party, write, EXCHANGE, opened=opened)
        return await self.granted(party, self._landed(party, flight, None))

    async def unattended(self, party: Party) -> Granted:
        """Ask for a token where the grant needs no person, and do what follows."""
        return await self.granted(party, await self._asked_alone(party))

    async def _asked_alone(self, party: Party) -> TokenSet:
        """Ask without a person (RFC 6749 sections 4.3, 4.4; 7523)."""

        def write(values: Values) -> HttpRequest:
            return unattended_request(party.client, values=values)

        return await self._ask(party, write, party.client.grant)

    async def bound(self, party: Party) -> Party:
        """Return a party with what a new grant is bound to: a client that registered, a key.

        Raises:
            SecretMissing, RegistrationRefused, NetworkError: the client could not be registered.
        """
        party = await self._opener.with_client(party)
        if not party.client.dpop:
            return party
        return replace(party, dpop_key=self._opener.proofs.new_key())

    def possession(self, credentials: Credentials) -> Holder | None:
        """Return what proves to an API that a connection's token is its own to use."""
        return self._opener.proofs.of(credentials)

    def key_thumbprint(self, party: Party) -> str | None:
        """Return what binds an authorization code to the party's key."""
        return self._opener.proofs.thumbprint(party.dpop_key) if party.dpop_key else None

    async def understood(
        self,
        party: Party,
        write: Write,
        kind: str,
        read: Callable[[HttpRequest, HttpResponse], _Read],
    ) -> _Read:
        """Send a request and read its answer; polls that nobody has answered leave no trace."""
        flight = await self._flown(party, write, kind)
        try:
            found = read(flight.request, answered(flight))
        except ConnectsmithError as error:
            self._recorder.keep(party, replace(flight, error=error))
            raise
        if not isinstance(found, Poll):
            tokens = found if isinstance(found, TokenSet) else None
            self._recorder.keep(party, replace(flight, tokens=tokens))
        return found

    async def granted(self, party: Party, tokens: TokenSet) -> Granted:
        """Do what follows the first tokens of a grant; give them back where that fails."""
        try:
            return await self._follower.follow(party, tokens, on={"exchange"})
        except ConnectsmithError:
            with suppress(ConnectsmithError):
                await self.revoke(party, Credentials(tokens=tokens))
            raise

    async def follow_choice(self, party: Party, tokens: TokenSet, *, after: int) -> Granted:
        """Do what follows the request with which an owner's choice was offered."""
        return await self._follower.follow(party, tokens, on={"exchange"}, after=after)

    async def renew(self, party: Party, tokens: TokenSet | None) -> Renewed:
        """Refresh (RFC 6749 section 6), or ask again where the grant needs no person."""
        token = renewing_token(party.client, tokens) if tokens else None
        if tokens is None or token is None:
            return await self._asked_again(party)
        try:
            return await self._refreshed(party, tokens, token)
        except GrantRejected:
            if not party.client.unattended:
                raise
            return await self._asked_again(party)

    async def _asked_again(self, party: Party) -> Renewed:
        """Ask anew without a person: that is an exchange and a refresh at once."""
        await self._opener.refit(party)
        tokens = await self._asked_alone(party)
        both = {"exchange", "refresh"}
        granted = await self._follower.follow(party, tokens, on=both, again=True)
        return Renewed(granted.tokens)

    async def _refreshed(self, party: Party, tokens: TokenSet, token: Secret) -> Renewed:
        def write(values: Values) -> HttpRequest:
            return refresh_request(party.client, refresh_token=token, values=values)

        flight = await self._flown(party, write, REFRESH)
        try:
            fresh = self._landed(party, flight, tokens)
        except TokenAnswerInvalid as error:
            spared = spared_tokens(party.client, answered(flight), held=tokens)
            if spared is None:
                raise
            return Renewed(spared, error)
        return await self._followed_again(party, fresh, held=tokens)

    async def _followed_again(self, party: Party, fresh: TokenSet, *, held: TokenSet) -> Renewed:
        """Do what follows a refresh; whatever becomes of it, its refresh token is not lost."""
        try:
            granted = await self._follower.follow(party, fresh, on={"refresh"}, again=True)
        except ConnectsmithError as error:
            return Renewed(spared_by(party.client, fresh, held), error)
        return Renewed(granted.tokens)

    async def followed(
        self, party: Party, write: Write, read: Reading, hold: Hold | None
    ) -> TokenSet | Offer:
        """Send a follow-up request, and write it down as it was read."""
        flight = await self._flown(party, write, FOLLOW_UP, hold=hold)
        try:
            found = read(flight.request, answered(flight))
        except ConnectsmithError as error:
            self._recorder.keep(party, replace(flight, error=error))
            raise
        if isinstance(found, TokenSet):
            flight = replace(flight, tokens=found)
        else:
            kept = tuple(value for item in found.items for value in item.captured.values())
            flight = replace(flight, brought=kept)
        self._recorder.keep(party, flight)
        return found

    async def revoke(
        self, party: Party, credentials: Credentials, *, values: Values | None = None
    ) -> bool:
        """Revoke tokens (RFC 7009); False when the server should be asked again later.

        `values` are those opened earlier, for when the connector may be gone by now.
        """
        if party.blueprint.client is None or credentials.tokens is None:
            return True
        opened = values or await self.values(party)
        accepted = True
        for hint, token in revocable(party.client, credentials.tokens):
            accepted = await self._revoked(party, hint, token, opened) and accepted
        return accepted

    async def _revoked(self, party: Party, hint: str, token: Secret, opened: Values) -> bool:
        def write(values: Values) -> HttpRequest:
            return revocation_request(party.client, hint, token, values)

        try:
            flight = await self._flown(party, write, REVOCATION, opened=opened)
        except (NetworkError, RemoteError):
            return False
        response = answered(flight)
        if response.status not in range(200, 300):
            refused = RemoteError(f"The authorization server answered {response.status}.")
            flight = replace(flight, error=refused)
        self._recorder.keep(party, flight)
        return revocation_accepted(response)

    async def _ask(self, party: Party, write: Write, kind: str) -> TokenSet:
        return self._landed(party, await self._flown(party, write, kind), None)

    async def _flown(
        self,
        party: Party,
        write: Write,
        kind: str,
        *,
        opened: Values | None = None,
        hold: Hold | None = None,
    ) -> Flight:
        """Send a request; once more when it was signed in a way that the server refuses.

        Raises:
            CredentialsError: the definition asks for a key that this connection has not.
        """
        values = opened or await self.values(party)
        if kind not in _WITHOUT_PROOF:
            hold = self._opener.proofs.at_endpoint(party)
        flight = await self._sent(party, self._written(party, write, values, hold), kind)
        if not self._better(party, values, flight, hold):
            return flight
        self._recorder.keep(party, replace(flight, error=_refused_signature()))
        return await self._sent(party, self._written(party, write, values, hold), kind)

    def _written(
        self, party: Party, write: Write, values: Values, hold: Hold | None
    ) -> HttpRequest:
        request = write(self._opener.fresh(party, values))
        return request if hold is None else hold.proved(request)

    def _better(self, party: Party, values: Values, flight: Flight, hold: Hold | None) -> bool:
        """Learn clock and nonce; tell whether what was signed would now be taken."""
        response = answered(flight)
        was_wrong = self._opener.clocks.learn(party.connector, response)
        proof = hold is not None and hold.refused(flight.request, response)
        signed = values.signing is not None and was_wrong and response.status in _REFUSED
        return signed or proof

    async def _sent(self, party: Party, request: HttpRequest, kind: str) -> Flight:
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
            await self._opener.secrets.denied(party.workspace, party.connector, error.message)
            raise


def _refused_signature() -> RemoteError:
    return RemoteError(
        "The server refused what was signed: its clock is not ours, or it wants a nonce. It is "
        "signed again."
    )
