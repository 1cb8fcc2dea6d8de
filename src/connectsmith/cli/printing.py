"""Print for a person, for a pipe, or as JSON. Nothing printed can move a terminal's cursor.

On a terminal a list is a table; in a pipe it is one line an item, members separated by tabs. With
`--json` it is what the API answered.
"""

import json
import sys
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from connectsmith.sdk.answers import Answer

Item = TypeVar("Item", bound=Answer)
Columns = Mapping[str, Callable[[Item], object]]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, as the API answered it.")]

_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Controls, direction marks, surrogates, line separators."""


def plain(value: object) -> str:
    """Return a value as one line that a terminal shows and does not obey."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone().isoformat(sep=" ", timespec="seconds")
    if isinstance(value, list | tuple):
        return ", ".join(plain(each) for each in value)
    return _visible(str(value))


def _visible(text: str, *, keep: str = "") -> str:
    return "".join(
        each if each in keep or unicodedata.category(each) not in _UNSEEN else "\ufffd"
        for each in text
    )


def say(text: object = "") -> None:
    """Print a result line."""
    typer.echo(_visible(str(text), keep="\n\t"))


def pour(text: str) -> None:
    """Print a service's own text: on a terminal what can be shown of it, into a pipe all of it."""
    if sys.stdout.isatty():
        say(text)
    else:
        typer.echo(text.encode(errors="surrogatepass"))


def warn(text: str) -> None:
    """Print a line that is no result: progress, a question's context, an error."""
    typer.echo(_visible(text, keep="\n\t"), err=True)


def as_json(value: object) -> str:
    """Return JSON that also a terminal may show."""
    read = value.model_dump(mode="json", by_alias=True) if isinstance(value, Answer) else value
    return _escaped(json.dumps(read, indent=2, ensure_ascii=False))


def _escaped(text: str) -> str:
    """Escape what a terminal obeys as JSON does, so that whoever reads the JSON loses nothing."""
    return "".join(
        each
        if each == "\n" or unicodedata.category(each) not in _UNSEEN
        else json.dumps(each, ensure_ascii=True)[1:-1]
        for each in text
    )


def show_items(items: Sequence[Item], columns: Columns[Item], *, json: bool) -> None:
    """Print a list."""
    if json:
        typer.echo(as_json([each.model_dump(mode="json") for each in items]))
    elif sys.stdout.isatty():
        _table(items, columns)
    else:
        for item in items:
            typer.echo("\t".join(plain(read(item)) for read in columns.values()))


def _table(items: Sequence[Item], columns: Columns[Item]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold")
    for item in items:
        table.add_row(*(Text(plain(read(item))) for read in columns.values()))
    Console().print(table)


def show_one(item: Item, members: Columns[Item], *, json: bool) -> None:
    """Print one thing, a line for each member that has a value."""
    if json:
        typer.echo(as_json(item))
        return
    shown = {name: read(item) for name, read in members.items()}
    width = max(map(len, shown)) + 2
    for name, value in shown.items():
        if value not in (None, [], ()):
            say(f"{name + ':':<{width}}{plain(value)}")
