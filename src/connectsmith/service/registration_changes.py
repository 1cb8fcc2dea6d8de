"""Change a registered client at its server (RFC 7592), and lose nothing that the server answers.

One process changes a client at a time: it is claimed before the request, and the answer is stored
before anybody uses it. No transaction is open meanwhile.
"""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from time import monotonic
from typing import Final

from connectsmith.core.authorization.registration import (
    Registration,
    Wanted,
    deletion_request,
    ending,
    read_update,
    update_requests,
)
from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.errors import ConnectsmithError, RegistrationRefused, StorageBusy, StorageFull
from connectsmith.service.ports import Clock, Sealer, Sender, Storage
from connectsmith.service.registration_records import EARLY, Record, client_of, written
from connectsmith.service.rows import EventRow
from connectsmith.service.rules import Rules

AGAIN: Final = timedelta(hours=1)
_WRONG_TOKEN: Final = 401


class RegistrationChanges:
    """Change clients."""

    def __init__(
        self, storage: Storage, *, sender: Sender, sealer: Sealer, clock: Clock, rules: Rules
    ) -> None:
        self._records = storage.client_records
        self._sender = sender
        self._events = storage.events
        self._sealer = sealer
        self._clock = clock
        self._rules = rules

    def can_be(self, record: Record, asked: Wanted) -> bool:
        """Tell whether its server offers a way to change a client, and has not refused this."""
        offered = client_of(self._sealer, record).management(record.standing.url)
        return offered is not None and record.refused != asked.metadata

    async def claimed(self, record: Record) -> Record | None:
        """Keep everybody else from changing a client; None where somebody was first."""
        now = self._clock.now()
        if record.is_busy(now):
            return None
        claim = self._written(
            replace(record, busy_until=now + self._rules.lease), client_of(self._sealer, record)
        )
        claim = replace(claim, row=replace(claim.row, due_at=record.row.due_at))
        stored = await self._records.replace(claim.row, expected_version=record.row.version)
        return claim if stored else None

    async def carried_out(self, claim: Record, asked: Wanted) -> Record | None:
        """Ask for the change of a client that is claimed; None where the server refuses it.

        What it is registered with afterwards is for the caller to judge.

        Raises:
            NetworkError, RegistrationRefused: there was no answer, or it is to be asked later.
        """
        client = client_of(self._sealer, claim)
        try:
            request, answer = await self._answer(claim, client, asked)
        except BaseException:
            with suppress(ConnectsmithError):  # then the claim ends by itself
                await self.let_go(claim)
            raise
        try:
            changed, standing = read_update(asked, answer, client, carried=request.carries)
        except RegistrationRefused as error:
            if ending(answer) == "later":
                await self.let_go(claim)
                raise
            await self.let_go(replace(claim, refused=asked.metadata))
            await self._record(claim, "registration_not_changed", error.message)
            return None
        refused = None if standing == asked else asked.metadata
        kept = await self._kept(replace(claim, standing=standing, refused=refused), changed)
        if kept is not None:
            await self._record(claim, "registration_changed")
        return kept

    async def let_go(self, claim: Record) -> None:
        """End a claim that changed nothing; a secret that ends soon is tried again before long."""
        client = client_of(self._sealer, claim)
        freed = self._written(replace(claim, busy_until=None), client)
        now = self._clock.now()
        if claim.ends_at is not None and claim.ends_at - now <= EARLY:
            freed = replace(freed, row=replace(freed.row, due_at=now + AGAIN))
        await self._records.replace(freed.row, expected_version=claim.row.version)

    async def _answer(
        self, claim: Record, client: Registration, asked: Wanted
    ) -> tuple[HttpRequest, HttpResponse]:
        management = client.management(claim.standing.url)
        if management is None:
            raise RegistrationRefused("The server offers no way to change its clients.")
        request, *others = update_requests(asked, client, management)
        answer = await self._send(request)
        for other in others:
            if ending(answer) != "refused" or answer.status == _WRONG_TOKEN:
                break
            request, answer = other, await self._send(other)
        return request, answer

    async def _send(self, request: HttpRequest) -> HttpResponse:
        return await self._sender.send(replace(request, timeout=self._rules.token_timeout))

    async def _kept(self, record: Record, client: Registration) -> Record | None:
        """Store what the server answered, as soon as the storage takes it."""
        freed = self._written(replace(record, busy_until=None), client)
        deadline = monotonic() + self._rules.store_patience.total_seconds()
        while True:
            try:
                stored = await self._records.replace(freed.row, expected_version=record.row.version)
            except (StorageBusy, StorageFull):
                if monotonic() > deadline:
                    raise
                await asyncio.sleep(self._rules.poll_later.total_seconds())
            else:
                if stored:
                    return freed
                await self._given_up(record, client)
                return None

    async def _given_up(self, record: Record, client: Registration) -> None:
        """Give a client up whose connector was deleted meanwhile: only we know its new token."""
        rows = await self._records.of_connector(record.row.workspace, record.row.connector)
        management = client.management(record.standing.url)
        if management is not None and all(row.id != record.row.id for row in rows):
            with suppress(ConnectsmithError):
                await self._send(deletion_request(management))

    def _written(self, record: Record, client: Registration) -> Record:
        return written(self._sealer, record, client, now=self._clock.now())

    async def _record(self, record: Record, what: str, message: str = "") -> None:
        row = record.row
        await self._events.add(
            EventRow(row.workspace, self._clock.now(), "system", what, row.connector, message)
        )
