"""Look into values of which nothing is sure yet: a wrong type counts as absent."""

from collections.abc import Iterator
from typing import Any


def members(value: Any, *names: str) -> dict[str, Any]:
    """Return the object that a path of names leads to, or an empty one."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def elements(value: Any, *names: str) -> list[Any]:
    """Return the list that a path of names leads to, or an empty one."""
    last = members(value, *names[:-1]).get(names[-1])
    return last if isinstance(last, list) else []


def text(value: dict[str, Any], name: str) -> str | None:
    """Return a text member."""
    found = value.get(name)
    return found if isinstance(found, str) else None


def texts(value: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield every text inside a JSON value with its path."""
    if isinstance(value, str):
        yield (), value
    elif isinstance(value, dict):
        for name, each in value.items():
            for path, found in texts(each):
                yield (name, *path), found
    elif isinstance(value, list):
        for index, each in enumerate(value):
            for path, found in texts(each):
                yield (index, *path), found
