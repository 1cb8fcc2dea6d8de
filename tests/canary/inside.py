"""A whole installation in this process, with adapters that write down or spill what they see."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import uvicorn
from tests.canary.ledger import Ledger
from tests.canary.recording import (
    Randomness,
    Recorder,
    Signer,
    SpillingSender,
    SpillingStorage,
    debug_loop,
)
from tests.journeys.installation import listening, settings_for
from tests.servers.loop import LoopThread
from tests.storage.postgres_server import URL

from connectsmith.bootstrap import Parts, join, open_parts, rules_of
from connectsmith.jobs.timer import Timer
from connectsmith.keys.envelope import EnvelopeSealer
from connectsmith.keys.ring import open_ring
from connectsmith.keys.root import load_or_create
from connectsmith.service.rules import Rules
from connectsmith.settings import Settings
from connectsmith.storage.opening import open_postgres


@dataclass(frozen=True, slots=True)
class Inside:
    """A running installation, its recorder, and the two adapters that can break."""

    settings: Settings
    api: Recorder
    sender: SpillingSender
    storage: SpillingStorage
    signer: Signer
    link: str = field(repr=False)
    """The one-time link of the first operator."""


@contextmanager
def installed(
    folder: Path, ledger: Ledger, *private: int, schema: str | None = None
) -> Iterator[Inside]:
    """Run an installation until the block ends; then everything of it is written.

    With a schema it is on PostgreSQL.
    """
    loop, listener = LoopThread("canary"), listening()
    settings = settings_for(folder, listener.getsockname()[1], *private)
    try:
        loop.run(debug_loop())
        rules = rules_of(settings)
        parts = loop.run(
            open_parts(settings, rules) if schema is None else _on_postgres(settings, rules, schema)
        )
        randomness, signer = Randomness(ledger), Signer(ledger)
        sender, storage = SpillingSender(parts.sender), SpillingStorage(parts.storage)
        application = join(
            replace(parts, randomness=randomness, sender=sender, storage=storage, signer=signer),
            rules,
        )
        timer = Timer(application.chores, often=0.05, seldom=0.2)
        loop.run(_start(timer))
        config = uvicorn.Config(application.app, lifespan="off", access_log=False, log_config=None)
        server = uvicorn.Server(config)
        serving = loop.start(server.serve(sockets=[listener]))
        made = loop.run(application.desks.access.first_start("canary"))
        assert made is not None
        api = Recorder(settings.public_url, ledger, ledger.note("api token", made[1]))
        link = ledger.note("one-time link", loop.run(application.desks.sign_in.local_link()))
        try:
            yield Inside(settings, api, sender, storage, signer, link)
        finally:
            api.close()
            server.should_exit = True
            serving.result(timeout=30)
            loop.run(timer.stop())
            parts.passwords.close()
            loop.run(parts.sender.close())
            loop.run(parts.storage.close())
            randomness.write_down()
    finally:
        listener.close()
        loop.close()


async def _on_postgres(settings: Settings, rules: Rules, schema: str) -> Parts:
    """Open all but the storage as usual, and the key ring in a schema of our own."""
    parts = await open_parts(settings, rules)
    await parts.storage.close()
    storage = await open_postgres(URL, schema=schema)
    root = load_or_create(settings.key_file, data_dir=settings.data_dir, database_exists=True)
    sealer = EnvelopeSealer(await open_ring(root, storage.meta))
    return replace(parts, storage=storage, sealer=sealer)


async def _start(timer: Timer) -> None:
    timer.start()
