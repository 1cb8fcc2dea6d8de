"""What the scanner makes of a text: a value, the place of every part, and faults of syntax."""

from dataclasses import dataclass
from typing import Any, Final, Protocol

from connectsmith.core.definition.findings import Path

NOTHING: Final = object()
"""Stands where no value could be read."""

Edit = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class SyntaxFault:
    """A fault from `start` to `end` (code points), with the edits that repair it."""

    code: str
    message: str
    start: int
    end: int
    title: str = ""
    edits: tuple[Edit, ...] = ()
    path: Path = ()
    """Of the innermost value that was being read."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where a value stands, and its name if it is a member (code points)."""

    start: int
    end: int
    name_start: int
    name_end: int


class Spans(Protocol):
    """Where the values of a text stand, by their paths."""

    def get(self, path: Path, /) -> Span | None:
        """Return where one stands; None where there is none."""
        ...


@dataclass(slots=True)
class Scan:
    """What came of reading a text; `value` is NOTHING when there was none."""

    value: Any
    faults: list[SyntaxFault]
    spans: dict[Path, Span]
    stopped: bool = False
