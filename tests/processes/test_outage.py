"""An authorization server that is down, and processes that all want something of it."""

import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.processes.fleet import Fleet, Process, fleet_beside, granted
from tests.servers.hostile import Hostile
from tests.servers.replies import reply
from tests.service.population import LONG

PROCESSES = 4
PAUSE = 20.0 if LONG else 2.0
"""Seconds between probes; `make soak` has the ones of the product."""
PROBES = 9 if LONG else 4
PAUSED = "authorization_server_paused"
FAILED = "token_endpoint_busy"


def waiting(fleet: Fleet, count: int) -> deque[str]:
    """Make connections whose access tokens have ended."""
    made = [fleet.another() for _ in range(count)]
    for each in made:
        each.expire()
    return deque(each.connection for each in made)


def ask(processes: Sequence[Process], connections: deque[str]) -> list[object]:
    """Let each process renew a connection of its own; those that were not asked for come again."""
    asked = [connections.popleft() for _ in processes]
    for process, connection in zip(processes, asked, strict=True):
        process.renew(connection)
    told = [process.answer()[0] for process in processes]
    connections.extend(
        one for one, answer in zip(asked, told, strict=True) if answer in {PAUSED, "refresh_busy"}
    )
    return told


@pytest.mark.row("R-35")
def test_processes_probe_a_server_that_is_down_once_a_pause_together(
    hostile: Hostile, tmp_path: Path, database: dict[str, Any]
) -> None:
    with fleet_beside(hostile, tmp_path, **database) as fleet:
        hostile.on("/token", reply(503, b"down"))
        processes = fleet.start(PROCESSES, probe_every=PAUSE)
        connections = waiting(fleet, 5 + PROBES + 2 * PROCESSES)
        for _ in range(5):
            assert ask(processes[:1], connections) == [FAILED]

        begun, before = time.monotonic(), len(hostile.at("/token"))
        while (probes := len(hostile.at("/token")) - before) < PROBES:
            assert set(ask(processes, connections)) <= {PAUSED, FAILED}
            threading.Event().wait(0.2)
        lasted = time.monotonic() - begun
        hostile.on("/token", *[granted(number) for number in range(1, PROCESSES + 1)])
        returned, well = time.monotonic(), 0
        for process in processes:
            while not isinstance(ask([process], connections)[0], int):
                threading.Event().wait(0.2)
            well += 1
        recovered = time.monotonic() - returned

    print(  # noqa: T201 - shown by make soak
        f"R-35: {PROCESSES} processes probed {probes} times in {lasted:.0f} s, "
        f"{PAUSE:.0f} s apart; the last knew of the return after {recovered:.1f} s"
    )
    assert probes <= lasted / PAUSE + 1
    assert well == PROCESSES
