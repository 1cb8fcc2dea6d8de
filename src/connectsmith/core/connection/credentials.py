"""The credentials of a connection, and their flat form for the sealer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connectsmith.core.authorization.token_set import TokenSet
from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.secret import Secret


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
    """Everything secret about a connection."""

    tokens: TokenSet | None = None
    fields: Mapping[str, Secret] = field(default_factory=dict)
    captured: Mapping[str, Secret] = field(default_factory=dict)

    def flat(self) -> dict[str, Secret]:
        """Return the flat form that is sealed: `access_token`, `field.KEY`, `captured.NAME`, ..."""
        raise NotImplementedError

    @classmethod
    def of(cls, flat: Mapping[str, Secret]) -> "Credentials":
        """Read the flat form back."""
        raise NotImplementedError
