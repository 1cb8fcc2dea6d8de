"""The credentials of a connection, and their flat form for the sealer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from connectsmith.core.authorization.follow_up import Item, Offer
from connectsmith.core.authorization.token_set import TokenSet
from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import SealBroken
from connectsmith.values import replace, value_class

_TOKENS: Final = ("access_token", "refresh_token", "id_token")
_FIELD: Final = "field"
_CAPTURED: Final = "captured"
_GRANTED: Final = "granted"
_ABOUT: Final = "tokens"
_DPOP_KEY: Final = "dpop_key"
_OFFER: Final = "offer"
_REGISTRATION: Final = "registration"


@dataclass(frozen=True, slots=True)
class Origins:
    """Where a connection's credentials may go, as its owner was shown.

    `api`: access token, fields, captured values in calls. `auth`: the refresh token, and fields
    and captured values in token requests.
    """

    api: Destinations
    auth: Destinations


@value_class(frozen=True, slots=True)
class Credentials:
    """Everything secret about a connection.

    `captured` is what `connection.*` stands for: values of the callback and of token answers.
    """

    tokens: TokenSet | None = None
    fields: Mapping[str, Secret] = field(default_factory=dict)
    captured: Mapping[str, Secret] = field(default_factory=dict)
    dpop_key: Secret | None = None
    """The private key that its tokens are bound to (RFC 9449), as a JWK."""
    offer: Offer | None = None
    """What the connection's owner still has to choose from."""
    registration: Secret | None = None
    """The client that its grant was given to, where clients register themselves."""

    def renewed(self, tokens: TokenSet) -> "Credentials":
        """Return the credentials with other tokens and what was captured with them."""
        return replace(self, tokens=tokens, captured={**self.captured, **tokens.captured})

    def flat(self) -> dict[str, Secret]:
        """Return the flat form that is sealed.

        `dpop_key`, `access_token`, `refresh_token`, `id_token`, `field.KEY`, `captured.NAME`,
        `granted.NAME` (captured from token answers), in `tokens`, as JSON, what is no secret about
        them, in `offer` what there is to choose from, and `registration`.
        """
        flat = {f"{_FIELD}.{key}": value for key, value in self.fields.items()}
        flat |= {f"{_CAPTURED}.{name}": value for name, value in self.captured.items()}
        if self.offer is not None:
            flat[_OFFER] = Secret(json.dumps(_offered(self.offer)))
        if self.dpop_key is not None:
            flat[_DPOP_KEY] = self.dpop_key
        if self.registration is not None:
            flat[_REGISTRATION] = self.registration
        if self.tokens is None:
            return flat
        held = {name: getattr(self.tokens, name) for name in _TOKENS}
        flat |= {name: value for name, value in held.items() if value is not None}
        flat |= {f"{_GRANTED}.{name}": value for name, value in self.tokens.captured.items()}
        flat[_ABOUT] = Secret(json.dumps(_about(self.tokens)))
        return flat

    @classmethod
    def of(cls, flat: Mapping[str, Secret]) -> "Credentials":
        """Read the flat form back.

        Raises:
            SealBroken: it is not one.
        """
        under: dict[str, dict[str, Secret]] = {_FIELD: {}, _CAPTURED: {}, _GRANTED: {}}
        for name, value in flat.items():
            kind, dot, key = name.partition(".")
            if dot and kind in under:
                under[kind][key] = value
        tokens = _tokens(flat, under[_GRANTED]) if _ABOUT in flat else None
        return cls(
            tokens=tokens,
            fields=under[_FIELD],
            captured=under[_CAPTURED],
            dpop_key=flat.get(_DPOP_KEY),
            offer=_offer(flat[_OFFER]) if _OFFER in flat else None,
            registration=flat.get(_REGISTRATION),
        )


def _offered(offer: Offer) -> dict[str, Any]:
    items = [
        {
            "id": each.id,
            "label": each.label,
            "captured": {name: value.reveal() for name, value in each.captured.items()},
        }
        for each in offer.items
    ]
    return {"step": offer.step, "items": items}


def _offer(sealed: Secret) -> Offer:
    read = json.loads(sealed.reveal())
    items = (
        Item(
            each["id"],
            each["label"],
            {name: Secret(value) for name, value in each["captured"].items()},
        )
        for each in read["items"]
    )
    return Offer(read["step"], tuple(items))


def _about(tokens: TokenSet) -> dict[str, Any]:
    return {
        "received_at": tokens.received_at.isoformat(),
        "lifetime": _microseconds(tokens.lifetime),
        "refresh_lifetime": _microseconds(tokens.refresh_lifetime),
        "token_type": tokens.token_type,
        "scopes": list(tokens.scopes),
    }


def _microseconds(duration: timedelta | None) -> int | None:
    return None if duration is None else duration // timedelta(microseconds=1)


def _duration(microseconds: int | None) -> timedelta | None:
    return None if microseconds is None else timedelta(microseconds=microseconds)


@dataclass(frozen=True, slots=True)
class _About:
    """What is no secret about tokens, and only sealed with them."""

    received_at: datetime
    lifetime: timedelta | None
    refresh_lifetime: timedelta | None
    token_type: str
    scopes: tuple[str, ...]


@lru_cache(maxsize=1024)
def _read_about(text: str) -> _About:
    """Read it; the same text comes with every call until the tokens are renewed."""
    about = json.loads(text)
    return _About(
        received_at=datetime.fromisoformat(about["received_at"]),
        lifetime=_duration(about["lifetime"]),
        refresh_lifetime=_duration(about.get("refresh_lifetime")),
        token_type=about["token_type"],
        scopes=tuple(about["scopes"]),
    )


def _tokens(flat: Mapping[str, Secret], granted: Mapping[str, Secret]) -> TokenSet:
    if "access_token" not in flat:
        raise SealBroken("A connection's record holds no access token where it must.")
    about = _read_about(flat[_ABOUT].reveal())
    return TokenSet(
        access_token=flat["access_token"],
        received_at=about.received_at,
        refresh_token=flat.get("refresh_token"),
        id_token=flat.get("id_token"),
        token_type=about.token_type,
        lifetime=about.lifetime,
        refresh_lifetime=about.refresh_lifetime,
        scopes=about.scopes,
        captured=granted,
    )
