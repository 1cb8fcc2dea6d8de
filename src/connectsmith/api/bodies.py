"""Read JSON bodies so that they mean one thing: no repeated members, no numbers beyond numbers."""

import json
import re
from typing import Any, Final

from connectsmith.errors import BodyUnreadable

DEEPEST: Final = 64
"""Levels of arrays and objects: a definition has 32, and stands inside others."""
_HALF_OF_A_PAIR: Final = re.compile(rb"\\u[dD][89a-fA-F]")


def read_json(content: bytes) -> Any:
    """Return the value of a JSON text (RFC 8259, and RFC 7493 for what that leaves open).

    Raises:
        BodyUnreadable: not JSON in UTF-8, a member written twice, too deep, a number that is too
            long or not finite, or half of a surrogate pair.
    """
    try:
        value = _READER.decode(content.decode("utf-8"))
    except UnicodeDecodeError:
        raise BodyUnreadable("The request's body is not UTF-8.") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise BodyUnreadable("The request's body is not valid JSON.") from None
    _check_depth(content, value)
    _check_pairs(content, value)
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise BodyUnreadable(
                    f'The member "{_shown(name)}" is written twice; write it once.',
                    details={"member": _shown(name)},
                )
            seen.add(name)
    return members


def _shown(name: str) -> str:
    return name[:100].encode("utf-8", "replace").decode()


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise BodyUnreadable("A number is too large to be kept exactly enough; send it as text.")
    return number


def _no_number(name: str) -> float:
    raise BodyUnreadable(f"{name} is not a number in JSON.")


_READER: Final = json.JSONDecoder(
    object_pairs_hook=_members, parse_float=_finite, parse_constant=_no_number
)
"""Kept ready: `json.loads` makes a new one for these options, which costs as much as its work."""


def _check_depth(content: bytes, value: Any) -> None:
    if content.count(b"[") + content.count(b"{") <= DEEPEST:
        return
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return
    raise _too_deep()


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [each for each in value if isinstance(each, (dict, list))]
    return []


def _check_pairs(content: bytes, value: Any) -> None:
    if _HALF_OF_A_PAIR.search(content) is None:
        return
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise BodyUnreadable(
            "A text holds half of a surrogate pair, which is no character."
        ) from None


def _too_deep() -> BodyUnreadable:
    return BodyUnreadable(f"The request's body is nested more than {DEEPEST} levels deep.")
