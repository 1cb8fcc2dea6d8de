import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from tests.servers.postgres_proxy import PostgresProxy, start_postgres_proxy
from tests.storage.postgres_server import URL, own_schema
from tests.storage.rows import NOW, SOON, WORKSPACE, connection, connector

from connectsmith.errors import Bug, StartRefused, StorageBusy, StorageUncertain
from connectsmith.storage.opening import open_postgres
from connectsmith.storage.postgres.database import meaning
from connectsmith.storage.sql_storage import SqlStorage

pytestmark = pytest.mark.postgres
SHORT = timedelta(milliseconds=500)


@pytest.fixture
def schema() -> Iterator[str]:
    with own_schema() as name:
        yield name


@pytest.fixture
async def storage(schema: str) -> AsyncIterator[SqlStorage]:
    """A storage that waits shortly, and whose sessions on the server carry the schema's name."""
    url = make_conninfo(URL, application_name=schema)
    opened = await open_postgres(url, schema=schema, patience=SHORT)
    await opened.connectors.add(connector())
    await opened.connections.add(connection())
    yield opened
    await opened.close()


async def test_locked_row_is_busy_and_nothing_is_half_done(
    storage: SqlStorage, schema: str
) -> None:
    """R-30."""
    row = await storage.connections.get(WORKSPACE, "cnn_a")
    assert row is not None
    other = await psycopg.AsyncConnection.connect(URL, options=f"-c search_path={schema}")
    await other.execute("SELECT 1 FROM connections FOR UPDATE")

    with pytest.raises(StorageBusy):
        await storage.connections.take_lease(row, owner="one", now=NOW, until=SOON)

    await other.close()
    assert await storage.connections.take_lease(row, owner="one", now=NOW, until=SOON) == 1


async def test_lost_connections_are_replaced(storage: SqlStorage, schema: str) -> None:
    """R-31 in short: the server drops every session of this pool."""
    await asyncio.gather(*(storage.meta.put(f"fact {n}", "one") for n in range(8)))
    with psycopg.connect(URL, autocommit=True) as administrator:
        administrator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s",
            (schema,),
        )

    facts = await asyncio.gather(*(storage.meta.get(f"fact {n}") for n in range(8)))

    assert facts == ["one"] * 8


@pytest.fixture
def proxy() -> Iterator[PostgresProxy]:
    with start_postgres_proxy(URL) as running:
        yield running


@pytest.fixture
async def behind(proxy: PostgresProxy, schema: str) -> AsyncIterator[SqlStorage]:
    """A storage whose server is behind the proxy."""
    opened = await open_postgres(proxy.url, schema=schema, patience=SHORT)
    await opened.connectors.add(connector())
    await opened.connections.add(connection())
    yield opened
    await opened.close()


@pytest.mark.row("R-31")
@pytest.mark.parametrize("arrives", [True, False])
async def test_commit_whose_answer_was_lost_is_looked_up(
    behind: SqlStorage, proxy: PostgresProxy, *, arrives: bool
) -> None:
    row = await behind.connections.get(WORKSPACE, "cnn_a")
    assert row is not None
    renewed = replace(row, version=row.version + 1)
    proxy.lose_commit("UPDATE connections", arrives=arrives)

    if arrives:
        assert await behind.connections.store(renewed, expected_version=row.version)
    else:
        with pytest.raises(StorageBusy) as refused:
            await behind.connections.store(renewed, expected_version=row.version)
        assert not isinstance(refused.value, StorageUncertain)

    stored = await behind.connections.get(WORKSPACE, "cnn_a")
    assert stored == (renewed if arrives else row)


@pytest.mark.row("R-31")
async def test_commit_that_nobody_can_look_up_is_uncertain(
    behind: SqlStorage, proxy: PostgresProxy
) -> None:
    proxy.lose_commit("INSERT INTO meta", arrives=True, away=True)

    with pytest.raises(StorageUncertain):
        await behind.meta.put("fact", "one")

    proxy.back()
    assert await behind.meta.get("fact") == "one"


@pytest.mark.control("R-31")
@pytest.mark.usefixtures("behind")
async def test_plain_client_takes_a_commit_whose_answer_was_lost_for_a_failure(
    proxy: PostgresProxy, schema: str
) -> None:
    facts = sql.Identifier(schema, "meta")
    proxy.lose_commit("INSERT INTO", arrives=True)

    with pytest.raises(psycopg.OperationalError), psycopg.connect(proxy.url) as plain:
        plain.execute(sql.SQL("INSERT INTO {} VALUES ('fact', 'one')").format(facts))

    with psycopg.connect(URL) as direct:
        found = direct.execute(sql.SQL("SELECT value FROM {} WHERE key = 'fact'").format(facts))
        assert found.fetchone() == ("one",)


async def test_statement_that_makes_no_sense_is_our_own_fault() -> None:
    with psycopg.connect(URL) as connected, pytest.raises(psycopg.Error) as caught:
        connected.execute("SELECT nothing")

    assert isinstance(meaning(caught.value), Bug)


async def test_server_that_cannot_be_reached_is_busy() -> None:
    nowhere = "postgresql://127.0.0.1:1/nothing"

    with pytest.raises(StorageBusy):
        await open_postgres(nowhere, patience=SHORT)


@pytest.mark.parametrize(
    "url", ["postgresql://a:canary%zz@127.0.0.1/a", "postgresql://a@127.0.0.1/a?canary=1"]
)
async def test_unreadable_url_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(StartRefused) as caught:
        await open_postgres(url, patience=SHORT)

    assert "canary" not in f"{caught.value.message} {caught.value.__cause__}"
