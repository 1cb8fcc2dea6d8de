"""Databases that several processes share."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.storage.postgres_server import own_database


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """Settings of either database."""
    if request.param == "sqlite":
        yield {}
        return
    with own_database() as url:
        yield {"database": url}
