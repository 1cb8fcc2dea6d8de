"""Read a text into a definition, reporting every fault at once, also in text that is no JSON yet."""

from dataclasses import dataclass
from enum import StrEnum

from connectsmith.core.definition.model import Definition


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
    """A repair: edits that leave every other character as typed; a JSON Patch if the text parses."""

    title: str
    edits: tuple[TextEdit, ...]
    patch: tuple[dict[str, object], ...] | None = None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault of a text, with its place."""

    code: str
    severity: Severity
    message: str
    pointer: str
    start: Position
    end: Position
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading. `definition` is there when the text has no error."""

    definition: Definition | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that are errors."""
        return tuple(each for each in self.diagnostics if each.severity is Severity.ERROR)


def read(text: str, *, secret_names: frozenset[str] | None = None) -> Reading:
    """Read a definition.

    With `secret_names`, a placeholder that names a secret not in it is reported as
    `secret_unknown` (a warning: it may be entered later) with the names that exist.
    """
    raise NotImplementedError
