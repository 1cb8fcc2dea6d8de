"""The PostgreSQL server that tests may use, in a schema of each test's own."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import sql

URL = os.environ.get("CONNECTSMITH_TEST_POSTGRES") or "postgresql://127.0.0.1:5432/test"


@contextmanager
def own_schema() -> Iterator[str]:
    """Name a schema that nobody else has, and drop it afterwards; skip without a server."""
    schema = f"connectsmith_{secrets.token_hex(8)}"
    try:
        psycopg.connect(URL, connect_timeout=3).close()
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL server; set CONNECTSMITH_TEST_POSTGRES to the URL of one")
    try:
        yield schema
    finally:
        with psycopg.connect(URL, autocommit=True) as connection:
            drop = sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE")
            connection.execute(drop.format(sql.Identifier(schema)))
