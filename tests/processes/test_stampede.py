"""Sixty-four callers in several processes find one access token ended."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.processes.fleet import ROUNDS, Fleet, fleet_at, unattended_fleet_at
from tests.servers.sandbox import SandboxServer
from tests.service.population import LONG

PROCESSES = 16 if LONG else 8
TASKS = 64 // PROCESSES


def stampede(fleet: Fleet, rounds: int, **orders: Any) -> Counter[object]:
    """Let all callers renew at once, again and again; return what they were told."""
    told: Counter[object] = Counter()
    processes = fleet.start(PROCESSES, tasks=TASKS, **orders)
    for _ in range(rounds):
        version = fleet.expire()
        for each in processes:
            each.renew()
        for each in processes:
            told.update(got - version if isinstance(got, int) else got for got in each.answer())
    return told


@pytest.mark.row("R-02")
def test_sixty_four_callers_in_many_processes_ask_once_a_round(
    sandbox: SandboxServer, tmp_path: Path, database: dict[str, Any]
) -> None:
    with fleet_at(sandbox, tmp_path, **database) as fleet:
        told = stampede(fleet, ROUNDS)

    assert told == {1: ROUNDS * PROCESSES * TASKS}
    assert sandbox.token_requests()["refresh_token"] == ROUNDS
    assert sandbox.token_errors() == {}


@pytest.mark.row("C-32")
def test_token_that_needs_no_person_is_fetched_once_a_round_by_all_processes(
    sandbox: SandboxServer, tmp_path: Path
) -> None:
    rounds = 5
    with unattended_fleet_at(sandbox, tmp_path) as fleet:
        before = sandbox.token_requests()["client_credentials"]
        told = stampede(fleet, rounds)

    assert told == {1: rounds * PROCESSES * TASKS}
    assert sandbox.token_requests() == {"client_credentials": before + rounds}


@pytest.mark.control("R-02")
def test_without_the_lease_the_same_callers_lose_the_grant(
    sandbox: SandboxServer, tmp_path: Path
) -> None:
    with fleet_at(sandbox, tmp_path) as fleet:
        told = stampede(fleet, 3, naively="heedless")

    assert sandbox.token_requests()["refresh_token"] > 3
    assert sandbox.token_errors()["invalid_grant"] > 0
    assert told["grant_rejected"] > 0
