"""The keys of an installation and what they seal, put into the ledger once it has ended."""

import asyncio

from tests.canary.ledger import Ledger

from connectsmith.keys.envelope import EnvelopeSealer
from connectsmith.keys.ring import open_ring
from connectsmith.keys.root import RootKey, load_or_create
from connectsmith.service.access import WORKSPACE
from connectsmith.service.holdings import opened
from connectsmith.service.secrets import secret_place
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


def note_sealed(settings: Settings, ledger: Ledger) -> None:
    """Note every stored secret, and the tokens of every connection."""
    asyncio.run(_note_sealed(settings, ledger))


async def _note_sealed(settings: Settings, ledger: Ledger) -> None:
    root = load_or_create(settings.key_file, data_dir=settings.data_dir, database_exists=True)
    storage = await open_sqlite(settings.data_dir)
    try:
        sealer = EnvelopeSealer(await open_ring(root, storage.meta))
        connectors = await storage.connectors.page(WORKSPACE, limit=100, after=None, search=None)
        for connector in connectors.items:
            for row in await storage.secrets.list(WORKSPACE, connector.id):
                value = sealer.open(row.sealed, secret_place(row))["value"]
                ledger.note(f"stored {row.name}", value.reveal())
        connections = await storage.connections.page(WORKSPACE, None, limit=100, after=None)
        for each in connections.items:
            tokens = opened(sealer, each).tokens
            assert tokens is not None
            assert tokens.refresh_token is not None
            ledger.note("access token", tokens.access_token.reveal())
            ledger.note("refresh token", tokens.refresh_token.reveal())
    finally:
        await storage.close()
