import asyncio
from datetime import timedelta

from connectsmith.service.outages import Outages
from connectsmith.testing import CountingRandomness
from connectsmith.testing.memory_installation import MemoryMeta
from connectsmith.testing.virtual_time import VirtualClock, run

SERVER = "as.example.com"
PAUSE = timedelta(seconds=20)


def test_clock_that_is_ahead_keeps_nobody_for_more_than_a_pause() -> None:
    async def processes() -> tuple[float, float]:
        meta, ahead = MemoryMeta(), VirtualClock()
        ahead.jump(timedelta(hours=1))
        first, other = (
            Outages(meta, clock=clock, randomness=CountingRandomness("a"), pause=PAUSE)
            for clock in (ahead, VirtualClock())
        )
        await first.failed(SERVER, down=True)
        at_once = await other.word(SERVER, probe=True)
        await asyncio.sleep(at_once.seconds)
        later = await other.word(SERVER, probe=True)
        assert later.probes
        return at_once.seconds, later.seconds

    assert run(processes()) == (22, 0)
