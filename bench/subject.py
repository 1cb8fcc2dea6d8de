"""The connector, secret and connection that are used in the benchmarks, made through the API."""

import json
from dataclasses import dataclass
from typing import Any

import httpx2

CLIENT_SECRET = "bench-client-secret"  # noqa: S105 - no secret: the server takes anything


@dataclass(frozen=True, slots=True)
class Api:
    """Our REST API, for setting up, and whose process serves it."""

    address: str
    token: str
    pid: int

    def send(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Send a request that must succeed."""
        headers = {"Authorization": f"Bearer {self.token}", "If-Match": "*"}
        answer = httpx2.request(
            method, self.address + path, json=body, headers=headers, trust_env=False, timeout=60
        )
        if answer.is_error:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        read: dict[str, Any] = answer.json()
        return read


def definition(*, upstream: str, server: str, grant: str) -> str:
    """Return a definition with one action, and a sign-in by the grant named."""
    sign_in = {"authorizationURL": f"{server}/authorize"} if grant == "authorization_code" else {}
    return json.dumps(
        {
            "schema": "1.0",
            "name": "Bench",
            "auth_components": {
                "type": "oauth2",
                "grant": grant,
                "tokenURL": f"{server}/token",
                "scope": "read",
                "clientID": "bench",
                "clientSecret": "{{clientSecret}}",
                **sign_in,
            },
            "requiredSettings": {"authFields": []},
            "endpoints": {"GET": {"/events/{id}": {"url": upstream}}},
            "actions": [
                {
                    "modelId": "event",
                    "actionId": "get",
                    "method": "GET",
                    "endpoint": "/events/{id}",
                    "urlFields": [{"key": "id", "required": True}],
                }
            ],
        }
    )


def make_connector(api: Api, *, upstream: str, server: str, grant: str) -> str:
    """Make and publish the connector, and store its secret; return its id."""
    text = definition(upstream=upstream, server=server, grant=grant)
    made = api.send("POST", "/v1/connectors", {"definition": text, "publish": True})
    connector: str = made["id"]
    pair = {"name": "clientSecret", "value": CLIENT_SECRET}
    api.send("POST", f"/v1/connectors/{connector}/secrets", {"secrets": [pair]})
    return connector


def make_connection(api: Api, connector: str) -> str:
    """Make a connection that needs nobody's consent; return its id."""
    made = api.send("POST", f"/v1/connectors/{connector}/connections", {"fields": {}})
    connection: str = made["id"]
    return connection
