"""The pauses that authorization servers asked for, known to every process of an installation."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from connectsmith.errors import Unavailable
from connectsmith.service.meta_ports import Meta
from connectsmith.service.ports import Clock

LONGEST: Final = timedelta(minutes=66)
"""An hour is obeyed, spread by a tenth; more is left only when the clock was set back."""


class Pauses:
    """When each authorization server may be asked again."""

    def __init__(self, meta: Meta, clock: Clock) -> None:
        self._meta = meta
        self._clock = clock

    async def left(self, server: str) -> float:
        """Return the seconds for which nothing may be sent to a server; 0 where none are known."""
        until = None
        with suppress(Unavailable):
            until = await self._meta.get(_key(server))
        if until is None:
            return 0.0
        left = datetime.fromisoformat(until) - self._clock.now()
        return max(min(left, LONGEST), timedelta()).total_seconds()

    async def tell(self, server: str, seconds: float) -> None:
        """Tell the other processes; where that can't be stored, this one still knows."""
        until = self._clock.now() + timedelta(seconds=seconds)
        with suppress(Unavailable):
            await self._meta.put(_key(server), until.isoformat())


def _key(server: str) -> str:
    return f"server_asked_for_pause:{server}"
