"""Revoke tokens at the authorization server in the background: local endings never wait for it."""

import json
from datetime import timedelta

from connectsmith.core.connection.credentials import Credentials
from connectsmith.errors import ConnectsmithError
from connectsmith.service.blueprints import Blueprints
from connectsmith.service.holdings import party_of_connection
from connectsmith.service.ports import (
    Clock,
    ConnectionRow,
    EventRow,
    Events,
    JobRow,
    Jobs,
    Randomness,
    Sealer,
    SealPlace,
)
from connectsmith.service.rules import Rules
from connectsmith.service.token_endpoint import Party, TokenEndpoint

KIND = "revocation"
FIRST_PAUSE = timedelta(seconds=10)
CLAIM = timedelta(minutes=2)


class Revoker:
    """Queue revocations with the tokens they are about, and carry them out."""

    def __init__(
        self,
        *,
        jobs: Jobs,
        blueprints: Blueprints,
        endpoint: TokenEndpoint,
        events: Events,
        sealer: Sealer,
        clock: Clock,
        randomness: Randomness,
        rules: Rules,
    ) -> None:
        self._jobs = jobs
        self._blueprints = blueprints
        self._endpoint = endpoint
        self._events = events
        self._sealer = sealer
        self._clock = clock
        self._randomness = randomness
        self._rules = rules
        self._owner = randomness.text()

    async def enqueue(self, row: ConnectionRow, credentials: Credentials) -> None:
        """Queue the revocation of what a connection holds, if it holds tokens."""
        if credentials.tokens is None:
            return
        job = self._randomness.new_id("job")
        subject = {
            "connection": row.id,
            "connector": row.connector,
            "test": row.test,
            "origins": row.origins_auth,
        }
        sealed = self._sealer.seal(credentials.flat(), _place(row.workspace, job))
        await self._jobs.add(
            JobRow(
                workspace=row.workspace,
                id=job,
                kind=KIND,
                subject=json.dumps(subject),
                due_at=self._clock.now(),
                attempts=0,
                sealed=sealed,
            )
        )

    async def try_once(self, row: ConnectionRow, credentials: Credentials) -> None:
        """Ask the server now, once: the connector's own secrets are about to be shredded."""
        try:
            connector = await self._blueprints.connector(row.workspace, row.connector)
            blueprint = await self._blueprints.of(connector, test=row.test)
            done = await self._endpoint.revoke(
                party_of_connection(row, blueprint, credentials), credentials
            )
        except ConnectsmithError:
            done = False
        if not done:
            await self._events.add(
                EventRow(row.workspace, self._clock.now(), "system", "revocation_given_up", row.id)
            )

    async def run_due(self, limit: int = 20) -> int:
        """Carry out what is due; return how many were taken."""
        now = self._clock.now()
        jobs = await self._jobs.claim(owner=self._owner, now=now, until=now + CLAIM, limit=limit)
        for job in jobs:
            await self._run(job)
        return len(jobs)

    async def _run(self, job: JobRow) -> None:
        try:
            done = await self._revoke(job)
        except ConnectsmithError as error:
            await self._record(job, "revocation_given_up", error.code)
            done = True
        if done:
            await self._jobs.finish(job.workspace, job.id)
        elif job.attempts + 1 >= self._rules.revocation_attempts:
            await self._record(job, "revocation_given_up", "the server never accepted it")
            await self._jobs.finish(job.workspace, job.id)
        else:
            pause = FIRST_PAUSE * 2**job.attempts
            await self._jobs.postpone(job.workspace, job.id, self._clock.now() + pause)

    async def _revoke(self, job: JobRow) -> bool:
        subject = json.loads(job.subject)
        credentials = Credentials.of(
            self._sealer.open(job.sealed or b"", _place(job.workspace, job.id))
        )
        connector = await self._blueprints.connector(job.workspace, subject["connector"])
        blueprint = await self._blueprints.of(connector, test=subject["test"])
        party = Party(
            workspace=job.workspace,
            connector=connector.id,
            blueprint=blueprint,
            origins_auth=tuple(subject["origins"]),
            fields=credentials.fields,
            captured=credentials.captured,
        )
        return await self._endpoint.revoke(party, credentials)

    async def _record(self, job: JobRow, what: str, message: str) -> None:
        connection = json.loads(job.subject)["connection"]
        await self._events.add(
            EventRow(job.workspace, self._clock.now(), "system", what, connection, message)
        )


def _place(workspace: str, job: str) -> SealPlace:
    return SealPlace(workspace, "job", "", job, 1)
