"""Find out where an issuer's endpoints are, and believe a change of them only when it is approved.

What was found first is used until somebody approves something else: a document that suddenly names
another token endpoint is how codes and refresh tokens are led away.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from connectsmith.core.authorization.metadata import Metadata, metadata_requests, read_metadata
from connectsmith.errors import (
    Conflict,
    ConnectsmithError,
    MetadataRefused,
    NetworkError,
    NotFound,
    RemoteError,
)
from connectsmith.service.caller import Caller
from connectsmith.service.ports import Clock, Sender, Storage
from connectsmith.service.rows import ClientRecordRow, EventRow
from connectsmith.values import replace

KIND: Final = "metadata"
LIVES: Final = timedelta(hours=24)
"""How long a document is believed without a look at it (the most that ASVS 10.5.3 allows)."""
AGAIN: Final = timedelta(minutes=10)
"""After a failure."""
DEADLINE: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an issuer: what is used, and what waits for approval."""

    approved: Metadata
    pending: Metadata | None
    looked_at: datetime


class Discovery:
    """Keep the metadata of connectors' issuers."""

    def __init__(self, storage: Storage, sender: Sender, clock: Clock) -> None:
        self._records = storage.client_records
        self._sender = sender
        self._events = storage.events
        self._clock = clock
        self._failed: dict[tuple[str, str, str], datetime] = {}

    async def known(self, workspace: str, connector: str, issuer: str) -> Metadata | None:
        """Return what is used of an issuer's metadata; asks nobody."""
        row = await self._row(workspace, connector, issuer)
        return None if row is None else _read(row).approved

    async def find(self, workspace: str, connector: str, issuer: str) -> Metadata:
        """Return what is used of an issuer's metadata; fetch it where nothing is known.

        Raises:
            MetadataRefused, NetworkError: there is none that can be believed.
        """
        found = await self.known(workspace, connector, issuer)
        if found is not None:
            return found
        metadata = await self._fetched(issuer)
        now = self._clock.now()
        row = ClientRecordRow(
            workspace=workspace,
            connector=connector,
            kind=KIND,
            id=issuer,
            version=1,
            content=_written(Known(metadata, None, now)),
            created_at=now,
            due_at=now + LIVES,
        )
        if await self._records.add(row):
            await self._record(row, "system", "metadata_found", _places(metadata))
        return await self.known(workspace, connector, issuer) or metadata

    async def attempt(self, workspace: str, connector: str, issuer: str) -> None:
        """Find an issuer's metadata if it has any; a failure is not tried again for a while."""
        place = (workspace, connector, issuer)
        if self._failed.get(place, self._clock.now()) > self._clock.now():
            return
        try:
            await self.find(workspace, connector, issuer)
        except (MetadataRefused, NetworkError, RemoteError):
            if len(self._failed) >= 4096:  # noqa: PLR2004 - as many as fit comfortably
                self._failed.clear()
            self._failed[place] = self._clock.now() + AGAIN

    async def look_again(self, row: ClientRecordRow) -> None:
        """Fetch a document whose time is over; what has changed in it waits for approval."""
        known, now = _read(row), self._clock.now()
        claimed = replace(row, version=row.version + 1, due_at=now + AGAIN)
        if not await self._records.replace(claimed, expected_version=row.version):
            return  # another process looks
        try:
            metadata = await self._fetched(row.id)
        except ConnectsmithError as error:
            await self._record(row, "system", "metadata_unread", error.code)
            return
        pending = None if metadata == known.approved else metadata
        seen = replace(
            claimed,
            version=claimed.version + 1,
            content=_written(Known(known.approved, pending, now)),
            due_at=now + LIVES,
        )
        stored = await self._records.replace(seen, expected_version=claimed.version)
        if stored and pending is not None and pending != known.pending:
            await self._record(row, "system", "metadata_changed", _places(pending))

    async def of(self, caller: Caller, connector: str) -> list[tuple[str, Known]]:
        """Return what is known of a connector's issuers."""
        rows = await self._records.of_connector(caller.workspace, connector)
        return [(row.id, _read(row)) for row in rows if row.kind == KIND]

    async def approve(self, caller: Caller, connector: str, issuer: str) -> Known:
        """Use from now on what an issuer's document has changed to.

        Raises:
            Conflict: nothing waits for approval.
        """
        row = await self._row(caller.workspace, connector, issuer)
        if row is None:
            raise NotFound("Nothing is known of that issuer on this connector.")
        known = _read(row)
        if known.pending is None:
            raise Conflict("Nothing has changed that waits for approval.")
        approved = replace(known, approved=known.pending, pending=None)
        changed = replace(row, version=row.version + 1, content=_written(approved))
        if not await self._records.replace(changed, expected_version=row.version):
            raise Conflict("The document was looked at this moment. Look again what it says.")
        await self._record(row, caller.token, "metadata_approved", _places(approved.approved))
        return approved

    async def _row(self, workspace: str, connector: str, issuer: str) -> ClientRecordRow | None:
        rows = await self._records.of_connector(workspace, connector)
        return next((row for row in rows if row.kind == KIND and row.id == issuer), None)

    async def _fetched(self, issuer: str) -> Metadata:
        failure: ConnectsmithError | None = None
        for request in metadata_requests(issuer):
            try:
                response = await self._sender.send(replace(request, timeout=DEADLINE))
                return read_metadata(issuer, response)
            except MetadataRefused as error:
                failure = failure if failure is not None and failure.place else error
        raise failure or MetadataRefused("The issuer has no metadata.")

    async def _record(self, row: ClientRecordRow, who: str, what: str, message: str) -> None:
        await self._events.add(
            EventRow(row.workspace, self._clock.now(), who, what, row.connector, message)
        )


def _read(row: ClientRecordRow) -> Known:
    content: Mapping[str, Any] = json.loads(row.content)
    pending = content["pending"]
    return Known(
        Metadata.of(content["approved"]),
        None if pending is None else Metadata.of(pending),
        datetime.fromisoformat(content["looked_at"]),
    )


def _written(known: Known) -> str:
    return json.dumps(
        {
            "approved": known.approved.to_json(),
            "pending": None if known.pending is None else known.pending.to_json(),
            "looked_at": known.looked_at.isoformat(),
        }
    )


def _places(metadata: Metadata) -> str:
    return "; ".join(f"{member}: {url}" for member, url in sorted(metadata.endpoints.items()))
