"""What is to be signed, and by what: values and a protocol, no cryptography."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.secret import Secret


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A JWT before it is signed. `header` names the algorithm as `alg`."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any] = field(repr=False)


class Signer(Protocol):
    """Signs with keys that it is given as PEM or as JWK."""

    def sign(self, unsigned: Unsigned, key: Secret) -> Secret:
        """Return the compact form (RFC 7515 section 7.1).

        Raises:
            KeyUnusable: no private key, or none for that algorithm.
        """
        ...

    def public(self, key: Secret) -> Mapping[str, Any]:
        """Return the public half as a JWK, without `kid`, `use` and `alg`."""
        ...

    def thumbprint(self, key: Secret) -> str:
        """Return the SHA-256 thumbprint of the public half (RFC 7638)."""
        ...


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and the origins that may be sent what it signs."""

    value: Secret
    key_id: str | None
    destinations: Destinations


@dataclass(frozen=True, slots=True)
class Signing:
    """What signing one request takes.

    `moment` is the present one by the clock of the server that is asked. `own_key` is the
    connector's own, for a definition that names none. `jti` is used for one request only.
    """

    signer: Signer
    moment: datetime
    jti: str
    own_key: SigningKey | None = None
