"""What a token endpoint grants: access token, refresh token, lifetime, scopes, captured values."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any, Final

from connectsmith.core.authorization.client import OAuthClient
from connectsmith.core.authorization.dpop import TOKEN_TYPE
from connectsmith.core.authorization.token_answer import (
    LONGEST_VALUE,
    find,
    lifetime_of,
    lifetime_until,
    read_body,
    scalar_text,
    scopes_of,
    token_text,
)
from connectsmith.core.authorization.token_error import check_status, refusal_of
from connectsmith.core.authorization.words import one_line
from connectsmith.core.definition.model import CaptureFrom, TokenResponse
from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import TokenAnswerInvalid, TokenNotBound
from connectsmith.values import replace, value_class

BOUND_TYPES: Final = frozenset({"dpop", "mac", "pop"})
"""Token types that are no use as a bearer token: whoever holds one must prove something."""

REFRESH_LIFETIMES: Final = (
    "refresh_token_expires_in",  # Google, GitHub, LinkedIn, Azure AD B2C
    "refresh_expires_in",  # Keycloak, TikTok
    "x_refresh_token_expires_in",  # Intuit
    "refreshTokenExpiresIn",
)
"""Where services say how long a refresh token lives; no standard has a name for it."""
REFRESH_ENDS: Final = ("refresh_token_expires_at", "refresh_token_expiration")
"""Where they say when it ends."""

LONGEST_TYPE: Final = 64


@value_class(frozen=True, slots=True)
class TokenSet:
    """The tokens held for one grant.

    `scopes` are those granted (the requested ones when the answer names none). `lifetime` is None
    when the server states none and the definition neither: use until refused. `refresh_lifetime`
    is how long the refresh token lives unused, or at all, where the server states it.
    `received_at` is aware, UTC.
    """

    access_token: Secret
    received_at: datetime
    refresh_token: Secret | None = None
    id_token: Secret | None = None
    token_type: str = "bearer"  # noqa: S105 - RFC 6749 section 7.1's name
    lifetime: timedelta | None = None
    refresh_lifetime: timedelta | None = None
    scopes: tuple[str, ...] = ()
    captured: Mapping[str, Secret] = field(default_factory=dict)

    @property
    def expires_at(self) -> datetime | None:
        """When the access token ends, as far as is known."""
        return None if self.lifetime is None else self.received_at + self.lifetime


def renewing_token(client: OAuthClient, tokens: TokenSet) -> Secret | None:
    """Return what `refresh_request` takes: the refresh token, or as the definition says the other.

    None: the token set cannot be renewed by itself.
    """
    return tokens.access_token if client.refresh_by == "access_token" else tokens.refresh_token


def renews_itself(client: OAuthClient, tokens: TokenSet | None) -> bool:
    """Tell whether a connection can be renewed without its owner."""
    if client.unattended:
        return True
    return tokens is not None and renewing_token(client, tokens) is not None


def read_token_answer(
    client: OAuthClient,
    response: HttpResponse,
    *,
    received_at: datetime,
    refreshing: TokenSet | None,
    sent: HttpRequest | None = None,
) -> TokenSet:
    """Read the answer to a token request (RFC 6749 section 5), leniently as the format says.

    `refreshing` is the token set that the request was to renew: what the answer leaves out is kept
    from it (RFC 6749 section 6). With `sent`, whatever it carried is masked in the server's words.

    Raises:
        TokenEndpointRedirected, TokenEndpointBusy: 3xx; 429 and 5xx.
        GrantRejected, ClientRejected, AuthorizationRequestRejected: refused; who has to act.
        TokenAnswerInvalid: no token answer.
    """
    answer = (client.refresh if refreshing else client.exchange).answer
    check_status(response, received_at)
    body = _body(response, answer)
    refusal = refusal_of(
        body,
        response,
        answer,
        received_at=received_at,
        carried=sent.carries if sent else (),
        refreshing=refreshing is not None,
    )
    if refusal:
        raise refusal
    return _token_set(client, body, answer, received_at=received_at, held=refreshing)


def spared_tokens(
    client: OAuthClient, response: HttpResponse, *, held: TokenSet
) -> TokenSet | None:
    """Return held tokens with the refresh token of an answer that is otherwise no token answer.

    The server may have ended the one that is held as it issued the other, so that nothing but this
    one renews the grant once the definition, or the server, is put right. None: it brought none.
    """
    answer = client.refresh.answer
    if response.status not in range(200, 300):
        return None
    try:
        found = _secret(find(_body(response, answer), answer.refresh_token))
    except TokenAnswerInvalid:
        return None
    if found is None or found == held.refresh_token:
        return None
    return replace(held, refresh_token=found)


def spared_by(client: OAuthClient, fresh: TokenSet, held: TokenSet) -> TokenSet:
    """Return what is kept of a refresh whose follow-up requests failed.

    Where these replace tokens, the access token alone would not be the one that calls need: then
    the one held stays, and only the refresh token is taken.
    """
    if any(each.answer is not None and "refresh" in each.on for each in client.follow_ups):
        return replace(held, refresh_token=fresh.refresh_token)
    return fresh


def _body(response: HttpResponse, answer: TokenResponse) -> Any:
    """Return the body; of a refusal that cannot be read, nothing."""
    refused = response.status not in range(200, 300)
    if answer.format == "text" and not refused:
        return {"access_token": read_body(response, "text")}
    try:
        return read_body(response, "auto" if answer.format == "text" else answer.format)
    except TokenAnswerInvalid:
        if response.status == 401:  # noqa: PLR2004 - says enough without a body
            return {}
        raise


def _token_set(
    client: OAuthClient,
    body: Any,
    answer: TokenResponse,
    *,
    received_at: datetime,
    held: TokenSet | None,
) -> TokenSet:
    access_token = _access_token(client, body, answer, held)
    refresh_token = _secret(find(body, answer.refresh_token))
    id_token = _id_token(body)
    granted = scopes_of(find(body, answer.scope), client.scope_separator, client.scopes)
    kept = held.scopes if held else client.scopes
    return TokenSet(
        access_token=access_token,
        received_at=received_at,
        refresh_token=refresh_token or (held.refresh_token if held else None),
        id_token=id_token or (held.id_token if held else None),
        token_type=token_type(client, find(body, answer.token_type)),
        lifetime=_lifetime(client, body, answer, received_at)
        or (held.lifetime if held and access_token is held.access_token else None),
        refresh_lifetime=_refresh_lifetime(body, answer, received_at),
        scopes=granted or kept,
        captured={**(held.captured if held else {}), **_captured(client, body, held)},
    )


def _access_token(
    client: OAuthClient, body: Any, answer: TokenResponse, held: TokenSet | None
) -> Secret:
    found = find(body, "/access_token" if answer.format == "text" else answer.access_token)
    text = token_text(found)
    if text is None:
        if held is not None and client.refresh_extends:
            return held.access_token
        raise TokenAnswerInvalid(
            f'The token endpoint answered without an access token at "{answer.access_token}". '
            "Say in tokenResponse where the service puts it.",
            place="/auth_components/tokenResponse",
        )
    if answer.format == "text" and (text.startswith("<") or len(text.split()) > 1):
        raise TokenAnswerInvalid("The token endpoint answered with a page instead of a token.")
    return Secret(text)


def _id_token(body: Any) -> Secret | None:
    """Return the ID token; one of another form is left out, as nothing here depends on it."""
    try:
        return _secret(find(body, "/id_token"))
    except TokenAnswerInvalid:
        return None


def _secret(found: Any) -> Secret | None:
    text = token_text(found)
    return None if text is None else Secret(text)


def token_type(client: OAuthClient, found: Any) -> str:
    """Return the type; where `DPoP` was asked for, every other is refused, as it would be less."""
    if not client.dpop:
        return _bearer_type(found)
    word = one_line(found, LONGEST_TYPE) if isinstance(found, str) else ""
    if word.lower() == TOKEN_TYPE.lower():
        return TOKEN_TYPE
    raise TokenNotBound(
        f"The definition asks for tokens bound to a key, and the server issued one of type "
        f'"{word or "bearer"}", which anybody could use. It is not used. If the server cannot do '
        "better, take `dpop` out of the definition.",
        place="/auth_components/dpop",
    )


def _bearer_type(found: Any) -> str:
    """Return the type in the server's word; `bearer` when it gives none (RFC 6749 section 7.1).

    Slack says `bot` and `user` and means bearer, so unknown words pass. A type that needs proof of
    a key is refused: used as bearer, it would fail in every call.
    """
    word = one_line(found, LONGEST_TYPE) if isinstance(found, str) else ""
    if word.lower() in BOUND_TYPES:
        raise TokenAnswerInvalid(
            f'The token endpoint issued a token of type "{word}", which needs proof of a key. '
            "Write `dpop` into the definition if it is DPoP."
        )
    return "bearer" if word.lower() in {"", "bearer"} else word


def _lifetime(
    client: OAuthClient, body: Any, answer: TokenResponse, received_at: datetime
) -> timedelta | None:
    stated = lifetime_of(find(body, answer.expires_in), answer.expires_unit)
    if stated is None and answer.expires_at:
        stated = lifetime_until(find(body, answer.expires_at), received_at)
    return stated or client.refresh_lifetime


def _refresh_lifetime(body: Any, answer: TokenResponse, received_at: datetime) -> timedelta | None:
    """Return how long the refresh token lives, where the server says so in one of many words."""
    for name in REFRESH_LIFETIMES:
        stated = lifetime_of(find(body, f"/{name}"), answer.expires_unit)
        if stated is not None:
            return stated
    for name in REFRESH_ENDS:
        stated = lifetime_until(find(body, f"/{name}"), received_at)
        if stated is not None:
            return stated
    return None


def _captured(client: OAuthClient, body: Any, held: TokenSet | None) -> dict[str, Secret]:
    """Return the values that the definition keeps; one too long to be one is left out."""
    captured: dict[str, Secret] = {}
    for name, source in client.capture.token.items():
        pointer = source.from_ if isinstance(source, CaptureFrom) else source
        text = scalar_text(find(body, pointer))
        if not text and isinstance(source, CaptureFrom) and not (held and name in held.captured):
            text = source.default
        if text and len(text) <= LONGEST_VALUE:
            captured[name] = Secret(text)
    return captured
