"""Read the evidence behind each promise: its requirement, its tests and its mutants.

Nothing is imported or run to find it: tests are read as syntax trees, so that a row keeps its
tests even where they cannot be collected.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_MUTANT_NAME = re.compile(r"([CTR]-\d\d)(-[a-z0-9-]+)?")


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement in one source file; `find` occurs there exactly once."""

    file: str
    find: str
    replace: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """A patch that takes one control out."""

    name: str
    row: str
    why: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One promise with everything that stands behind it."""

    id: str
    requirement: str
    source: str
    tests: tuple[str, ...]
    mutants: tuple[Mutant, ...]

    @property
    def is_open(self) -> bool:
        """Whether a test or a mutant is missing."""
        return not (self.tests and self.mutants)


class EvidenceError(Exception):
    """The evidence contradicts itself; the message says where."""


def rows(root: Path = ROOT) -> list[Row]:
    """Return every row in the order of the conformance file."""
    promises = tomllib.loads((root / "tests/conformance.toml").read_text())
    tests = marked_tests(root)
    patches = mutants(root)
    strangers = (tests.keys() | {mutant.row for mutant in patches}) - promises.keys()
    if strangers:
        raise EvidenceError(f"rows that tests/conformance.toml lacks: {sorted(strangers)}")
    return [
        Row(
            id=row,
            requirement=promise["requirement"],
            source=promise["source"],
            tests=tuple(sorted(tests.get(row, ()))),
            mutants=tuple(mutant for mutant in patches if mutant.row == row),
        )
        for row, promise in promises.items()
    ]


def mutants(root: Path = ROOT) -> list[Mutant]:
    """Return every mutant, by name."""
    return [_read_mutant(path) for path in sorted((root / "tests/mutants").glob("*.toml"))]


def _read_mutant(path: Path) -> Mutant:
    name = _MUTANT_NAME.fullmatch(path.stem)
    if name is None:
        raise EvidenceError(f"{path}: a mutant is named after its row, as C-17.toml")
    try:
        text = tomllib.loads(path.read_text())
        edits = tuple(Edit(**edit) for edit in text["edit"])
        return Mutant(path.stem, name.group(1), text["why"], edits)
    except (KeyError, TypeError, tomllib.TOMLDecodeError) as fault:
        raise EvidenceError(f"{path}: {fault!r}") from fault


def marked_tests(root: Path = ROOT) -> dict[str, set[str]]:
    """Return the node ids of the tests marked for each row."""
    found: dict[str, set[str]] = {}
    for path in sorted((root / "tests").rglob("test_*.py")):
        if "node_modules" in path.parts:
            continue
        node_path = path.relative_to(root).as_posix()
        for row, name in _marks_of_module(ast.parse(path.read_text(), str(path))):
            found.setdefault(row, set()).add(f"{node_path}::{name}")
    return found


def _marks_of_module(module: ast.Module) -> Iterator[tuple[str, str]]:
    everywhere = tuple(chain.from_iterable(map(_marks_of_pytestmark, module.body)))
    yield from _marks_of_body(module.body, prefix="", inherited=everywhere)


def _marks_of_pytestmark(statement: ast.stmt) -> tuple[str, ...]:
    match statement:
        case ast.Assign(targets=[ast.Name(id="pytestmark")], value=value):
            return tuple(_rows_in(value))
        case _:
            return ()


def _marks_of_body(
    body: list[ast.stmt], *, prefix: str, inherited: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name.startswith(
                "test_"
            ):
                marks = chain(inherited, *map(_rows_in, statement.decorator_list))
                yield from ((row, prefix + name) for row in marks)
            case ast.ClassDef(name=name) if name.startswith("Test"):
                marks = chain(inherited, *map(_rows_in, statement.decorator_list))
                yield from _marks_of_body(
                    statement.body, prefix=f"{prefix}{name}::", inherited=tuple(marks)
                )


def _rows_in(expression: ast.expr) -> Iterator[str]:
    """Yield the ids in every `pytest.mark.row(...)` inside an expression, parameters included."""
    for node in ast.walk(expression):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="mark"), attr="row")):
                yield from (ast.literal_eval(argument) for argument in node.args)
