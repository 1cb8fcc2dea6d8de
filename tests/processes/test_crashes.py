"""Processes that die or stall at every point of a refresh; the next one goes by what is stored."""

import asyncio
import random
import signal
import sqlite3
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from tests.processes.fleet import A_FIFTIETH, Fleet, fleet_at, fleet_beside, granted
from tests.servers.hostile import Hostile
from tests.servers.loop import Gate
from tests.servers.proxy import start_proxy
from tests.servers.replies import after
from tests.servers.sandbox import SandboxServer
from tests.service.population import LONG

from connectsmith.core.connection.status import Status
from connectsmith.service.holdings import opened

KILLS = 100 if LONG else 3
ENDINGS = KILLS if LONG else 1
"""How often a connection is lost, which takes another one each time."""
MOMENTS = 400 if LONG else 3
"""How often a process is killed whenever it may be; ten minutes of it in the long form."""
LONGER = A_FIFTIETH | {"refresh_lease_seconds": 4.0}
"""Where a holder must keep its lease while the test looks."""


def intact(folder: Path) -> bool:
    """Tell whether the database is whole."""
    with sqlite3.connect(folder / "data" / "connectsmith.db") as connection:
        return bool(connection.execute("PRAGMA integrity_check").fetchone() == ("ok",))


def die_at(fleet: Fleet, point: str, **orders: Any) -> None:
    """Let a process kill itself at a point of a refresh."""
    victim = fleet.one(dies=point, **orders)
    victim.renew()
    assert victim.answer() is None
    assert victim.ended() == -signal.SIGKILL


def killed_while_answered(fleet: Fleet, gate: Gate) -> None:
    """Let a process be killed while the answer to its request is held back."""
    victim = fleet.one()
    victim.renew()
    asyncio.run(gate.reached())
    victim.send(signal.SIGKILL)
    victim.ended()
    gate.open()


def access_token(fleet: Fleet) -> str:
    """Return the access token that is stored."""
    tokens = opened(fleet.installation.inside.parts.sealer, fleet.row()).tokens
    assert tokens is not None
    return tokens.access_token.reveal()


@pytest.mark.row("R-10")
def test_killed_before_the_request_the_next_process_renews_when_the_lease_has_ended(
    sandbox: SandboxServer, tmp_path: Path
) -> None:
    with fleet_at(sandbox, tmp_path, **A_FIFTIETH) as fleet:
        heir = fleet.one()
        for _ in range(KILLS):
            version = fleet.expire()
            die_at(fleet, "before_request")
            left = fleet.row()

            heir.renew()

            assert left.lease_owner is not None
            assert heir.answer() == [version + 1]
        assert sandbox.token_requests()["refresh_token"] == KILLS
        assert sandbox.token_errors() == {}
        assert fleet.row().lease_owner is None


@pytest.mark.row("R-11")
def test_killed_while_the_answer_is_on_its_way_the_next_process_asks_again(
    hostile: Hostile, tmp_path: Path
) -> None:
    with fleet_beside(hostile, tmp_path, **A_FIFTIETH) as fleet:
        heir = fleet.one()
        for number in range(KILLS):
            version, gate = fleet.expire(), Gate()
            hostile.on("/token", after(gate, granted(0)), granted(number + 1))
            killed_while_answered(fleet, gate)

            heir.renew()

            assert heir.answer() == [version + 1]
            assert access_token(fleet) == f"access-{number + 1}"


@pytest.mark.row("R-11")
def test_killed_while_a_strict_servers_answer_is_on_its_way_the_owner_is_asked(
    sandbox: SandboxServer, tmp_path: Path
) -> None:
    with (
        start_proxy(sandbox.issuer) as proxy,
        fleet_at(sandbox, tmp_path, through=proxy, **A_FIFTIETH) as fleet,
    ):
        for _ in range(ENDINGS):
            one, gate = fleet.another(), Gate()
            one.expire()
            proxy.hold_answer("/token", gate)
            killed_while_answered(one, gate)

            heir = one.one()
            heir.renew()

            assert heir.answer() == ["grant_rejected"]
            assert one.row().status is Status.NEEDS_AUTHORIZATION


@pytest.mark.control("R-10", "R-11", "R-14")
@pytest.mark.parametrize("point", ["before_request", "before_commit"])
def test_lock_that_does_not_end_outlives_its_holder(
    hostile: Hostile, tmp_path: Path, point: str
) -> None:
    impatient = A_FIFTIETH | {"token_timeout_seconds": 0.5}
    with fleet_beside(hostile, tmp_path, **impatient) as fleet:
        hostile.on("/token", granted(1))
        die_at(fleet, point, naively="endless")

        heir = fleet.one()
        heir.renew()

        assert heir.answer() == ["refresh_busy"]
        assert fleet.row().lease_owner is not None


@pytest.mark.row("R-12")
def test_killed_before_the_commit_the_state_is_honest_and_nothing_is_broken(
    sandbox: SandboxServer, tmp_path: Path
) -> None:
    with fleet_at(sandbox, tmp_path, **A_FIFTIETH) as fleet:
        for _ in range(ENDINGS):
            one = fleet.another()
            version = one.expire()
            die_at(one, "before_commit")
            before = one.row()

            heir = one.one()
            heir.renew()

            assert (before.status, before.version) == (Status.ACTIVE, version)
            assert heir.answer() == ["grant_rejected"]
            assert one.row().status is Status.NEEDS_AUTHORIZATION
            assert one.row().version == version
    assert intact(tmp_path)


@pytest.mark.control("R-12")
def test_who_believes_every_connection_claims_to_work_with_a_dead_token(
    sandbox: SandboxServer, tmp_path: Path
) -> None:
    with fleet_at(sandbox, tmp_path, **A_FIFTIETH) as fleet:
        fleet.expire()
        die_at(fleet, "before_commit")

        heir = fleet.one(naively="credulous")
        heir.renew()

        assert heir.answer() == ["grant_rejected"]
        assert fleet.row().status is Status.ACTIVE


@pytest.mark.row("R-14")
def test_killed_again_and_again_at_any_moment_nothing_is_broken(
    hostile: Hostile, tmp_path: Path
) -> None:
    chance = random.Random(14)  # noqa: S311 - the same moments every time
    with fleet_beside(hostile, tmp_path, **A_FIFTIETH) as fleet:
        hostile.on("/token", *[granted(number) for number in range(3 * MOMENTS)])
        heir = fleet.one()
        for _ in range(MOMENTS):
            fleet.expire()
            victim = fleet.one()
            death = Timer(chance.uniform(0, 0.2), victim.send, [signal.SIGKILL])
            death.start()
            victim.renew()
            assert victim.ended() == -signal.SIGKILL
            version = fleet.expire()

            heir.renew()

            assert heir.answer() == [version + 1]
            assert fleet.row().lease_owner is None
    assert intact(tmp_path)
    left = {each.suffix for each in (tmp_path / "data").iterdir() if each.is_file()}
    assert left <= {".db", ".db-wal", ".db-shm", ""}


@pytest.mark.row("R-04")
def test_stalled_holder_is_fenced_off_when_it_wakes(hostile: Hostile, tmp_path: Path) -> None:
    with fleet_beside(hostile, tmp_path, **A_FIFTIETH) as fleet:
        hostile.on("/token", granted(1), granted(2))
        version = fleet.row().version
        stalled, heir = fleet.one(stalls=True), fleet.one()
        stalled.renew()
        stalled.stopped()

        heir.renew()
        taken_over = heir.answer()
        stored = fleet.row()
        stalled.send(signal.SIGCONT)
        woken = stalled.answer()

        assert taken_over == [version + 1]
        assert woken == [version + 1]
        assert fleet.row() == stored
        assert access_token(fleet) == "access-2"
        assert [fence for fence, _ in fleet.rescued()] == [1]


@pytest.mark.row("R-04")
def test_holder_that_wakes_first_stores_nothing_over_its_successor(
    hostile: Hostile, tmp_path: Path
) -> None:
    with fleet_beside(hostile, tmp_path, **LONGER) as fleet:
        gate, version = Gate(), fleet.row().version
        hostile.on("/token", granted(1), after(gate, granted(2)))
        stalled, heir = fleet.one(stalls=True), fleet.one()
        stalled.renew()
        stalled.stopped()

        heir.renew()
        asyncio.run(gate.reached())
        stalled.send(signal.SIGCONT)
        while not fleet.rescued():
            assert fleet.row().version == version
        gate.open()

        assert heir.answer() == [version + 1]
        assert stalled.answer() == [version + 1]
        assert access_token(fleet) == "access-2"
