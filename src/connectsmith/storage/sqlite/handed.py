"""Results that threads hand to coroutines: one wake-up of the event loop for all that are ready.

The futures of `concurrent.futures` would do the same with a lock and a condition for each result,
a second future in front, and a wake-up for each: more than most look-ups cost.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

Told = Sequence[tuple["asyncio.Future[Any]", object]]
"""Futures with what they stand for; an exception is raised."""


def tell(told: Told) -> None:
    """Hand results over, from any thread, to the one event loop that waits for them."""
    if told:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            told[0][0].get_loop().call_soon_threadsafe(_settle, told)


def _settle(told: Told) -> None:
    for future, outcome in told:
        if future.done():
            continue  # whoever waited was cancelled
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
