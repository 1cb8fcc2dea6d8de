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
    controls: tuple[str, ...]
    """Tests that see the promise broken without what keeps it."""
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
    tests, controls = marked_tests(root), marked_tests(root, mark="control")
    patches = mutants(root)
    named = tests.keys() | controls.keys() | {mutant.row for mutant in patches}
    strangers = named - promises.keys()
    if strangers:
        raise EvidenceError(f"rows that tests/conformance.toml lacks: {sorted(strangers)}")
    return [
        Row(
            id=row,
            requirement=promise["requirement"],
            source=promise["source"],
            tests=tuple(sorted(tests.get(row, ()))),
            controls=tuple(sorted(controls.get(row, ()))),
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


def marked_tests(root: Path = ROOT, *, mark: str = "row") -> dict[str, set[str]]:
    """Return the node ids of the tests marked for each row."""
    found: dict[str, set[str]] = {}
    for path in sorted((root / "tests").rglob("test_*.py")):
        if "node_modules" in path.parts:
            continue
        node_path = path.relative_to(root).as_posix()
        for row, name in _marks_of_module(ast.parse(path.read_text(), str(path)), mark):
            found.setdefault(row, set()).add(f"{node_path}::{name}")
    return found


def _marks_of_module(module: ast.Module, mark: str) -> Iterator[tuple[str, str]]:
    everywhere = chain.from_iterable(_rows_of_pytestmark(each, mark) for each in module.body)
    yield from _marks_of_body(module.body, mark, prefix="", inherited=tuple(everywhere))


def _rows_of_pytestmark(statement: ast.stmt, mark: str) -> tuple[str, ...]:
    match statement:
        case ast.Assign(targets=[ast.Name(id="pytestmark")], value=value):
            return tuple(_rows_in(value, mark))
        case _:
            return ()


def _marks_of_body(
    body: list[ast.stmt], mark: str, *, prefix: str, inherited: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name.startswith(
                "test_"
            ):
                marks = (*inherited, *_rows_of_decorators(statement.decorator_list, mark))
                yield from ((row, prefix + name) for row in marks)
            case ast.ClassDef(name=name) if name.startswith("Test"):
                marks = (*inherited, *_rows_of_decorators(statement.decorator_list, mark))
                inside = f"{prefix}{name}::"
                yield from _marks_of_body(statement.body, mark, prefix=inside, inherited=marks)


def _rows_of_decorators(decorators: list[ast.expr], mark: str) -> Iterator[str]:
    return chain.from_iterable(_rows_in(each, mark) for each in decorators)


def _rows_in(expression: ast.expr, mark: str) -> Iterator[str]:
    """Yield the ids in every `pytest.mark.row(...)` inside an expression, parameters included."""
    for node in ast.walk(expression):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="mark"), attr=attr)):
                if attr == mark:
                    yield from (ast.literal_eval(argument) for argument in node.args)
