"""Authorizations and connections over time: restarts, deaths in between, and what is revoked."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from tests.journeys.calendar import LOOPBACK, Journey, answer, prepared, returned
from tests.journeys.installation import Api, Installation, installed
from tests.servers.good import GoodServer
from tests.servers.loop import Gate
from tests.servers.proxy import FaultProxy
from tests.servers.replies import reply
from tests.servers.wire import Received

from connectsmith.sandbox.driver import Arrival, Browser
from connectsmith.service.authorization_ports import Attempt, Authorizations
from connectsmith.service.rows import AuthorizationRow
from connectsmith.testing.system import FixedClock


def behind(proxy: FaultProxy, server: GoodServer) -> dict[str, Any]:
    """Return the members that lead every request but the API's through a proxy."""
    return {
        "authorizationURL": f"{proxy.origin}/authorize",
        "tokenURL": f"{proxy.origin}/token",
        "revocationURL": f"{proxy.origin}/revoke",
        "issuer": server.issuer,
    }


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime.now(UTC))


@pytest.fixture
def running(
    tmp_path: Path, authorization_server: GoodServer, fault_proxy: FaultProxy, clock: FixedClock
) -> Iterator[Installation]:
    """An installation whose time and chores are the test's, beside a proxied server."""
    ports = (authorization_server.port, fault_proxy.port)
    with installed(tmp_path, *ports, clock=clock) as one:
        yield one


@pytest.fixture
def journey(
    running: Installation, authorization_server: GoodServer, fault_proxy: FaultProxy
) -> Journey:
    return prepared(running, authorization_server, **behind(fault_proxy, authorization_server))


def tokens_revoked(proxy: FaultProxy) -> list[str]:
    return [dict(each.form)["token_type_hint"] for each in proxy.at("/revoke")]


def forwarded(proxy: FaultProxy, path: str) -> list[Received]:
    return [each for each in proxy.forwarded if each.path == path]


def token_in(sent: Received) -> str:
    return dict(sent.form)["token"]


# -- revoked there, gone here ----------------------------------------------------------------------


@pytest.mark.row("C-31")
def test_deleted_connection_is_revoked_at_its_server(
    running: Installation, journey: Journey, fault_proxy: FaultProxy
) -> None:
    connection = journey.connect()

    journey.api.ask("DELETE", f"/v1/connections/{connection}", headers={"If-Match": "*"})
    gone = journey.api.ask("GET", f"/v1/connections/{connection}")
    running.do_chores()

    assert gone.status_code == 404
    assert tokens_revoked(fault_proxy) == ["refresh_token", "access_token"]
    for sent in fault_proxy.at("/revoke"):
        assert dict(sent.form)["client_secret"] == journey.client.client_secret
    dead = _refreshed(journey, fault_proxy, token_in(fault_proxy.at("/revoke")[0]))
    assert dead.json()["error"] == "invalid_grant"


def _refreshed(journey: Journey, proxy: FaultProxy, refresh_token: str) -> httpx.Response:
    return httpx.post(
        f"{proxy.origin}/token",
        data={
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "client_id": journey.client.client_id,
            "client_secret": journey.client.client_secret,
        },
        trust_env=False,
    )


@pytest.mark.row("C-31")
def test_deletion_does_not_wait_for_a_server_that_is_down(
    running: Installation, journey: Journey, fault_proxy: FaultProxy, clock: FixedClock
) -> None:
    connection = journey.connect()
    down = reply(503, b"down for maintenance")
    fault_proxy.answer_instead("/revoke", *[down] * 4)

    deleted = journey.api.ask("DELETE", f"/v1/connections/{connection}", headers={"If-Match": "*"})
    gone = journey.api.ask("GET", f"/v1/connections/{connection}")
    running.do_chores()
    while_down = len(forwarded(fault_proxy, "/revoke"))
    for _ in range(4):
        clock.advance(timedelta(hours=1))
        running.do_chores()

    assert (deleted.status_code, gone.status_code) == (204, 404)
    assert while_down == 0
    revoked = forwarded(fault_proxy, "/revoke")
    assert {dict(each.form)["token_type_hint"] for each in revoked} == {
        "refresh_token",
        "access_token",
    }
    before = len(fault_proxy.at("/revoke"))
    clock.advance(timedelta(hours=1))
    running.do_chores()
    assert len(fault_proxy.at("/revoke")) == before, "what is done is not asked again"


@pytest.mark.row("C-31")
def test_unknown_token_is_no_failure(
    running: Installation, journey: Journey, fault_proxy: FaultProxy, clock: FixedClock
) -> None:
    connection = journey.connect()
    fault_proxy.change_form(
        "/revoke", lambda form: tuple((k, "gone" if k == "token" else v) for k, v in form)
    )

    journey.api.ask("DELETE", f"/v1/connections/{connection}", headers={"If-Match": "*"})
    running.do_chores()
    clock.advance(timedelta(hours=1))
    running.do_chores()

    assert len(fault_proxy.at("/revoke")) == 2


def test_what_nobody_keeps_is_revoked_there_and_deleted_here(
    running: Installation, journey: Journey, fault_proxy: FaultProxy, clock: FixedClock
) -> None:
    started = journey.start()
    done = journey.complete(started, journey.consent(started["start_url"]))

    clock.advance(timedelta(minutes=10))
    running.do_chores()
    late = journey.api.problem(f"/v1/authorizations/{started['id']}/keep")

    assert late["code"] == "authorization_ended"
    assert journey.api.get("/v1/connections")["items"] == []
    assert done["connection"]["status"] == "unconfirmed"
    assert tokens_revoked(fault_proxy) == ["refresh_token", "access_token"]
    dead = _refreshed(journey, fault_proxy, token_in(fault_proxy.at("/revoke")[0]))
    assert dead.json()["error"] == "invalid_grant"


def test_secret_that_is_gone_does_not_keep_a_deletion_waiting(
    running: Installation, journey: Journey, fault_proxy: FaultProxy
) -> None:
    connection = journey.connect()
    path = f"/v1/connectors/{journey.connector}/secrets"
    for each in journey.api.get(path)["items"]:
        if each["name"] == "clientSecret":
            headers = {"If-Match": "*"}
            assert journey.api.ask("DELETE", f"{path}/{each['id']}", headers=headers).is_success

    deleted = journey.api.ask("DELETE", f"/v1/connections/{connection}", headers={"If-Match": "*"})
    running.do_chores()

    assert deleted.status_code == 204
    assert journey.api.get("/v1/connections")["items"] == []
    assert fault_proxy.at("/revoke") == []


# -- restarts --------------------------------------------------------------------------------------


def test_pending_authorization_survives_two_restarts(
    tmp_path: Path, authorization_server: GoodServer
) -> None:
    with Browser(stop_at=LOOPBACK) as browser:
        with installed(tmp_path, authorization_server.port) as first:
            port, token = first.settings.port, first.api.token
            journey = prepared(first, authorization_server)
            started = journey.start()
            path = f"/v1/authorizations/{started['id']}"
            consent = browser.submit(browser.open(started["start_url"]))
        with installed(tmp_path, authorization_server.port, port=port) as second:
            back = returned(answer(browser, consent))
            waiting = Api(second.address, token).get(path)
    with installed(tmp_path, authorization_server.port, port=port) as third:
        api = Api(third.address, token)
        done = api.post(f"{path}/complete", {"completion": back["completion"]})
        kept = api.post(f"{path}/keep")

    assert waiting["status"] == "returned"
    assert done["status"] == "completed"
    assert kept["status"] == "active"
    assert authorization_server.token_requests() == {"authorization_code": 1}


def test_pending_authorization_ends_after_ten_minutes_wherever_it_is(
    running: Installation, journey: Journey, clock: FixedClock
) -> None:
    waiting, brought = journey.start(), journey.start()
    arrival = journey.consent(brought["start_url"])

    clock.advance(timedelta(minutes=10))
    running.do_chores()
    problem = journey.api.problem(
        f"/v1/authorizations/{brought['id']}/complete",
        {"completion": returned(arrival)["completion"]},
    )
    with Browser() as late:
        page = late.open(waiting["start_url"])

    assert problem["code"] == "authorization_ended"
    assert page.status == 410
    assert journey.server.token_requests() == {}
    for each in (waiting, brought):
        assert journey.api.get(f"/v1/authorizations/{each['id']}")["status"] == "expired"


@pytest.mark.row("C-06")
@pytest.mark.row("R-13")
async def test_process_killed_during_the_exchange_redeems_nothing_twice(
    tmp_path: Path, authorization_server: GoodServer, fault_proxy: FaultProxy
) -> None:
    """The server's answer is on its way when we die: whoever starts us again is told to retry."""
    ports = (authorization_server.port, fault_proxy.port)
    with installed(tmp_path, *ports) as first:
        port, token = first.settings.port, first.api.token
        journey = prepared(first, authorization_server, **behind(fault_proxy, authorization_server))
    gate = Gate()
    fault_proxy.hold_answer("/token", gate)
    process = await asyncio.to_thread(_served, tmp_path, port, ports)
    try:
        started = await asyncio.to_thread(journey.start)
        arrival = await asyncio.to_thread(journey.consent, started["start_url"])
        cut = asyncio.create_task(asyncio.to_thread(_cut_off, journey, started, arrival))
        await gate.reached()
    finally:
        os.kill(process.pid, signal.SIGKILL)
        await asyncio.to_thread(process.wait)
        gate.open()
    await cut
    soon = FixedClock(datetime.now(UTC) + timedelta(minutes=1))
    with installed(tmp_path, *ports, clock=soon) as again:
        api = Api(again.address, token)
        path = f"/v1/authorizations/{started['id']}"
        shown = await asyncio.to_thread(api.get, path)
        body = {"completion": returned(arrival)["completion"]}
        refused = await asyncio.to_thread(api.problem, f"{path}/complete", body)
        connections = await asyncio.to_thread(api.get, "/v1/connections")

    assert (shown["status"], shown["error"]["code"]) == ("failed", "interrupted")
    assert refused["code"] == "authorization_ended"
    assert "Start again" in refused["detail"]
    assert connections["items"] == []
    assert authorization_server.token_requests() == {"authorization_code": 1}


class Forgetful:
    """Authorizations of which nobody writes down that their code is about to be redeemed."""

    def __init__(self, authorizations: Authorizations) -> None:
        self._authorizations = authorizations

    def __getattr__(self, name: str) -> Any:
        return getattr(self._authorizations, name)

    async def attempt(
        self, row: AuthorizationRow, becomes: AuthorizationRow | None, *, most: int
    ) -> Attempt:
        counted = await self._authorizations.attempt(row, None, most=most)
        return replace(counted, taken=becomes is not None)

    async def advance(self, row: AuthorizationRow, *, expected_status: str) -> bool:
        before = "returned" if expected_status == "redeeming" else expected_status
        return await self._authorizations.advance(row, expected_status=before)


@pytest.mark.control("R-13")
async def test_forgetful_process_redeems_a_code_again_whose_answer_is_on_its_way(
    running: Installation,
    journey: Journey,
    authorization_server: GoodServer,
    fault_proxy: FaultProxy,
) -> None:
    desk, gates = running.inside.desks.authorizations, (Gate(), Gate())
    desk._authorizations = cast("Authorizations", Forgetful(desk._authorizations))
    desk._attempts = replace(desk._attempts, authorizations=desk._authorizations)
    started = await asyncio.to_thread(journey.start)
    arrival = await asyncio.to_thread(journey.consent, started["start_url"])
    body = {"completion": returned(arrival)["completion"]}
    path = f"/v1/authorizations/{started['id']}/complete"
    asked = []

    for gate in gates:
        fault_proxy.hold_answer("/token", gate)
        asked.append(asyncio.create_task(asyncio.to_thread(journey.api.problem, path, body)))
        await gate.reached()
    for gate in gates:
        gate.open()
    await asyncio.gather(*asked)

    assert authorization_server.token_requests() == {"authorization_code": 2}


def _served(folder: Path, port: int, private: tuple[int, ...]) -> "subprocess.Popen[bytes]":
    """Start a server process of its own on what `installed` left; wait until it answers."""
    pairs = [f"127.0.0.1:{each}" for each in private] + [f"[::1]:{each}" for each in private]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "connectsmith", "serve"],
            env={
                **os.environ,
                "HOME": str(folder),
                "XDG_CONFIG_HOME": str(folder / "config"),
                "CONNECTSMITH_DATA_DIR": str(folder / "data"),
                "CONNECTSMITH_KEY_FILE": str(folder / "keys" / "root.key"),
                "CONNECTSMITH_PORT": str(port),
                "CONNECTSMITH_PUBLIC_URL": f"http://127.0.0.1:{port}",
                "CONNECTSMITH_ALLOW_PRIVATE": ",".join(pairs),
                "CONNECTSMITH_LOG_LEVEL": "debug",
            },
            stdout=log,
            stderr=log,
        )
    transport = httpx.HTTPTransport(retries=10)
    with httpx.Client(transport=transport, trust_env=False, timeout=30) as client:
        client.get(f"http://127.0.0.1:{port}/health").raise_for_status()
    return process


def _cut_off(journey: Journey, started: dict[str, Any], arrival: Arrival) -> None:
    with pytest.raises(Exception, match=r"disconnected|reset|closed"):
        journey.complete(started, arrival)


def test_log_of_a_server_holds_no_address_of_a_browser(
    tmp_path: Path, authorization_server: GoodServer
) -> None:
    """At DEBUG, refusals included: addresses hold start values, codes and states."""
    with installed(tmp_path, authorization_server.port) as first:
        journey, port = prepared(first, authorization_server), first.settings.port
    process = _served(tmp_path, port, (authorization_server.port,))
    try:
        started = journey.start(return_to=None)
        callback = f"{journey.api.address}/oauth/callback/{journey.connector}"
        with Browser(stop_at=callback) as browser:
            arrival = answer(browser, browser.submit(browser.open(started["start_url"])))
        with Browser() as stranger:
            refused = stranger.open(arrival.url)
            stranger.open(f"{callback}?{'x' * 20_000}")
    finally:
        process.terminate()
        process.wait()
    log = (tmp_path / "log").read_text()

    assert refused.status == 400
    assert "serving" in log
    assert "/oauth/" not in log
    for value in (*returned(arrival).values(), started["start_url"].rpartition("/")[2]):
        assert value not in log


# -- without a browser -----------------------------------------------------------------------------


@pytest.mark.row("C-32")
async def test_client_credentials_fetch_once_however_many_callers_wait(
    tmp_path: Path, authorization_server: GoodServer, fault_proxy: FaultProxy, clock: FixedClock
) -> None:
    ports = (authorization_server.port, fault_proxy.port)
    with installed(tmp_path, *ports, clock=clock) as one:
        journey = await asyncio.to_thread(_unattended, one, authorization_server, fault_proxy)
        made = await asyncio.to_thread(
            journey.api.post, f"/v1/connectors/{journey.connector}/connections"
        )
        first = await asyncio.to_thread(journey.call, made["id"], "calendars.list")
        kept = fault_proxy.counts()["/token"]
        clock.advance(timedelta(hours=2))
        await asyncio.to_thread(authorization_server.advance, 7200)
        async with httpx.AsyncClient(
            base_url=journey.api.address,
            headers={"Authorization": f"Bearer {journey.api.token}"},
            trust_env=False,
            timeout=60,
        ) as caller:
            answers = await asyncio.gather(
                *(
                    caller.post(
                        f"/v1/connections/{made['id']}/calls", json={"action": "calendars.list"}
                    )
                    for _ in range(64)
                )
            )

    assert (made["status"], made["renewable"]) == ("active", True)
    assert first["ok"], first
    assert kept == 1
    assert {each.status_code for each in answers} == {200}
    assert all(each.json()["ok"] for each in answers)
    assert fault_proxy.counts()["/token"] == 2


def _unattended(one: Installation, server: GoodServer, proxy: FaultProxy) -> Journey:
    members = behind(proxy, server) | {
        "grant": "client_credentials",
        "authorizationURL": None,
        "authorizationParams": None,
        "issuer": None,
    }
    return prepared(one, server, **members)
