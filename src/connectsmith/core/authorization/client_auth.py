"""How a client proves who it is at the token endpoint: one method for each request.

RFC 6749 section 2.3.1 for `basic` and `body`, RFC 7523 section 2.2 for `private_key_jwt`; the
others are what services made of it.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, assert_never
from urllib.parse import quote_plus

from connectsmith.core.definition.model import ClientAuth
from connectsmith.core.secret.secret import Secret

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
"""RFC 7523 section 2.2."""
SHOWS_ID: Final = frozenset({"none", "body", "basic", "basic_raw", "both", "private_key_jwt"})
"""The methods that send the client's id."""
SHOWS_SECRET: Final = frozenset({"body", "basic", "basic_raw", "basic_secret", "both"})
"""The methods that send the client's secret."""


@dataclass(frozen=True, slots=True)
class ClientProof:
    """What a request holds to prove who the client is."""

    headers: tuple[tuple[str, Secret], ...] = ()
    parameters: Mapping[str, Secret] = field(default_factory=dict)


def client_proof(
    how: ClientAuth,
    *,
    client_id: Secret | None,
    client_secret: Secret | None,
    assertion: Secret | None = None,
) -> ClientProof:
    """Write one kind of client authentication; `assertion` is signed already.

    `none` still names the client where it has an id (RFC 6749 section 3.2.1).
    """
    match how:
        case "none":
            return ClientProof(parameters=_present(client_id=client_id))
        case "body":
            return ClientProof(
                parameters=_present(client_id=client_id, client_secret=client_secret)
            )
        case "private_key_jwt":
            return _assertion(client_id, assertion)
        case "basic":
            header = _basic(_formed(client_id), _formed(client_secret))
        case "basic_raw" | "both":
            header = _basic(_plain(client_id), _plain(client_secret))
        case "basic_secret":
            header = _basic(_plain(client_secret), "")
        case _:
            assert_never(how)
    shown = {"client_id": client_id, "client_secret": client_secret} if how == "both" else {}
    return ClientProof((header,), _present(**shown))


def _assertion(client_id: Secret | None, assertion: Secret | None) -> ClientProof:
    parameters = _present(
        client_id=client_id,
        client_assertion_type=Secret(ASSERTION_TYPE),
        client_assertion=assertion,
    )
    return ClientProof(parameters=parameters)


def _basic(user: str, password: str) -> tuple[str, Secret]:
    encoded = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
    return "Authorization", Secret(f"Basic {encoded}")


def _formed(value: Secret | None) -> str:
    return quote_plus(_plain(value))


def _plain(value: Secret | None) -> str:
    return "" if value is None else value.reveal()


def _present(**values: Secret | None) -> dict[str, Secret]:
    return {name: value for name, value in values.items() if value is not None}
