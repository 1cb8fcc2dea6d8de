"""The forms a value may be written in. Written apart from the product's own, to be compared."""

import base64
import html
import json
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote, quote_from_bytes, quote_plus

CUT: Final = 16
"""Characters of a value's start or end that are a leak too."""
_PERCENT: Final = re.compile(r"%[0-9A-F]{2}")
_ESCAPE: Final = re.compile(r"\\u[0-9a-f]{4}")


def forms_of(value: bytes) -> dict[str, bytes]:
    """Return a value's forms by name; forms that are alike come once."""
    named = {"plain": value, "hex": value.hex().encode(), "HEX": value.hex().upper().encode()}
    named |= dict(_base64_forms(value))
    named["python"] = repr(value)[2:-1].encode()
    try:
        text = value.decode()
    except UnicodeDecodeError:
        named["url"] = quote_from_bytes(value, safe="").encode()
    else:
        named |= {name: form.encode() for name, form in _text_forms(text)}
        if len(text) >= CUT + 8:
            named |= {"start": value[:CUT], "end": value[-CUT:]}
    first = {form: name for name, form in reversed(named.items())}
    return {name: form for form, name in first.items()}


def _text_forms(text: str) -> Iterator[tuple[str, str]]:
    escaped = json.dumps(text)[1:-1]
    yield "json", escaped
    yield "json of json", json.dumps(escaped)[1:-1]
    yield "json with slashes", escaped.replace("/", "\\/")
    yield "json for html", re.sub("[<>&']", lambda each: f"\\u{ord(each[0]):04x}", escaped)
    yield "html", html.escape(text)
    yield (
        "html with decimals",
        html.escape(text).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
    )
    yield "html text", html.escape(text, quote=False)
    for name, form in (
        ("url", quote(text, safe="")),
        ("url path", quote(text)),
        ("url form", quote_plus(text)),
        ("url by javascript", quote(text, safe="!'()*")),
    ):
        yield name, form
        yield f"{name}, lower", _PERCENT.sub(lambda each: each[0].lower(), form)


def _base64_forms(value: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield what the value alone decides, with 0, 1 and 2 bytes in front of it."""
    for before in range(3):
        written = base64.b64encode(bytes(before) + value)
        sure = written[-(-before * 8 // 6) : (before + len(value)) * 8 // 6]
        yield f"base64 {before}", sure
        yield f"base64url {before}", sure.replace(b"+", b"-").replace(b"/", b"_")
