"""The calendar connector of the journeys, and the steps of its main job."""

import json
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from tests.journeys.installation import Api
from tests.servers.browser import answer_dev_pages
from tests.servers.good import GoodServer, Registered

from connectsmith.sandbox.driver import Arrival, Browser

LOOPBACK = "http://127.0.0.1:9/done"
"""Where the browser is stopped: nobody listens, nobody needs to."""


def definition(
    issuer: str,
    /,
    *,
    api: str | None = None,
    fields: Any = (),
    **changes: Any,
) -> dict[str, Any]:
    """Return the connector; `changes` replace members of `auth_components`, None removes one.

    `api` is where the API is when it is not beside the authorization server; `fields` are the
    owner's.
    """
    auth = {
        "type": "oauth2",
        "authorizationURL": f"{issuer}/authorize",
        "tokenURL": f"{issuer}/token",
        "revocationURL": f"{issuer}/revoke",
        "scope": "calendar.read calendar.write",
        "authorizationParams": {"prompt": "consent"},
        "clientID": "{{clientID}}",
        "clientSecret": "{{clientSecret}}",
    } | changes
    base = {"url": f"{api or issuer}/"}
    events = "/calendar/v1/calendars/{calendar}/events"
    return {
        "schema": "1.0",
        "name": "Calendar",
        "auth_components": {key: value for key, value in auth.items() if value is not None},
        "requiredSettings": {"authFields": list(fields)},
        "auth_test": {
            "method": "GET",
            "endpoint": "/me",
            "account": {"id": "/id", "label": "/email"},
        },
        "endpoints": {
            "GET": {"/me": base, "/calendar/v1/calendars": base, events: base},
            "POST": {events: base},
        },
        "actions": [
            _action("me", "get", "GET", "/me"),
            _action("calendars", "list", "GET", "/calendar/v1/calendars"),
            _action("events", "list", "GET", events, path=["calendar"]),
            _action(
                "events",
                "create",
                "POST",
                events,
                path=["calendar"],
                body=["title", "starts_at", "ends_at"],
            ),
        ],
    }


def _action(
    model: str, name: str, method: str, endpoint: str, **fields: list[str]
) -> dict[str, Any]:
    return {
        "modelId": model,
        "actionId": name,
        "method": method,
        "endpoint": endpoint,
        "label": f"{model} {name}",
        "urlFields": [{"key": key, "required": True} for key in fields.get("path", [])],
        "actionFields": [{"key": key} for key in fields.get("body", [])],
    }


@dataclass(frozen=True, slots=True)
class Journey:
    """A connector at an authorization server, with its client registered and secrets stored."""

    api: Api
    server: GoodServer
    connector: str
    client: Registered = field(repr=False)

    def start(self, **asked: Any) -> dict[str, Any]:
        """Start an authorization."""
        body = {"return_to": LOOPBACK} | asked
        started: dict[str, Any] = self.api.post(
            f"/v1/connectors/{self.connector}/authorizations", body
        )
        return started

    def consent(self, start_url: str, *, allow: bool = True, stop_at: str = LOOPBACK) -> Arrival:
        """Play the browser from the start page to the way back."""
        with Browser(stop_at=stop_at) as browser:
            page = browser.submit(browser.open(start_url))
            return answer(browser, page, allow=allow)

    def complete(self, started: dict[str, Any], arrival: Arrival) -> dict[str, Any]:
        """Bring the completion value back."""
        done: dict[str, Any] = self.api.post(
            f"/v1/authorizations/{started['id']}/complete",
            {"completion": returned(arrival)["completion"]},
        )
        return done

    def connect(self) -> str:
        """Do all of it, keep the connection, and return its id."""
        started = self.start()
        done = self.complete(started, self.consent(started["start_url"]))
        self.api.post(f"/v1/authorizations/{started['id']}/keep")
        connection: str = done["connection"]["id"]
        return connection

    def call(self, connection: str, action: str, **fields: Any) -> dict[str, Any]:
        """Call an action."""
        outcome: dict[str, Any] = self.api.post(
            f"/v1/connections/{connection}/calls", {"action": action, "fields": fields}
        )
        return outcome


class Reachable(Protocol):
    """An installation in this process or in another."""

    @property
    def api(self) -> Api: ...


def prepared(installation: Reachable, server: GoodServer, **changes: Any) -> Journey:
    """Create and publish the connector, register its client, store its secrets."""
    api = installation.api
    made = api.post(
        "/v1/connectors",
        {"definition": json.dumps(definition(server.issuer, **changes)), "publish": True},
    )
    client = server.register(redirect_uris=[made["callback_url"]])
    api.post(
        f"/v1/connectors/{made['id']}/secrets",
        {
            "secrets": [
                {"name": "clientID", "value": client.client_id},
                {"name": "clientSecret", "value": client.client_secret},
            ]
        },
    )
    return Journey(api, server, made["id"], client)


def answer(browser: Browser, page: Arrival, *, allow: bool = True) -> Arrival:
    """Answer the consent page of either server."""
    if any(("decision", "allow") in form.buttons for form in page.forms):
        return browser.submit(page, {"person": "ada"}, button="allow" if allow else "deny")
    return answer_dev_pages(browser, page, allow=allow)


def returned(arrival: Arrival) -> dict[str, str]:
    """Return what the browser was sent back with."""
    return {key: values[0] for key, values in parse_qs(urlsplit(arrival.url).query).items()}
