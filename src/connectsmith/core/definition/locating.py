"""Give findings their place in the text, and turn repairs into edits that touch nothing else."""

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectsmith.core.definition.diagnostics import Diagnostic, Fix, Position, Severity, TextEdit
from connectsmith.core.definition.findings import (
    Add,
    Finding,
    Path,
    Remove,
    Rename,
    Replace,
    Rewrite,
)
from connectsmith.core.definition.scanned import Edit, Span, Spans, SyntaxFault

_LINE_END = re.compile(r"\r\n|\n|\r")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_SPACE = re.compile(r"[ \t\r\n]*")
_UNIT = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u.{4}|\\.|.", re.DOTALL
)


class Locator:
    """Knows where everything stands in one text.

    Args:
        text: The text as typed.
        spans: Where its values stand.
        value: Its value under preferred spellings.
        renamed: The names that stand in the text instead of preferred ones, by path.
        faults: What keeps it from being JSON.
    """

    def __init__(
        self,
        text: str,
        spans: Spans,
        value: Any,
        *,
        renamed: Mapping[Path, str],
        faults: Sequence[SyntaxFault],
    ) -> None:
        self._text = text
        self._spans = spans
        self._value = value
        self._renamed = renamed
        self._lines = [0, *(match.end() for match in _LINE_END.finditer(text))]
        self._astral = [] if text.isascii() else [each.start() for each in _ASTRAL.finditer(text)]
        self._parses = all(each.code == "member_duplicate" for each in faults)

    def position(self, at: int) -> Position:
        """Return the position of a code point."""
        line = bisect_right(self._lines, at)
        units = at + bisect_right(self._astral, at - 1)
        return Position(line, at - self._lines[line - 1] + 1, units)

    def start_of(self, path: Path) -> Position:
        """Return where the value at a path (under preferred spellings) begins."""
        return self.position(self._span(self._typed(path)).start)

    def fault(self, fault: SyntaxFault) -> Diagnostic:
        """Place a fault of syntax; its pointer is that of the innermost value around it."""
        fix = Fix(fault.title, self._edits(fault.edits)) if fault.edits else None
        return self._diagnostic(
            (fault.code, Severity.ERROR, fault.message),
            _pointer(fault.path),
            (fault.start, fault.end),
            fix,
        )

    def finding(self, finding: Finding) -> Diagnostic:
        """Place a finding."""
        path = self._typed(finding.path)
        span = self._span(path)
        start, end = self._range(span, finding)
        what = (finding.code, finding.severity, finding.message)
        fix = self._fix(finding, path, span)
        return replace(self._diagnostic(what, _pointer(path), (start, end), fix), link=finding.link)

    def _diagnostic(
        self, what: tuple[str, Severity, str], pointer: str, place: tuple[int, int], fix: Fix | None
    ) -> Diagnostic:
        start, end = place
        code, severity, message = what
        return Diagnostic(
            code, severity, message, pointer, self.position(start), self.position(end), fix
        )

    def _typed(self, path: Path) -> Path:
        return tuple(self._renamed.get(path[: index + 1], part) for index, part in enumerate(path))

    def _span(self, path: Path) -> Span:
        for length in range(len(path), -1, -1):
            span = self._spans.get(path[:length])
            if span:
                return span
        return Span(0, 0, 0, 0)

    def _range(self, span: Span, finding: Finding) -> tuple[int, int]:
        start, end = (span.name_start, span.name_end) if finding.on_name else (span.start, span.end)
        if finding.inside:
            return self._inside(start, end, finding.inside)
        if not finding.on_name and self._text[start : start + 1] in {"{", "["}:
            named = span.name_end > span.name_start and not isinstance(finding.repair, Add)
            return (span.name_start, span.name_end) if named else (start, start + 1)
        return start, end

    def _inside(self, start: int, end: int, inside: tuple[int, int]) -> tuple[int, int]:
        """Return where a part of a text stands: one escape is one character of it, or a pair."""
        raw = self._text[start:end]
        if not raw.startswith('"'):
            return start, end
        if "\\" not in raw:
            return start + 1 + inside[0], start + 1 + inside[1]
        ends = [0, *(match.end() for match in _UNIT.finditer(raw[1:-1]))]
        return start + 1 + ends[min(inside[0], len(ends) - 1)], start + 1 + ends[
            min(inside[1], len(ends) - 1)
        ]

    def _fix(self, finding: Finding, path: Path, span: Span) -> Fix | None:  # noqa: PLR0911 - one for each kind of repair
        if isinstance(finding.repair, Add) and finding.repair.to is not None:
            path = self._typed(finding.repair.to)
            span = self._span(path)
        if self._spans.get(path) is None:
            return None
        match finding.repair:
            case Rename(name):
                edits = ((span.name_start, span.name_end, _json(name)),)
                patch = _move(path, name)
                return self._made(f'Rename it to "{name}"', edits, patch)
            case Replace(value):
                patch = {"op": "replace", "path": _pointer(path), "value": value}
                return self._made(
                    f"Replace it by {_json(value)}", ((span.start, span.end, _json(value)),), patch
                )
            case Rewrite(text):
                return self._rewrite(finding, path, span, text)
            case Remove() if self._parses and path:
                patch = {"op": "remove", "path": _pointer(path)}
                return self._made("Remove it", (self._removal(span),), patch)
            case Add(name, value, _) if self._parses:
                patch = {"op": "add", "path": _pointer((*path, name)), "value": value}
                return self._made(f'Add "{name}"', (self._addition(span, name, value),), patch)
            case _:
                return None

    def _rewrite(self, finding: Finding, path: Path, span: Span, text: str) -> Fix | None:
        start, end = self._range(span, finding)
        old = path[-1] if finding.on_name else self._at(finding.path)
        if not isinstance(old, str) or not finding.inside:
            return None
        new = old[: finding.inside[0]] + text + old[finding.inside[1] :]
        patch: dict[str, object] = (
            _move(path, new)
            if finding.on_name
            else {"op": "replace", "path": _pointer(path), "value": new}
        )
        return self._made(f'Write "{text}"', ((start, end, _json(text)[1:-1]),), patch)

    def _made(self, title: str, edits: tuple[Edit, ...], patch: dict[str, object]) -> Fix:
        return Fix(title, self._edits(edits), (patch,) if self._parses else None)

    def _edits(self, edits: Iterable[Edit]) -> tuple[TextEdit, ...]:
        return tuple(
            TextEdit(self.position(start).offset, self.position(end).offset, text)
            for start, end, text in edits
        )

    def _removal(self, span: Span) -> Edit:
        after = self._spaces(span.end)
        if self._text[after : after + 1] == ",":
            return (span.name_start, self._spaces(after + 1), "")
        before = len(self._text[: span.name_start].rstrip(" \t\r\n"))
        if self._text[before - 1 : before] == ",":
            return (before - 1, span.end, "")
        return (span.name_start, span.end, "")

    def _addition(self, span: Span, name: str, value: Any) -> Edit:
        first = self._spaces(span.start + 1)
        indent = self._text[span.start + 1 : first]
        comma = "" if self._text[first : first + 1] == "}" else ","
        return (span.start + 1, span.start + 1, f"{indent}{_json(name)}: {_json(value)}{comma}")

    def _spaces(self, at: int) -> int:
        match = _SPACE.match(self._text, at)
        return match.end() if match else at

    def _at(self, path: Path) -> Any:
        here = self._value
        for part in path:
            here = here[part]
        return here


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Sort diagnostics by place, errors first; else in the order in which they were found."""
    return tuple(sorted(diagnostics, key=_order))


def _order(each: Diagnostic) -> tuple[int, str]:
    return (each.start.offset, each.severity.value)


def _move(path: Path, name: str) -> dict[str, object]:
    return {"op": "move", "from": _pointer(path), "path": _pointer((*path[:-1], name))}


def _pointer(path: Path) -> str:
    """Write a path as a JSON Pointer (RFC 6901)."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
