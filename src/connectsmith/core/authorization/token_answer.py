"""The body of a token endpoint's answer, as a value: JSON, form or text, and pointers into it.

Strict where two readers could see different things (repeated names, half characters, depth),
lenient about everything that services do for no reason.
"""

import json
import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, NoReturn
from urllib.parse import parse_qsl

from connectsmith.core.definition.model import ErrorTest
from connectsmith.core.message import HttpResponse
from connectsmith.errors import TokenAnswerInvalid

Format = Literal["auto", "json", "form", "text"]

DEEPEST: Final = 64
LONGEST_VALUE: Final = 4096
"""Characters of a captured value."""
LONGEST_LIFETIME: Final = timedelta(days=366 * 100)
MILLISECONDS_FROM: Final = 1e11
"""Times of day from here on are milliseconds: in seconds this is the year 5138."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_COUNTDOWN = re.compile(r"([0-9]{1,5}):([0-9]{1,2}):([0-9]{1,2})")


class Absent:
    """What a pointer that finds nothing finds."""


ABSENT: Final = Absent()


def read_body(response: HttpResponse, form: Format) -> Any:
    """Return the members of an answer; with `text`, its trimmed text.

    Raises:
        TokenAnswerInvalid: not in that format, or readable in more than one way.
    """
    text = _text(response)
    match form:
        case "text":
            return text
        case "json":
            return _json(text, response)
        case "form":
            return _form(text, response)
        case _:
            return _form(text, response) if _looks_like_form(text) else _json(text, response)


def find(body: Any, pointer: str) -> Any:
    """Return what a JSON Pointer (RFC 6901) leads to, or ABSENT."""
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(body, dict):
            body = body.get(name, ABSENT)
        elif isinstance(body, list) and name.isascii() and name.isdigit() and int(name) < len(body):
            body = body[int(name)]
        else:
            return ABSENT
    return body


def matches(test: ErrorTest, body: Any) -> bool:
    """Tell whether a test of the definition holds; one that finds nothing never does."""
    found = find(body, test.pointer)
    if found is ABSENT:
        return False
    negated = "not_" in test.model_fields_set
    wanted = test.not_ if negated else test.equals
    options = wanted if isinstance(wanted, list) else [wanted]
    return any(_same(found, option) for option in options) is not negated


def token_text(found: Any) -> str | None:
    """Return a token as text that can stand in a header, or None when there is none.

    Raises:
        TokenAnswerInvalid: it holds control characters, or is no text at all.
    """
    if found is ABSENT or found is None or found == "":
        return None
    text = scalar_text(found)
    if text is None or isinstance(found, bool):
        raise TokenAnswerInvalid("The token endpoint answered with a token that is no text.")
    text = text.strip()
    if _CONTROLS.search(text):
        raise TokenAnswerInvalid("The token endpoint answered with control characters in a token.")
    return text or None


def scalar_text(found: Any) -> str | None:
    """Return text, a number or a boolean as text; None for anything else."""
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, (str, int)) or (isinstance(found, float) and math.isfinite(found)):
        return str(found)
    return None


def lifetime_of(found: Any, unit: Literal["s", "ms"]) -> timedelta | None:
    """Return a stated lifetime; None when it is absent, not positive, endless or no number.

    Services say 0 or -1 for tokens that do not expire, so that counts as nothing stated.
    """
    seconds = _number(found)
    if seconds is None:
        return None
    return _bounded(seconds / 1000 if unit == "ms" else seconds)


def lifetime_until(found: Any, received_at: datetime) -> timedelta | None:
    """Return how long it is to a stated time: seconds, milliseconds, or an ISO time.

    `days:hours:minutes` is what some services count down from instead.
    """
    moment = _number(found)
    if moment is not None:
        seconds = moment / 1000 if moment >= MILLISECONDS_FROM else moment
        return _bounded(seconds - received_at.timestamp())
    if not isinstance(found, str):
        return None
    if countdown := _COUNTDOWN.fullmatch(found.strip()):
        days, hours, minutes = map(int, countdown.groups())
        return _bounded(timedelta(days=days, hours=hours, minutes=minutes).total_seconds())
    try:
        parsed = datetime.fromisoformat(found.strip())
    except ValueError:
        return None
    aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return _bounded((aware - received_at).total_seconds())


def scopes_of(found: Any, separator: str, requested: Sequence[str]) -> tuple[str, ...]:
    """Return granted scopes from a list or a text; empty when the answer names none.

    Some servers answer with commas where they are asked with spaces (GitHub), so a comma separates
    unless a requested scope holds one.
    """
    if isinstance(found, list):
        return tuple(each for each in found if isinstance(each, str) and each)
    if not isinstance(found, str):
        return ()
    if separator and not any(separator in each for each in requested):
        found = found.replace(separator, " ")
    if not any("," in each for each in requested):
        found = found.replace(",", " ")
    return tuple(found.split())


def _text(response: HttpResponse) -> str:
    if response.truncated:
        raise TokenAnswerInvalid(
            f"The token endpoint answered {response.status} with more than a token answer can be."
        )
    try:
        return response.body.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise _unreadable(response, "text that is not UTF-8") from None


def _looks_like_form(text: str) -> bool:
    return not text.startswith(("{", "[", "<", '"')) and "=" in text


def _json(text: str, response: HttpResponse) -> Any:
    if not text:
        raise _unreadable(response, "an empty body")
    try:
        body = json.loads(text, object_pairs_hook=_members, parse_constant=_no_number)
    except _RepeatedNameError:
        raise _unreadable(response, "JSON that names a member twice") from None
    except (ValueError, RecursionError):
        what = "a web page" if text.startswith("<") else "text that is no JSON"
        raise _unreadable(response, what) from None
    _check_depth(body, response)
    if not isinstance(body, (dict, list)):
        raise _unreadable(response, "JSON that is no object")
    return body


def _form(text: str, response: HttpResponse) -> dict[str, str]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=200)
    except ValueError:
        raise _unreadable(response, "a form that cannot be read") from None
    members = dict(pairs)
    if not members:
        raise _unreadable(response, "no form" if text else "an empty body")
    if len(members) < len(pairs):
        raise _unreadable(response, "a form that names a member twice")
    return members


class _RepeatedNameError(Exception):
    """A JSON object names a member twice."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _RepeatedNameError
    return members


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _check_depth(body: Any, response: HttpResponse) -> None:
    level, depth = [body], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise _unreadable(response, "JSON that is nested too deep")
        if any(isinstance(each, str) and not _whole(each) for each in level):
            raise _unreadable(response, "half characters")
        level = [member for each in level for member in _inside(each)]


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _whole(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def _same(found: Any, option: Any) -> bool:
    return bool(found == option) and isinstance(found, bool) is isinstance(option, bool)


def _number(found: Any) -> float | None:
    if isinstance(found, bool) or not isinstance(found, (int, float, str)):
        return None
    try:
        number = float(found)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _bounded(seconds: float) -> timedelta | None:
    endless = seconds > LONGEST_LIFETIME.total_seconds()
    return None if seconds <= 0 or endless else timedelta(seconds=seconds)


def _unreadable(response: HttpResponse, what: str) -> TokenAnswerInvalid:
    return TokenAnswerInvalid(
        f"The token endpoint answered {response.status} with {what} instead of a token answer. "
        "Check the tokenURL, and tokenResponse.format if the service answers in its own way.",
        details={"status": response.status},
    )
