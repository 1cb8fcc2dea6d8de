"""What a token endpoint grants: access token, refresh token, lifetime, scopes, captured values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectsmith.core.secret.secret import Secret


@dataclass(frozen=True, slots=True)
class TokenSet:
    """The tokens held for one grant.

    `scopes` are those granted (the requested ones when the answer names none). `lifetime` is None
    when the server states none and the definition neither: use until refused. `received_at` is
    aware, UTC.
    """

    access_token: Secret
    received_at: datetime
    refresh_token: Secret | None = None
    id_token: Secret | None = None
    token_type: str = "bearer"  # noqa: S105 - RFC 6749 section 7.1's name
    lifetime: timedelta | None = None
    scopes: tuple[str, ...] = ()
    captured: Mapping[str, Secret] = field(default_factory=dict)

    @property
    def expires_at(self) -> datetime | None:
        """When the access token ends, as far as is known."""
        return None if self.lifetime is None else self.received_at + self.lifetime
