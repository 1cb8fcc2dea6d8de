"""What the REST API answers, as frozen models; members that are newer than this client are kept."""

from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """One object of an answer."""

    model_config = ConfigDict(extra="allow", frozen=True, ser_json_inf_nan="null")


Item = TypeVar("Item")


class Page(Answer, Generic[Item]):
    """Some items; `next` goes into `after` for more."""

    items: list[Item]
    next: str | None = None


class Health(Answer):
    """The server is there."""

    ok: bool
    version: str


class Sample(Answer):
    """A connector that ships with Connectsmith."""

    name: str
    title: str
    description: str = ""
    definition: str


class Preset(Answer):
    """A service whose facts are known; lists leave `facts` and `definition` out."""

    id: str
    name: str
    documentation: str
    registration: str | None = None
    callback: str = ""
    refresh: str = ""
    how: str = ""
    fields: list[str] = []
    facts: dict[str, Any] | None = None
    definition: str | None = None


class Position(Answer):
    """A place in a text, counted from 1."""

    line: int
    column: int


class Diagnostic(Answer):
    """One fault of a definition."""

    code: str
    severity: str
    message: str
    pointer: str = ""
    start: Position | None = None
    link: str | None = None


class SecretNames(Answer):
    """Names of the secrets a definition uses, and of those that nobody has stored yet."""

    needed: list[str] = []
    missing: list[str] = []
    origins: list[str] = []
    browser: list[str] = []


class Action(Answer):
    """One action of a connector."""

    action: str
    label: str | None = None
    method: str
    effect: str
    fields: list[dict[str, Any]] = []


class Connector(Answer):
    """A connector, without its text."""

    id: str
    name: str
    sign_in: str = ""
    callback_url: str
    published: int | None = None
    changed: bool = False
    draft_version: int
    created_at: datetime
    diagnostics: list[Diagnostic] = []
    secrets: SecretNames = SecretNames()
    actions: list[Action] = []


class Draft(Answer):
    """A connector's text as somebody last saved it."""

    text: str
    version: int
    saved_at: datetime
    saved_by: str
    diagnostics: list[Diagnostic] = []


class Revision(Answer):
    """A published definition; lists leave its text out."""

    number: int
    published_at: datetime
    published_by: str
    text: str | None = None


class StoredSecret(Answer):
    """A secret, without its value, which nobody can read back."""

    id: str
    name: str
    created_at: datetime
    last_used_at: datetime | None = None
    origins: list[str] = []
    browser: bool = False


class SigningKey(Answer):
    """The public half of a connector's own signing key."""

    id: str
    algorithm: str
    jwk: dict[str, Any]
    origins: list[str] = []
    created_at: datetime
    signs_from: datetime
    published_until: datetime | None = None


class KeySet(Answer):
    """A connector's own signing keys; the authorization server fetches them at `jwks_url`."""

    jwks_url: str
    items: list[SigningKey] = []


class IssuerMetadata(Answer):
    """Endpoints that an issuer names, by the members that they fill; `pending` is not used yet."""

    issuer: str
    endpoints: dict[str, str] = {}
    pending: dict[str, str] | None = None
    looked_at: datetime


class Account(Answer):
    """Whose account a connection belongs to."""

    id: str | None = None
    label: str | None = None


class Origins(Answer):
    """Where a connection's credentials may go."""

    api: list[str] = []
    auth: list[str] = []


class Failure(Answer):
    """Why a connection last failed."""

    code: str
    message: str | None = None
    at: datetime | None = None


class Connection(Answer):
    """One account on one connector."""

    id: str
    connector: str
    connector_name: str = ""
    revision: int
    test: bool
    status: str
    health: str = ""
    account: Account | None = None
    scopes: list[str] = []
    expires_at: datetime | None = None
    renewable: bool = False
    origins: Origins = Origins()
    version: int
    failure: Failure | None = None
    created_at: datetime
    refreshed_at: datetime | None = None
    last_used_at: datetime | None = None


class DeviceCode(Answer):
    """What somebody types where to say yes."""

    user_code: str
    verification_uri: str
    complete: str | None = None


class StartedAuthorization(Answer):
    """An authorization that waits for somebody to open `start_url`, or to type a device code."""

    id: str
    status: str
    start_url: str | None = None
    device: DeviceCode | None = None
    expires_at: datetime


class AuthorizationError(Answer):
    """How an authorization ended when it did not end well."""

    code: str
    message: str | None = None


class Authorization(Answer):
    """An authorization and how far it is."""

    id: str
    connector: str
    status: str
    expires_at: datetime
    connection: str | None = None
    error: AuthorizationError | None = None


class Choice(Answer):
    """One of several items, of which the connection's owner picks one."""

    id: str
    label: str


class CompletedAuthorization(Answer):
    """An authorization whose code was redeemed: the connection is not kept yet.

    Where there are `choices`, keeping it needs the id of one.
    """

    id: str
    status: str
    connection: Connection
    choices: list[Choice] = []


class ConnectionTest(Answer):
    """What a test of a connection found."""

    ok: bool
    status: int | None = None
    account: Account | None = None
    did: str
    message: str | None = None
    call: str | None = None


class SurvivalStep(Answer):
    """One thing a survival test tried."""

    step: str
    outcome: str
    message: str


class KnownRule(Answer):
    """What is known of a service, and where it says so."""

    message: str
    link: str


class Survival(Answer):
    """What will become of a connection: a verdict in a sentence, and the evidence."""

    connection: str
    fate: str
    sentence: str
    ends_at: datetime | None = None
    tested_at: datetime
    steps: list[SurvivalStep]
    rules: list[KnownRule]


class Body(Answer):
    """Where a body that does not fit into an outcome can be fetched."""

    size: int
    content_type: str | None = None
    url: str


class Outcome(Answer):
    """What came of a call, whatever the service answered."""

    call: str
    ok: bool
    status: int | None = None
    fault: str | None = None
    code: str | None = None
    message: str | None = None
    value: Any = None
    truncated: bool = False
    content_type: str | None = None
    body: Body | None = None


class Call(Answer):
    """One call that was made."""

    id: str
    connector: str
    connection: str | None = None
    action: str
    started_at: datetime
    ok: bool
    status: int | None = None
    fault: str | None = None
    code: str | None = None


class Transcript(Answer):
    """What a call sent and received, redacted."""


class ApiToken(Answer):
    """An API token; `token` is there once, when it is made."""

    id: str
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    token: str | None = None


class Nothing(Answer):
    """An answer without content."""
