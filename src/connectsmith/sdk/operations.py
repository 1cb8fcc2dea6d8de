"""Every operation of the REST API as a value: what to send, and how to read the answer.

Nothing here does any input or output, so that both clients send the same operations.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar
from urllib.parse import quote

from connectsmith.sdk.answers import (
    Answer,
    ApiToken,
    Authorization,
    Call,
    CompletedAuthorization,
    Connection,
    ConnectionTest,
    Connector,
    Draft,
    Health,
    Nothing,
    Outcome,
    Page,
    Preset,
    Revision,
    Sample,
    StartedAuthorization,
    StoredSecret,
    Transcript,
)

SCOPES = (
    "connectors:read",
    "connectors:write",
    "secrets:write",
    "connections:read",
    "connections:write",
    "calls:read",
    "calls:write",
    "tokens:write",
)
"""Everything an API token may be allowed to do."""

Read_co = TypeVar("Read_co", bound=Answer, covariant=True)


@dataclass(frozen=True, slots=True)
class Operation(Generic[Read_co]):
    """One request and the type of its answer. `body` is JSON; it may hold a secret's value."""

    read: type[Read_co]
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, object] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)

    def after(self, cursor: str) -> "Operation[Read_co]":
        """Return the same list from where a page ended."""
        return replace(self, query={**self.query, "after": cursor})


def path_of(*segments: str) -> str:
    """Return a path of the API with its segments encoded."""
    return "/" + "/".join(quote(each, safe="") for each in segments)


def _query(**given: str | int | bool | None) -> dict[str, str]:
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in given.items()
        if value is not None
    }


def _if_match(version: int | None) -> dict[str, str]:
    return {"If-Match": "*" if version is None else f'"{version}"'}


# -- the installation -----------------------------------------------------------------------------


def health() -> Operation[Health]:
    """Ask whether the server is there; needs no API token."""
    return Operation(Health, "GET", "/health")


def samples() -> Operation[Page[Sample]]:
    """List the connectors that ship with Connectsmith."""
    return Operation(Page[Sample], "GET", "/v1/samples")


def presets(*, search: str | None = None, limit: int | None = None) -> Operation[Page[Preset]]:
    """List the services whose facts are known, the best fit first."""
    query = _query(search=search, limit=limit)
    return Operation(Page[Preset], "GET", "/v1/presets", query=query)


def preset(preset: str) -> Operation[Preset]:
    """Look a service up, with everything that is known of it."""
    return Operation(Preset, "GET", path_of("v1", "presets", preset))


# -- connectors -----------------------------------------------------------------------------------


def create_connector(text: str, *, publish: bool = False) -> Operation[Connector]:
    """Make a connector of a definition's text, faulty or not."""
    body = {"definition": text, "publish": publish}
    return Operation(Connector, "POST", "/v1/connectors", body=body)


def create_from_sample(name: str, *, publish: bool = False) -> Operation[Connector]:
    """Make a connector of a sample."""
    body = {"sample": name, "publish": publish}
    return Operation(Connector, "POST", "/v1/connectors", body=body)


def create_from_preset(name: str, *, publish: bool = False) -> Operation[Connector]:
    """Make a connector of what a preset knows of its service."""
    body = {"preset": name, "publish": publish}
    return Operation(Connector, "POST", "/v1/connectors", body=body)


def connectors(
    *, search: str | None = None, limit: int | None = None
) -> Operation[Page[Connector]]:
    """List connectors, newest first."""
    query = _query(search=search, limit=limit)
    return Operation(Page[Connector], "GET", "/v1/connectors", query=query)


def connector(connector: str) -> Operation[Connector]:
    """Look a connector up."""
    return Operation(Connector, "GET", path_of("v1", "connectors", connector))


def delete_connector(
    connector: str, *, version: int | None = None, force: bool = False
) -> Operation[Nothing]:
    """Delete a connector; with a version only if its draft is still that one."""
    return Operation(
        Nothing,
        "DELETE",
        path_of("v1", "connectors", connector),
        query=_query(force=True if force else None),
        headers=_if_match(version),
    )


def draft(connector: str) -> Operation[Draft]:
    """Read a connector's draft."""
    return Operation(Draft, "GET", path_of("v1", "connectors", connector, "draft"))


def save_draft(connector: str, text: str, *, version: int) -> Operation[Draft]:
    """Save a draft if the stored one is still `version`."""
    path = path_of("v1", "connectors", connector, "draft")
    return Operation(Draft, "PUT", path, body={"text": text}, headers=_if_match(version))


def publish(connector: str, *, version: int | None = None) -> Operation[Revision]:
    """Publish the draft; with a version only if the draft is still that one."""
    path = path_of("v1", "connectors", connector, "publish")
    headers = {} if version is None else _if_match(version)
    return Operation(Revision, "POST", path, body={}, headers=headers)


def revisions(connector: str) -> Operation[Page[Revision]]:
    """List what was published."""
    return Operation(Page[Revision], "GET", path_of("v1", "connectors", connector, "revisions"))


def revision(connector: str, number: int) -> Operation[Revision]:
    """Read one published definition."""
    path = path_of("v1", "connectors", connector, "revisions", str(number))
    return Operation(Revision, "GET", path)


# -- secrets --------------------------------------------------------------------------------------


def add_secrets(
    connector: str,
    values: Mapping[str, str],
    *,
    version: int | None = None,
    browser: bool | None = None,
) -> Operation[Page[StoredSecret]]:
    """Store secrets by name, all or none. They may go where the draft leads.

    `version`: that of the draft whose `secrets.origins` were looked at; refused when somebody saved
    it since. None takes whatever is there. `browser`: whether a browser may see them; None leaves
    that to the draft.
    """
    said = _browser(browser)
    given = [{"name": name, "value": value} | said for name, value in values.items()]
    path = path_of("v1", "connectors", connector, "secrets")
    body = {"secrets": given}
    return Operation(Page[StoredSecret], "POST", path, body=body, headers=_if_match(version))


def secrets(connector: str) -> Operation[Page[StoredSecret]]:
    """List a connector's secrets, without their values."""
    return Operation(Page[StoredSecret], "GET", path_of("v1", "connectors", connector, "secrets"))


def delete_secret(connector: str, secret: str) -> Operation[Nothing]:
    """Delete a secret for good."""
    path = path_of("v1", "connectors", connector, "secrets", secret)
    return Operation(Nothing, "DELETE", path, headers=_if_match(None))


def confirm_secret(
    connector: str, secret: str, origins: Sequence[str], *, browser: bool | None = None
) -> Operation[StoredSecret]:
    """Allow a secret to be sent to these origins and to no other.

    `browser`: whether a browser may see it; None leaves that as it is.
    """
    path = path_of("v1", "connectors", connector, "secrets", secret, "confirm")
    body = {"origins": list(origins)} | _browser(browser)
    return Operation(StoredSecret, "POST", path, body=body)


def _browser(allowed: bool | None) -> dict[str, object]:  # noqa: FBT001 - as the API's member
    return {} if allowed is None else {"browser": allowed}


# -- authorizations -------------------------------------------------------------------------------


def start_authorization(
    connector: str,
    fields: Mapping[str, str],
    *,
    return_to: str | None = None,
    test: bool = False,
    connection: str | None = None,
) -> Operation[StartedAuthorization]:
    """Start an authorization; with `connection` to renew that one instead of making another."""
    path = path_of("v1", "connectors", connector, "authorizations")
    body = {
        "fields": dict(fields), "return_to": return_to, "test": test, "connection": connection,
    }  # fmt: skip
    return Operation(StartedAuthorization, "POST", path, body=body)


def authorizations(connector: str) -> Operation[Page[Authorization]]:
    """List a connector's authorizations."""
    path = path_of("v1", "connectors", connector, "authorizations")
    return Operation(Page[Authorization], "GET", path)


def authorization(authorization: str) -> Operation[Authorization]:
    """See how far an authorization is."""
    return Operation(Authorization, "GET", path_of("v1", "authorizations", authorization))


def complete(authorization: str, completion: str) -> Operation[CompletedAuthorization]:
    """Redeem the code with the value that the returning browser was given."""
    path = path_of("v1", "authorizations", authorization, "complete")
    return Operation(CompletedAuthorization, "POST", path, body={"completion": completion})


def keep(authorization: str, choice: str | None = None) -> Operation[Connection]:
    """Keep the connection that an authorization made; `choice` where its owner has to choose."""
    path = path_of("v1", "authorizations", authorization, "keep")
    return Operation(Connection, "POST", path, body={} if choice is None else {"choice": choice})


# -- connections ----------------------------------------------------------------------------------


def create_connection(
    connector: str, fields: Mapping[str, str], *, test: bool = False
) -> Operation[Connection]:
    """Connect where no person has to consent: API keys, client credentials."""
    path = path_of("v1", "connectors", connector, "connections")
    return Operation(Connection, "POST", path, body={"fields": dict(fields), "test": test})


def connections(connector: str) -> Operation[Page[Connection]]:
    """List a connector's connections."""
    return Operation(Page[Connection], "GET", path_of("v1", "connectors", connector, "connections"))


def connection(connection: str) -> Operation[Connection]:
    """Look a connection up."""
    return Operation(Connection, "GET", path_of("v1", "connections", connection))


def delete_connection(connection: str) -> Operation[Nothing]:
    """Delete a connection here and revoke it at its authorization server."""
    path = path_of("v1", "connections", connection)
    return Operation(Nothing, "DELETE", path, headers=_if_match(None))


def refresh(connection: str) -> Operation[Connection]:
    """Renew a connection's access token now."""
    return Operation(
        Connection, "POST", path_of("v1", "connections", connection, "refresh"), body={}
    )


def test_connection(connection: str) -> Operation[ConnectionTest]:
    """Prove that a connection works."""
    return Operation(
        ConnectionTest, "POST", path_of("v1", "connections", connection, "test"), body={}
    )


def revoke(connection: str) -> Operation[Connection]:
    """Revoke a connection at its authorization server; its row stays."""
    return Operation(
        Connection, "POST", path_of("v1", "connections", connection, "revoke"), body={}
    )


def confirm_connection(
    connection: str, api: Sequence[str] = (), *, auth: Sequence[str] = ()
) -> Operation[Connection]:
    """Allow a connection's credentials to be sent to these origins and to no other.

    `api`: in calls; `auth`: when it is renewed or revoked. Nothing named: that stays as it is.
    """
    path = path_of("v1", "connections", connection, "confirm")
    named = {"api": list(api), "auth": list(auth)}
    body = {kind: origins for kind, origins in named.items() if origins}
    return Operation(Connection, "POST", path, body=body)


# -- calls ----------------------------------------------------------------------------------------


def call_connection(
    connection: str, action: str, fields: Mapping[str, object]
) -> Operation[Outcome]:
    """Call an action with a connection."""
    path = path_of("v1", "connections", connection, "calls")
    return Operation(Outcome, "POST", path, body={"action": action, "fields": dict(fields)})


def call_connector(connector: str, action: str, fields: Mapping[str, object]) -> Operation[Outcome]:
    """Call an action of an API without sign-in."""
    path = path_of("v1", "connectors", connector, "calls")
    return Operation(Outcome, "POST", path, body={"action": action, "fields": dict(fields)})


def calls(
    *,
    connector: str | None = None,
    connection: str | None = None,
    action: str | None = None,
    ok: bool | None = None,
    limit: int | None = None,
) -> Operation[Page[Call]]:
    """List calls, newest first."""
    query = _query(connector=connector, connection=connection, action=action, ok=ok, limit=limit)
    return Operation(Page[Call], "GET", "/v1/calls", query=query)


def call(call: str) -> Operation[Call]:
    """Look a call up."""
    return Operation(Call, "GET", path_of("v1", "calls", call))


def transcript(call: str) -> Operation[Transcript]:
    """Read what a call sent and received, redacted."""
    return Operation(Transcript, "GET", path_of("v1", "calls", call, "transcript"))


def body(call: str) -> Operation[Nothing]:
    """Fetch the body of a call's answer; for `Client.fetch`."""
    return Operation(Nothing, "GET", path_of("v1", "calls", call, "body"))


# -- API tokens -----------------------------------------------------------------------------------


def tokens() -> Operation[Page[ApiToken]]:
    """List API tokens, without themselves."""
    return Operation(Page[ApiToken], "GET", "/v1/tokens")


def create_token(
    name: str, scopes: Sequence[str] | None = None, *, expires_in_days: int | None = None
) -> Operation[ApiToken]:
    """Make an API token; without scopes it gets all, which its maker must have."""
    body: dict[str, object] = {"name": name, "scopes": list(SCOPES if scopes is None else scopes)}
    if expires_in_days is not None:
        body["expires_in_days"] = expires_in_days
    return Operation(ApiToken, "POST", "/v1/tokens", body=body)


def revoke_token(token: str) -> Operation[Nothing]:
    """Revoke an API token."""
    path = path_of("v1", "tokens", token)
    return Operation(Nothing, "DELETE", path, headers=_if_match(None))
