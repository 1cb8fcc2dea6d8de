"""Servers that are killed while they redeem a code: none of them, nor the next, does so twice."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Timer
from typing import Any

import httpx2
import pytest
from tests.journeys.calendar import Journey, prepared, returned
from tests.journeys.installation import Api, installed
from tests.processes.served import free_port, serving
from tests.servers.proxy import FaultProxy, start_proxy
from tests.servers.sandbox import SandboxServer
from tests.service.population import LONG

from connectsmith.testing.system import FixedClock

ROUNDS = 100 if LONG else 3


@dataclass(frozen=True, slots=True)
class Started:
    """An authorization whose owner has consented, and the value that redeems its code."""

    id: str
    completion: str

    @property
    def path(self) -> str:
        return f"/v1/authorizations/{self.id}"

    def complete(self, api: Api) -> httpx2.Response:
        """Bring the completion value."""
        return api.ask("POST", f"{self.path}/complete", json={"completion": self.completion})


def consented(journey: Journey) -> Started:
    """Start an authorization and consent."""
    started = journey.start()
    return Started(started["id"], returned(journey.consent(started["start_url"]))["completion"])


def codes_sent(proxy: FaultProxy) -> Counter[str]:
    """Count how often each code reached the authorization server."""
    return Counter(dict(each.form)["code"] for each in proxy.forwarded if each.path == "/token")


def killed(process: int, api: Api, one: Started, moment: float) -> bool:
    """Bring the completion value, and kill the server meanwhile; tell whether it had answered."""
    begun, answered = Event(), []

    def complete() -> None:
        begun.set()
        with suppress(httpx2.TransportError):
            answered.append(one.complete(api))

    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(complete)
        begun.wait()
        death = Timer(moment, os.kill, [process, signal.SIGKILL])
        death.start()
        asked.result()
        death.join()
    return bool(answered)


def settled(api: Api, one: Started) -> str:
    """Bring the same value to the next server; return how far that one found the authorization."""
    status: str = api.get(one.path)["status"]
    again = one.complete(api)
    assert again.is_success is (status in {"returned", "completed"})
    if again.is_success:
        api.post(f"{one.path}/keep")
    return status


@pytest.mark.row("R-13")
def test_killed_at_any_moment_of_an_exchange_no_server_redeems_a_code_again(
    sandbox: SandboxServer, tmp_path: Path
) -> None:
    chance = random.Random(13)  # noqa: S311 - the same moments every time
    port, found, rounds, answers = free_port(), Counter[str](), list[Started](), 0
    with start_proxy(sandbox.issuer) as proxy:
        private = (sandbox.port, proxy.port)
        with serving(tmp_path, *private, port=port) as server:
            journey = prepared(server, sandbox, tokenURL=f"{proxy.origin}/token")
            usual = duration(server.api, [consented(journey) for _ in range(3)])
        for _ in range(ROUNDS):
            with serving(tmp_path, *private, port=port) as server:
                found.update(settled(server.api, each) for each in rounds[-1:])
                rounds.append(consented(journey))
                moment = chance.uniform(0, 1.5 * usual)
                answers += killed(server.process.pid, server.api, rounds[-1], moment)
                assert server.ended() == -signal.SIGKILL
        with serving(tmp_path, *private, port=port) as server:
            found.update([settled(server.api, rounds[-1])])
        ends = later(tmp_path, private, journey.api.token, rounds)
        sent = codes_sent(proxy)

    print(  # noqa: T201 - shown by make soak
        f"R-13: {ROUNDS} kills within {1.5 * usual * 1000:.0f} ms, {answers} after the answer; the "
        f"next server found {dict(found)}; in the end {dict(ends)}; {sum(sent.values())} codes "
        f"redeemed, {sum(sent.values()) - len(sent)} of them again"
    )
    assert set(sent.values()) == {1}
    assert sandbox.token_requests() == {"authorization_code": len(sent)}
    assert sandbox.token_errors() == {}
    assert ends["kept"] == found["returned"] + found["completed"]
    assert ends["kept"] + ends["interrupted"] == ROUNDS


def duration(api: Api, undisturbed: Sequence[Started]) -> float:
    """Return the seconds that an exchange usually takes on this machine."""
    taken = []
    for each in undisturbed:
        begun = time.monotonic()
        assert each.complete(api).is_success
        taken.append(time.monotonic() - begun)
    return sorted(taken)[len(taken) // 2]


def later(
    folder: Path, private: Sequence[int], token: str, rounds: Sequence[Started]
) -> Counter[str]:
    """Return how the authorizations have ended, a minute later."""
    soon = FixedClock(datetime.now(UTC) + timedelta(minutes=1))
    ends: Counter[str] = Counter()
    with installed(folder, *private, clock=soon) as one:
        api = Api(one.address, token)
        for each in rounds:
            shown: dict[str, Any] = api.get(each.path)
            if shown["status"] == "failed":
                assert "Start again" in each.complete(api).json()["detail"]
            ends[shown["error"]["code"] if shown["status"] == "failed" else shown["status"]] += 1
    return ends
