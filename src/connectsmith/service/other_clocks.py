"""The clocks of servers that check our signatures.

A server whose clock is more than half a minute from ours refuses what we sign, or takes it for
longer than was meant. How far it is off stands in the `Date` of its answers.
"""

from collections import OrderedDict
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from connectsmith.core.message import HttpResponse
from connectsmith.service.ports import Clock

TOLERATED: Final = timedelta(seconds=30)
FURTHEST: Final = timedelta(hours=1)
"""A clock that is further off is wrong, or lies: nothing is signed for it."""
KEPT: Final = 4096


class OtherClocks:
    """Know other clocks; `whose` names one: a connector's authorization server, or an origin."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offsets: OrderedDict[str, timedelta] = OrderedDict()

    def moment(self, whose: str) -> datetime:
        """Return the present moment as that clock shows it, as far as it is known."""
        return self._clock.now() + self._offsets.get(whose, timedelta())

    def learn(self, whose: str, response: HttpResponse) -> bool:
        """Compare clocks; tell whether what was signed until now was signed at a wrong time."""
        offset = self._measured(response)
        before = self._offsets.get(whose, timedelta())
        if offset is None or abs(offset - before) <= TOLERATED:
            return False
        if abs(offset) <= TOLERATED:
            self._offsets.pop(whose, None)
        else:
            self._offsets[whose] = offset
            self._offsets.move_to_end(whose)
            if len(self._offsets) > KEPT:
                self._offsets.popitem(last=False)
        return True

    def _measured(self, response: HttpResponse) -> timedelta | None:
        try:
            theirs = parsedate_to_datetime(response.header("date") or "")
            offset = theirs - self._clock.now()
        except (ValueError, TypeError, OverflowError):
            return None
        return offset if abs(offset) <= FURTHEST else None
