"""What a page asks the storage for: as much for many rows as for few, and never a whole table."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from tests.keys.rings import sealer
from tests.storage.rows import NOW, call, connection, connector
from tests.web.operator import EMAIL, PASSWORD

from connectsmith.bootstrap import Application, Parts, join
from connectsmith.core.secret.secret import Secret
from connectsmith.service.rules import Rules
from connectsmith.storage.database import (
    Database,
    Effect,
    Found,
    NothingRecent,
    Recent,
    Statement,
    Values,
)
from connectsmith.storage.opening import CALLS_FILE, CREDENTIALS_FILE
from connectsmith.storage.schema import migrations
from connectsmith.storage.sql_storage import SqlStorage
from connectsmith.storage.sqlite.database import open_file
from connectsmith.testing.passwords import QuickPasswords
from connectsmith.testing.sender import ScriptedSender
from connectsmith.testing.system import CountingRandomness, FixedClock
from connectsmith.web.cookies import PageCookies

FEW, MANY = 2, 40
PAGES = (
    "/connectors",
    "/connectors?search=calendar",
    "/connectors/con_0/delete",
    "/connections",
    "/activity",
    "/activity?connector=con_0",
    "/activity?connection=cnn_0",
    "/settings",
)
GROWING = ("connectors", "connections", "calls", "authorizations")


@dataclass(eq=False)
class Heard:
    """A database that keeps no rows back, and what it was asked."""

    database: Database
    asked: list[tuple[str, Values]] = field(default_factory=list)

    async def read(self, sql: str, values: Values) -> list[Found]:
        self.asked.append((sql, values))
        return list(await self.database.read(sql, values))

    async def write(self, *statements: Statement, shred: bool = False) -> list[Effect] | None:
        return await self.database.write(*statements, shred=shred)

    def recent(self, topic: str) -> Recent:
        return NothingRecent()

    async def close(self) -> None:
        await self.database.close()

    async def scans(self) -> list[str]:
        """Return which growing tables were read from end to end."""
        plans = [
            str(step[3])
            for sql, values in self.asked
            for step in await self.database.read(f"EXPLAIN QUERY PLAN {sql}", values)
        ]
        whole = [f"SCAN {name}" for name in GROWING]
        return [each for each in plans if each in whole]


@dataclass
class Reading:
    """An installation on SQLite, in which its operator is signed in."""

    application: Application
    databases: tuple[Heard, Heard]
    storage: SqlStorage
    client: httpx.AsyncClient

    async def hold(self, numbers: range) -> None:
        """Store a connector, a connection and calls for each number; the calls are all of one."""
        for number in numbers:
            at = NOW - timedelta(minutes=number)
            name, held = f"con_{number}", f"cnn_{number}"
            await self.storage.connectors.add(connector(name, created_at=at))
            await self.storage.connections.add(connection(held, connector=name, created_at=at))
            for which in (name, "con_0"):
                made = call(f"cal_{which}_{number}", connector=which, connection=held)
                self.storage.calls.add(made, None)
        await self.storage.calls.flush()

    async def queries(self, path: str) -> int:
        """Open a page; return how often it asked."""
        for each in self.databases:
            each.asked.clear()
        answer = await self.client.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 200, answer.text
        return sum(len(each.asked) for each in self.databases)


@pytest.fixture
async def reading(tmp_path: Path) -> AsyncIterator[Reading]:
    """Start with few rows."""
    credentials, calls = [
        Heard(
            await open_file(tmp_path / name, migrations(which, "sqlite"), synchronous="NORMAL",
                            keeps_rows=False)
        )
        for name, which in ((CREDENTIALS_FILE, "credentials"), (CALLS_FILE, "calls"))
    ]  # fmt: skip
    storage = SqlStorage(credentials, calls)
    parts = Parts(
        storage, sealer(), ScriptedSender(), FixedClock(), CountingRandomness(), QuickPasswords()
    )
    application = join(parts, Rules(public_url="http://127.0.0.1:8400"))
    desk = application.desks.sign_in
    await application.desks.access.first_start("tester")
    session = (await desk.redeem(await desk.local_link(), EMAIL, Secret(PASSWORD))).value
    transport = httpx.ASGITransport(application.app)
    client = httpx.AsyncClient(transport=transport, base_url=application.desks.rules.public_url)
    client.cookies.set(PageCookies.at(application.desks.rules.public_url).name("session"), session)
    one = Reading(application, (credentials, calls), storage, client)
    await one.hold(range(FEW))
    yield one
    await storage.close()


@pytest.mark.parametrize("path", PAGES)
async def test_page_asks_as_often_for_many_rows_as_for_few(reading: Reading, path: str) -> None:
    few = await reading.queries(path)
    await reading.hold(range(FEW, MANY))

    assert await reading.queries(path) == few


@pytest.mark.parametrize("path", PAGES)
async def test_no_page_reads_a_table_from_end_to_end(reading: Reading, path: str) -> None:
    await reading.queries(path)

    assert [await each.scans() for each in reading.databases] == [[], []]
