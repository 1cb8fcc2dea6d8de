"""The schema as numbered SQL files, each applied once in one explicit transaction.

`0002_name.sql` is for both databases, `0002_name.sqlite.sql` for one. A number belongs to a change
for ever, whichever databases it is for.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable
from sqlite3 import complete_statement

from connectsmith.errors import StartRefused

_NAME = re.compile(r"(\d{4})_[a-z_]+(?:\.(sqlite|postgres))?\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One change of the schema; without statements where it does not concern this database."""

    number: int
    statements: tuple[str, ...] = field(repr=False)


def migrations(part: str, dialect: str, folder: Traversable | None = None) -> list[Migration]:
    """Return the migrations of a part (`credentials` or `calls`) for a dialect, oldest first."""
    folder = folder or files("connectsmith.storage") / "migrations" / part
    found: list[Migration] = []
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        name = _NAME.fullmatch(file.name)
        if name is None:
            continue
        concerned = name.group(2) in (None, dialect)
        text = file.read_text("utf-8") if concerned else ""
        found.append(Migration(int(name.group(1)), tuple(_statements(text))))
    return found


def missing(known: Sequence[Migration], version: int, place: str) -> list[Migration]:
    """Return the migrations that a schema of that version lacks.

    Raises:
        StartRefused: the schema is newer than this program.
    """
    newest = known[-1].number
    if version > newest:
        raise StartRefused(
            f"The database {place} has schema {version}, and this version of Connectsmith knows "
            f"schemas up to {newest}. Nothing was changed. Install the newer version again, or "
            "restore the backup made before it."
        )
    return [migration for migration in known if migration.number > version]


def _statements(text: str) -> Iterator[str]:
    """Split a script; a trigger's body holds semicolons of its own."""
    statement = ""
    for line in text.splitlines(keepends=True):
        if not statement and (not line.strip() or line.startswith("--")):
            continue
        statement += line
        if complete_statement(statement):
            yield statement
            statement = ""
