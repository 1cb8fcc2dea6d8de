"""What no tool we use checks by itself: where secrets are revealed, and how long modules are."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "connectsmith"
LONGEST_MODULE = 400
LONGEST_FUNCTION = 50
REVEALING = {
    "keys/envelope.py": "seals",
    "keys/passwords.py": "hashes what an operator signs in with",
    "testing/passwords.py": "hashes it quickly, for tests",
    "core/connection/apply.py": "puts credentials into calls",
    "core/connection/follow_up_request.py": "proves the client in follow-up requests",
    "core/connection/credentials.py": "reads the part of a sealed record that says what it holds",
    "core/connection/fields.py": "shows owners again what they entered and is not masked",
    "core/connection/reach.py": "works out the hosts that an owner's fields stand in",
    "keys/signer.py": "signs",
    "core/authorization/assertion.py": "names the client in what it signs",
    "core/authorization/client_auth.py": "authenticates the client",
    "core/authorization/dpop.py": "binds proofs to access tokens",
    "core/authorization/registration.py": "manages the client that was registered",
    "core/authorization/filling.py": "fills placeholders",
    "core/authorization/grant.py": "redeems and refreshes",
    "core/secret/encodings.py": "knows what to black out, in every spelling",
}
"""Every module that may look at a secret's text, and why."""
LONG_LISTS = {"errors.py"}
"""Flat lists that a cut would make harder to read."""
CLOCK_CALLS = {"now", "utcnow", "today", "fromtimestamp"}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}

MODULES = sorted(SOURCE.rglob("*.py"))


def name_of(module: Path) -> str:
    return module.relative_to(SOURCE).as_posix()


def tree_of(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


def calls_of(name: str, tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", None) == name:
            yield node


def functions_of(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_secrets_are_revealed_only_where_the_architecture_lists_it() -> None:
    found = Counter(name_of(each) for each in MODULES for _ in calls_of("reveal", tree_of(each)))

    assert set(found) <= set(REVEALING), found


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_modules_and_functions_stay_short(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    long = [
        f"{each.name} ({(each.end_lineno or 0) - each.lineno + 1} lines)"
        for each in functions_of(ast.parse(text))
        if (each.end_lineno or 0) - each.lineno >= LONGEST_FUNCTION
    ]

    assert len(text.splitlines()) <= LONGEST_MODULE or name_of(module) in LONG_LISTS
    assert long == []


def test_the_core_neither_waits_nor_asks_the_time() -> None:
    core = [each for each in MODULES if name_of(each).startswith("core/")]
    waiting = [
        f"{name_of(module)}:{node.lineno}"
        for module in core
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith)
    ]
    timed = [
        f"{name_of(module)}:{call.lineno}"
        for module in core
        for name in CLOCK_CALLS
        for call in calls_of(name, tree_of(module))
    ]

    assert (waiting, timed) == ([], [])


def test_no_module_is_a_place_for_what_nobody_named() -> None:
    parts = {part for each in MODULES for part in Path(name_of(each)).with_suffix("").parts}

    assert not parts & FORBIDDEN_NAMES


def test_environment_variables_are_read_at_the_edges_only() -> None:
    readers = {
        name_of(module)
        for module in MODULES
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
        and isinstance(node.value, ast.Name) and node.value.id == "os"
    }  # fmt: skip

    assert readers <= {"cli/surroundings.py"}
