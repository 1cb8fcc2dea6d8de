"""What reading says about a text: diagnostics, each with its place and a repair if there is one."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error keeps a draft from being published; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Position:
    """Line and column as typed (1-based, Unicode code points) and the UTF-16 offset."""

    line: int
    column: int
    offset: int


@dataclass(frozen=True, slots=True)
class TextEdit:
    """Replace the characters from `start` to `end` (UTF-16 offsets) by `text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that leave every other character as typed, and a JSON Patch where the text parses."""

    title: str
    edits: tuple[TextEdit, ...]
    patch: tuple[dict[str, object], ...] | None = None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault of a text, with its place; `link` leads to what a service says about it."""

    code: str
    severity: Severity
    message: str
    pointer: str
    start: Position
    end: Position
    fix: Fix | None = None
    link: str | None = None


def apply_edits(text: str, edits: Iterable[TextEdit]) -> str:
    """Return the text with edits applied; of two that overlap the earlier one wins."""
    units = text.encode("utf-16-le", "surrogatepass")
    pieces: list[bytes] = []
    end = 0
    for edit in sorted(edits, key=lambda each: (each.start, each.end)):
        if edit.start < end:
            continue
        pieces += [units[end * 2 : edit.start * 2], edit.text.encode("utf-16-le", "surrogatepass")]
        end = edit.end
    pieces.append(units[end * 2 :])
    return b"".join(pieces).decode("utf-16-le", "surrogatepass")
