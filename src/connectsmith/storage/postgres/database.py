"""One PostgreSQL database through a pool of connections; nothing is kept in memory.

PostgreSQL has no cheap way to tell that nothing was changed, so every look-up asks it. Deleted rows
stay in its files until its own clean-up: only their ciphertext and wrapped keys.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache

import psycopg
from psycopg import AsyncConnection, errors, sql
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from connectsmith.errors import (
    Bug,
    ConnectsmithError,
    StartRefused,
    StorageBusy,
    StorageFull,
    StorageUncertain,
)
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
_BEGIN = b"BEGIN; SELECT CAST(pg_current_xact_id() AS text)"
"""In one round trip, what tells later whether it was committed."""
_FATE = "SELECT pg_xact_status(CAST(:name AS xid8))"
_LOOK_AGAIN = timedelta(milliseconds=50)
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
        """Run statements in one transaction; see what became of it where its answer is lost."""
        work = _Work(statements)
        try:
            async with self._connection() as connection:
                return await work.done(connection)
        except StorageBusy:
            if work.transaction is None or not await self._committed(work.transaction):
                raise
            return work.effects

    async def _committed(self, transaction: str) -> bool:
        """Tell whether a transaction was committed whose connection broke.

        Raises:
            StorageUncertain: the server does not say, or not in time.
        """
        for _ in range((_SLOWEST + PATIENCE) // _LOOK_AGAIN):
            fate = await self._fate(transaction)
            if fate in ("committed", "aborted"):
                return fate == "committed"
            if fate is None:
                break
            await asyncio.sleep(_LOOK_AGAIN.total_seconds())
        raise StorageUncertain(
            "The database server went away while it stored this. Look whether it was stored before "
            "you try again."
        )

    async def _fate(self, transaction: str) -> str | None:
        """Return the server's word for a transaction; None where it has none, or is away."""
        try:
            ((fate,),) = await self.read(_FATE, {"name": transaction})
        except ConnectsmithError:
            return None
        return None if fate is None else str(fate)

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


@dataclass(slots=True)
class _Work:
    """One transaction; its name is known from when its end is asked for."""

    statements: Sequence[Statement]
    transaction: str | None = None
    effects: list[Effect] = field(default_factory=list)

    async def done(self, connection: AsyncConnection) -> list[Effect] | None:
        """Carry it out; None, with nothing changed, when a needed statement changed no row."""
        try:
            begun = await connection.execute(_BEGIN)
            begun.nextset()
            ((name,),) = await begun.fetchall()
            for statement in self.statements:
                effect = await _run(connection, statement)
                if statement.needed and effect.count == 0:
                    await connection.rollback()
                    return None
                self.effects.append(effect)
            self.transaction = name
            await connection.commit()
        except BaseException:
            if not connection.closed:
                await connection.rollback()
            raise
        return self.effects


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
