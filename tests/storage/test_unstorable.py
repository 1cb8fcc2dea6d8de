"""Values that JSON can carry and a database cannot are the caller's fault, and stop nobody else."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.storage.postgres_server import URL, own_schema
from tests.storage.rows import WORKSPACE, connector

from connectsmith.errors import ValueUnstorable
from connectsmith.service.ports import (
    Storage,
)
from connectsmith.storage.opening import open_postgres, open_sqlite

HALF = "\ud800"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Storage]:
    """Either database."""
    if request.param == "sqlite":
        opened = await open_sqlite(tmp_path)
        yield opened
        await opened.close()
        return
    with own_schema() as schema:
        opened = await open_postgres(URL, schema=schema)
        yield opened
        await opened.close()


async def test_half_a_surrogate_pair_is_refused_and_others_are_stored(storage: Storage) -> None:
    rows = [connector(f"con_{n}", name=HALF if n == 3 else "Calendar") for n in range(6)]

    outcomes = await asyncio.gather(
        *(storage.connectors.add(row) for row in rows), return_exceptions=True
    )

    refused = [n for n, outcome in enumerate(outcomes) if outcome is not None]
    assert refused == [3]
    assert isinstance(outcomes[3], ValueUnstorable)
    page = await storage.connectors.page(WORKSPACE, limit=9, after=None, search=None)
    assert len(page.items) == 5


async def test_half_a_surrogate_pair_finds_nothing(storage: Storage) -> None:
    with pytest.raises(ValueUnstorable):
        await storage.connectors.page(WORKSPACE, limit=9, after=None, search=HALF)
    with pytest.raises(ValueUnstorable):
        await storage.connectors.get(WORKSPACE, HALF)


async def test_number_too_large_is_refused(storage: Storage) -> None:
    with pytest.raises(ValueUnstorable):
        await storage.connectors.add(connector(draft_version=1 << 70))


async def test_character_nul_does_no_harm(storage: Storage) -> None:
    """SQLite keeps it, PostgreSQL refuses it."""
    try:
        await storage.connectors.add(connector(name="a\x00b"))
    except ValueUnstorable:
        assert await storage.connectors.get(WORKSPACE, "con_a") is None
    else:
        row = await storage.connectors.get(WORKSPACE, "con_a")
        assert row is not None
        assert row.name == "a\x00b"
