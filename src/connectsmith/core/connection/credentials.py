"""The credentials of a connection, and their flat form for the sealer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from connectsmith.core.authorization.token_set import TokenSet
from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import SealBroken

_TOKENS: Final = ("access_token", "refresh_token", "id_token")
_FIELD: Final = "field."
_CAPTURED: Final = "captured."
_GRANTED: Final = "granted."
_ABOUT: Final = "tokens"


@dataclass(frozen=True, slots=True)
class Origins:
    """Where a connection's credentials may go, as its owner was shown.

    `api`: access token, fields, captured values in calls. `auth`: the refresh token, and fields
    and captured values in token requests.
    """

    api: Destinations
    auth: Destinations


@dataclass(frozen=True, slots=True)
class Credentials:
    """Everything secret about a connection.

    `captured` is what `connection.*` stands for: values of the callback and of token answers.
    """

    tokens: TokenSet | None = None
    fields: Mapping[str, Secret] = field(default_factory=dict)
    captured: Mapping[str, Secret] = field(default_factory=dict)

    def renewed(self, tokens: TokenSet) -> "Credentials":
        """Return the credentials with other tokens and what was captured with them."""
        return replace(self, tokens=tokens, captured={**self.captured, **tokens.captured})

    def flat(self) -> dict[str, Secret]:
        """Return the flat form that is sealed.

        `access_token`, `refresh_token`, `id_token`, `field.KEY`, `captured.NAME`, `granted.NAME`
        (captured from token answers), and in `tokens`, as JSON, what is no secret about them.
        """
        flat = {_FIELD + key: value for key, value in self.fields.items()}
        flat |= {_CAPTURED + name: value for name, value in self.captured.items()}
        if self.tokens is None:
            return flat
        held = {name: getattr(self.tokens, name) for name in _TOKENS}
        flat |= {name: value for name, value in held.items() if value is not None}
        flat |= {_GRANTED + name: value for name, value in self.tokens.captured.items()}
        flat[_ABOUT] = Secret(json.dumps(_about(self.tokens)))
        return flat

    @classmethod
    def of(cls, flat: Mapping[str, Secret]) -> "Credentials":
        """Read the flat form back.

        Raises:
            SealBroken: it is not one.
        """
        return cls(
            tokens=_tokens(flat) if _ABOUT in flat else None,
            fields=_under(_FIELD, flat),
            captured=_under(_CAPTURED, flat),
        )


def _about(tokens: TokenSet) -> dict[str, Any]:
    lifetime = tokens.lifetime
    return {
        "received_at": tokens.received_at.isoformat(),
        "lifetime": None if lifetime is None else lifetime // timedelta(microseconds=1),
        "token_type": tokens.token_type,
        "scopes": list(tokens.scopes),
    }


def _tokens(flat: Mapping[str, Secret]) -> TokenSet:
    if "access_token" not in flat:
        raise SealBroken("A connection's record holds no access token where it must.")
    # no secret, only sealed with them: when, how long, what for
    about = json.loads(flat[_ABOUT].reveal())
    lifetime = about["lifetime"]
    return TokenSet(
        access_token=flat["access_token"],
        received_at=datetime.fromisoformat(about["received_at"]),
        refresh_token=flat.get("refresh_token"),
        id_token=flat.get("id_token"),
        token_type=about["token_type"],
        lifetime=None if lifetime is None else timedelta(microseconds=lifetime),
        scopes=tuple(about["scopes"]),
        captured=_under(_GRANTED, flat),
    )


def _under(prefix: str, flat: Mapping[str, Secret]) -> dict[str, Secret]:
    return {
        name.removeprefix(prefix): value for name, value in flat.items() if name.startswith(prefix)
    }
