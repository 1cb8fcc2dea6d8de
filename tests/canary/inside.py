"""A whole installation in this process, with adapters that write down or spill what they see."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import uvicorn
from tests.canary.ledger import Ledger
from tests.canary.recording import (
    Randomness,
    Recorder,
    SpillingSender,
    SpillingStorage,
    debug_loop,
)
from tests.journeys.installation import settings_for
from tests.servers.loop import LoopThread

from connectsmith.bootstrap import join, open_parts, rules_of
from connectsmith.jobs.timer import Timer
from connectsmith.settings import Settings


@dataclass(frozen=True, slots=True)
class Inside:
    """A running installation, its recorder, and the two adapters that can break."""

    settings: Settings
    api: Recorder
    sender: SpillingSender
    storage: SpillingStorage


@contextmanager
def installed(folder: Path, ledger: Ledger, *private: int, **more: str) -> Iterator[Inside]:
    """Run an installation until the block ends; then everything of it is written."""
    loop, listener = LoopThread("canary"), socket.create_server(("127.0.0.1", 0))
    settings = settings_for(folder, listener.getsockname()[1], *private, **more)
    try:
        loop.run(debug_loop())
        parts = loop.run(open_parts(settings))
        randomness = Randomness(ledger)
        sender, storage = SpillingSender(parts.sender), SpillingStorage(parts.storage)
        application = join(
            replace(parts, randomness=randomness, sender=sender, storage=storage),
            rules_of(settings),
        )
        timer = Timer(application.chores, often=0.05, seldom=0.2)
        loop.run(_start(timer))
        config = uvicorn.Config(application.app, lifespan="off", access_log=False, log_config=None)
        server = uvicorn.Server(config)
        serving = loop.start(server.serve(sockets=[listener]))
        made = loop.run(application.desks.access.first_start("canary"))
        assert made is not None
        api = Recorder(settings.public_url, ledger, ledger.note("api token", made[1]))
        try:
            yield Inside(settings, api, sender, storage)
        finally:
            api.close()
            server.should_exit = True
            serving.result(timeout=30)
            loop.run(timer.stop())
            loop.run(parts.sender.close())
            loop.run(parts.storage.close())
            randomness.write_down()
    finally:
        listener.close()
        loop.close()


async def _start(timer: Timer) -> None:
    timer.start()
