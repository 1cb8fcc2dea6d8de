"""Ways for the token endpoint to misbehave, switched on to see what happens then."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

TIMES_LIMIT = 1000
LONGEST_WAIT = timedelta(minutes=5)


class FaultKind(StrEnum):
    """What goes wrong."""

    SERVER_ERROR = "server_error"
    """500; the request is not carried out."""
    RATE_LIMITED = "rate_limited"
    """429 with `Retry-After`; the request is not carried out."""
    HTML = "html"
    """200 with a page of HTML; the request is not carried out."""
    SLOW = "slow"
    """The right answer, late."""
    DROP_ANSWER = "drop_answer"
    """The request is carried out (a refresh token rotates), and the connection breaks."""


@dataclass(frozen=True, slots=True)
class SwitchedOn:
    """A fault that hits the next `times` requests; `wait` is for `slow` and `rate_limited`."""

    kind: FaultKind
    times: int = 1
    wait: timedelta = timedelta(seconds=5)


class Faults:
    """The faults to come, first switched on first."""

    def __init__(self) -> None:
        self._coming: deque[SwitchedOn] = deque()

    def __iter__(self) -> Iterator[SwitchedOn]:
        return iter(tuple(self._coming))

    def switch_on(self, fault: SwitchedOn) -> None:
        """Append a fault."""
        self._coming.append(fault)

    def clear(self) -> None:
        """Behave again."""
        self._coming.clear()

    def take(self) -> SwitchedOn | None:
        """Return the fault for this request, if there is one, and count it."""
        if not self._coming:
            return None
        fault = self._coming.popleft()
        if fault.times > 1:
            self._coming.appendleft(SwitchedOn(fault.kind, fault.times - 1, fault.wait))
        return fault
