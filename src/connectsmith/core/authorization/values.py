"""What placeholders of an authorization may stand for, each with where it may be sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.secret import Secret


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """A connector's secret with the destinations confirmed for it."""

    value: Secret
    destinations: Destinations


@dataclass(frozen=True, slots=True)
class Values:
    """Secrets of the connector by name; `authFields.*` and `connection.*` of the connection.

    `destinations` is where the connection's own values (fields, captured values, and the refresh
    token) may go at the authorization server.
    """

    secrets: Mapping[str, StoredSecret] = field(default_factory=dict)
    fields: Mapping[str, Secret] = field(default_factory=dict)
    captured: Mapping[str, Secret] = field(default_factory=dict)
    destinations: Destinations = Destinations(frozenset())
