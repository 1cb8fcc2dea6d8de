"""The PostgreSQL server that tests may use, in a schema or a database of each test's own."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

URL = os.environ.get("CONNECTSMITH_TEST_POSTGRES") or "postgresql://127.0.0.1:5432/test"


@contextmanager
def own_schema() -> Iterator[str]:
    """Name a schema that nobody else has, and drop it afterwards; skip without a server."""
    schema = _new_name()
    try:
        yield schema
    finally:
        with psycopg.connect(URL, autocommit=True) as connection:
            drop = sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE")
            connection.execute(drop.format(sql.Identifier(schema)))


@contextmanager
def own_database() -> Iterator[str]:
    """Make a database that nobody else has, yield its URL, and drop it; skip without a server."""
    name = _new_name()
    with psycopg.connect(URL, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield urlunsplit(urlsplit(URL)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(URL, autocommit=True) as connection:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
            connection.execute(drop.format(sql.Identifier(name)))


def _new_name() -> str:
    try:
        psycopg.connect(URL, connect_timeout=3).close()
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL server; set CONNECTSMITH_TEST_POSTGRES to the URL of one")
    return f"connectsmith_{secrets.token_hex(8)}"
