import asyncio

from tests.storage.rows import LATER, NOW, SOON, WORKSPACE

from connectsmith.service.ports import (
    Storage,
)
from connectsmith.service.rows import (
    JobRow,
)


def _job(identifier: str = "job_a", *, minutes: int = 0) -> JobRow:
    due = NOW if minutes == 0 else LATER
    return JobRow(WORKSPACE, identifier, "revoke", "cnn_a", due, 0, b"sealed")


async def _claim(storage: Storage, limit: int = 9) -> list[tuple[str, int]]:
    jobs = await storage.jobs.claim(owner="one", now=NOW, until=SOON, limit=limit, kind="revoke")
    return [(job.id, job.attempts) for job in jobs]


async def test_due_jobs_are_claimed_once(storage: Storage) -> None:
    await storage.jobs.add(_job())
    await storage.jobs.add(_job("job_later", minutes=60))

    assert await _claim(storage) == [("job_a", 1)]
    assert await _claim(storage) == []


async def test_job_whose_claimant_vanished_is_given_out_again(storage: Storage) -> None:
    await storage.jobs.add(_job())
    await _claim(storage)

    [job] = await storage.jobs.claim(owner="two", now=SOON, until=LATER, limit=9, kind="revoke")

    assert (job.id, job.attempts, job.sealed) == ("job_a", 2, b"sealed")


async def test_finished_job_is_gone(storage: Storage) -> None:
    await storage.jobs.add(_job())
    await _claim(storage)

    await storage.jobs.finish(WORKSPACE, "job_a")

    assert not await storage.jobs.claim(owner="two", now=LATER, until=LATER, limit=9, kind="revoke")


async def test_postponed_job_waits_for_its_time(storage: Storage) -> None:
    await storage.jobs.add(_job())
    await _claim(storage)

    await storage.jobs.postpone(WORKSPACE, "job_a", SOON)

    assert await _claim(storage) == []
    assert (
        len(await storage.jobs.claim(owner="two", now=SOON, until=LATER, limit=9, kind="revoke"))
        == 1
    )


async def test_claimants_at_once_share_the_jobs(storage: Storage) -> None:
    for number in range(30):
        await storage.jobs.add(_job(f"job_{number:02}"))

    claims = await asyncio.gather(*(_claim(storage, limit=10) for _ in range(6)))
    while more := await _claim(storage, limit=10):
        claims.append(more)

    claimed = [job for claim in claims for job, _ in claim]
    assert sorted(claimed) == [f"job_{number:02}" for number in range(30)]


async def test_jobs_of_another_kind_are_left_to_whoever_does_them(storage: Storage) -> None:
    await storage.jobs.add(_job())

    others = await storage.jobs.claim(owner="one", now=NOW, until=SOON, limit=9, kind="other")

    assert list(others) == []
    assert await _claim(storage) == [("job_a", 1)]
