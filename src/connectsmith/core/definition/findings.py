"""What checks find, before it has a position: a path into the value, a sentence, maybe a repair."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final

from connectsmith.core.definition.diagnostics import Severity

MOST_FINDINGS: Final = 500

Path = tuple[str | int, ...]
"""Member names and indices from the root, under the preferred spellings."""


@dataclass(frozen=True, slots=True)
class Rename:
    """Give the member at the finding's path another name."""

    name: str


@dataclass(frozen=True, slots=True)
class Replace:
    """Put another value in its place."""

    value: Any


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Put other text into a part of the text at the finding's path."""

    text: str


@dataclass(frozen=True, slots=True)
class Remove:
    """Take the member at the finding's path out."""


@dataclass(frozen=True, slots=True)
class Add:
    """Add a member to the object at `to`, or else at the finding's path."""

    name: str
    value: Any
    to: Path | None = None


Repair = Rename | Replace | Rewrite | Remove | Add


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault at a path; `inside` narrows it to a part of the text there (code points).

    `link` leads to what a service itself says about it.
    """

    code: str
    severity: Severity
    message: str
    path: Path
    on_name: bool = False
    inside: tuple[int, int] | None = None
    repair: Repair | None = None
    link: str | None = None


@dataclass(slots=True)
class Findings:
    """Collects what checks find, up to `MOST_FINDINGS`: nobody reads more at once."""

    found: list[Finding] = field(default_factory=list)

    @property
    def full(self) -> bool:
        """Tell whether anything more would be dropped."""
        return len(self.found) >= MOST_FINDINGS

    def add(self, finding: Finding) -> None:
        """Note a finding, unless there are too many."""
        if not self.full:
            self.found.append(finding)

    def error(
        self,
        code: str,
        path: Path,
        message: str,
        *,
        on_name: bool = False,
        inside: tuple[int, int] | None = None,
        repair: Repair | None = None,
    ) -> None:
        """Note a fault that keeps the definition from being published."""
        self.add(Finding(code, Severity.ERROR, message, path, on_name, inside, repair))

    def warning(
        self,
        code: str,
        path: Path,
        message: str,
        *,
        on_name: bool = False,
        inside: tuple[int, int] | None = None,
        repair: Repair | None = None,
    ) -> None:
        """Note something the author should know."""
        self.add(Finding(code, Severity.WARNING, message, path, on_name, inside, repair))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that was probably meant."""
    if len(name) > 64:  # noqa: PLR2004 - longer than any name of the format; comparing costs
        return None
    names = list(known)[:2000]
    folded = {each.lower(): each for each in reversed(names)}
    if name.lower() in folded:
        return folded[name.lower()]
    close = get_close_matches(name.lower(), list(folded), n=1, cutoff=0.7)
    return folded[close[0]] if close else None


def meant(near: str | None) -> str:
    """Return the half-sentence that offers a near name, or nothing."""
    return f' Did you mean "{near}"?' if near else ""
