"""How a client proves who it is at the token endpoint: one method for each request.

RFC 6749 section 2.3.1 for `basic` and `body`; the others are what services made of it.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, assert_never
from urllib.parse import quote_plus

from connectsmith.core.definition.model import ClientAuth
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import Bug

SHOWS_ID: Final = frozenset({"none", "body", "basic", "basic_raw", "both"})
"""The methods that send the client's id."""
SHOWS_SECRET: Final = frozenset({"body", "basic", "basic_raw", "basic_secret", "both"})
"""The methods that send the client's secret."""


@dataclass(frozen=True, slots=True)
class ClientProof:
    """What a request holds to prove who the client is."""

    headers: tuple[tuple[str, Secret], ...] = ()
    parameters: Mapping[str, Secret] = field(default_factory=dict)


def client_proof(
    how: ClientAuth, *, client_id: Secret | None, client_secret: Secret | None
) -> ClientProof:
    """Write one kind of client authentication.

    `none` still names the client where it has an id (RFC 6749 section 3.2.1).
    """
    match how:
        case "none":
            return ClientProof(parameters=_present(client_id=client_id))
        case "body":
            return ClientProof(
                parameters=_present(client_id=client_id, client_secret=client_secret)
            )
        case "basic":
            return ClientProof(headers=(_basic(_formed(client_id), _formed(client_secret)),))
        case "basic_raw":
            return ClientProof(headers=(_basic(_plain(client_id), _plain(client_secret)),))
        case "basic_secret":
            return ClientProof(headers=(_basic(_plain(client_secret), ""),))
        case "both":
            return ClientProof(
                headers=(_basic(_plain(client_id), _plain(client_secret)),),
                parameters=_present(client_id=client_id, client_secret=client_secret),
            )
        case "private_key_jwt":
            raise Bug("A client without private_key_jwt was compiled with it.")
        case _:
            assert_never(how)


def _basic(user: str, password: str) -> tuple[str, Secret]:
    encoded = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
    return "Authorization", Secret(f"Basic {encoded}")


def _formed(value: Secret | None) -> str:
    return quote_plus(_plain(value))


def _plain(value: Secret | None) -> str:
    return "" if value is None else value.reveal()


def _present(**values: Secret | None) -> dict[str, Secret]:
    return {name: value for name, value in values.items() if value is not None}
