"""One PostgreSQL database through a pool of connections; nothing is kept in memory.

PostgreSQL has no cheap way to tell that nothing was changed, so every look-up asks it. Deleted rows
stay in its files until its own clean-up: only their ciphertext and wrapped keys.
"""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import lru_cache

import psycopg
from psycopg import AsyncConnection, errors, sql
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from connectsmith.errors import Bug, ConnectsmithError, StartRefused, StorageBusy, StorageFull
from connectsmith.storage.database import (
    DuplicateKeyError,
    Effect,
    Found,
    NothingRecent,
    Recent,
    Statement,
    Values,
    unstorable,
)
from connectsmith.storage.postgres.migrating import migrate
from connectsmith.storage.schema import Migration

_PARAMETER = re.compile(r":([a-z_]+)")
_POOL_SIZE = 10
PATIENCE = timedelta(seconds=5)
"""How long to wait for a connection, and for another's lock."""
_SLOWEST = timedelta(seconds=10)
"""How long a statement, or a transaction whose process went away, may last."""
_MILLISECOND = timedelta(milliseconds=1)
_UNREACHABLE = (
    PoolTimeout,
    psycopg.OperationalError,
    errors.QueryCanceled,
    errors.LockNotAvailable,
    errors.DeadlockDetected,
    errors.SerializationFailure,
    errors.ReadOnlySqlTransaction,
)


class PostgresDatabase:
    """`Database` on a pool."""

    def __init__(self, pool: "AsyncConnectionPool[AsyncConnection]") -> None:
        self._pool = pool

    async def read(self, sql: str, values: Values) -> Sequence[Found]:
        """Run one query outside any transaction."""
        async with self._connection() as connection:
            cursor = await connection.execute(_translated(sql), values)
            return await cursor.fetchall()

    async def write(
        self,
        *statements: Statement,
        shred: bool = False,  # noqa: ARG002 - see the module's first words
    ) -> list[Effect] | None:
        """Run statements in one transaction."""
        async with self._connection() as connection:
            effects: list[Effect] = []
            async with connection.transaction():
                for statement in statements:
                    effect = await _run(connection, statement)
                    if statement.needed and effect.count == 0:
                        raise psycopg.Rollback
                    effects.append(effect)
        return effects if len(effects) == len(statements) else None

    def recent(self, topic: str) -> Recent:  # noqa: ARG002 - the same for all
        """Return a cache that keeps nothing."""
        return NothingRecent()

    async def close(self) -> None:
        """Close the pool."""
        await self._pool.close()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._pool.connection() as connection:
                yield connection
        except (psycopg.DataError, UnicodeEncodeError) as error:
            raise unstorable(error) from error
        except (psycopg.Error, PoolTimeout) as error:
            raise meaning(error) from error


async def open_database(
    url: str,
    known: Mapping[str, Sequence[Migration]],
    *,
    schema: str | None = None,
    patience: timedelta = PATIENCE,
) -> PostgresDatabase:
    """Connect, and bring the schema up to date; `schema` names another than the user's default.

    Raises:
        StartRefused: the URL cannot be read, or the schema is newer than this program.
        StorageBusy: the server cannot be reached.
    """
    _check(url)
    pool = AsyncConnectionPool(
        url,
        kwargs={"autocommit": True, "options": _options(schema, patience)},
        check=AsyncConnectionPool.check_connection,
        max_size=_POOL_SIZE,
        min_size=1,
        open=False,
        timeout=patience.total_seconds(),
        reconnect_timeout=patience.total_seconds(),
    )
    try:
        await pool.open(wait=True, timeout=patience.total_seconds())
        async with pool.connection() as connection:
            if schema is not None:
                await connection.execute(
                    sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema))
                )
            await migrate(connection, known)
    except (psycopg.Error, PoolTimeout) as error:
        await pool.close()
        raise meaning(error) from error
    except BaseException:
        await pool.close()
        raise
    return PostgresDatabase(pool)


def _check(url: str) -> None:
    """Read the URL before the pool does, which would log what is wrong with it: the password."""
    try:
        conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise StartRefused(
            "The PostgreSQL URL in the setting `database` cannot be read. In its password, write "
            "characters such as % / @ and ? percent-encoded: %25 %2F %40 %3F."
        ) from None


def meaning(error: Exception) -> ConnectsmithError | DuplicateKeyError:
    """Return what an error of the driver means to whoever asked for the statement."""
    if isinstance(error, errors.UniqueViolation):
        return DuplicateKeyError()
    if isinstance(error, errors.DiskFull):
        return StorageFull("The database server's disk is full. Nothing was changed.")
    if isinstance(error, _UNREACHABLE):
        return StorageBusy("The database server cannot be reached or is busy. Try again.")
    state = getattr(error, "sqlstate", None) or type(error).__name__
    return Bug(f"The database server refused a statement ({state}). Nothing was changed.")


async def _run(connection: AsyncConnection, statement: Statement) -> Effect:
    text = _translated(statement.sql)
    if not isinstance(statement.values, dict):
        async with connection.cursor() as cursor:
            await cursor.executemany(text, statement.values)
            return Effect(cursor.rowcount)
    found = await connection.execute(text, statement.values)
    if found.description is None:
        return Effect(found.rowcount)
    rows = await found.fetchall()
    return Effect(len(rows), rows)


@lru_cache(maxsize=512)
def _translated(text: str) -> bytes:
    """Return a statement with the driver's parameters: `:name` becomes `%(name)s`."""
    return _PARAMETER.sub(r"%(\1)s", text).encode()


def _options(schema: str | None, patience: timedelta) -> str:
    settings: dict[str, int | str] = {
        "statement_timeout": _SLOWEST // _MILLISECOND,
        "lock_timeout": patience // _MILLISECOND,
        "idle_in_transaction_session_timeout": _SLOWEST // _MILLISECOND,
    }
    if schema is not None:
        settings["search_path"] = schema
    return " ".join(f"-c {name}={value}" for name, value in settings.items())
