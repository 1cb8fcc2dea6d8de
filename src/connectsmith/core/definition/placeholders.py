"""Compile `{{ path }}` placeholders once; render them in one pass, encoded for where they stand.

Nothing is evaluated, values are never read again, and look-ups are in one flat mapping. Secrets
never come here: whoever may reveal them does so into the mapping for the names a template uses.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, final


class Place(StrEnum):
    """Where a rendered value will stand; decides its encoding and what it may hold."""

    PATH = "path"  # one URL path segment or a part of it: percent-encoded, "." and ".." refused
    QUERY = "query"  # a value inside a URL's query: percent-encoded
    LABEL = "label"  # part of one host label: [a-z0-9-] only
    HOST = "host"  # any run of host characters
    HEADER = "header"  # a header's value: no control characters
    TEXT = "text"  # a form, query or JSON value that is encoded later as a whole: as it is


@final
class Omitted:
    """The answer of a render when a placeholder has no value: leave the member out."""


OMITTED: Final = Omitted()


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled text. `names` are the placeholders' paths as written, without braces or spaces."""

    source: str
    names: frozenset[str]

    @property
    def literal(self) -> str | None:
        """The text itself when it holds no placeholder."""
        raise NotImplementedError

    def render(self, values: Mapping[str, Any], place: Place = Place.TEXT) -> Any:
        """Return the text with its placeholders filled, or OMITTED when one has no value.

        A template that is exactly one placeholder keeps its value's type in TEXT.

        Raises:
            CallerError: a value that may not stand in this place (code `field_invalid`).
        """
        raise NotImplementedError


def compile_template(text: str) -> Template:
    """Compile a text. An unclosed `{{` is literal text here; `checks` reports it."""
    raise NotImplementedError
