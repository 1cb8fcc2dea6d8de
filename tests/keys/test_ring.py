import asyncio

import pytest
from tests.keys.rings import PLACE

from connectsmith.errors import StartRefused
from connectsmith.keys.envelope import EnvelopeSealer
from connectsmith.keys.ring import has_ring, open_ring
from connectsmith.keys.root import RootKey
from connectsmith.testing import MemoryStorage

ROOT = RootKey(b"r" * 32, "the file /keys/root.key")


async def test_ring_is_made_once_and_opens_again() -> None:
    meta = MemoryStorage().meta
    assert not await has_ring(meta)
    ring = await open_ring(ROOT, meta)
    sealed = EnvelopeSealer(ring).seal_bytes(b"content", PLACE)

    again = await open_ring(ROOT, meta)

    assert await has_ring(meta)
    assert again == ring
    assert EnvelopeSealer(again).open_bytes(sealed, PLACE) == b"content"


async def test_processes_that_start_at_once_share_one_ring() -> None:
    meta = MemoryStorage().meta

    rings = await asyncio.gather(*(open_ring(ROOT, meta) for _ in range(8)))

    assert all(ring == rings[0] for ring in rings)


async def test_wrong_root_key_refuses_the_start_and_writes_nothing() -> None:
    """K-07."""
    meta = MemoryStorage().meta
    await open_ring(ROOT, meta)
    kept = await meta.get("key_ring")

    with pytest.raises(StartRefused, match="key_file"):
        await open_ring(RootKey(b"x" * 32, "the file /keys/other.key"), meta)

    assert await meta.get("key_ring") == kept


async def test_altered_ring_refuses_the_start() -> None:
    meta = MemoryStorage().meta
    await open_ring(ROOT, meta)
    kept = await meta.get("key_ring")
    assert kept is not None

    for altered in ("", "no base64!", kept[:-8], kept[:40] + "AAAA" + kept[44:]):
        await meta.put("key_ring", altered)
        with pytest.raises(StartRefused):
            await open_ring(ROOT, meta)


async def test_ring_in_the_database_shows_no_key() -> None:
    meta = MemoryStorage().meta
    ring = await open_ring(ROOT, meta)
    kept = await meta.get("key_ring") or ""

    assert not any(key.hex() in kept for key in (*ring.keys.values(), ring.digest_key))
