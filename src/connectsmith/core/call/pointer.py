"""JSON Pointers (RFC 6901) and the format's tests of a JSON value, compiled once."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, final

from connectsmith.core.definition.model import ErrorTest

Path = tuple[str, ...]
"""A pointer's reference tokens, unescaped."""


@final
class Missing:
    """What a pointer finds where there is nothing; null is something."""


MISSING: Final = Missing()


def compile_pointer(pointer: str) -> Path:
    """Split a pointer; the empty one stands for the whole value."""
    if not pointer:
        return ()
    return tuple(
        token.replace("~1", "/").replace("~0", "~")
        for token in pointer.removeprefix("/").split("/")
    )


def find(value: Any, path: Path) -> Any:
    """Return what a path leads to, or MISSING."""
    for token in path:
        if isinstance(value, dict):
            value = value.get(token, MISSING)
        elif isinstance(value, list) and token.isdecimal() and token.isascii():
            index = int(token) if len(token) < len("9" * 10) else len(value)
            value = value[index] if index < len(value) else MISSING
        else:
            return MISSING
    return value


@dataclass(frozen=True, slots=True)
class Test:
    """A compiled `{"pointer", "equals"}` or `{"pointer", "not"}`."""

    __test__ = False  # pytest: not a test class

    path: Path
    values: tuple[Any, ...]
    negated: bool

    def matches(self, value: Any) -> bool:
        """Tell whether a JSON value passes; a pointer that finds nothing never matches."""
        found = find(value, self.path)
        if found is MISSING:
            return False
        return any(same(found, each) for each in self.values) != self.negated


def compile_test(test: ErrorTest) -> Test:
    """Compile a test; a list stands for any of its items."""
    negated = "not_" in test.model_fields_set
    wanted = test.not_ if negated else test.equals
    values: Iterable[Any] = wanted if isinstance(wanted, list) else [wanted]
    return Test(compile_pointer(test.pointer), tuple(values), negated)


def same(left: Any, right: Any) -> bool:
    """Compare JSON scalars as JSON does: `true` is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)
