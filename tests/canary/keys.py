"""The keys of an installation, put into the ledger once it has ended."""

import asyncio

from tests.canary.ledger import Ledger

from connectsmith.keys.ring import open_ring
from connectsmith.keys.root import RootKey, load_or_create
from connectsmith.settings import Settings
from connectsmith.storage.opening import open_sqlite


def note_keys(settings: Settings, ledger: Ledger) -> None:
    """Note the root key and every key of the ring."""
    asyncio.run(_note_ring(settings, note_root(settings, ledger), ledger))


def note_root(settings: Settings, ledger: Ledger) -> RootKey:
    """Note the root key, and return it."""
    root = load_or_create(settings.key_file, data_dir=settings.data_dir, database_exists=True)
    ledger.note("root key", root.content)
    return root


async def _note_ring(settings: Settings, root: RootKey, ledger: Ledger) -> None:
    storage = await open_sqlite(settings.data_dir)
    try:
        ring = await open_ring(root, storage.meta)
    finally:
        await storage.close()
    for key in (*ring.keys.values(), ring.digest_key):
        ledger.note("ring key", key)
