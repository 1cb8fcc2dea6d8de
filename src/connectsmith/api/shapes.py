"""What requests and responses look like: Pydantic models that OpenAPI is generated from."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, SecretStr


def rfc3339(moment: datetime) -> str:
    """Return a moment as RFC 3339 with `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


Moment = Annotated[datetime, PlainSerializer(rfc3339, return_type=str)]


class Shape(BaseModel):
    """A response."""

    model_config = ConfigDict(extra="forbid")


class Asked(BaseModel):
    """A request body: nothing unknown, nothing coerced."""

    model_config = ConfigDict(extra="forbid", strict=True)


class NewConnector(Asked):
    """A definition (its text, or the object itself), or the name of a sample or of a preset."""

    definition: str | dict[str, Any] | None = None
    sample: str | None = None
    preset: str | None = None
    publish: bool = False


class DraftText(Asked):
    """A definition as typed."""

    text: str


class SecretPair(Asked):
    """A secret; without `origins` or `browser`, as `secrets` of the connector that was seen."""

    name: str
    value: SecretStr
    origins: list[str] | None = None
    browser: bool | None = None


class NewSecrets(Asked):
    """Secrets to store, all or none."""

    secrets: list[SecretPair] = Field(max_length=100)


class ConfirmedSecret(Asked):
    """Origins a secret may be sent to, and whether a browser may see it; what is left out stays."""

    origins: list[str] | None = Field(default=None, max_length=100)
    browser: bool | None = None


class ConfirmedConnection(Asked):
    """Origins a connection's credentials may be sent to; what is left out stays as it is.

    `api`: where its access token and fields go in calls. `auth`: where its refresh token and fields
    go when it is renewed or revoked.
    """

    api: list[str] | None = Field(default=None, max_length=100)
    auth: list[str] | None = Field(default=None, max_length=100)


class NewAuthorization(Asked):
    """What an authorization starts with; for a `connection`, its fields but for the masked ones."""

    fields: dict[str, Any] = {}
    return_to: str | None = None
    test: bool = False
    connection: str | None = None


class NewConnection(Asked):
    """What a connection without a browser starts with."""

    fields: dict[str, Any] = {}
    test: bool = False


class NewToken(Asked):
    """An API token to issue."""

    name: str = Field(min_length=1, max_length=200)
    scopes: list[str]
    expires_in_days: int | None = Field(default=None, ge=1, le=3650)


class Nothing(Asked):
    """An empty body."""


class FieldShape(Shape):
    """One input of an action."""

    key: str
    label: str | None
    type: str
    required: bool


class ActionShape(Shape):
    """One action of a connector's draft."""

    action: str
    label: str | None
    method: str
    effect: str
    fields: list[FieldShape]


class SecretNeeds(Shape):
    """Secrets the draft names, those that are not stored, where they go, which a browser sees."""

    needed: list[str]
    missing: list[str]
    origins: list[str]
    browser: list[str]


class ConnectorShape(Shape):
    """A connector."""

    id: str
    name: str
    sign_in: str
    callback_url: str
    published: int | None
    changed: bool
    draft_version: int
    created_at: Moment
    diagnostics: list[dict[str, Any]]
    secrets: SecretNeeds
    actions: list[ActionShape]


class ConnectorList(Shape):
    """A page of connectors."""

    items: list[ConnectorShape]
    next: str | None


class DraftShape(Shape):
    """A draft."""

    text: str
    version: int
    saved_at: Moment
    saved_by: str
    diagnostics: list[dict[str, Any]]


class RevisionShape(Shape):
    """A published revision; `changed` only right after publishing."""

    number: int
    published_at: Moment
    published_by: str
    text: str | None = None
    changed: dict[str, Any] | None = None


class RevisionList(Shape):
    """Revisions, newest first."""

    items: list[RevisionShape]
    next: str | None = None


class SecretShape(Shape):
    """A secret: everything but its value."""

    id: str
    name: str
    created_at: Moment
    last_used_at: Moment | None
    origins: list[str]
    browser: bool


class SecretList(Shape):
    """A connector's secrets."""

    items: list[SecretShape]
    next: str | None = None


class ErrorShape(Shape):
    """Why something ended badly."""

    code: str
    message: str | None
    at: Moment | None = None


class AccountShape(Shape):
    """Whose account a connection belongs to, as the service says."""

    id: str | None
    label: str | None


class OriginsShape(Shape):
    """Where a connection's credentials may be sent."""

    api: list[str]
    auth: list[str]


class ConnectionShape(Shape):
    """A connection: everything but its credentials."""

    id: str
    connector: str
    connector_name: str
    revision: int
    test: bool
    status: str
    health: str
    account: AccountShape | None
    scopes: list[str]
    expires_at: Moment | None
    renewable: bool
    origins: OriginsShape
    version: int
    failure: ErrorShape | None
    created_at: Moment
    refreshed_at: Moment | None
    last_used_at: Moment | None


class ConnectionList(Shape):
    """A page of connections."""

    items: list[ConnectionShape]
    next: str | None


class ProofShape(Shape):
    """What testing a connection came to."""

    ok: bool
    status: int | None
    did: str
    account: AccountShape | None
    message: str | None
    call: str | None


class CallShape(Shape):
    """One call: its head."""

    id: str
    connector: str
    connection: str | None
    revision: int
    action: str
    caller: str
    started_at: Moment
    duration_ms: float
    ok: bool
    status: int | None
    fault: str | None
    code: str | None
    test: bool
    transcript: bool


class CallList(Shape):
    """A page of calls."""

    items: list[CallShape]
    next: str | None


class TokenShape(Shape):
    """An API token; `token` only in the answer that issues it."""

    id: str
    name: str
    scopes: list[str]
    created_at: Moment
    expires_at: Moment | None
    last_used_at: Moment | None
    revoked_at: Moment | None
    token: str | None = None


class TokenList(Shape):
    """The workspace's API tokens."""

    items: list[TokenShape]
    next: str | None = None


class SampleShape(Shape):
    """A sample connector."""

    name: str
    title: str
    description: str
    definition: str


class SampleList(Shape):
    """The samples that ship."""

    items: list[SampleShape]
    next: str | None = None


class PresetSummary(Shape):
    """A service whose facts are known: what to know before a connector is made of it.

    `how` says how surely its endpoints are known: from what it publishes (`document`), as a
    literal of a library (`library literal`), or from hearsay (`unconfirmed`). `fields` are the keys
    of what each connection owner fills in.
    """

    id: str
    name: str
    documentation: str
    registration: str | None
    callback: str
    refresh: str
    how: str
    fields: list[str]


class PresetShape(PresetSummary):
    """Everything that is known of a service, and the definition that it makes."""

    facts: dict[str, Any]
    definition: str


class PresetList(Shape):
    """The services whose facts are known."""

    items: list[PresetSummary]
    next: str | None = None
