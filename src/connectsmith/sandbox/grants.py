"""What people granted: codes used once, access tokens that end, refresh tokens that rotate.

Everything issued for one consent is a family. Presenting a used code or a used refresh token
ends the whole family (RFC 9700 sections 2.1.1 and 4.14.2). Only digests are kept.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hmac import compare_digest

from connectsmith.sandbox.clients import Client
from connectsmith.sandbox.protocol import ProtocolError

CODE_LIFETIME = timedelta(seconds=60)


@dataclass(slots=True)
class Family:
    """One consent: who allowed whom to do what. `person` is None for a client on its own."""

    client_id: str
    person: str | None
    scopes: tuple[str, ...]
    ended: bool = False


@dataclass(slots=True)
class Code:
    """An authorization code, without its text."""

    family: Family
    redirect_uri: str
    challenge: str
    expires_at: datetime
    used: bool = False


@dataclass(slots=True)
class AccessToken:
    """An access token, without its text."""

    family: Family
    scopes: tuple[str, ...]
    expires_at: datetime


@dataclass(slots=True)
class RefreshToken:
    """A refresh token, without its text."""

    family: Family
    used: bool = False


@dataclass(frozen=True, slots=True)
class Issued:
    """What the token endpoint hands out."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    lifetime: timedelta
    scopes: tuple[str, ...]


class Grants:
    """Everything issued and not yet forgotten."""

    def __init__(self, *, clock: Callable[[], datetime], random_text: Callable[[int], str]) -> None:
        self._clock = clock
        self._random_text = random_text
        self._codes: dict[bytes, Code] = {}
        self._access: dict[bytes, AccessToken] = {}
        self._refresh: dict[bytes, RefreshToken] = {}

    def issue_code(self, family: Family, *, redirect_uri: str, challenge: str) -> str:
        """Return a code for the authorization response."""
        text = self._random_text(32)
        expires_at = self._clock() + CODE_LIFETIME
        self._codes[_digest(text)] = Code(family, redirect_uri, challenge, expires_at)
        return text

    def redeem_code(self, client: Client, *, code: str, redirect_uri: str, verifier: str) -> Issued:
        """Exchange a code, once (RFC 6749 section 4.1.3, RFC 7636 section 4.6)."""
        found = self._codes.get(_digest(code))
        if found is None or found.family.client_id != client.id:
            raise _no_grant("The code is unknown.")
        if found.used:
            found.family.ended = True
            raise _no_grant("The code was used before; what it gave is revoked.")
        if self._clock() >= found.expires_at:
            raise _no_grant("The code has expired.")
        if found.redirect_uri != redirect_uri:
            raise _no_grant("redirect_uri differs from the one of the authorization request.")
        if not compare_digest(_challenge(verifier), found.challenge):
            raise _no_grant("code_verifier does not match the code_challenge.")
        found.used = True
        return self._issue(client, found.family, scopes=found.family.scopes)

    def refresh(self, client: Client, *, refresh_token: str, scopes: tuple[str, ...]) -> Issued:
        """Rotate a refresh token (RFC 6749 section 6); empty `scopes` means those granted."""
        found = self._refresh.get(_digest(refresh_token))
        if found is None or found.family.client_id != client.id:
            raise _no_grant("The refresh token is unknown.")
        if found.used:
            found.family.ended = True
            raise _no_grant("The refresh token was used before; its whole family is revoked.")
        if found.family.ended:
            raise _no_grant("The grant was revoked.")
        if not set(scopes) <= set(found.family.scopes):
            raise ProtocolError("invalid_scope", "More was asked for than was granted.")
        found.used = True
        return self._issue(client, found.family, scopes=scopes or found.family.scopes)

    def issue_for_client(self, client: Client, scopes: tuple[str, ...]) -> Issued:
        """Issue an access token to the client itself (RFC 6749 section 4.4)."""
        family = Family(client.id, None, scopes)
        return self._issue(client, family, scopes=scopes, renewable=False)

    def find_access_token(self, text: str) -> AccessToken | None:
        """Return a live access token."""
        found = self._access.get(_digest(text))
        if found is None or found.family.ended or self._clock() >= found.expires_at:
            return None
        return found

    def revoke(self, client: Client, text: str) -> None:
        """Revoke a token (RFC 7009); a refresh token takes its whole family along."""
        digest = _digest(text)
        found = self._access.get(digest) or self._refresh.get(digest)
        if found is None:
            return
        if found.family.client_id != client.id:
            raise ProtocolError("unauthorized_client", "The token was issued to another client.")
        if isinstance(found, RefreshToken):
            found.family.ended = True
        else:
            del self._access[digest]

    def expire_access_tokens(self, client: Client) -> int:
        """End every access token of a client now; return how many were alive."""
        now = self._clock()
        alive = [
            token
            for token in self._access.values()
            if token.family.client_id == client.id and token.expires_at > now
        ]
        for token in alive:
            token.expires_at = now
        return len(alive)

    def _issue(
        self, client: Client, family: Family, *, scopes: tuple[str, ...], renewable: bool = True
    ) -> Issued:
        self._forget_the_dead()
        access_token = self._random_text(32)
        expires_at = self._clock() + client.access_token_lifetime
        self._access[_digest(access_token)] = AccessToken(family, scopes, expires_at)
        refresh_token = self._random_text(32) if renewable else None
        if refresh_token is not None:
            self._refresh[_digest(refresh_token)] = RefreshToken(family)
        return Issued(access_token, refresh_token, client.access_token_lifetime, scopes)

    def _forget_the_dead(self) -> None:
        """Drop access tokens that ended; codes and refresh tokens stay to notice their reuse."""
        now = self._clock()
        self._access = {
            key: token
            for key, token in self._access.items()
            if token.expires_at > now and not token.family.ended
        }


def _no_grant(description: str) -> ProtocolError:
    return ProtocolError("invalid_grant", description)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _challenge(verifier: str) -> str:
    """RFC 7636 section 4.2, S256."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
