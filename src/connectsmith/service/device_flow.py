"""The device grant: begin it, and ask the server until somebody has said yes or no.

What is asked for is kept sealed with its authorization, and when to ask next with a job, so that
neither is lost with a process and no two processes ask for one code. The connection it ends in is
unconfirmed: it is kept by or for whoever began, as long as they are there, for the one who typed
the code may have been somebody who was talked into it (RFC 8628 section 5.4).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from connectsmith.core.authorization.device import DeviceGrant, Poll, slower
from connectsmith.core.authorization.token_set import TokenSet
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import (
    ConnectsmithError,
    NetworkError,
    NotFound,
    RemoteError,
    SealBroken,
    StorageBusy,
    Unavailable,
)
from connectsmith.service.attempts import (
    Attempts,
    blueprint_of,
    bound,
    expired,
    party_of,
)
from connectsmith.service.backlog import Backlog
from connectsmith.service.blueprints import Blueprints
from connectsmith.service.bringing import Bringer
from connectsmith.service.consents import Consents
from connectsmith.service.keeping import Keeper
from connectsmith.service.party import Party
from connectsmith.service.ports import Jobs, Randomness
from connectsmith.service.rows import AuthorizationRow, JobRow
from connectsmith.service.rules import Rules
from connectsmith.service.token_endpoint import TokenEndpoint
from connectsmith.values import replace

JOB: Final = "device"
DEVICE_CODE: Final = "device_code"
CLAIM: Final = timedelta(minutes=2)
TOGETHER: Final = 16


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What somebody needs to say yes at another screen."""

    user_code: str
    verification_uri: str
    complete: str | None


class DeviceFlow:
    """Begin device authorizations, and poll for them."""

    def __init__(
        self,
        *,
        attempts: Attempts,
        blueprints: Blueprints,
        bringer: Bringer,
        keeper: Keeper,
        endpoint: TokenEndpoint,
        jobs: Jobs,
        randomness: Randomness,
        rules: Rules,
    ) -> None:
        self._authorizations = attempts.authorizations
        self._attempts = attempts
        self._blueprints = blueprints
        self._bringer = bringer
        self._keeper = keeper
        self._endpoint = endpoint
        self._consents = Consents(endpoint, attempts.clock)
        self._jobs = Backlog(
            jobs, attempts.clock, randomness, kind=JOB, claim=CLAIM, together=TOGETHER
        )
        self._clock = attempts.clock
        self._randomness = randomness
        self._rules = rules

    async def begin(
        self, party: Party, row: AuthorizationRow, held: Mapping[str, Secret]
    ) -> AuthorizationRow:
        """Ask the server for a pair of codes, and store the authorization that waits for a yes."""
        grant = await self._consents.device(party)
        kept = {**held, DEVICE_CODE: grant.device_code, **bound(party)}
        now = self._clock.now()
        waiting = replace(
            row,
            status="polling",
            expires_at=now + min(grant.lifetime, self._rules.device_lifetime),
            device=_said(grant),
            sealed=self._attempts.sealed(row, kept),
        )
        await self._authorizations.add(waiting)
        await self._jobs.add(row.workspace, self._jobs.new_id(), row.id, after=grant.interval)
        return waiting

    def code_of(self, row: AuthorizationRow) -> DeviceCode | None:
        """Return what is to be typed where; None once that is over."""
        if row.status != "polling" or row.device is None:
            return None
        said = json.loads(row.device)
        return DeviceCode(said["user_code"], said["verification_uri"], said["complete"])

    async def poll_due(self) -> int:
        """Ask for all codes whose pause is over; return how many that were."""
        return await self._jobs.run_due(self._poll)

    async def _poll(self, job: JobRow) -> None:
        row = await self._authorizations.get(job.workspace, job.subject)
        if row is not None and row.status == "completed":  # a process ended before it was kept
            await self._keep(job, row)
            return
        if row is None or row.status != "polling":
            await self._jobs.finish(job.workspace, job.id)
            return
        if row.expires_at <= self._clock.now():
            await self._authorizations.advance(expired(row), expected_status="polling")
            await self._jobs.finish(job.workspace, job.id)
            return
        try:
            held = self._attempts.held(row)
            party = party_of(row, await blueprint_of(self._blueprints, row), held)
            party = replace(party, connection=self._randomness.new_id("cnn"))
            found = await self._consents.poll(party, held[DEVICE_CODE])
        except (NetworkError, RemoteError):
            await self._wait(job, row, None)
        except (NotFound, SealBroken):
            await self._jobs.finish(job.workspace, job.id)
        except ConnectsmithError as error:
            await self._fail(job, row, error)
        else:
            if isinstance(found, Poll):
                await self._wait(job, row, found)
            else:
                await self._finish(job, row, party, found)

    async def _wait(self, job: JobRow, row: AuthorizationRow, poll: Poll | None) -> None:
        """Ask again after the pause, which only ever gets longer."""
        said = json.loads(row.device or "{}")
        before = timedelta(seconds=said["interval"])
        pause = slower(before, poll)
        if pause != before:
            changed = json.dumps(said | {"interval": pause.total_seconds()})
            await self._authorizations.advance(
                replace(row, device=changed), expected_status="polling"
            )
        await self._jobs.postpone(job.workspace, job.id, pause)

    async def _fail(self, job: JobRow, row: AuthorizationRow, error: ConnectsmithError) -> None:
        await self._attempts.fail(row, error)
        await self._jobs.finish(job.workspace, job.id)

    async def _finish(
        self, job: JobRow, row: AuthorizationRow, party: Party, tokens: TokenSet
    ) -> None:
        try:
            granted = await self._endpoint.granted(party, tokens)
            values = await self._endpoint.values(party)
            brought = await self._bringer.bring(row, party, granted, values)
        except StorageBusy:
            pass  # what was brought is held; the job is due again after its claim
        except ConnectsmithError as error:
            await self._fail(job, row, error)
        else:
            await self._keep(job, brought.row)

    async def _keep(self, job: JobRow, row: AuthorizationRow) -> None:
        try:
            await self._keeper.keep_for_session(row)
        except (Unavailable, NetworkError):
            return  # the job is due again after its claim
        except ConnectsmithError:
            pass  # what became of it stands in its record
        await self._jobs.finish(job.workspace, job.id)


def _said(grant: DeviceGrant) -> str:
    return json.dumps(
        {
            "user_code": grant.user_code,
            "verification_uri": grant.verification_uri,
            "complete": grant.complete,
            "interval": grant.interval.total_seconds(),
        }
    )
