"""Server time of every page at the 95th percentile, with much stored and with little."""

import asyncio
import itertools
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import Connection, connect

import httpx
from bench.harness import Comparison, Measure, compare
from bench.service import settings_for

from connectsmith.bootstrap import Application, running
from connectsmith.core.connection.status import Status
from connectsmith.core.secret.secret import Secret
from connectsmith.offline import first_start
from connectsmith.samples import samples
from connectsmith.service.rows import CallRow, ConnectionRow, ConnectorRow, RevisionRow
from connectsmith.settings import Settings
from connectsmith.storage.table import Table
from connectsmith.web.cookies import PageCookies

LITTLE = (10, 10, 10)
MUCH = (1_000, 10_000, 100_000)
"""Connectors, connections and calls."""
REQUESTS = 20
"""Of one round: its 95th percentile is the second slowest.

Rounds are short and many, so that what else goes on beside them meets both sides of one.
"""
LIMIT = 1.5
OFTEN = 7
"""The connector whose pages are opened: the ten newest calls are all its own.

Otherwise one call in ten would be, and a page with one row stand beside one that is full.
"""
PAGES = (
    "/connectors",
    "/connectors?search=service+7+of",
    "/connectors/new",
    f"/connectors/con_{OFTEN}",
    f"/connectors/con_{OFTEN}/debugger",
    f"/connectors/con_{OFTEN}/delete",
    "/connections",
    "/activity",
    f"/activity?connector=con_{OFTEN}",
    "/settings",
    "/sign-in",
)
_NOW = datetime.now(UTC)
_W = "default"


def _connectors(count: int) -> Iterator[tuple[ConnectorRow, RevisionRow]]:
    texts = itertools.cycle([each.text for each in samples()])
    for number, text in zip(range(count), texts, strict=False):
        name, at = f"con_{number}", _NOW - timedelta(minutes=number)
        title = f"Service {number} of many"
        named = json.dumps({**json.loads(text), "name": title}, indent=2)
        row = ConnectorRow(_W, name, title, named, 1, at, "tok_a", 1, at, "tok_a")
        yield row, RevisionRow(_W, f"rev_{number}", name, 1, named, at, "tok_a")


def _connections(count: int, connectors: int) -> Iterator[ConnectionRow]:
    for number in range(count):
        at = _NOW - timedelta(seconds=number)
        yield ConnectionRow(
            _W, f"cnn_{number}", f"con_{number % connectors}", 1, test=False, status=Status.ACTIVE,
            version=1, origins_api=(), origins_auth=(), created_at=at, created_by="tok_a",
            sealed=b"x" * 2048, account_label=f"person{number}@example.com", renewable=True,
        )  # fmt: skip


def _calls(count: int, connectors: int, connections: int) -> Iterator[CallRow]:
    for number in range(count):
        called = OFTEN if number < LITTLE[2] else number % connectors
        yield CallRow(
            _W, f"cal_{number}", f"con_{called}", f"cnn_{number % connections}", 1,
            "me.get", "tok_a", _NOW - timedelta(seconds=number), timedelta(milliseconds=80),
            ok=number % 9 > 0, status=200, fault=None, code=None, test=False, has_transcript=False,
        )  # fmt: skip


def fill(settings: Settings, amounts: tuple[int, int, int]) -> None:
    """Store rows by the statements of the stores themselves, in one transaction a file."""
    connectors, connections, calls = amounts
    rows, revisions = Table("connectors", ConnectorRow), Table("revisions", RevisionRow)
    held, made = Table("connections", ConnectionRow), Table("calls", CallRow)
    with _written(settings.data_dir / "connectsmith.db") as database:
        for row, revision in _connectors(connectors):
            values = rows.encode(row) | {"name_folded": row.name.casefold()}
            database.execute(rows.insert("name_folded"), values)
            database.execute(revisions.insert(), revisions.encode(revision))
        each = _connections(connections, connectors)
        database.executemany(held.insert(), map(held.encode, each))
    with _written(settings.data_dir / "calls.db") as database:
        lines = (made.encode(row) for row in _calls(calls, connectors, connections))
        database.executemany(made.insert("size"), (line | {"size": 300} for line in lines))


@contextmanager
def _written(file: Path) -> Iterator[Connection]:
    """Open a database, and leave it as a server does that has been running for long."""
    with closing(connect(file)) as database:
        yield database
        database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@dataclass(frozen=True, slots=True)
class Subject:
    """An installation in this process, in which its operator is signed in."""

    client: httpx.AsyncClient
    runner: asyncio.Runner

    def percentile(self, path: str) -> Measure:
        """Return a measure of a page's 95th percentile in milliseconds of the process's CPU."""

        async def once() -> float:
            start = time.process_time()
            answer = await self.client.get(path, headers={"Accept": "text/html"})
            assert answer.status_code == 200, f"{path}: {answer.status_code}"  # noqa: S101 - a benchmark
            return (time.process_time() - start) * 1e3

        async def all_of_them() -> list[float]:
            return sorted([await once() for _ in range(REQUESTS)])

        return lambda: self.runner.run(all_of_them())[int(REQUESTS * 0.95) - 1]


def _subject(rest: ExitStack, amounts: tuple[int, int, int]) -> Subject:
    runner = rest.enter_context(asyncio.Runner())
    folder = Path(rest.enter_context(tempfile.TemporaryDirectory()))
    settings = replace(
        settings_for(folder, port=8400, private=()), public_url="http://127.0.0.1:8400"
    )
    runner.run(first_start(settings))
    fill(settings, amounts)
    context = running(settings, chores=False)
    application = runner.run(context.__aenter__())
    rest.callback(lambda: runner.run(context.__aexit__(None, None, None)))
    return Subject(runner.run(_signed_in(application)), runner)


async def _signed_in(application: Application) -> httpx.AsyncClient:
    desk = application.desks.sign_in
    begun = await desk.redeem(await desk.local_link(), "ada@example.com", Secret("a" * 20))
    transport = httpx.ASGITransport(application.app)
    url = application.desks.rules.public_url
    client = httpx.AsyncClient(transport=transport, base_url=url)
    client.cookies.set(PageCookies.at(url).name("session"), begun.value)
    return client


def measure() -> Iterator[Comparison]:
    """Compare each page with the same one where little is stored; the limit is the issue's."""
    with ExitStack() as rest:
        little, much = _subject(rest, LITTLE), _subject(rest, MUCH)
        for path in PAGES:
            if path == "/sign-in":
                little.client.cookies.clear()
                much.client.cookies.clear()
            yield compare(
                f"Page {path}",
                {
                    "10 connectors, connections and calls": little.percentile(path),
                    "1,000 connectors, 10,000 connections, 100,000 calls": much.percentile(path),
                },
                unit="ms CPU at the 95th percentile",
                target=f"at most {LIMIT} times the same page with little stored",
                limit=LIMIT,
                rounds=21,
            )
