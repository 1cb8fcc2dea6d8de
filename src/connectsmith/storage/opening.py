"""Open the storage an installation is set up with."""

from datetime import timedelta
from pathlib import Path

from connectsmith.errors import StartRefused
from connectsmith.storage.schema import migrations
from connectsmith.storage.sql_storage import SqlStorage
from connectsmith.storage.sqlite.connecting import PATIENCE
from connectsmith.storage.sqlite.database import open_file

CREDENTIALS_FILE = "connectsmith.db"
CALLS_FILE = "calls.db"


async def open_sqlite(data_dir: Path, *, patience: timedelta = PATIENCE) -> SqlStorage:
    """Open, or make, the two files in the data directory.

    Raises:
        StartRefused: a schema is newer than this program; nothing was written.
        StorageBusy, StorageFull
    """
    credentials = await open_file(
        data_dir / CREDENTIALS_FILE,
        migrations("credentials", "sqlite"),
        synchronous="FULL",
        keeps_rows=True,
        patience=patience,
    )
    try:
        calls = await open_file(
            data_dir / CALLS_FILE,
            migrations("calls", "sqlite"),
            synchronous="NORMAL",
            keeps_rows=False,
            patience=patience,
        )
    except BaseException:
        await credentials.close()
        raise
    return SqlStorage(credentials, calls)


async def open_postgres(
    url: str, *, schema: str | None = None, patience: timedelta = PATIENCE
) -> SqlStorage:
    """Open a PostgreSQL database, which needs the extra `postgres`.

    Raises:
        StartRefused: the extra is not installed, or the schema is newer than this program.
        StorageBusy: the server cannot be reached.
    """
    try:
        from connectsmith.storage.postgres.database import (  # noqa: PLC0415 - psycopg is an extra
            open_database,
        )
    except ImportError as error:
        raise StartRefused(
            "PostgreSQL needs psycopg, which is not installed. "
            'Install it with: pip install "connectsmith[postgres]"'
        ) from error
    known = {part: migrations(part, "postgres") for part in ("credentials", "calls")}
    database = await open_database(url, known, schema=schema, patience=patience)
    return SqlStorage(database, database)
