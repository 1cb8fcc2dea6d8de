"""What lists need to know of many connectors at once, in a few questions to the storage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Tally:
    """How many real connections a connector has; test connections and ended ones do not count."""

    healthy: int = 0
    attention: int = 0
    """Those that somebody has to do something about, or whose renewal is failing."""

    @property
    def all(self) -> int:
        """Both together."""
        return self.healthy + self.attention


class Summaries(Protocol):
    """Read-only questions about what stands on one page of a list."""

    async def names(self, workspace: str, connectors: Sequence[str]) -> Mapping[str, str]:
        """Return the name of each that is not deleted."""
        ...

    async def accounts(self, workspace: str, connections: Sequence[str]) -> Mapping[str, str]:
        """Return whose account each that is there holds: in words, or its id, or empty."""
        ...

    async def changed(self, workspace: str, connectors: Sequence[str]) -> frozenset[str]:
        """Return those whose draft differs from their newest published revision."""
        ...

    async def tallies(
        self, workspace: str, connectors: Sequence[str], now: datetime
    ) -> Mapping[str, Tally]:
        """Return the connections of each that has any."""
        ...

    async def last_calls(self, workspace: str, connectors: Sequence[str]) -> Mapping[str, datetime]:
        """Return when each that was ever called was called last, of what has been written."""
        ...

    async def not_signed_in_since(
        self, workspace: str, connectors: Sequence[str], since: datetime
    ) -> frozenset[str]:
        """Return those that are older than a moment and were signed in to by nobody after it."""
        ...

    async def discard_untouched(self, before: datetime, at: datetime) -> Sequence[str]:
        """Bury connectors begun before a moment that nothing was done with; return their ids."""
        ...
