"""Lengths of time as people say them."""

from datetime import timedelta
from typing import Final

_UNITS: Final = tuple(
    (timedelta(seconds=seconds), name)
    for seconds, name in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
)
_NEAR: Final = 0.02
"""Share of a length that may be left out: a grant of 90 days that ends a second early is one."""


def said(length: timedelta) -> str:
    """Say a length in the largest unit that it is a number of: `1 hour`, `90 minutes`."""
    unit, name = next((each for each in _UNITS if _is_number_of(each[0], length)), _UNITS[-1])
    count = round(length / unit)
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def _is_number_of(unit: timedelta, length: timedelta) -> bool:
    count = round(length / unit)
    return count > 0 and abs(length - count * unit) <= length * _NEAR
