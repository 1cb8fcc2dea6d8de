"""The forms in which a service may give a value back: what to look for when masking it.

This module reveals secrets to build what is searched for; nothing of it is shown or kept elsewhere.
"""

import html
import json
import re
from binascii import b2a_base64
from collections.abc import Iterator
from dataclasses import field
from typing import Final
from urllib.parse import quote, quote_plus

from connectsmith.core.secret.secret import Secret
from connectsmith.values import value_class

SHORTEST: Final = 4
"""Characters below which a value is not searched for."""
MASK_START: Final = b"[masked:"

_ESCAPE: Final = re.compile(r"\\u[0-9a-f]{4}")
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
_PERCENT: Final = re.compile(r"%[0-9A-F]{2}")
_SAME_EVERYWHERE: Final = re.compile(r"[A-Za-z0-9_.-]*")
"""What JSON, HTML and URLs leave as it is, and most tokens are made of."""
_JAVASCRIPT: Final = "!'()*"
"""What `encodeURIComponent` leaves beside the unreserved characters."""


@value_class(frozen=True, slots=True)
class Forms:
    """One value: itself, its literal forms, and the sure middle of its three base64 alignments."""

    value: bytes = field(repr=False)
    literal: tuple[bytes, ...] = field(repr=False)
    base64: tuple[bytes, ...] = field(repr=False)


def forms_of(secret: Secret, shortest: int = SHORTEST) -> Forms | None:
    """Return what to search for; None for a value that would be found in innocent text."""
    text = secret.reveal()
    value = text.encode("utf-8", "surrogatepass")
    if len(text) < shortest or value in MASK_START:
        return None
    literal = {form.encode("utf-8", "surrogatepass") for form in _text_forms(text)}
    literal |= {value.hex().encode(), value.hex().upper().encode()}
    return Forms(
        value=value,
        literal=tuple(sorted(literal, key=len, reverse=True)),
        base64=tuple(sorted(set(_base64_forms(value)))),
    )


def _text_forms(text: str) -> Iterator[str]:
    yield text
    if _SAME_EVERYWHERE.fullmatch(text):
        return
    yield from _json_forms(text)
    yield from _html_forms(text)
    yield from _url_forms(text.encode("utf-8", "surrogatepass"))


def _json_forms(text: str) -> Iterator[str]:
    """Yield JSON's escapes: all or only the needed ones, both cases, `/` escaped or not."""
    for escaped in (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]):
        upper = _ESCAPE.sub(lambda match: "\\u" + match[0][2:].upper(), escaped)
        for form in (escaped, upper):
            yield form
            yield form.replace("/", "\\/")


def _html_forms(text: str) -> Iterator[str]:
    """Yield the spellings of quotes that are in use, in attributes and in text."""
    bare = html.escape(text, quote=False)
    yield bare
    for double, single in (("&quot;", "&#x27;"), ("&quot;", "&#39;"), ("&#34;", "&#39;")):
        yield bare.replace('"', double).replace("'", single)
    yield bare.replace('"', "&quot;")
    yield bare.replace('"', "&quot;").replace("'", "&apos;")


def _url_forms(value: bytes) -> Iterator[str]:
    """Yield percent-encodings: strict, with `/`, JavaScript's, of forms; digits in both cases."""
    strict = quote(value, safe="")
    encoded = {
        strict,
        quote(value, safe="/"),
        quote(value, safe=_JAVASCRIPT),
        quote_plus(value, safe=""),
        quote_plus(value, safe="*").replace("~", "%7E"),
    }
    for form in encoded:
        yield form
        yield _PERCENT.sub(lambda match: match[0].lower(), form)


def _base64_forms(value: bytes) -> Iterator[bytes]:
    """Yield, for 0, 1 and 2 bytes in front, the characters that the value alone decides."""
    for before in range(3):
        encoded = b2a_base64(b"\0" * before + value, newline=False)
        first = -(-before * 8 // 6)
        sure = encoded[first : (before + len(value)) * 8 // 6]
        yield sure
        yield sure.translate(_URL_SAFE)
