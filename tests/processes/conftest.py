"""Databases that several processes share."""

import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql
from tests.storage.postgres_server import URL


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """Settings of either database."""
    if request.param == "sqlite":
        yield {}
        return
    try:
        psycopg.connect(URL, connect_timeout=3).close()
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL server; set CONNECTSMITH_TEST_POSTGRES to the URL of one")
    name = sql.Identifier(f"connectsmith_{secrets.token_hex(8)}")
    with psycopg.connect(URL, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
    try:
        path = f"/{name.as_string(None)}".replace('"', "")
        yield {"database": urlunsplit(urlsplit(URL)._replace(path=path))}
    finally:
        with psycopg.connect(URL, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
