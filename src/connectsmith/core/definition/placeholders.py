"""Compile `{{ path }}` placeholders once; render them in one pass, encoded for where they stand.

Nothing is evaluated, values are never read again, and look-ups are in one flat mapping. Secrets
never come here: whoever may reveal them does so into the mapping for the names a template uses.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, final
from urllib.parse import quote

from connectsmith.errors import FieldInvalid

PLACEHOLDER: Final = re.compile(r"\{\{([^{}]*)\}\}")
"""A placeholder as typed; its group still holds the spaces."""
SPACES: Final = " \t\r\n"

_unreserved = re.compile(r"[A-Za-z0-9\-._~]+").fullmatch
_LABEL = re.compile(r"[a-z0-9-]+")
_HOST = re.compile(r"[a-z0-9.-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Place(StrEnum):
    """Where a rendered value will stand; decides its encoding and what it may hold."""

    PATH = "path"  # one URL path segment or a part of it: percent-encoded, "." and ".." refused
    QUERY = "query"  # a value inside a URL's query: percent-encoded
    LABEL = "label"  # part of one host label: [a-z0-9-] only
    HOST = "host"  # any run of host characters
    HEADER = "header"  # a header's value: no control characters
    TEXT = "text"  # a form, query or JSON value that is encoded later as a whole: as it is

    __hash__ = str.__hash__  # Enum's own runs in Python, on every render


_TEXT = Place.TEXT  # looking a member up in an Enum costs more than the comparison
_PATH = Place.PATH


@final
class Omitted:
    """The answer of a render when a placeholder has no value: leave the member out."""


OMITTED: Final = Omitted()


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled text. `names` are the placeholders' paths as written, without braces or spaces."""

    source: str
    names: frozenset[str]
    _pieces: tuple[str, ...] = field(default=(), repr=False, compare=False)
    _slots: tuple[tuple[int, str], ...] = field(default=(), repr=False, compare=False)

    @property
    def literal(self) -> str | None:
        """The text itself when it holds no placeholder."""
        return None if self.names else self.source

    def render(self, values: Mapping[str, Any], place: Place = Place.TEXT) -> Any:
        """Return the text with its placeholders filled, or OMITTED when one has no value.

        None and the empty text count as no value. A template that is exactly one placeholder
        keeps its value's type in TEXT.

        Raises:
            FieldInvalid: a value that may not stand in this place.
        """
        slots = self._slots
        if not slots:
            return self.source
        if place is _TEXT and len(self._pieces) == 1:
            return _typed(values.get(slots[0][1]), slots[0][1])
        encode = ENCODERS[place]
        pieces = [*self._pieces]
        for index, name in slots:
            value = values.get(name)
            if value is None or value == "":
                return OMITTED
            pieces[index] = encode(value, name)
        text = "".join(pieces)
        if place is _PATH and has_dot_segment(text):
            raise FieldInvalid(
                'The values make a path segment of "." or "..", which changes the path.',
                place=slots[0][1],
            )
        return text


def compile_template(text: str) -> Template:
    """Compile a text. An unclosed `{{` is literal text here; `checks` reports it."""
    if "{{" not in text:
        return Template(text, frozenset())
    pieces: list[str] = []
    slots: list[tuple[int, str]] = []
    end = 0
    for match in PLACEHOLDER.finditer(text):
        name = match[1].strip(SPACES)
        if not name:
            continue
        if match.start() > end:
            pieces.append(text[end : match.start()])
        slots.append((len(pieces), name))
        pieces.append("")
        end = match.end()
    if end < len(text):
        pieces.append(text[end:])
    return Template(text, frozenset(name for _, name in slots), tuple(pieces), tuple(slots))


def has_dot_segment(path: str) -> bool:
    """Tell whether a path holds a segment that URL parsers resolve: `.`, `..`, also as `%2e`."""
    if "." not in path and "%2" not in path:
        return False
    plain = path.replace("%2e", ".").replace("%2E", ".")
    return any(segment in {".", ".."} for segment in plain.split("/"))


def text_of(value: Any, name: str) -> str:
    """Return a scalar as the text that stands for it outside JSON: `true`, `3`, `2.5`.

    Raises:
        FieldInvalid: a list, an object, or a number that is none.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return repr(value)
    raise FieldInvalid(f'"{name}" must be a text, a number or a boolean here.', place=name)


def _typed(value: Any, name: str) -> Any:
    if value is None or value == "":
        return OMITTED
    return _text(value, name) if isinstance(value, str) else value


def _text(value: Any, name: str) -> str:
    text = value if type(value) is str else text_of(value, name)
    if not text.isascii() and _SURROGATE.search(text):
        raise FieldInvalid(f'"{name}" holds half of a character pair.', place=name)
    return text


def _header(value: Any, name: str) -> str:
    text = _text(value, name)
    if not text.isprintable() and _CONTROL.search(text):
        raise FieldInvalid(f'"{name}" holds a control character.', place=name)
    return text


def _percent(value: Any, name: str) -> str:
    if type(value) is str and ((value.isascii() and value.isalnum()) or _unreserved(value)):
        return value  # the first test is the second one's common case, at a fifth of its cost
    return quote(_header(value, name), safe="")


def _label(value: Any, name: str) -> str:
    text = text_of(value, name)
    if _LABEL.fullmatch(text):
        return text
    raise FieldInvalid(
        f'"{name}" becomes part of a host name: only a to z, 0 to 9 and "-" may stand there.',
        place=name,
    )


def _host(value: Any, name: str) -> str:
    text = text_of(value, name)
    if _HOST.fullmatch(text):
        return text
    raise FieldInvalid(
        f'"{name}" becomes part of a host name: only a to z, 0 to 9, "-" and "." may stand there.',
        place=name,
    )


ENCODERS: Final[Mapping[Place, Callable[[Any, str], str]]] = {
    Place.PATH: _percent,
    Place.QUERY: _percent,
    Place.LABEL: _label,
    Place.HOST: _host,
    Place.HEADER: _header,
    Place.TEXT: _text,
}
