"""K-11: what was deleted is in no file any more: not in the database, its log, or freed pages."""

import random
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.keys.rings import PLACE, sealer
from tests.storage.rows import LATER, NOW, WORKSPACE, connection, connector, secret

from connectsmith.core.secret.secret import Secret
from connectsmith.storage.opening import CREDENTIALS_FILE, open_sqlite
from connectsmith.storage.sql_storage import SqlStorage

_WRAPPED = slice(20, 68)
"""Where a record holds its wrapped data key: without it the rest is noise."""


def _sealed(size: int) -> bytes:
    return sealer().seal({"value": Secret("canary" * (size // 6))}, PLACE)


def _left(folder: Path, sealed: bytes) -> list[str]:
    """Name the files that hold the wrapped key or a piece of the ciphertext."""
    pieces = [sealed[_WRAPPED], sealed[80:112], sealed[-32:], b"canarycanary", b"canary-draft"]
    return [
        path.name
        for path in sorted(folder.iterdir())
        if any(piece in path.read_bytes() for piece in pieces)
    ]


async def _fill(storage: SqlStorage, sizes: list[int]) -> dict[str, bytes]:
    sealed = {f"sec_{n}": _sealed(size) for n, size in enumerate(sizes)}
    for identifier, content in sealed.items():
        row = secret(identifier, name=identifier, sealed=content)
        await storage.secrets.add([row])
    return sealed


@pytest.mark.parametrize("seed", range(4))
async def test_deleted_secrets_are_gone_from_every_file(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - an order of deletions, not a key
    storage = await open_sqlite(tmp_path)
    await storage.connectors.add(connector())
    sealed = await _fill(storage, [chance.choice((30, 300, 3000, 9000)) for _ in range(60)])
    assert _left(tmp_path, sealed["sec_7"])

    for identifier in chance.sample(sorted(sealed), 40):
        assert await storage.secrets.delete(WORKSPACE, "con_a", identifier)
        assert _left(tmp_path, sealed.pop(identifier)) == []

    assert all(_left(tmp_path, kept) for kept in sealed.values())
    await storage.close()


async def test_deleted_connection_is_gone_with_its_older_versions_and_rescues(
    tmp_path: Path,
) -> None:
    storage = await open_sqlite(tmp_path)
    await storage.connectors.add(connector())
    versions = [_sealed(2000) for _ in range(4)]
    row = connection(sealed=versions[0])
    await storage.connections.add(row)
    for number, sealed in enumerate(versions[1:3], start=2):
        newer = replace(row, version=number, sealed=sealed)
        assert await storage.connections.store(newer, expected_version=number - 1)
    await storage.connections.rescue(WORKSPACE, "cnn_a", 1, versions[3], NOW)

    await storage.connections.delete(WORKSPACE, "cnn_a")

    assert [_left(tmp_path, sealed) for sealed in versions] == [[]] * 4
    await storage.close()


async def test_deleted_connector_takes_all_of_it_along(tmp_path: Path) -> None:
    storage = await open_sqlite(tmp_path)
    await storage.connectors.add(connector(draft="canary-draft" * 10))
    sealed = await _fill(storage, [500] * 20)
    held = _sealed(2000)
    await storage.connections.add(connection(sealed=held))

    await storage.connectors.delete(WORKSPACE, "con_a", LATER)

    for content in (*sealed.values(), held, b"canary-draft" * 10):
        assert _left(tmp_path, content) == []
    await storage.close()


async def test_reader_that_holds_the_log_up_delays_shredding_to_the_next_write(
    tmp_path: Path,
) -> None:
    storage = await open_sqlite(tmp_path, patience=timedelta(milliseconds=20))
    await storage.connectors.add(connector())
    sealed = await _fill(storage, [500])
    reader = sqlite3.connect(tmp_path / CREDENTIALS_FILE, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT COUNT(*) FROM secrets").fetchone()

    await storage.secrets.delete(WORKSPACE, "con_a", "sec_0")
    assert _left(tmp_path, sealed["sec_0"])
    reader.execute("COMMIT")
    reader.close()
    await storage.meta.put("fact", "one")

    assert _left(tmp_path, sealed["sec_0"]) == []
    await storage.close()
