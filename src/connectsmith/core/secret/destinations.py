"""Where a credential may be sent: a set of origins and origin patterns, confirmed by a person."""

from collections.abc import Iterable
from dataclasses import dataclass

from connectsmith.core.definition import origins as patterns
from connectsmith.errors import Bug, UrlInvalid


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
        found = frozenset(origins)
        try:
            for each in found:
                patterns.read_pattern(each)
        except UrlInvalid as error:
            raise Bug("A destination that is neither an origin nor a pattern.") from error
        return cls(found)

    def permits(self, url: str) -> bool:
        """Tell whether a URL's origin is among them; a URL that cannot be read has none."""
        try:
            return not self.missing((origin_of(url),))
        except UrlInvalid:
            return False

    def missing(self, origins: Iterable[str]) -> tuple[str, ...]:
        """Return those origins or patterns that are not covered, sorted."""
        return tuple(sorted(each for each in set(origins) if not self._covers(each)))

    def _covers(self, origin: str) -> bool:
        if origin == patterns.ANY_HOST:
            return False
        return origin in self.origins or any(patterns.covers(each, origin) for each in self.origins)


def origin_of(url: str) -> str:
    """Return `scheme://host[:port]` of an absolute http or https URL, default ports left out.

    Raises:
        UrlInvalid: not absolute, another scheme, user info, or not the same to every parser.
    """
    return patterns.origin_of(url)
