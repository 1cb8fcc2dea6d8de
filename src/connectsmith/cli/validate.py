"""`validate`: read definitions offline and say everything that is wrong with them."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from connectsmith.cli.printing import as_json, say, warn
from connectsmith.core.definition.reading import Diagnostic, TextEdit, read
from connectsmith.errors import BodyUnreadable
from connectsmith.presets import quirk_rules

FAULTY = 2
_ROUNDS = 20
"""Fixes are applied round by round, as one may bring the next fault to light."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One file, what is wrong with it, and how many fixes were written."""

    name: str
    diagnostics: tuple[Diagnostic, ...]
    faulty: bool
    fixed: int


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(validate)


def validate(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Definitions; - is stdin.")],
    *,
    fix: Annotated[
        bool, typer.Option("--fix", help="Write the fixes into the files, and nothing else.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check definitions; needs no server. Exits with 2 when one has an error."""
    checked = [_check(name, fix=fix) for name in files]
    if json:
        typer.echo(as_json([_document(each) for each in checked]))
    else:
        for each in checked:
            _print(each)
    if any(each.faulty for each in checked):
        raise typer.Exit(FAULTY)


def _check(name: str, *, fix: bool) -> Checked:
    text = read_text(name)
    fixed = 0
    if fix:
        text, fixed = _fixed(text)
        if fixed:
            _write(name, text)
    reading = read(text, quirks=quirk_rules())
    return Checked(name, reading.diagnostics, bool(reading.errors), fixed)


def read_text(name: str) -> str:
    """Read a text from a file, or from stdin for `-`.

    Raises:
        BodyUnreadable: there is no such file, or it is no UTF-8.
    """
    try:
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return content.decode()
    except OSError as fault:
        raise BodyUnreadable(f"{name} cannot be read: {fault.strerror}.") from fault
    except UnicodeDecodeError as fault:
        raise BodyUnreadable(f"{name} is not UTF-8 text.") from fault


def _write(name: str, text: str) -> None:
    if name == "-":
        sys.stdout.write(text)
        return
    with Path(name).open("w", encoding="utf-8", newline="") as opened:
        opened.write(text)


def _fixed(text: str) -> tuple[str, int]:
    count = 0
    for _ in range(_ROUNDS):
        edits = _disjoint(read(text, quirks=quirk_rules()).diagnostics)
        if not edits:
            break
        text = _apply(text, [edit for group in edits for edit in group])
        count += len(edits)
    return text, count


def _disjoint(diagnostics: tuple[Diagnostic, ...]) -> list[tuple[TextEdit, ...]]:
    """Choose fixes whose edits do not touch one another's characters; the rest come next round."""
    chosen: list[tuple[TextEdit, ...]] = []
    taken: list[TextEdit] = []
    for each in diagnostics:
        edits = each.fix.edits if each.fix else ()
        if edits and not any(_touch(edit, other) for edit in edits for other in taken):
            chosen.append(edits)
            taken += edits
    return chosen


def _touch(one: TextEdit, other: TextEdit) -> bool:
    return one.start <= other.end and other.start <= one.end


def _apply(text: str, edits: list[TextEdit]) -> str:
    """Apply edits, whose offsets count UTF-16 code units."""
    units = text.encode("utf-16-le", "surrogatepass")
    for edit in sorted(edits, key=lambda each: each.start, reverse=True):
        written = edit.text.encode("utf-16-le", "surrogatepass")
        units = units[: 2 * edit.start] + written + units[2 * edit.end :]
    return units.decode("utf-16-le", "surrogatepass")


def _print(checked: Checked) -> None:
    for each in checked.diagnostics:
        place = f"{checked.name}:{each.start.line}:{each.start.column}"
        say(f"{place}: {each.code}: {each.message}{f' See {each.link}' if each.link else ''}")
    if checked.fixed:
        warn(f"{checked.name}: {checked.fixed} fixed")


def _document(checked: Checked) -> dict[str, object]:
    return {
        "file": checked.name,
        "valid": not checked.faulty,
        "fixed": checked.fixed,
        "diagnostics": [_diagnostic(each) for each in checked.diagnostics],
    }


def _diagnostic(each: Diagnostic) -> dict[str, object]:
    return {
        "code": each.code,
        "severity": each.severity.value,
        "message": each.message,
        "pointer": each.pointer,
        "line": each.start.line,
        "column": each.start.column,
        "fix": each.fix.title if each.fix else None,
        "link": each.link,
    }
