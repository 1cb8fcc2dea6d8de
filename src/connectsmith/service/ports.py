"""What the use cases need from the outside; adapters implement it, fakes in `testing` too.

Everything is scoped by workspace. No method keeps a transaction open after it returns, and every
method that changes something has committed durably when it returns (calls and transcripts, which
are batched, say so).
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.core.secret.secret import Secret
from connectsmith.service.authorization_ports import Authorizations
from connectsmith.service.call_ports import Calls
from connectsmith.service.client_ports import ClientRecords
from connectsmith.service.meta_ports import Meta
from connectsmith.service.rows import (
    ApiTokenRow,
    ConnectionRow,
    ConnectorRow,
    EventRow,
    IdempotencyState,
    JobRow,
    OperatorRow,
    Origins,
    Page,
    RevisionRow,
)
from connectsmith.service.secret_ports import Secrets
from connectsmith.service.sign_in_ports import Sessions
from connectsmith.service.summary_ports import Summaries
from connectsmith.values import value_class


class Clock(Protocol):
    """The time of day."""

    def now(self) -> datetime:
        """Return the present moment, aware, UTC."""
        ...


class Randomness(Protocol):
    """Unguessable values."""

    def new_id(self, prefix: str) -> str:
        """Return `prefix_` and 26 lower-case base-32 characters (128 random bits)."""
        ...

    def secret(self) -> Secret:
        """Return 256 random bits, base64url without padding (43 characters)."""
        ...

    def text(self) -> str:
        """Return the same as plain text: for a value that is about to be handed out."""
        ...

    def typed(self) -> str:
        """Return eight characters a person can type (40 random bits, no look-alikes)."""
        ...

    def fraction(self) -> float:
        """Return a number in [0, 1) for jitter."""
        ...


@value_class(frozen=True, slots=True)
class SealPlace:
    """What a sealed record is bound to: it opens nowhere else."""

    workspace: str
    kind: str
    """`secret`, `connection`, `authorization`, `transcript`, `job`, `rescue`, `key` or so."""
    connector: str
    name: str
    """The record's own id, with a secret its name as well."""
    version: int


class Sealer(Protocol):
    """The only cipher (AES-256-GCM envelopes)."""

    def seal(self, values: Mapping[str, Secret], place: SealPlace) -> bytes:
        """Seal a flat record."""
        ...

    def open(self, sealed: bytes, place: SealPlace) -> dict[str, Secret]:
        """Open a flat record; `SealBroken` when it does not belong there."""
        ...

    def seal_bytes(self, content: bytes, place: SealPlace) -> bytes:
        """Seal bytes that hold no secret but are nobody else's business (transcripts)."""
        ...

    def open_bytes(self, sealed: bytes, place: SealPlace) -> bytes:
        """Open them."""
        ...

    def digest(self, label: str, value: Secret) -> bytes:
        """Return a keyed 32-byte hash of a value: for look-ups, and for fingerprints."""
        ...


class Sender(Protocol):
    """The only door out."""

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send one request and read its answer within the budget of its purpose.

        Raises:
            SecretDestinationDenied: a carried credential may not go there; nothing was sent.
            EgressDenied, NameNotResolved, ConnectionFailed, TlsFailed, TimedOut: see `sent`.
            TokenEndpointRedirected, RedirectRefused, ResponseTooLarge, ResponseUnreadable
        """
        ...

    def stream(self, request: HttpRequest) -> "AbstractAsyncContextManager[StreamedResponse]":
        """Send one request and hand its body out in chunks; for downloads."""
        ...

    async def close(self) -> None:
        """Let go of open connections."""
        ...


class StreamedResponse(Protocol):
    """An answer whose body is still to come."""

    @property
    def head(self) -> HttpResponse:
        """Status and headers, with an empty body."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """Return the decompressed body, piece by piece, within the budget."""
        ...


class Accounts(Protocol):
    """Operators and API tokens."""

    async def add_operator(self, row: OperatorRow) -> None: ...
    async def first_operator(self, workspace: str) -> OperatorRow | None: ...
    async def add_token(self, row: ApiTokenRow) -> None: ...
    async def token_by_digest(self, digest: bytes) -> ApiTokenRow | None:
        """Return it even when expired or revoked; the caller judges. Not scoped by workspace."""
        ...

    async def tokens(self, workspace: str) -> Sequence[ApiTokenRow]: ...
    async def revoke_token(self, workspace: str, token: str, at: datetime) -> bool: ...
    async def touch_tokens(self, used: Mapping[str, datetime]) -> None: ...


class Connectors(Protocol):
    """Connectors, drafts and revisions."""

    async def add(self, row: ConnectorRow) -> None: ...
    async def get(self, workspace: str, connector: str) -> ConnectorRow | None:
        """Return it unless deleted."""
        ...

    async def page(
        self, workspace: str, *, limit: int, after: str | None, search: str | None
    ) -> Page[ConnectorRow]: ...
    async def save_draft(self, row: ConnectorRow, *, expected_version: int) -> bool:
        """Store name, draft, draft_version, saved_at and saved_by; False if the version moved."""
        ...

    async def publish(self, row: RevisionRow, *, expected_draft_version: int) -> bool:
        """Add a revision and point the connector at it; False if the draft moved."""
        ...

    async def revision(self, workspace: str, connector: str, number: int) -> RevisionRow | None: ...
    async def revisions(self, workspace: str, connector: str) -> Sequence[RevisionRow]: ...
    async def delete(self, workspace: str, connector: str, at: datetime) -> None:
        """Leave a tombstone; shred its secrets, texts, authorizations and connections."""
        ...


class Connections(Protocol):
    """Connections, with the lease that lets one process refresh at a time (all workspaces)."""

    async def add(self, row: ConnectionRow) -> None: ...
    async def get(self, workspace: str, connection: str) -> ConnectionRow | None: ...
    def cached(self, workspace: str, connection: str) -> ConnectionRow | None:
        """Return the row if it is known to be what the database holds now, without waiting."""
        ...

    async def page(
        self, workspace: str, connector: str | None, *, limit: int, after: str | None
    ) -> Page[ConnectionRow]: ...
    async def renewing(self, workspace: str, connector: str, *, test: bool) -> int:
        """Count those of a connector, test connections or real ones, that renew themselves."""
        ...

    async def tests(self, workspace: str, connector: str, operator: str) -> Sequence[ConnectionRow]:
        """Return an operator's newest 20 test connections that still hold something."""

    async def take_lease(
        self, row: ConnectionRow, *, owner: str, now: datetime, until: datetime
    ) -> int | None:
        """Take the lease if `row.version` still holds and no live lease exists.

        Returns the new fence, or None. Durable before it returns.
        """
        ...

    async def store(
        self, row: ConnectionRow, *, expected_version: int, fence: int | None = None
    ) -> bool:
        """Store the row (sealed, version, status, ...) and clear the lease, atomically.

        Confirmed origins and the account stay as they are stored: they have writers of their own.
        Only if the stored version is the expected one and, with `fence`, the stored fence equals
        it. A caller that writes a new sealed record sets `row.version = expected_version + 1`.
        """
        ...

    async def release_lease(self, workspace: str, connection: str, fence: int) -> None: ...
    async def confirm_origins(
        self, workspace: str, connection: str, api: Origins, auth: Origins
    ) -> bool: ...
    async def absorb(
        self, row: ConnectionRow, *, expected_version: int, absorbed: ConnectionRow
    ) -> bool:
        """Store a whole row and delete the one whose tokens it took over, both or neither.

        Only if both are stored in the versions given.
        """
        ...

    async def name_account(
        self,
        workspace: str,
        connection: str,
        account: str | None,
        label: str | None,
        *,
        version: int,
    ) -> bool:
        """Note whose account a version's credentials are; a lease that somebody holds stays."""
        ...

    async def touch(self, used: Mapping[tuple[str, str], datetime]) -> None: ...
    async def delete(self, workspace: str, connection: str) -> bool: ...
    async def rescue(  # noqa: PLR0917 - the record and its place belong together
        self, workspace: str, connection: str, fence: int, sealed: bytes, at: datetime
    ) -> None:
        """Keep tokens that came back to a refresher that had lost its lease."""
        ...

    async def rescued(self, workspace: str, connection: str) -> Sequence[tuple[int, bytes]]: ...
    async def overdue(self, now: datetime, limit: int) -> Sequence[ConnectionRow]:
        """Return unconfirmed ones past `discard_at`."""
        ...

    async def idle(self, now: datetime, limit: int) -> Sequence[ConnectionRow]:
        """Return usable ones past `keep_alive_at`, those that wait longest first."""
        ...

    async def claim_idle(self, row: ConnectionRow, until: datetime) -> bool:
        """Put `keep_alive_at` off if it is still what the row says; a lease stays."""
        ...


class Idempotency(Protocol):
    """Outcomes that an `Idempotency-Key` replays."""

    async def begin(
        self, workspace: str, key: bytes, request: bytes, *, now: datetime, until: datetime
    ) -> "IdempotencyState":
        """Claim a key for a request's digest, or tell what is there."""
        ...

    async def finish(self, workspace: str, key: bytes, outcome: bytes) -> None:
        """Keep the (sealed) outcome."""
        ...

    async def abandon(self, workspace: str, key: bytes) -> None:
        """Give the key free: nothing was sent."""
        ...


class Jobs(Protocol):
    """Background work."""

    async def add(self, row: JobRow) -> None: ...
    async def claim(
        self, *, owner: str, now: datetime, until: datetime, limit: int, kind: str
    ) -> Sequence[JobRow]: ...
    async def finish(self, workspace: str, job: str) -> None: ...
    async def postpone(self, workspace: str, job: str, due_at: datetime) -> None: ...


class Events(Protocol):
    """The record of what happened to secrets and grants."""

    async def add(self, row: EventRow) -> None: ...
    async def turn(self, row: EventRow, *, other: str) -> bool:
        """Add a row unless its connector's newest of this kind or the other says so already."""

    async def recent(self, workspace: str, limit: int) -> Sequence[EventRow]: ...
    async def prune(self, before: datetime) -> int: ...


class Storage(Protocol):
    """All of it, behind one door."""

    @property
    def accounts(self) -> Accounts: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def summaries(self) -> Summaries: ...
    @property
    def connectors(self) -> Connectors: ...
    @property
    def secrets(self) -> Secrets: ...
    @property
    def client_records(self) -> ClientRecords: ...
    @property
    def authorizations(self) -> Authorizations: ...
    @property
    def connections(self) -> Connections: ...
    @property
    def calls(self) -> Calls: ...
    @property
    def idempotency(self) -> Idempotency: ...
    @property
    def jobs(self) -> Jobs: ...
    @property
    def events(self) -> Events: ...
    @property
    def meta(self) -> Meta: ...

    async def close(self) -> None: ...
