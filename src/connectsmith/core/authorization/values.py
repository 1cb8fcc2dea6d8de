"""What placeholders of an authorization may stand for, each with where it may be sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from connectsmith.core.authorization.signing import Signing
from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.secret import Secret

NOWHERE: Final = Destinations(frozenset())


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """A connector's secret with the destinations confirmed for it."""

    value: Secret
    destinations: Destinations


@dataclass(frozen=True, slots=True)
class RegisteredClient:
    """A client that registered itself (RFC 7591), and where its secret may go."""

    client_id: Secret
    client_secret: Secret | None
    destinations: Destinations
    id: str = ""
    """What a grant remembers it by: a connector may have registered more than one."""


@dataclass(frozen=True, slots=True)
class Values:
    """Secrets of the connector by name; `authFields.*` and `connection.*` of the connection.

    `destinations` is where the connection's own values (fields, captured values, and the refresh
    token) may go at the authorization server. `redirect_uri`, `state` and `random` (a fresh UUID)
    are what `oauth.redirect_uri`, `oauth.state` and `oauth.random` stand for where a request does
    not itself take them; one that is absent leaves out the parameter it would fill. `registered`
    is the client of a definition that names none.
    """

    secrets: Mapping[str, StoredSecret] = field(default_factory=dict)
    fields: Mapping[str, Secret] = field(default_factory=dict)
    captured: Mapping[str, Secret] = field(default_factory=dict)
    destinations: Destinations = NOWHERE
    redirect_uri: str | None = None
    state: Secret | None = None
    random: str | None = None
    registered: RegisteredClient | None = None
    signing: Signing | None = None
