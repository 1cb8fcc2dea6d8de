"""The promises of tests/conformance.toml with the tests and mutants that stand behind them."""

from docs.generators.markdown import code, document, table
from tests.evidence import Row, rows

INTRODUCTION = """\
What Connectsmith promises, who asks for it, the test that shows it, and the mutant that shows the
test. A *mutant* is a small patch in `tests/mutants/` that takes one control out; `make mutants`
applies each to a copy of the source and sees the row's test fail. A row without a test or without
a mutant is open. C rows are what OAuth asks of a client, T rows are threats
([threats.md](threats.md) tells them as a whole), R rows are failures that credentials must
survive, and of each of those a *control* shows what happens without what keeps it."""


def page() -> str:
    """Return the page."""
    known = rows()
    missing = [row.id for row in known if row.is_open]
    count = f"Rows: {len(known)}. Open rows: {len(missing)}."
    if missing:
        count += f" Open: {', '.join(missing)}."
    head = ("row", "requirement", "source", "test", "mutant")
    return document("Conformance", INTRODUCTION, count, table(head, (_cells(row) for row in known)))


def _cells(row: Row) -> tuple[str, ...]:
    controls = (f"control: {_link(test)}" for test in row.controls)
    tests = "\n".join((*(_link(test) for test in row.tests), *controls))
    patches = "\n".join(mutant.why for mutant in row.mutants)
    return row.id, row.requirement, row.source, tests or "open", patches or "open"


def _link(test: str) -> str:
    path, _, name = test.partition("::")
    return f"[{path.removeprefix('tests/')}](../{path})::{code(name)}"
