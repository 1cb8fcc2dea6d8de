"""Collect what is left behind: files, rows of databases, processes, requests and answers."""

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import psycopg
from psycopg import sql
from tests.canary.sweep import Left
from tests.servers.wire import Received

_ID = re.compile(r"\b(?:con|cnn|aut|cal_[0-9a-f]{11}|sec|tok|rev)_[a-z2-7]{26}\b")
_VALUE = re.compile(r"(/oauth/start/|/welcome/).*")
_PRESET = re.compile(r"(/v1/presets/).+")
_DATABASE = re.compile(r".*\.db$")


def template(path: str) -> str:
    """Return an address without what differs from run to run."""
    bare = _VALUE.sub(r"\1{value}", path.partition("?")[0])
    bare = _PRESET.sub(r"\1{id}", bare)
    return re.sub(r"(/revisions/)\d+", r"\1{id}", _ID.sub("{id}", bare))


def answered(  # noqa: PLR0917 - an answer, as it is read
    method: str, path: str, status: int, headers: list[tuple[bytes, bytes]], body: bytes
) -> Iterator[Left]:
    """Yield an answer of ours, header by header."""
    what = f"answer {method} {template(path)}"
    yield Left(f"{what}: status", str(status).encode())
    for name, value in headers:
        yield Left(f"{what}: {name.decode().lower()}", name + b": " + value)
    yield Left(f"{what}: body", body)


def requested(server: str, requests: list[Received]) -> Iterator[Left]:
    """Yield requests that a server was sent, part by part."""
    for each in requests:
        what = f"{server} {each.method} {template(each.path)}"
        yield Left(f"{what}: target", each.target.encode())
        for name, value in each.headers:
            yield Left(f"{what}: {name.lower()}", value.encode())
        yield Left(f"{what}: body", each.body)


def files(folder: Path) -> Iterator[Left]:
    """Yield every file below a folder, by its path, with every row of each database."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            name = str(path.relative_to(folder))
            yield Left(f"file {name}", name.encode() + b"\n" + path.read_bytes())
            if _DATABASE.match(name):
                yield from _rows(path)


def _rows(path: Path) -> Iterator[Left]:
    """Yield a database's cells: a long value is not whole in its file's pages."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            cursor = database.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - its own name
            names = [each[0] for each in cursor.description]
            yield from _cells(table, names, cursor.fetchall())


def postgres_rows(url: str, schema: str) -> Iterator[Left]:
    """Yield the cells of every table in a schema."""
    with psycopg.connect(url) as database:
        tables = database.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = %s", [schema]
        ).fetchall()
        assert tables, f"the schema {schema} has no tables"
        for (table,) in tables:
            query = sql.SQL("SELECT * FROM {}").format(sql.Identifier(schema, table))
            cursor = database.execute(query)
            names = [each.name for each in cursor.description or ()]
            yield from _cells(table, names, cursor.fetchall())


def _cells(table: str, names: list[str], rows: list[tuple[object, ...]]) -> Iterator[Left]:
    for row in rows:
        for name, cell in zip(names, row, strict=True):
            content = cell if isinstance(cell, bytes) else str(cell).encode()
            yield Left(f"column {table}.{name}", content)


def process(name: str, pid: int) -> Iterator[Left]:
    """Yield what other users of the machine, or an inspecting one, see of a process."""
    root = Path("/proc") / str(pid)
    for part in ("cmdline", "environ"):
        yield Left(f"{part} of {name}", (root / part).read_bytes())


def environment(name: str, environ: Mapping[str, str]) -> Left:
    """Return a process's environment as we gave it."""
    return Left(f"environ of {name}", "\0".join(f"{k}={v}" for k, v in environ.items()).encode())
