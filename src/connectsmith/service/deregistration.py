"""Give registered clients up in the background when their connector is deleted (RFC 7592).

The deletion never waits for it, nor fails with it. What is queued holds the registration's access
token, sealed, as everything else of the connector is shredded.
"""

import json
from datetime import timedelta
from typing import Final

from connectsmith.core.authorization.registration import (
    Management,
    deletion_request,
    ending,
)
from connectsmith.core.secret.destinations import Destinations
from connectsmith.errors import ConnectsmithError, SealBroken
from connectsmith.service.backlog import Backlog, job_place
from connectsmith.service.ports import (
    Clock,
    Randomness,
    Sealer,
    Sender,
    Storage,
)
from connectsmith.service.registration_records import KIND as REGISTRATION
from connectsmith.service.registration_records import management_of
from connectsmith.service.rows import ClientRecordRow, EventRow, JobRow
from connectsmith.service.rules import Rules
from connectsmith.values import replace

KIND: Final = "deregistration"
HOLD: Final = timedelta(seconds=30)
"""When it begins although nobody released it: whoever deleted the connector has died."""
CLAIM: Final = timedelta(minutes=5)
TOGETHER: Final = 8


class Deregistrar:
    """Queue the deletion of clients, and carry it out."""

    def __init__(
        self,
        storage: Storage,
        *,
        sender: Sender,
        sealer: Sealer,
        clock: Clock,
        randomness: Randomness,
        rules: Rules,
    ) -> None:
        self._records = storage.client_records
        self._connectors = storage.connectors
        self._jobs = Backlog(
            storage.jobs, clock, randomness, kind=KIND, claim=CLAIM, together=TOGETHER
        )
        self._sender = sender
        self._events = storage.events
        self._sealer = sealer
        self._clock = clock
        self._rules = rules

    async def enqueue(self, workspace: str, connector: str) -> tuple[str, ...]:
        """Queue the end of a connector's clients; return the jobs, which wait to be released.

        They are queued before the connector goes, so that no crash loses them, and are not carried
        out while it lives.
        """
        rows = await self._records.of_connector(workspace, connector)
        queued = [await self._queued(row) for row in rows if row.kind == REGISTRATION]
        return tuple(job for job in queued if job is not None)

    async def _queued(self, row: ClientRecordRow) -> str | None:
        try:
            management = management_of(self._sealer, row)
        except SealBroken as error:
            await self._record(row.workspace, row.connector, "deregistration_given_up", error.code)
            return None
        if management is None:
            return None
        job = self._jobs.new_id()
        subject = {
            "connector": row.connector,
            "url": management.url,
            "origins": sorted(management.destinations.origins),
        }
        sealed = self._sealer.seal({"token": management.token}, job_place(row.workspace, job))
        await self._jobs.add(row.workspace, job, json.dumps(subject), after=HOLD, sealed=sealed)
        return job

    async def release(self, workspace: str, jobs: tuple[str, ...]) -> None:
        """Let them begin: the connector is gone."""
        for job in jobs:
            await self._jobs.postpone(workspace, job)

    async def run_due(self) -> int:
        """Carry out what is due; return how many were taken."""
        return await self._jobs.run_due(self._run)

    async def _run(self, job: JobRow) -> None:
        subject = json.loads(job.subject)
        connector = subject["connector"]
        if await self._connectors.get(job.workspace, connector) is not None:
            await self._spare(job)
            return
        ended, why = await self._asked(job, subject)
        if ended == "later" and job.attempts < self._rules.revocation_attempts:
            await self._jobs.try_later(job)
            return
        what = "client_deregistered" if ended == "done" else "deregistration_given_up"
        await self._record(job.workspace, connector, what, why)
        await self._jobs.finish(job.workspace, job.id)

    async def _spare(self, job: JobRow) -> None:
        """Leave a client alone whose connector lives: whoever was about to delete it did not."""
        if job.attempts >= self._rules.revocation_attempts:
            await self._jobs.finish(job.workspace, job.id)
        else:
            await self._jobs.postpone(job.workspace, job.id, HOLD)

    async def _asked(self, job: JobRow, subject: dict[str, str]) -> tuple[str, str]:
        """Ask the server; return how that ended, and why in a few words."""
        try:
            token = self._sealer.open(job.sealed or b"", job_place(job.workspace, job.id))["token"]
            to = Destinations.of(subject["origins"])
            response = await self._sender.send(
                replace(
                    deletion_request(Management(subject["url"], token, to)),
                    timeout=self._rules.token_timeout,
                )
            )
        except SealBroken as error:
            return "refused", error.code
        except ConnectsmithError as error:
            return "later", error.code
        return ending(response), f"status {response.status}"

    async def _record(self, workspace: str, connector: str, what: str, message: str) -> None:
        await self._events.add(
            EventRow(workspace, self._clock.now(), "system", what, connector, message)
        )
