"""Write values as pairs: query strings and form bodies, with lists and nesting."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import quote

from connectsmith.core.call.conversion import plain_text

_PLAIN: Final = re.compile(r"[A-Za-z0-9\-._~]*")


def query_pairs(name: str, value: Any, style: str) -> Iterator[tuple[str, str]]:
    """Yield percent-encoded pairs (RFC 3986) for one value."""
    for key, text in _flat(name, value, style):
        yield percent(key), _joined(text, percent)


def form_body(values: Iterable[tuple[str, Any, str]]) -> bytes:
    """Return a form-encoded body of `(name, value, style)` (WHATWG URL standard: a space is +)."""
    return "&".join(
        f"{_plus(key)}={_joined(text, _plus)}"
        for name, value, style in values
        for key, text in _flat(name, value, style)
    ).encode("ascii")


def plain_pairs(name: str, value: Any, style: str) -> Iterator[tuple[str, str]]:
    """Yield pairs as they are, for bodies that encode nothing."""
    for key, text in _flat(name, value, style):
        yield key, _joined(text, str)


def percent(text: str) -> str:
    """Percent-encode all but unreserved characters (RFC 3986 section 2.3)."""
    return text if text.isascii() and _PLAIN.fullmatch(text) else quote(text, safe="")


def _plus(text: str) -> str:
    return percent(text).replace("%20", "+")


def _joined(text: str | list[str], encode: Any) -> str:
    """Encode a text; of a comma list the items only, so that its commas stay commas."""
    return encode(text) if isinstance(text, str) else ",".join(encode(each) for each in text)


def _flat(name: str, value: Any, style: str) -> Iterator[tuple[str, str | list[str]]]:
    """Yield names and texts: `a[b]` for members, lists by style, objects in lists by index.

    An empty list or object is one pair without value, which is how services read "set to none".
    """
    match value:
        case dict() if value:
            for key, each in value.items():
                yield from _flat(f"{name}[{key}]", each, style)
        case list() if value:
            yield from _list(name, value, style)
        case list() if style == "brackets":
            yield f"{name}[]", ""
        case dict() | list():
            yield name, ""
        case None:
            return
        case _:
            yield name, plain_text(value)


def _list(name: str, items: list[Any], style: str) -> Iterator[tuple[str, str | list[str]]]:
    kept = [each for each in items if each is not None]
    if any(isinstance(each, dict | list) for each in kept):
        for index, each in enumerate(kept):
            yield from _flat(f"{name}[{index}]", each, style)
    elif style == "comma":
        yield name, [plain_text(each) for each in kept]
    else:
        wire = f"{name}[]" if style == "brackets" else name
        for each in kept:
            yield wire, plain_text(each)
