"""Calls and transcripts, looked at: list, show, prune; and replays for an `Idempotency-Key`.

What is too old is dropped here, events among it.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from pydantic_core import to_json

from connectsmith.core.secret.secret import Secret
from connectsmith.errors import Conflict, IdempotencyMismatch, NotFound
from connectsmith.service.call_ports import Calls, Kept
from connectsmith.service.caller import Caller
from connectsmith.service.ports import (
    Clock,
    Events,
    Idempotency,
    Randomness,
    Sealer,
    SealPlace,
)
from connectsmith.service.rows import (
    CallRow,
    LastGood,
    Page,
)
from connectsmith.service.rules import Rules

logger = structlog.get_logger("connectsmith.records")

PLAIN, DEFLATED = b"\x00", b"\x01"
WORTH_DEFLATING = 2048
"""Bytes below which compression costs more than it saves."""


def pack(content: bytes) -> bytes:
    """Compress what is worth it; the first byte says which."""
    if len(content) < WORTH_DEFLATING:
        return PLAIN + content
    return DEFLATED + zlib.compress(content, 1)


def unpack(packed: bytes) -> bytes:
    """Return what was packed."""
    return zlib.decompress(packed[1:]) if packed[:1] == DEFLATED else packed[1:]


def transcript_place(workspace: str, call: str) -> SealPlace:
    """Say what a transcript's sealed record is bound to."""
    return SealPlace(workspace, "transcript", "", call, 1)


def new_call_id(randomness: Randomness, at: datetime) -> str:
    """Return the id of a call that begins: milliseconds since 1970, then the random part.

    The log's rows are found by id. Ids in the order of time are neighbours in that index; wholly
    random ones each made a page of it be written for one call, more of them the longer the log.
    """
    return randomness.new_id(f"cal_{int(at.timestamp() * 1000):011x}")


class Records:
    """Calls and transcripts as they were kept."""

    def __init__(
        self,
        *,
        calls: Calls,
        idempotency: Idempotency,
        events: Events,
        sealer: Sealer,
        clock: Clock,
        rules: Rules,
    ) -> None:
        self._calls = calls
        self._idempotency = idempotency
        self._events = events
        self._sealer = sealer
        self._clock = clock
        self._rules = rules

    def fingerprint(self, value: bytes) -> str:
        """Return what stands for a masked value: the same digits for the same value, here alone."""
        text = value.decode("utf-8", "surrogateescape")
        return self._sealer.digest("fingerprint", Secret(text)).hex()[:8]

    def keep(self, row: CallRow, transcript: Mapping[str, Any], *, whole: bool = True) -> None:
        """Queue a call with its (redacted) transcript.

        A member `body` holds `content` (base64) and `content_type` of an answer kept whole. What
        is not `whole` is sealed, and stored, together with others that are not.
        """
        content = to_json(transcript)
        if not whole:
            self._calls.add_head(row, content, self._seal_together)
            return
        place = transcript_place(row.workspace, row.id)
        self._calls.add(row, self._sealer.seal_bytes(pack(content), place))

    def _seal_together(self, workspace: str, heads: Sequence[tuple[str, bytes]]) -> bytes:
        """Seal heads as one JSON object by call."""
        content = b"{%b}" % b",".join(b'"%b":%b' % (call.encode(), head) for call, head in heads)
        place = transcript_place(workspace, heads[-1][0])
        return self._sealer.seal_bytes(pack(content), place)

    async def page(
        self, caller: Caller, *, filters: Mapping[str, str], limit: int, after: str | None
    ) -> Page[CallRow]:
        """List calls, newest first."""
        return await self._calls.page(caller.workspace, filters=filters, limit=limit, after=after)

    async def last_good(self, caller: Caller, connections: Sequence[str]) -> Mapping[str, LastGood]:
        """Return what went well last, by connection; those with nothing are left out."""
        return await self._calls.last_good(caller.workspace, connections)

    async def get(self, caller: Caller, call: str) -> CallRow:
        """Return a call's row, or raise NotFound."""
        row = await self._calls.get(caller.workspace, call)
        if row is None:
            raise NotFound("There is no call with that id, or it is not kept any more.")
        return row

    async def transcript(self, caller: Caller, call: str) -> dict[str, Any]:
        """Return a call's transcript, or raise NotFound."""
        await self.get(caller, call)
        kept = await self._calls.transcript(caller.workspace, call)
        if kept is None:
            raise NotFound("The transcript of this call is not kept any more.")
        return self._opened(caller.workspace, call, kept)

    def _opened(self, workspace: str, call: str, kept: Kept) -> dict[str, Any]:
        content = self._sealer.open_bytes(kept.content, transcript_place(workspace, kept.call))
        read = json.loads(unpack(content))
        transcript: dict[str, Any] = read[call] if kept.together else read
        return transcript

    async def body(self, caller: Caller, call: str) -> tuple[bytes, str]:
        """Return the body of a call's last answer as it was kept, and its content type."""
        kept = (await self.transcript(caller, call)).get("body")
        if kept is None:
            raise NotFound("The body of this call's answer is not kept.")
        return base64.b64decode(kept["content"]), str(kept["content_type"] or "")

    async def prune(self) -> int:
        """Delete what is older, or more, than is kept."""
        now = self._clock.now()
        await self._events.prune(now - self._rules.events_kept)
        before = now - self._rules.transcripts_kept
        return await self._calls.prune(before, self._rules.transcript_bytes)

    # -- idempotency ----------------------------------------------------------------------------

    async def replayed(self, caller: Caller, key: str, request: bytes) -> dict[str, Any] | None:
        """Claim an `Idempotency-Key`, or return the outcome it stands for.

        Raises:
            IdempotencyMismatch: it was used with another request.
            Conflict: the first request with it is still running.
        """
        now = self._clock.now()
        name, digest = _key(caller, key), hashlib.sha256(request).digest()
        state = await self._idempotency.begin(
            caller.workspace, name, digest, now=now, until=now + self._rules.idempotency_lifetime
        )
        if state.claimed:
            return None
        if state.request != digest:
            raise IdempotencyMismatch("This Idempotency-Key was used with another request.")
        if state.outcome is None:
            raise Conflict("The first request with this Idempotency-Key is still running.")
        place = _outcome_place(caller, name)
        outcome: dict[str, Any] = json.loads(unpack(self._sealer.open_bytes(state.outcome, place)))
        return outcome

    async def remember(self, caller: Caller, key: str, outcome: Mapping[str, Any]) -> None:
        """Keep an outcome for replays."""
        name = _key(caller, key)
        sealed = self._sealer.seal_bytes(pack(to_json(outcome)), _outcome_place(caller, name))
        await self._idempotency.finish(caller.workspace, name, sealed)

    async def forget(self, caller: Caller, key: str) -> None:
        """Give a key free: the service gave no answer that could be replayed."""
        await self._idempotency.abandon(caller.workspace, _key(caller, key))


def _key(caller: Caller, key: str) -> bytes:
    return hashlib.sha256(f"{caller.token}\n{key}".encode()).digest()


def _outcome_place(caller: Caller, name: bytes) -> SealPlace:
    return SealPlace(caller.workspace, "outcome", "", name.hex(), 1)
