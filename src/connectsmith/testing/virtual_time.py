"""Time that passes as fast as it is waited for: an event loop that jumps to its next timer."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

START: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
Result = TypeVar("Result")


class _JumpingSelector(selectors.BaseSelector):
    """Waits for nothing: where the loop would wait for a timer, its clock is moved instead."""

    def __init__(self, pass_time: Callable[[float], None]) -> None:
        self._real = selectors.DefaultSelector()
        self._pass_time = pass_time

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._real.select(0 if timeout is not None else None)
        if not ready and timeout:
            self._pass_time(timeout)
        return ready

    def register(self, *given: Any) -> selectors.SelectorKey:
        return self._real.register(*given)

    def unregister(self, *given: Any) -> selectors.SelectorKey:
        return self._real.unregister(*given)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop for code that does no input or output: sleeping takes no time."""

    def __init__(self) -> None:
        self._seconds = 0.0
        super().__init__(_JumpingSelector(self._pass))

    def time(self) -> float:
        """Return the seconds that have passed."""
        return self._seconds

    def _pass(self, seconds: float) -> None:
        self._seconds += seconds


class VirtualClock:
    """The time of day on such a loop; the port `Clock`. It can be set wrong."""

    def __init__(self, at: datetime = START) -> None:
        self._at = at

    def now(self) -> datetime:
        """Return the present moment."""
        return self._at + timedelta(seconds=asyncio.get_running_loop().time())

    def jump(self, by: timedelta) -> None:
        """Set the clock forward or back, while the time that passes stays what it is."""
        self._at += by


def run(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(coroutine)
