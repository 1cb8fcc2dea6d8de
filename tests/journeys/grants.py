"""Connectors of grants that need no browser, at `oidc-provider`."""

import json
from typing import Any

from tests.journeys.calendar import definition
from tests.journeys.installation import Installation
from tests.servers.oidc_provider import OidcServer


def published(
    installation: Installation,
    server: OidcServer,
    **changes: Any,
) -> str:
    """Publish a connector; return its id."""
    described = definition(server.issuer, **changes)
    made = installation.api.post(
        "/v1/connectors", {"definition": json.dumps(described), "publish": True}
    )
    connector: str = made["id"]
    return connector


def store(installation: Installation, connector: str, **secrets: str) -> None:
    """Store secrets."""
    pairs = [{"name": name, "value": value} for name, value in secrets.items()]
    installation.api.post(f"/v1/connectors/{connector}/secrets", {"secrets": pairs})


def connected(installation: Installation, connector: str, **fields: str) -> dict[str, Any]:
    """Make a connection without a browser."""
    made: dict[str, Any] = installation.api.post(
        f"/v1/connectors/{connector}/connections", {"fields": fields}
    )
    return made


def called(installation: Installation, connection: str, action: str = "calendars.list") -> Any:
    """Call an action."""
    path = f"/v1/connections/{connection}/calls"
    return installation.api.post(path, {"action": action, "fields": {}})
