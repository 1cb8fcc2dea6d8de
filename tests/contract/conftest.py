"""Each contract test runs on every implementation of its port."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.storage.postgres_server import URL, own_schema

from connectsmith.service.ports import (
    Storage,
)
from connectsmith.storage.opening import open_postgres, open_sqlite
from connectsmith.testing import MemoryStorage


@pytest.fixture(
    params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
)
async def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Storage]:
    """An empty storage."""
    match request.param:
        case "memory":
            yield MemoryStorage()
        case "sqlite":
            opened = await open_sqlite(tmp_path / "data")
            yield opened
            await opened.close()
        case _:
            with own_schema() as schema:
                opened = await open_postgres(URL, schema=schema)
                yield opened
                await opened.close()
