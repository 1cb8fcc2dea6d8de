"""Where a credential may be sent: a set of origins and origin patterns, confirmed by a person."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Destinations:
    """Origins in text form; see `UrlTemplate.origins` for the forms of patterns.

    `permits` is exact on scheme, host (ASCII, lower case, no trailing dot) and port; a pattern
    opens only what it names. `*` permits nothing here: a credential is never bound to any host.
    """

    origins: frozenset[str]

    @classmethod
    def of(cls, origins: Iterable[str]) -> "Destinations":
        """Read origins or patterns; a malformed one is a `Bug`."""
        raise NotImplementedError

    def permits(self, url: str) -> bool:
        """Tell whether a URL's origin is among them."""
        raise NotImplementedError

    def missing(self, origins: Iterable[str]) -> tuple[str, ...]:
        """Return those origins or patterns that are not covered, sorted."""
        raise NotImplementedError


def origin_of(url: str) -> str:
    """Return `scheme://host[:port]` of an absolute http or https URL, default ports left out."""
    raise NotImplementedError
