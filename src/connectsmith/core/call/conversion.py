"""Convert one scalar to a field's type: strict enough to be sent, lenient enough to be typed.

Text is accepted for numbers and booleans, since command lines and forms have nothing else.
"""

import base64
import binascii
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from connectsmith.core.connection.auth_plan import has_control

EXACT: Final = 2**53
"""Integers beyond this are not exact in most JSON readers; they are taken only as JSON integers."""

LONGEST_NAME: Final = 255
"""Characters of a file's name or media type."""

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,39})")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,39})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,4})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATETIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}):([0-9]{2})(\.[0-9]{1,20})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_MEDIA_TYPE = re.compile(
    r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,127}/[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,127}"
    r"( *; *[!#$%&'*+\-.^_`|~0-9A-Za-z]+=(\"[ !#-\[\]-~]*\"|[!#$%&'*+\-.^_`|~0-9A-Za-z]+))*"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_DECIMAL_LIMIT = 10**40


class Refused(ValueError):
    """A value does not fit; `code` is that of the fault. The message holds no value."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class File:
    """The value of a `file` field."""

    content: bytes = field(repr=False)
    name: str = "file"
    type: str = "application/octet-stream"

    @property
    def base64(self) -> str:
        """The content as it stands where only text can."""
        return base64.b64encode(self.content).decode()


def convert(kind: str, value: Any) -> Any:
    """Return a value as the type of that name has it.

    Raises:
        Refused: it is none.
    """
    return _CONVERTERS[kind](value)


def choices_of(kind: str, choices: Mapping[str, str]) -> dict[str, Any]:
    """Return the stored values of `choices` converted to a type; one that cannot be stays text."""
    return {stored: _choice(kind, stored) for stored in choices}


def plain_text(value: Any) -> str:
    """Return a converted scalar as it stands outside JSON: `true`, `5`, `1.5`, base64 of a file."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, File):
        return value.base64
    return "" if value is None else repr(value)


def check_text(text: str) -> str:
    """Refuse text that no encoding can carry."""
    if not text.isascii() and _SURROGATE.search(text):
        raise Refused("field_characters", "holds half of a character pair")
    return text


def check_number(value: float) -> float:
    """Refuse numbers that JSON does not have, and those too long for anything."""
    if isinstance(value, float) and not math.isfinite(value):
        raise Refused("field_type", "must be a finite number")
    if isinstance(value, int) and abs(value) >= _DECIMAL_LIMIT:
        raise Refused("field_range", "has more than 40 digits")
    return value


def _choice(kind: str, stored: str) -> Any:
    try:
        return convert(kind, stored) if kind in _CONVERTERS else stored
    except Refused:
        return stored


def _string(value: Any) -> str:
    if isinstance(value, str):
        return check_text(value)
    if isinstance(value, bool) or (isinstance(value, int | float) and value == check_number(value)):
        return plain_text(value)
    raise Refused("field_type", "must be text")


def _number(value: Any) -> float:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = int(value) if _INTEGER.fullmatch(value) else float(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return check_number(value)
    raise Refused("field_type", "must be a number")


def _integer(value: Any) -> int:
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) <= EXACT:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return int(check_number(value))
    raise Refused("field_type", "must be a whole number")


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise Refused("field_type", "must be true or false")


def _date(value: Any) -> str:
    if isinstance(value, str) and _DATE.fullmatch(value) and _is_date(value):
        return value
    raise Refused("field_type", "must be a date such as 2026-01-31")


def _datetime(value: Any) -> str:
    """Accept RFC 3339 section 5.6, leap seconds too; the text is sent as typed."""
    match = _DATETIME.fullmatch(value) if isinstance(value, str) else None
    if match is not None:
        second = "59" if match[3] == "60" else match[3]
        offset = "+00:00" if match[5] in "Zz" else match[5]
        if _is_datetime(f"{match[1]}T{match[2]}:{second}{offset}"):
            return match[0]
    raise Refused("field_type", "must be a time with offset such as 2026-01-31T09:30:00+01:00")


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_datetime(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _file(value: Any) -> File:
    if not isinstance(value, dict) or not isinstance(value.get("content"), str):
        raise Refused("field_type", 'must be a file: {"content": base64, "name", "type"}')
    if not value.keys() <= {"content", "name", "type"}:
        raise Refused("field_type", "may hold only content, name and type")
    return File(
        content=_decoded(value["content"]),
        name=_file_name(value.get("name") or "file"),
        type=_media_type(value.get("type") or "application/octet-stream"),
    )


def _decoded(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise Refused("field_type", "has a content that is not base64") from None


def _file_name(name: Any) -> str:
    if not isinstance(name, str) or len(name) > LONGEST_NAME or has_control(check_text(name)):
        raise Refused("field_characters", "has a file name that cannot be sent")
    return name


def _media_type(text: Any) -> str:
    if not isinstance(text, str) or len(text) > LONGEST_NAME or not _MEDIA_TYPE.fullmatch(text):
        raise Refused("field_type", "has a type that is no media type such as image/png")
    return text


_CONVERTERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "string": _string,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "file": _file,
}
