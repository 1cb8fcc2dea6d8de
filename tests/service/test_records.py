from datetime import timedelta

from tests.service.standing import WORKSPACE, Standing

from connectsmith.service.rows import EventRow


async def test_events_are_dropped_after_the_days_for_which_they_are_kept(
    installation: Standing,
) -> None:
    events, now = installation.storage.events, installation.clock.now()
    await events.add(EventRow(WORKSPACE, now, "tok_a", "old", "sec_a"))
    installation.clock.advance(timedelta(days=1))
    await events.add(EventRow(WORKSPACE, installation.clock.now(), "tok_a", "young", "sec_a"))

    installation.clock.advance(timedelta(days=399, hours=1))
    await installation.application.chores.seldom()

    assert await installation.events("old") == []
    assert len(await installation.events("young")) == 1
