"""Read a text into a definition, reporting every fault at once, also where it is no JSON yet."""

import json
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from connectsmith.core.definition.checks import check
from connectsmith.core.definition.diagnostics import (
    Diagnostic,
    Fix,
    Position,
    Severity,
    TextEdit,
    apply_edits,
)
from connectsmith.core.definition.faults import note_faults
from connectsmith.core.definition.findings import Findings, Path
from connectsmith.core.definition.locating import Locator, in_order
from connectsmith.core.definition.model import Definition
from connectsmith.core.definition.quirk_rules import NO_RULES, QuirkRules
from connectsmith.core.definition.scanned import NOTHING, Scan
from connectsmith.core.definition.spans import PlainSpans
from connectsmith.core.definition.spelling import normalised
from connectsmith.core.definition.syntax import MOST_DEPTH, scan

__all__ = [
    "Diagnostic",
    "Fix",
    "Position",
    "Reading",
    "Severity",
    "TextEdit",
    "apply_edits",
    "read",
]

MOST_BYTES: Final = 1024 * 1024
MOST_ACTIONS: Final = 1000


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading. `definition` is there when the text has no error."""

    definition: Definition | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that are errors."""
        return tuple(each for each in self.diagnostics if each.severity is Severity.ERROR)

    @property
    def errors_said(self) -> str:
        """How many errors there are, in words."""
        number = len(self.errors)
        return "1 error" if number == 1 else f"{number} errors"


def read(
    text: str,
    *,
    secret_names: frozenset[str] | None = None,
    quirks: QuirkRules = NO_RULES,
    callback_url: str | None = None,
) -> Reading:
    """Read a definition.

    Args:
        text: The definition as typed.
        secret_names: The secrets that are stored. A placeholder that names another one is reported
            as `secret_unknown` (a warning: it may be entered later) with the names that exist.
        quirks: What servers want beyond the standard; where a definition does not do it, it is
            warned of, with a link.
        callback_url: Where the browser will return, for servers that refuse some addresses.
    """
    if _too_large(text):
        return Reading(None, (_size_fault(),))
    scanned: Scan | None = None
    value = _parsed(text)
    if value is NOTHING:
        scanned = scan(text)
        value = scanned.value
    findings = Findings()
    renamed: dict[Path, str] = {}
    definition: Definition | None = None
    if value is not NOTHING:
        value, renamed = normalised(value, findings)
        definition = _definition(value, findings)
        check(value, findings, secret_names, quirks=quirks, callback_url=callback_url)
    if not findings.found and (scanned is None or not scanned.faults):
        return Reading(definition, ())
    faults = scanned.faults if scanned else []
    spans = scanned.spans if scanned else PlainSpans(text)
    locator = Locator(text, spans, value, renamed=renamed, faults=faults)
    placed = [locator.fault(each) for each in faults]
    diagnostics = in_order([*placed, *(locator.finding(each) for each in findings.found)])
    if any(each.severity is Severity.ERROR for each in diagnostics):
        definition = None
    return Reading(definition, diagnostics)


def _definition(value: Any, findings: Findings) -> Definition | None:
    try:
        return Definition.model_validate(value, by_alias=True, by_name=False)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=True, include_input=False)
        note_faults(value, faults, findings)
        return None


def _too_large(text: str) -> bool:
    if len(text) * 4 <= MOST_BYTES:
        return False
    return len(text) > MOST_BYTES or len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES


def _size_fault() -> Diagnostic:
    start = Position(1, 1, 0)
    message = "A definition is at most 1 MiB of text."
    return Diagnostic("too_large", Severity.ERROR, message, "", start, start)


class _NotPlainError(Exception):
    """The fast way cannot vouch for this text; the scanner looks at it."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _NotPlainError
    return members


def _constant(_: str) -> Any:
    raise _NotPlainError


def _float(text: str) -> float:
    value = float(text)
    if value in {float("inf"), float("-inf")}:
        raise _NotPlainError
    return value


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_constant=_constant, parse_float=_float
)


def _parsed(text: str) -> Any:
    """Return the value of a text in which the fast way finds nothing wrong, else NOTHING."""
    if "\\ud" in text or "\\uD" in text or not (text.isascii() or _encodes(text)):
        return NOTHING
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError, _NotPlainError):
        return NOTHING
    return NOTHING if _too_deep(value) else value


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _too_deep(value: Any) -> bool:
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(MOST_DEPTH):
        level = [
            child
            for each in level
            for child in (each.values() if type(each) is dict else each)
            if type(child) is dict or type(child) is list
        ]
        if not level:
            return False
    return bool(level)
