"""Background jobs of one kind: claimed together when due, then finished, put off or given up.

What a job is about stays with whoever carries it out; a job that nobody ends comes back when its
claim is over, so that none is lost with a process.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from connectsmith.service.ports import Clock, Jobs, Randomness, SealPlace
from connectsmith.service.rows import JobRow

FIRST_PAUSE: Final = timedelta(seconds=10)
LONGEST_PAUSE: Final = timedelta(hours=1)


def job_place(workspace: str, job: str) -> SealPlace:
    """Say what a job's sealed part is bound to."""
    return SealPlace(workspace, "job", "", job, 1)


class Backlog:
    """The jobs of one kind."""

    def __init__(
        self,
        jobs: Jobs,
        clock: Clock,
        randomness: Randomness,
        *,
        kind: str,
        claim: timedelta,
        together: int,
    ) -> None:
        self._jobs = jobs
        self._clock = clock
        self._randomness = randomness
        self._kind = kind
        self._claim = claim
        self._together = together
        self._owner = randomness.new_id("own")

    def new_id(self) -> str:
        """Return the id of a job that is about to be added."""
        return self._randomness.new_id("job")

    async def add(
        self,
        workspace: str,
        job: str,
        subject: str,
        *,
        after: timedelta = timedelta(),
        sealed: bytes | None = None,
    ) -> None:
        """Add a job that is due after a while."""
        due_at = self._clock.now() + after
        await self._jobs.add(JobRow(workspace, job, self._kind, subject, due_at, 0, sealed))

    async def run_due(self, carry_out: Callable[[JobRow], Awaitable[None]]) -> int:
        """Carry out what is due, all at once; return how many were taken.

        Raises:
            ExceptionGroup: what went wrong in a way that nobody expected; all others were run.
        """
        now = self._clock.now()
        jobs = await self._jobs.claim(
            owner=self._owner,
            now=now,
            until=now + self._claim,
            limit=self._together,
            kind=self._kind,
        )
        endings = await asyncio.gather(*map(carry_out, jobs), return_exceptions=True)
        failures = [each for each in endings if isinstance(each, Exception)]
        if failures:
            raise ExceptionGroup(f"{self._kind} jobs failed", failures)
        return len(jobs)

    async def finish(self, workspace: str, job: str) -> None:
        """Take a job away."""
        await self._jobs.finish(workspace, job)

    async def postpone(self, workspace: str, job: str, pause: timedelta = timedelta()) -> None:
        """Let a job be due after a pause."""
        await self._jobs.postpone(workspace, job, self._clock.now() + pause)

    async def try_later(self, job: JobRow) -> None:
        """Put a job off that failed, for twice as long each time."""
        pause = min(FIRST_PAUSE * 2 ** min(job.attempts - 1, 20), LONGEST_PAUSE)
        await self.postpone(job.workspace, job.id, pause)
