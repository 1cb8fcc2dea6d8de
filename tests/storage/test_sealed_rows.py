"""What somebody who can write rows of the database gains: nothing that opens."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
from tests.keys.rings import sealer
from tests.storage.rows import WORKSPACE, connection, connector, secret

from connectsmith.core.secret.secret import Secret
from connectsmith.errors import SealBroken
from connectsmith.service.holdings import connection_place
from connectsmith.service.rows import (
    ConnectionRow,
    SecretRow,
)
from connectsmith.service.secrets import secret_place
from connectsmith.storage.opening import CREDENTIALS_FILE, open_sqlite
from connectsmith.storage.sql_storage import SqlStorage

Tamper = Callable[..., Awaitable[None]]


def _sealed_secret(identifier: str, *, connector: str, name: str) -> SecretRow:
    row = secret(identifier, connector=connector, name=name)
    return replace(row, sealed=sealer().seal({"value": Secret(identifier)}, secret_place(row)))


def _sealed_connection(row: ConnectionRow, version: int) -> ConnectionRow:
    flat = {"value": Secret(f"{row.id} {version}")}
    sealed = sealer().seal(flat, connection_place(row, version))
    return replace(row, version=version, sealed=sealed)


@pytest.fixture
def tamper(tmp_path: Path) -> Tamper:
    """Run SQL as somebody who reached the file, with the server running.

    It asks the file what changed once in each turn of its event loop, so a turn passes.
    """

    async def run(sql: str, *values: str | int | bytes) -> None:
        database = sqlite3.connect(tmp_path / CREDENTIALS_FILE)
        with database:
            changed = database.execute(sql, values).rowcount
        database.close()
        assert changed != 0
        await asyncio.sleep(0)

    return run


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[SqlStorage]:
    """Two connectors with secrets of the same names, and two connections each."""
    opened = await open_sqlite(tmp_path)
    for letter in "ab":
        con = f"con_{letter}"
        await opened.connectors.add(connector(con))
        names = {"1": "clientId", "2": "clientSecret"}
        for number, name in names.items():
            row = _sealed_secret(f"sec_{letter}{number}", connector=con, name=name)
            await opened.secrets.add([row])
            connected = connection(f"cnn_{letter}{number}", connector=con)
            await opened.connections.add(_sealed_connection(connected, 1))
    yield opened
    await opened.close()


async def _open(storage: SqlStorage, identifier: str) -> str:
    """Open a row's record where the row says that it belongs."""
    if identifier.startswith("cnn"):
        connected = await storage.connections.get(WORKSPACE, identifier)
        assert connected is not None
        sealed, place = connected.sealed or b"", connection_place(connected, connected.version)
    else:
        listed = [row for con in _CONNECTORS for row in await storage.secrets.list(WORKSPACE, con)]
        [row] = [row for row in listed if row.id == identifier]
        sealed, place = row.sealed, secret_place(row)
    return sealer().open(sealed, place)["value"].reveal()


_CONNECTORS = ("con_a", "con_b")
_SECRETS = ("sec_a1", "sec_a2", "sec_b1", "sec_b2")
_CONNECTIONS = ("cnn_a1", "cnn_a2", "cnn_b1", "cnn_b2")
_PUT = {
    "sec": "UPDATE secrets SET sealed = ? WHERE id = ?",
    "cnn": "UPDATE connections SET sealed = ? WHERE id = ?",
}


@pytest.mark.row("T-33")
async def test_secret_copied_to_another_connector_does_not_open(
    storage: SqlStorage, tamper: Tamper
) -> None:
    assert [await _open(storage, one) for one in _SECRETS] == list(_SECRETS)

    await tamper("DELETE FROM secrets WHERE connector = 'con_b'")
    await tamper("UPDATE secrets SET connector = 'con_b' WHERE id = 'sec_a2'")

    assert [row.id for row in await storage.secrets.list(WORKSPACE, "con_b")] == ["sec_a2"]
    with pytest.raises(SealBroken):
        await _open(storage, "sec_a2")


async def test_ciphertext_of_another_row_never_opens(
    storage: SqlStorage, tamper: Tamper, tmp_path: Path
) -> None:
    database = sqlite3.connect(tmp_path / CREDENTIALS_FILE)
    sealed = dict(
        database.execute("SELECT id, sealed FROM secrets UNION SELECT id, sealed FROM connections")
    )
    database.close()

    for source, target in permutations((*_SECRETS, *_CONNECTIONS), 2):
        assert await _open(storage, target)
        await tamper(_PUT[target[:3]], sealed[source], target)
        with pytest.raises(SealBroken):
            await _open(storage, target)
        await tamper(_PUT[target[:3]], sealed[target], target)


@pytest.mark.parametrize(
    ("sql", "identifier"),
    [
        ("UPDATE secrets SET name = 'clientSecret2' WHERE id = 'sec_a2'", "sec_a2"),
        ("UPDATE secrets SET version = 2 WHERE id = 'sec_a2'", "sec_a2"),
        ("UPDATE secrets SET id = 'sec_other' WHERE id = 'sec_a2'", "sec_other"),
        ("UPDATE connections SET version = 2 WHERE id = 'cnn_a1'", "cnn_a1"),
        ("UPDATE connections SET connector = 'con_b' WHERE id = 'cnn_a1'", "cnn_a1"),
        ("UPDATE connections SET id = 'cnn_other' WHERE id = 'cnn_a1'", "cnn_other"),
    ],
)
async def test_row_whose_place_was_altered_does_not_open(
    storage: SqlStorage, tamper: Tamper, sql: str, identifier: str
) -> None:
    for one in (*_SECRETS, *_CONNECTIONS):
        await _open(storage, one)

    await tamper(sql)

    with pytest.raises(SealBroken):
        await _open(storage, identifier)


@pytest.mark.row("T-44")
async def test_older_ciphertext_of_the_same_row_does_not_open(
    storage: SqlStorage, tamper: Tamper
) -> None:
    old = await storage.connections.get(WORKSPACE, "cnn_a1")
    assert old is not None
    newer = _sealed_connection(old, 2)
    assert await storage.connections.store(newer, expected_version=1)
    assert await _open(storage, "cnn_a1") == "cnn_a1 2"

    await tamper(_PUT["cnn"], old.sealed or b"", "cnn_a1")

    with pytest.raises(SealBroken):
        await _open(storage, "cnn_a1")
