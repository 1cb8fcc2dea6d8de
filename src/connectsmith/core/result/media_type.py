"""Read what an answer's `Content-Type` says: JSON, text or bytes, and in which charset."""

import codecs
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_CHARSET: Final = re.compile(r'(?i);\s*charset\s*=\s*"?([A-Za-z0-9_.:\-]{1,40})"?')
_TEXT_SUBTYPES: Final = frozenset(
    {
        "javascript", "ecmascript", "x-javascript", "xml", "yaml", "x-yaml", "toml", "sql",
        "graphql", "x-www-form-urlencoded", "x-ndjson", "ndjson", "jsonl", "json-seq",
    }
)  # fmt: skip
_LINES: Final = ("ndjson", "jsonlines")
_TEXT_CODECS: Final = re.compile(
    r"utf-?(8|16|32)(-?[bl]e|-sig)?|us-?ascii|ascii|iso-?8859-?\d+|latin-?\d+|windows-?\d+"
    r"|cp-?\d+|koi8-?[ru]|gb\d+|gbk|big5|euc-?\w+|shift-?_?jis|iso-?2022-?\w+|mac-?\w+"
)


@dataclass(frozen=True, slots=True)
class MediaType:
    """What a body is. `charset` is a text encoding that Python has, or None."""

    essence: str
    is_json: bool
    is_text: bool
    charset: str | None


@lru_cache(maxsize=512)
def read_media_type(header: str | None) -> MediaType:
    """Read a header's value, however odd; the absent one may be anything."""
    if header is None:
        return MediaType("", is_json=False, is_text=False, charset=None)
    essence = header.partition(";")[0].strip().lower()[:200]
    subtype = essence.partition("/")[2]
    return MediaType(
        essence=essence,
        is_json=subtype.endswith("json") and not subtype.endswith(_LINES),
        is_text=essence.startswith("text/")
        or subtype in _TEXT_SUBTYPES
        or subtype.endswith(("+xml", "+yaml", *_LINES)),
        charset=_charset(header),
    )


def decode(body: bytes, charset: str | None) -> str:
    """Decode a body: as UTF-8, else as it says, else as UTF-8 with marks for what is broken.

    UTF-8 comes first because wrong labels are common and other text is hardly ever valid UTF-8.
    """
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode(charset or "utf-8", errors="replace")


def _charset(header: str) -> str | None:
    match = _CHARSET.search(header)
    if match is None or not _TEXT_CODECS.fullmatch(match[1].lower()):
        return None
    try:
        return codecs.lookup(match[1]).name
    except LookupError:
        return None
