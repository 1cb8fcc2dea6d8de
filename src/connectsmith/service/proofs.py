"""Proofs of possession: made with a connection's own key, with the newest nonce of each server."""

from base64 import urlsafe_b64decode
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from connectsmith.core.authorization.dpop import (
    ALGORITHM,
    TOKEN_TYPE,
    new_nonce,
    proved,
    refuses_proof,
)
from connectsmith.core.authorization.steps import Step
from connectsmith.core.authorization.token_set import TokenSet
from connectsmith.core.connection.credentials import Credentials
from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.core.secret.destinations import origin_of
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import CredentialsError
from connectsmith.service.client_ports import KeySigner
from connectsmith.service.other_clocks import OtherClocks
from connectsmith.service.party import Party
from connectsmith.service.ports import Randomness

KEPT: Final = 4096
"""Servers whose newest nonce is held."""


class Proofs:
    """Prove possession to authorization servers and APIs."""

    def __init__(self, *, signer: KeySigner, clocks: OtherClocks, randomness: Randomness) -> None:
        self._signer = signer
        self._clocks = clocks
        self._randomness = randomness
        self._nonces: OrderedDict[str, str] = OrderedDict()

    def new_key(self) -> Secret:
        """Make the key of a new connection."""
        return self._signer.new_key(ALGORITHM)

    def thumbprint(self, key: Secret) -> str:
        """Return what binds an authorization code to a key (RFC 9449 section 10)."""
        return self._signer.thumbprint(key)

    def prove(
        self, request: HttpRequest, key: Secret, access_token: Secret | None = None
    ) -> HttpRequest:
        """Return a request with a fresh proof."""
        origin = origin_of(request.url)
        return proved(
            request,
            signer=self._signer,
            key=key,
            moment=self._clocks.moment(origin),
            jti=self._uuid(),
            nonce=self._nonces.get(origin),
            access_token=access_token,
        )

    def refused(self, request: HttpRequest, response: HttpResponse) -> bool:
        """Learn nonce and clock from an answer; tell whether another proof would be taken.

        What a stranger answers, to whom a redirect led, says nothing of the server that was asked.
        """
        origin, nonce = origin_of(request.url), new_nonce(response)
        if response.url and origin_of(response.url) != origin:
            return False
        newer = nonce is not None and nonce != self._nonces.get(origin)
        if nonce is not None:
            self._nonces[origin] = nonce
            self._nonces.move_to_end(origin)
            if len(self._nonces) > KEPT:
                self._nonces.popitem(last=False)
        was_wrong = self._clocks.learn(origin, response)
        return refuses_proof(response) and (newer or was_wrong)

    def of(self, credentials: Credentials) -> "Holder | None":
        """Return what proves the possession of a connection's token, if that is bound to a key."""
        tokens, key = credentials.tokens, credentials.dpop_key
        if tokens is None or key is None or tokens.token_type != TOKEN_TYPE:
            return None
        return Holder(self)

    def at_endpoint(self, party: Party) -> "Hold | None":
        """Return what proves possession in a request that tokens are the answer to.

        Raises:
            CredentialsError: the definition asks for a key that this connection has not.
        """
        return _hold(self, party) if party.client.dpop else None

    def in_step(self, party: Party, step: Step, tokens: TokenSet) -> "Hold | None":
        """Return it for a follow-up request that shows a bound token, or brings another."""
        if step.auth == "token" and tokens.token_type == TOKEN_TYPE:
            return _hold(self, party, tokens.access_token)
        return None if step.answer is None else self.at_endpoint(party)

    def _uuid(self) -> str:
        bits = urlsafe_b64decode(self._randomness.text() + "=")
        return str(UUID(bytes=bits[:16], version=4))


@dataclass(frozen=True, slots=True)
class Holder:
    """The port of the exchange that proves possession for each request to an API."""

    proofs: Proofs

    def proved(self, request: HttpRequest, credentials: Credentials) -> HttpRequest:
        """Return the request with a proof for the access token that these credentials hold."""
        if credentials.dpop_key is None or credentials.tokens is None:
            return request
        token = credentials.tokens.access_token
        return self.proofs.prove(request, credentials.dpop_key, token)

    def refused(self, request: HttpRequest, response: HttpResponse) -> bool:
        """Tell whether the answer asks for another proof."""
        return self.proofs.refused(request, response)


@dataclass(frozen=True, slots=True)
class Hold:
    """Proves possession of one key, with one access token or for the first."""

    proofs: Proofs
    key: Secret
    access_token: Secret | None = None

    def proved(self, request: HttpRequest) -> HttpRequest:
        """Return the request with a fresh proof."""
        return self.proofs.prove(request, self.key, self.access_token)

    def refused(self, request: HttpRequest, response: HttpResponse) -> bool:
        """Tell whether the answer asks for another proof."""
        return self.proofs.refused(request, response)


def _hold(proofs: Proofs, party: Party, access_token: Secret | None = None) -> Hold:
    if party.dpop_key is None:
        raise CredentialsError(
            "The definition asks for tokens bound to a key since this connection was made, and it "
            "has none. Authorize it again."
        )
    return Hold(proofs, party.dpop_key, access_token)
