"""Which authorization servers are down, known to every process, and who asks one next.

An installation keeps one fact of a server that was down: the moment until which nobody asks it, and
whether somebody is asking right now; or that it works again. When the moment has come, the process
that replaces the fact first is the one that asks. Its fact names the next moment already, so that
its death keeps nobody. Where nothing can be stored, each process goes by what it knows itself.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from connectsmith.core.connection.circuit import SPREAD, spread
from connectsmith.errors import Unavailable
from connectsmith.service.meta_ports import Meta
from connectsmith.service.ports import Clock, Randomness

_WORKS: Final = "works"
_DOWN, _PROBED = "down", "probed"


@dataclass(frozen=True, slots=True)
class Word:
    """What an installation knows of an authorization server.

    Attributes:
        seconds: Until somebody asks it again; 0 says to whoever reads this to go ahead.
        probes: Whether whoever reads this is the one that finds out for all.
        probed: Whether somebody else is finding out right now.
        works: Whether it was down and is known to work again.
    """

    seconds: float = 0.0
    probes: bool = False
    probed: bool = False
    works: bool = False


class Outages:
    """What an installation knows of authorization servers that are down."""

    def __init__(
        self, meta: Meta, *, clock: Clock, randomness: Randomness, pause: timedelta
    ) -> None:
        self._meta = meta
        self._clock = clock
        self._randomness = randomness
        self._pause = pause.total_seconds()
        self._seen: dict[str, tuple[str, float]] = {}
        """The moment that is known of a server that is down, and since when it is."""
        self._claims: dict[str, str] = {}

    async def word(self, server: str, *, probe: bool) -> Word:
        """Return what is known; with `probe` the reader is ready to be the one that asks."""
        kept = await self._kept(server)
        if kept is None:
            return Word()
        if kept == _WORKS:
            self._seen.pop(server, None)
            return Word(works=True)
        left = self._left(server, kept)
        if left or not probe:
            return Word(left, probed=kept.startswith(_PROBED))
        if await self._claimed(server, kept):
            return Word(probes=True)
        return Word(self._pause, probed=True)

    def known(self, server: str) -> bool:
        """Tell whether the server is down, as far as this process has read."""
        return server in self._seen

    async def failed(self, server: str, *, down: bool) -> float:
        """Note a failure: a probe's, or one after which a process counts the server as `down`.

        Returns the seconds until somebody asks again; 0 when the installation knows of none.
        """
        with suppress(Unavailable):
            claim = self._claims.pop(server, None)
            if claim is not None:
                await self._settle(server, claim, claim.removeprefix(f"{_PROBED} "))
            elif down:
                await self._begin(server)
            kept = await self._meta.get(_key(server))
            if kept is not None and kept != _WORKS:
                return self._left(server, kept)
        return 0.0

    async def over(self, server: str) -> None:
        """Note that a server works, if it is known to have been down."""
        self._claims.pop(server, None)
        if server in self._seen:
            with suppress(Unavailable):
                await self._meta.put(_key(server), _WORKS)
                self._seen.pop(server, None)

    async def dropped(self, server: str) -> None:
        """Let somebody probe at once if what was this process's to find out is still unknown."""
        claim = self._claims.pop(server, None)
        if claim is not None:
            with suppress(Unavailable):
                await self._settle(server, claim, self._clock.now().isoformat())

    async def _kept(self, server: str) -> str | None:
        try:
            return await self._meta.get(_key(server))
        except Unavailable:
            return None

    async def _claimed(self, server: str, kept: str) -> bool:
        claim = f"{_PROBED} {self._next()}"
        try:
            if not await self._meta.replace(_key(server), claim, expected=kept):
                return False
        except Unavailable:
            return True
        self._claims[server] = claim
        self._left(server, claim)
        return True

    async def _begin(self, server: str) -> None:
        outage = f"{_DOWN} {self._next()}"
        if await self._meta.put_first(_key(server), outage) == _WORKS:
            await self._meta.replace(_key(server), outage, expected=_WORKS)

    async def _settle(self, server: str, claim: str, until: str) -> None:
        await self._meta.replace(_key(server), f"{_DOWN} {until}", expected=claim)

    def _next(self) -> str:
        seconds = spread(self._pause, self._randomness.fraction())
        return (self._clock.now() + timedelta(seconds=seconds)).isoformat()

    def _left(self, server: str, kept: str) -> float:
        """Return the seconds until a moment; never more than a pause after it was first seen.

        So a process whose clock differs, or is set back, waits for one pause too many at most.
        """
        moment = kept.partition(" ")[2]
        if self._seen.get(server, ("",))[0] != moment:
            self._seen[server] = (moment, _seconds())
        by_clock = (datetime.fromisoformat(moment) - self._clock.now()).total_seconds()
        by_waiting = self._seen[server][1] + self._pause * (1 + SPREAD) - _seconds()
        return max(min(by_clock, by_waiting), 0.0)


def _key(server: str) -> str:
    return f"server_down:{server}"


def _seconds() -> float:
    return asyncio.get_running_loop().time()
