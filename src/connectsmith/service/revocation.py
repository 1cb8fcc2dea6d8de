"""Revoke tokens at the authorization server in the background: local endings never wait for it."""

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta

from connectsmith.core.connection.credentials import Credentials
from connectsmith.errors import ConnectsmithError, NotFound, SealBroken
from connectsmith.service.backlog import Backlog, job_place
from connectsmith.service.blueprints import Blueprints
from connectsmith.service.holdings import party_of_connection
from connectsmith.service.party import Party
from connectsmith.service.ports import (
    Clock,
    Connections,
    Events,
    Jobs,
    Randomness,
    Sealer,
)
from connectsmith.service.rows import (
    ConnectionRow,
    EventRow,
    JobRow,
)
from connectsmith.service.rules import Rules
from connectsmith.service.token_endpoint import TokenEndpoint

KIND = "revocation"
HOLD = timedelta(seconds=30)
"""When a held revocation begins although nobody released it: whoever held it has died."""
CLAIM = timedelta(minutes=5)
TOGETHER = 8
"""How many servers are asked at once."""


class Revoker:
    """Queue revocations with the tokens they are about, and carry them out."""

    def __init__(
        self,
        *,
        jobs: Jobs,
        connections: Connections,
        blueprints: Blueprints,
        endpoint: TokenEndpoint,
        events: Events,
        sealer: Sealer,
        clock: Clock,
        randomness: Randomness,
        rules: Rules,
    ) -> None:
        self._jobs = Backlog(jobs, clock, randomness, kind=KIND, claim=CLAIM, together=TOGETHER)
        self._connections = connections
        self._blueprints = blueprints
        self._endpoint = endpoint
        self._events = events
        self._sealer = sealer
        self._clock = clock
        self._rules = rules

    async def enqueue(
        self, row: ConnectionRow, credentials: Credentials, *, held: bool = False
    ) -> str | None:
        """Queue the revocation of what a connection holds; returns the job, None without tokens.

        One that is `held` waits to be released or dropped, so that it can be queued before its
        reason is certain, and is not lost with the process. While the connection lives, it is not
        carried out.
        """
        if credentials.tokens is None:
            return None
        job = self._jobs.new_id()
        subject = {
            "connection": row.id,
            "connector": row.connector,
            "test": row.test,
            "origins": row.origins_auth,
            "held": held,
        }
        sealed = self._sealer.seal(credentials.flat(), job_place(row.workspace, job))
        after = HOLD if held else timedelta()
        await self._jobs.add(row.workspace, job, json.dumps(subject), after=after, sealed=sealed)
        return job

    async def release(self, workspace: str, job: str | None) -> None:
        """Let a held revocation begin."""
        if job is not None:
            await self._jobs.postpone(workspace, job)

    async def drop(self, workspace: str, job: str | None) -> None:
        """Forget a held revocation: its reason did not come true."""
        if job is not None:
            await self._jobs.finish(workspace, job)

    async def try_now(self, each: Sequence[tuple[ConnectionRow, Credentials]]) -> None:
        """Ask the servers now, once: the connector's own secrets are about to be shredded."""
        gate = asyncio.Semaphore(TOGETHER)

        async def one(row: ConnectionRow, credentials: Credentials) -> None:
            async with gate:
                await self._try_once(row, credentials)

        async with asyncio.TaskGroup() as tasks:
            for row, credentials in each:
                tasks.create_task(one(row, credentials))

    async def _try_once(self, row: ConnectionRow, credentials: Credentials) -> None:
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

    async def run_due(self) -> int:
        """Carry out what is due; return how many were taken."""
        return await self._jobs.run_due(self._run)

    async def _run(self, job: JobRow) -> None:
        if await self._spares(job):
            return
        try:
            done = await self._revoke(job)
        except (NotFound, SealBroken) as error:  # its connector is gone, or its key
            await self._give_up(job, error.code)
            return
        except ConnectsmithError:
            done = False
        if done:
            await self._jobs.finish(job.workspace, job.id)
        elif job.attempts >= self._rules.revocation_attempts:
            await self._give_up(job, "the server never accepted it")
        else:
            await self._jobs.try_later(job)

    async def _spares(self, job: JobRow) -> bool:
        """Leave a connection alone that lives: whoever was about to end it died before that."""
        subject = json.loads(job.subject)
        if not subject["held"]:
            return False
        row = await self._connections.get(job.workspace, subject["connection"])
        if row is None or row.sealed is None:
            return False
        if job.attempts >= self._rules.revocation_attempts:
            await self._jobs.finish(job.workspace, job.id)
        else:
            await self._jobs.postpone(job.workspace, job.id, HOLD)
        return True

    async def _give_up(self, job: JobRow, why: str) -> None:
        await self._record(job, "revocation_given_up", why)
        await self._jobs.finish(job.workspace, job.id)

    async def _revoke(self, job: JobRow) -> bool:
        subject = json.loads(job.subject)
        credentials = Credentials.of(
            self._sealer.open(job.sealed or b"", job_place(job.workspace, job.id))
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
            connection=subject["connection"],
            test=subject["test"],
            registration=credentials.registration,
        )
        return await self._endpoint.revoke(party, credentials)

    async def _record(self, job: JobRow, what: str, message: str) -> None:
        connection = json.loads(job.subject)["connection"]
        await self._events.add(
            EventRow(job.workspace, self._clock.now(), "system", what, connection, message)
        )
