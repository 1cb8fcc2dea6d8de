"""Definitions read without holding up whoever else is served: large ones in a thread.

A megabyte that is written to be slow takes seconds to read. Such texts are read one at a time, so
that they cost others a share of the processor and no more.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from connectsmith.core.definition.outline import Outline, outline_of
from connectsmith.core.definition.reading import Reading, read
from connectsmith.presets import quirk_rules

LARGE: Final = 64 * 1024
"""Characters from which a text is read apart: below, a reading takes no longer than a call."""

_READER: Final = ThreadPoolExecutor(1, thread_name_prefix="reading")

ResultT = TypeVar("ResultT")


async def apart(text: str, reading: Callable[[], ResultT]) -> ResultT:
    """Return what a reading of this text comes to."""
    if len(text) < LARGE:
        return reading()
    return await asyncio.get_running_loop().run_in_executor(_READER, reading)


async def read_text(
    text: str, secret_names: frozenset[str] | None = None, *, callback_url: str | None = None
) -> Reading:
    """Read a definition's text, by the quirk rules that ship; see `read`."""
    return await apart(
        text,
        lambda: read(
            text, secret_names=secret_names, quirks=quirk_rules(), callback_url=callback_url
        ),
    )


async def outline_text(text: str) -> Outline:
    """Say what stands in a text; see `outline_of`."""
    return await apart(text, lambda: outline_of(text))
