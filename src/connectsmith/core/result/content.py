"""Read an answer's body into a value: JSON, text, or a description of what is neither."""

import codecs
import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

from connectsmith.core.message import HttpResponse
from connectsmith.core.result.media_type import MediaType, decode, read_media_type
from connectsmith.values import value_class

DEEPEST: Final = 64
"""Levels of objects and lists in JSON that is read."""
LARGEST: Final = 2 * 1024 * 1024
"""Bytes of a body that is given as a value; a larger one is described, and fetched by itself."""

_HALF_PAIR: Final = re.compile(r"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True)
class Body:
    """A body that is no value: how many bytes were read of it, and what they are."""

    size: int
    content_type: str | None


@value_class(frozen=True, slots=True)
class Content:
    """A body, read. `broken`: it says it is JSON and is none, or none that is safe to read."""

    value: Any = field(default=None, repr=False)
    body: Body | None = None
    broken: bool = False


def read_content(response: HttpResponse) -> Content:
    """Read a body by its `Content-Type`; JSON labelled as text, or not at all, is read too."""
    content = response.body
    if not content:
        return Content()
    header = response.header("content-type")
    if len(content) > LARGEST:
        return Content(body=Body(len(content), header))
    media = read_media_type(header)
    if media.is_json:
        return _json(response, header)
    if media.is_text or not media.essence:
        return _text(response, media, header)
    return Content(body=Body(len(content), header))


def parse_json(content: bytes, charset: str | None = None) -> Any:
    """Return the value of a JSON text (RFC 8259).

    Raises:
        ValueError: it is none, has NaN or numbers beyond reason, or is nested too deeply.
    """
    try:
        text = content.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError:
        text = content.decode(json.detect_encoding(content) if charset is None else charset)
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if text.count("[") + text.count("{") > DEEPEST and _depth(value) > DEEPEST:
        raise ValueError("nested too deeply")
    if "\\u" in text and _HALF_PAIR.search(text):
        return _without_surrogates(value)
    return value


def _without_surrogates(value: Any) -> Any:
    r"""Replace halves of pairs (`\ud800` alone), which no encoding can carry, by U+FFFD."""
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case list():
            return [_without_surrogates(each) for each in value]
        case dict():
            return {
                _without_surrogates(name): _without_surrogates(each) for name, each in value.items()
            }
        case _:
            return value


def _json(response: HttpResponse, header: str | None) -> Content:
    """Read what says it is JSON; a part of JSON is described, not shown as if it were whole."""
    if response.truncated:
        return Content(body=Body(len(response.body), header))
    charset = read_media_type(header).charset
    try:
        return Content(parse_json(response.body, charset))
    except ValueError:
        return Content(decode(response.body, charset), broken=True)


def _text(response: HttpResponse, media: MediaType, header: str | None) -> Content:
    content = response.body
    if not response.truncated and content.lstrip()[:1] in {b"{", b"["}:
        try:
            return Content(parse_json(content, media.charset))
        except ValueError:
            pass
    if not media.essence and _is_binary(content):
        return Content(body=Body(len(content), header))
    return Content(decode(content, media.charset))


def _is_binary(content: bytes) -> bool:
    """Tell whether unlabelled bytes are no text."""
    if b"\0" in content:
        return True
    try:
        content[:-3].decode()
    except UnicodeDecodeError:
        return True
    return False


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant)


def _depth(value: Any) -> int:
    """Count levels without recursion, up to one too many."""
    level, layer = 0, [value]
    while layer and level <= DEEPEST:
        below: list[Any] = []
        for each in layer:
            if isinstance(each, dict):
                below.extend(each.values())
            elif isinstance(each, list):
                below.extend(each)
        nested = [each for each in layer if isinstance(each, dict | list)]
        if not nested:
            break
        level, layer = level + 1, below
    return level
