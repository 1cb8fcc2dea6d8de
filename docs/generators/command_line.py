"""The commands of the command line, from Typer's own description of them."""

from collections.abc import Iterator
from typing import Any

import typer
from docs.generators.markdown import code, document, one_line, table

from connectsmith.cli.exits import EXIT_OF_FAULT
from connectsmith.cli.main import app

INTRODUCTION = """\
`connectsmith` speaks to a server's REST API. The server's address and an API token stand in a
profile file, which the first start or `connectsmith login` writes. `serve`, `demo`, `validate`,
`settings`, `doctor` and `token create --local` need no running server.

On a terminal results are tables; in a pipe they are plain; `--json` prints stable JSON. Results go
to standard output, everything else to standard error. `connectsmith --install-completion` installs
completion for your shell."""


def page() -> str:
    """Return the page."""
    root: Any = typer.main.get_command(app)
    blocks = [INTRODUCTION, "## Exit codes", _exits()]
    blocks += ["## connectsmith", *_described(("connectsmith",), root)]
    for path, command in _commands(("connectsmith",), root):
        blocks += [f"## {' '.join(path)}", *_described(path, command)]
    return document("Command line", *blocks)


def _exits() -> str:
    rows = [("0", "it worked"), ("130", "it was interrupted")]
    faults: dict[int, list[str]] = {}
    for fault, number in EXIT_OF_FAULT.items():
        faults.setdefault(number, []).append(f"[{fault}](errors.md#{fault})")
    rows += [(str(number), "fault " + " or ".join(names)) for number, names in faults.items()]
    return table(("code", "meaning"), sorted(rows, key=lambda row: int(row[0])))


def _commands(path: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command that does something, groups opened."""
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
        return
    for name, child in sorted(children.items()):
        if not child.hidden:
            yield from _commands((*path, name), child)


def _described(path: tuple[str, ...], command: Any) -> Iterator[str]:
    context = command.make_context(path[-1], [], resilient_parsing=True)
    pieces = " ".join(command.collect_usage_pieces(context))
    yield f"```text\n{' '.join(path)} {pieces}\n```"
    yield one_line(command.help)
    rows = [row for parameter in command.params if (row := _parameter(parameter, context))]
    if rows:
        yield table(("parameter", "meaning"), rows)


def _parameter(parameter: Any, context: Any) -> tuple[str, str] | None:
    """Return a parameter's names and help; None for those nobody needs to read about."""
    record = parameter.get_help_record(context)
    if record is None or parameter.name == "help":
        return None
    names, meaning = record
    return code(names), one_line(meaning)
