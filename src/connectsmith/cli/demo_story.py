"""The main job, played once through the public REST API, each step told with what came back."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectsmith.cli.loopback import Listener
from connectsmith.cli.naming import USABLE, owner_of
from connectsmith.cli.printing import plain
from connectsmith.errors import AuthorizationEnded, RemoteError
from connectsmith.samples import PRACTICE_CLIENT_ID, PRACTICE_CLIENT_SECRET
from connectsmith.sandbox.driver import answer_consent
from connectsmith.sdk import Client, Profile, operations
from connectsmith.sdk.answers import Answer, CompletedAuthorization, Connection, Connector, Outcome
from connectsmith.sdk.operations import Operation

PRACTICE = "Practice calendar"
_ISSUER = "http://localhost:8401"
_PERSON = "ada"
_RENEWABLE = (*USABLE, "needs_authorization")
"""Statuses of a connection that its owner can sign in to again."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The sandbox, seen from outside: what a service's developer pages are to others."""

    address: str

    def register(self, callback_url: str) -> None:
        """Register a callback URL for the practice client."""
        self._ask("redirect-uris", {"redirect_uri": callback_url})

    def expire(self) -> None:
        """Make every access token of the practice client expire now."""
        self._ask("expire", {})

    def _ask(self, name: str, members: Mapping[str, object]) -> None:
        body = {"client_id": PRACTICE_CLIENT_ID, **members}
        with Client(Profile(self.address, None)) as client:
            client.send(Operation(Answer, "POST", f"/sandbox/{name}", body=body))


class Story:
    """Tells the main job step by step; `tell` prints one line."""

    def __init__(self, client: Client, sandbox: Sandbox, say: Callable[[str], None]) -> None:
        self._client = client
        self._sandbox = sandbox
        self._say = say
        self._steps = 0

    def told(self) -> Connection | None:
        """Return the connection of the first telling that came as far as one."""
        connectors = list(self._client.every(operations.connectors(search=PRACTICE)))
        connections = (
            connection
            for each in reversed(connectors)  # the oldest first
            for connection in self._client.send(operations.connections(each.id)).items
        )
        return next((each for each in connections if each.status in _RENEWABLE), None)

    def sign_in_again(self, connection: Connection) -> None:
        """Make an earlier telling's connection work at a sandbox that has just been started."""
        connector = self._client.send(operations.connector(connection.connector))
        self._sandbox.register(connector.callback_url)
        self._client.send(operations.keep(self._consent(connector, connection.id).id))

    def tell(self) -> Connection:
        """Play everything; the connector and its connection stay for practising."""
        connector = self._connector()
        self._register(connector)
        connection = self._connect(connector)
        self._three_calls(connection)
        return self._renewal(connection)

    def _step(self, title: str, **told: object) -> None:
        self._steps += 1
        self._say(f"{self._steps:>2}. {title}")
        for name, value in told.items():
            self._say(f"      {name.replace('_', ' ')}: {plain(value)}")

    def _connector(self) -> Connector:
        made = self._client.send(operations.create_connector(self._definition()))
        self._step(
            "The definition is accepted.",
            connector=made.id,
            name=made.name,
            actions=[each.action for each in made.actions],
            missing_secrets=made.secrets.missing,
        )
        values = {"clientID": PRACTICE_CLIENT_ID, "clientSecret": PRACTICE_CLIENT_SECRET}
        stored = self._client.send(
            operations.add_secrets(made.id, values, version=made.draft_version)
        )
        self._step(
            "Its secrets are stored; nobody can read them back.",
            secrets=[f"{each.name} ({each.id})" for each in stored.items],
            may_be_sent_to=sorted({origin for each in stored.items for origin in each.origins}),
        )
        revision = self._client.send(operations.publish(made.id))
        self._step("It is published.", revision=revision.number)
        return made

    def _definition(self) -> str:
        """Return the practice definition, for this sandbox and with a name that is still free."""
        text = resources.files("connectsmith.cli").joinpath("practice_calendar.json").read_text()
        taken = {each.name for each in self._client.every(operations.connectors(search=PRACTICE))}
        names = (PRACTICE, *(f"{PRACTICE} {number}" for number in range(2, len(taken) + 3)))
        free = next(name for name in names if name not in taken)
        return text.replace(_ISSUER, self._sandbox.address).replace(
            json.dumps(PRACTICE), json.dumps(free)
        )

    def _register(self, connector: Connector) -> None:
        self._sandbox.register(connector.callback_url)
        self._step(
            "Its callback URL is registered at the sandbox.", callback_url=connector.callback_url
        )

    def _consent(
        self, connector: Connector, connection: str | None = None
    ) -> CompletedAuthorization:
        """Start an authorization, play the person who says yes, and complete it."""
        with Listener() as listener:
            started = self._client.send(
                operations.start_authorization(
                    connector.id, {}, return_to=listener.return_to, connection=connection
                )
            )
            arrival = answer_consent(
                str(started.start_url), person=_PERSON, stop_at=listener.return_to
            )
        return self._client.send(operations.complete(started.id, _completion(arrival.url)))

    def _connect(self, connector: Connector) -> Connection:
        completed = self._consent(connector)
        self._step(
            f"An authorization is started, and {_PERSON.capitalize()} says yes on the sandbox's "
            "consent page.",
            authorization=completed.id,
        )
        self._step(
            "The code is exchanged for tokens; the connection waits to be kept.",
            connection=completed.connection.id,
            status=completed.connection.status,
            account=owner_of(completed.connection),
        )
        kept = self._client.send(operations.keep(completed.id))
        self._step("It is kept.", status=kept.status, scopes=kept.scopes, expires=kept.expires_at)
        return kept

    def _three_calls(self, connection: Connection) -> None:
        starts = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
        event = {"calendar": "team", "title": "Try Connectsmith", "starts_at": starts.isoformat()}
        self._call(connection, "calendars.list", {}, _titles)
        self._call(connection, "events.create", event, lambda value: value["id"])
        self._call(connection, "events.list", {"calendar": "team"}, _titles)

    def _renewal(self, connection: Connection) -> Connection:
        self._sandbox.expire()
        self._step("The sandbox lets the access token expire.")
        self._call(connection, "events.list", {"calendar": "team"}, _titles)
        renewed = self._client.send(operations.connection(connection.id))
        self._step(
            "The connection had renewed itself on the way.",
            version=f"{connection.version} before, {renewed.version} now",
            refreshed=renewed.refreshed_at,
        )
        forced = self._client.send(operations.refresh(connection.id))
        self._step("It is renewed once more, on demand.", version=forced.version)
        self._call(connection, "events.list", {"calendar": "team", "limit": 1}, _titles)
        return forced

    def _call(
        self,
        connection: Connection,
        action: str,
        fields: Mapping[str, object],
        read: Callable[[Any], object],
    ) -> Outcome:
        outcome = self._client.send(operations.call_connection(connection.id, action, fields))
        if not outcome.ok:
            raise RemoteError(f"{action} failed: {outcome.message} See {outcome.call}.")
        self._step(
            f"{action} is called.",
            call=outcome.call,
            status=outcome.status,
            value=read(outcome.value),
        )
        return outcome


def _titles(items: Any) -> list[str]:
    return [str(each["title"]) for each in items]


def _completion(url: str) -> str:
    query = parse_qs(urlsplit(url).query)
    if "completion" not in query:
        reason = next(iter(query.get("error", ())), "no completion value came back")
        raise AuthorizationEnded(f"The demo's authorization failed: {reason}.")
    return query["completion"][0]
