"""Rows of the storage as frozen values."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from connectsmith.core.connection.status import Status
from connectsmith.values import value_class

Origins = tuple[str, ...]

CALL: Final = "call"
TOKEN_REQUEST: Final = "token"  # noqa: S105 - a kind of record, not a password
"""Kinds of what is written down."""


@dataclass(frozen=True, slots=True)
class OperatorRow:
    """A person who signs in to us."""

    workspace: str
    id: str
    name: str
    created_at: datetime
    email: str | None = None
    """As it is compared: see `normalised`. None until a one-time link was followed."""
    password: str | None = field(default=None, repr=False)
    """An Argon2 hash."""


@dataclass(frozen=True, slots=True)
class ApiTokenRow:
    """An API token: its SHA-256, never itself."""

    workspace: str
    id: str
    operator: str
    name: str
    digest: bytes = field(repr=False)
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConnectorRow:
    """A connector with its draft. `draft_version` counts saves from 1; it is the draft's ETag."""

    workspace: str
    id: str
    name: str
    draft: str = field(repr=False)
    draft_version: int
    draft_saved_at: datetime
    draft_saved_by: str
    published: int | None
    """Number of the newest published revision."""
    created_at: datetime
    created_by: str
    deleted_at: datetime | None = None
    untouched_since: datetime | None = None
    """When it was begun from a text of ours, which is no loss if nothing is done with it."""


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """An immutable published definition."""

    workspace: str
    id: str
    connector: str
    number: int
    text: str = field(repr=False)
    published_at: datetime
    published_by: str


@dataclass(frozen=True, slots=True)
class SecretRow:
    """A connector's secret, sealed. Its place for the sealer is `secret_place(row)`."""

    workspace: str
    id: str
    connector: str
    name: str
    version: int
    origins: Origins
    sealed: bytes = field(repr=False)
    created_at: datetime
    created_by: str
    browser: bool = False
    """Whether it may stand in an authorization request, which a browser's address bar shows."""
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConfirmedRow:
    """Where a stored secret may go from now on; None leaves either as it is."""

    id: str
    origins: Origins | None = None
    browser: bool | None = None
    seen: Origins | None = None
    """The origins that are replaced; None for whatever they are."""


@dataclass(frozen=True, slots=True)
class SecretsChange:
    """What is to become of a connector's secrets, all of it or nothing."""

    workspace: str
    connector: str
    draft_version: int | None = None
    """The draft that destinations were taken from; None for whatever it is."""
    added: tuple[SecretRow, ...] = ()
    confirmed: tuple[ConfirmedRow, ...] = ()
    deleted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClientRecordRow:
    """A part of a connector's OAuth client that no author wrote.

    `kind`: `key` (a signing key of its own), `registration` (RFC 7591), `metadata` (RFC 8414).
    `content` is JSON and no secret; what is one is `sealed`. `version` counts writes from 1.
    """

    workspace: str
    connector: str
    kind: str
    id: str
    version: int
    content: str = field(repr=False)
    created_at: datetime
    sealed: bytes | None = field(default=None, repr=False)
    due_at: datetime | None = None
    """When it wants to be looked at again."""


@value_class(frozen=True, slots=True)
class AuthorizationRow:
    """One attempt to authorize.

    `status`: `created` (start link unused), `started` (browser sent on), `returned` (a code came
    back and is held sealed), `polling` (a device code waits for a yes), `redeeming` (the exchange
    was begun; never begun twice), `completed` (a connection was made, unconfirmed), `kept`,
    `failed`, `expired`.
    `sealed` holds verifier, fields, then the code. Digests are keyed hashes of values that are
    stored nowhere.
    """

    workspace: str
    id: str
    connector: str
    revision: int
    """Published revision; 0 when `definition` holds a draft's text."""
    status: str
    test: bool
    created_by: str
    """Id of the API token or session that started it; only it may complete."""
    created_at: datetime
    expires_at: datetime
    start_digest: bytes = field(repr=False)
    state_digest: bytes | None = field(default=None, repr=False)
    cookie_digest: bytes | None = field(default=None, repr=False)
    completion_digest: bytes | None = field(default=None, repr=False)
    completion_attempts: int = 0
    return_to: str | None = None
    """Loopback or allowed URL the browser is sent back to; None: the value is typed.

    Where it is `by_session`, a path of ours; None: it has a window of its own.
    """
    definition: str | None = field(default=None, repr=False)
    reconnects: str | None = None
    """The connection to renew instead of making a new one."""
    connection: str | None = None
    issuer: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    origins_api: Origins = ()
    origins_auth: Origins = ()
    sealed: bytes | None = field(default=None, repr=False)
    operator: str = ""
    """Whose API token or session `created_by` is."""
    device: str | None = field(default=None, repr=False)
    """JSON: what somebody types where, and the pause between polls; a device authorization's."""
    by_session: bool = False
    """Started in an operator's browser: that session must come back, and no value is brought."""


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """One account on one connector. `version` counts writes of the sealed record from 1."""

    workspace: str
    id: str
    connector: str
    revision: int
    test: bool
    status: Status
    version: int
    origins_api: Origins
    origins_auth: Origins
    created_at: datetime
    created_by: str
    sealed: bytes | None = field(repr=False)
    """None once revoked."""
    definition: str | None = field(default=None, repr=False)
    """The draft's text a test connection was made with."""
    scopes: tuple[str, ...] = ()
    account_id: str | None = None
    account_label: str | None = None
    received_at: datetime | None = None
    lifetime: timedelta | None = None
    renewable: bool = False
    """Whether it can renew itself: a refresh token, or a grant that needs no person."""
    lease_owner: str | None = None
    lease_until: datetime | None = None
    fence: int = 0
    failure_code: str | None = None
    failure_message: str | None = None
    failed_at: datetime | None = None
    retry_at: datetime | None = None
    """No refresh is tried before this."""
    refreshed_at: datetime | None = None
    last_used_at: datetime | None = None
    discard_at: datetime | None = None
    """When an unconfirmed connection is revoked and deleted."""
    authorized_at: datetime | None = None
    """When a person last consented, or it was last made anew."""
    refresh_until: datetime | None = None
    """When the refresh token ends unless it is used, or in any case, where the server says so."""
    keep_alive_at: datetime | None = None
    """When it is renewed although nobody asked."""
    operator: str = ""
    """Who made it: a test connection is nobody else's to use."""


@value_class(frozen=True, slots=True)
class CallRow:
    """One call: a small row. The transcript is stored beside it, sealed."""

    workspace: str
    id: str
    connector: str
    connection: str | None
    revision: int
    action: str
    caller: str
    started_at: datetime
    duration: timedelta
    ok: bool
    status: int | None
    fault: str | None
    code: str | None
    test: bool
    has_transcript: bool
    kind: str = CALL
    """`call`; or `token`, a request to a token or revocation endpoint, which `action` names."""


@dataclass(frozen=True, slots=True)
class LastGood:
    """The newest call or token request of a connection that went well."""

    call: str
    """Its id."""
    started_at: datetime


@dataclass(frozen=True, slots=True)
class JobRow:
    """Background work: claimed by a lease when due."""

    workspace: str
    id: str
    kind: str
    subject: str
    due_at: datetime
    attempts: int
    sealed: bytes | None = field(default=None, repr=False)


@value_class(frozen=True, slots=True)
class EventRow:
    """Something that whoever answers for the secrets wants to know."""

    workspace: str
    at: datetime
    who: str
    what: str
    subject: str
    message: str = ""


Row_co = TypeVar("Row_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row_co]):
    """Some rows, newest first, and where to go on."""

    items: Sequence[Row_co]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class IdempotencyState:
    """`claimed`: go on. Otherwise the earlier request's digest and, once there, its outcome."""

    claimed: bool
    request: bytes = b""
    outcome: bytes | None = field(default=None, repr=False)
