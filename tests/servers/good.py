"""What a test may ask of either honest authorization server, the sandbox or `oidc-provider`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Registered:
    """A client that the server knows."""

    client_id: str
    client_secret: str = field(repr=False)


class GoodServer(Protocol):
    """Both have `/authorize`, `/token`, `/revoke`, `/me` and `/calendar/v1` below `issuer`."""

    @property
    def issuer(self) -> str: ...

    @property
    def port(self) -> int: ...

    def register(
        self,
        *,
        redirect_uris: Sequence[str],
        secret: str | None = None,
        access_token_seconds: int = 5,
        auth_method: str = "client_secret_post",
    ) -> Registered:
        """Register a confidential client; the sandbox takes it with either `auth_method`."""
        ...

    def advance(self, seconds: float) -> None:
        """Move the server's clock on."""
        ...

    def token_requests(self) -> Mapping[str, int]:
        """Count the token requests seen, by grant type."""
        ...

    def token_errors(self) -> Mapping[str, int]:
        """Count the error answers of the token endpoint, by error code."""
        ...
