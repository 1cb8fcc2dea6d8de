"""When an authorization server that fails, or asked for a pause, is asked again.

Moments and durations are seconds of any clock that only goes forward.
"""

from dataclasses import dataclass, replace
from typing import Final

FAILURES: Final = 5
"""Failures in a row, of whichever connections, after which a server counts as down."""
SPREAD: Final = 0.1
"""By which share a pause is made longer at most; none is made shorter."""


@dataclass(frozen=True, slots=True)
class Circuit:
    """What is known of one authorization server's health.

    After `FAILURES` in a row nothing is sent until `open_until`; then one request probes, and its
    answer closes the circuit or opens it again. What others know may open it too. `asked_until` is
    where a pause ends that the server asked for: until then nothing is sent, not even for a person
    who insists.
    """

    failures: int = 0
    open_until: float = 0.0
    asked_until: float = 0.0

    @property
    def down(self) -> bool:
        """Whether the server is only probed."""
        return self.failures >= FAILURES

    def wait(self, now: float, *, insist: bool = False) -> float:
        """Return the seconds until something may be sent; 0 for now."""
        until = self.asked_until if insist else max(self.asked_until, self.open_until)
        return max(until - now, 0.0)

    def answered(self) -> "Circuit":
        """Return the circuit after an answer that shows that the server works."""
        return replace(self, failures=0, open_until=0.0)

    def opened(self, until: float) -> "Circuit":
        """Return the circuit after it was learned that nobody asks before a moment."""
        return replace(self, open_until=until)

    def asked(self, until: float) -> "Circuit":
        """Return the circuit after the server asked for a pause up to a moment."""
        return replace(self, asked_until=max(self.asked_until, until))

    def failed(
        self, now: float, *, pause: float, retry_after: float | None, fraction: float
    ) -> "Circuit":
        """Return the circuit after a failure.

        `pause` lies between probes; `retry_after` is what the server asked for. `fraction` in
        [0, 1) spreads both.
        """
        failures = self.failures + 1
        open_until, asked_until = self.open_until, self.asked_until
        if failures >= FAILURES:
            open_until = max(open_until, now + spread(pause, fraction))
        if retry_after:
            asked_until = max(asked_until, now + spread(retry_after, fraction))
        return Circuit(failures, open_until, asked_until)


def spread(seconds: float, fraction: float) -> float:
    """Return a pause that is longer by a share of `SPREAD`, so that not all end at once."""
    return seconds * (1 + SPREAD * fraction)
