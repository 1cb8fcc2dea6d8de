"""When an authorization server that fails, or asked for a pause, is asked again.

Moments and durations are seconds of any clock that only goes forward.
"""

from dataclasses import dataclass, replace
from typing import Final

FAILURES: Final = 5
"""Failures in a row, of whichever connections, after which a server counts as down."""
PAUSE: Final = 20.0
"""Seconds between probes of a server that is down; recovery is noticed within 22."""
SPREAD: Final = 0.1


@dataclass(frozen=True, slots=True)
class Circuit:
    """What is known of one authorization server's health.

    After `FAILURES` in a row nothing is sent until `open_until`; then one request probes, and its
    answer closes the circuit or opens it again. `asked_until` is where a pause ends that the server
    asked for: until then nothing is sent, not even for a person who insists.
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
        return replace(self, failures=0)

    def asked(self, until: float) -> "Circuit":
        """Return the circuit after the server asked for a pause up to a moment."""
        return replace(self, asked_until=max(self.asked_until, until))

    def failed(self, now: float, *, retry_after: float | None, fraction: float) -> "Circuit":
        """Return the circuit after a failure; `retry_after` is what the server asked for.

        `fraction` in [0, 1) spreads the pauses of many processes; one that was asked for is never
        made shorter by it.
        """
        failures = self.failures + 1
        open_until, asked_until = self.open_until, self.asked_until
        if failures >= FAILURES:
            open_until = max(open_until, now + PAUSE * (1 - SPREAD + 2 * SPREAD * fraction))
        if retry_after:
            asked_until = max(asked_until, now + retry_after * (1 + SPREAD * fraction))
        return Circuit(failures, open_until, asked_until)
