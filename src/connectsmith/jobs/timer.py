"""Repeat the chores until told to stop; one that fails is logged and tried again."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import structlog

from connectsmith.service.chores import Chores

OFTEN_SECONDS: Final = 2.0
SELDOM_SECONDS: Final = 60.0
GRACE: Final = 30.0
"""Seconds for which a chore under way is let go on at the end: it may hold tokens just granted."""
logger = structlog.get_logger("connectsmith.jobs")


class Timer:
    """Run chores in the background of a server process."""

    def __init__(
        self, chores: Chores, *, often: float = OFTEN_SECONDS, seldom: float = SELDOM_SECONDS
    ) -> None:
        self._chores = chores
        self._often = often
        self._seldom = seldom
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()

    def start(self) -> None:
        """Begin."""
        self._tasks = [
            asyncio.create_task(self._repeat(self._chores.often, self._often)),
            asyncio.create_task(self._repeat(self._chores.seldom, self._seldom)),
        ]

    async def stop(self) -> None:
        """End what is under way, and write down what is left to write."""
        self._stopping.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                await asyncio.gather(*self._tasks)
        await _attempt(self._chores.last)

    async def _repeat(self, chore: Callable[[], Awaitable[None]], pause: float) -> None:
        while not await self._stopped_within(pause):
            await _attempt(chore)

    async def _stopped_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        return self._stopping.is_set()


async def _attempt(chore: Callable[[], Awaitable[None]]) -> None:
    try:
        await chore()
    except Exception as error:  # noqa: BLE001 - the outermost edge of background work
        logger.warning("chore_failed", chore=chore.__name__, kind=", ".join(_kinds(error)))


def _kinds(error: BaseException) -> list[str]:
    if isinstance(error, BaseExceptionGroup):
        return [kind for each in error.exceptions for kind in _kinds(each)]
    return [type(error).__name__]
