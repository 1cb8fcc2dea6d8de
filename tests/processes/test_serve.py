"""`connectsmith serve` as a process: it starts once, shares, drains, and loses nothing."""

import asyncio
import os
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.calendar import Journey, prepared
from tests.processes.served import (
    Serving,
    command,
    environment,
    free_port,
    refused,
    serving,
)
from tests.servers.good import GoodServer
from tests.servers.loop import Gate
from tests.servers.proxy import start_proxy
from tests.servers.sandbox import SandboxServer


def connected(server: Serving, authority: GoodServer, **changes: Any) -> tuple[Journey, str]:
    """Make a connection through a server process."""
    journey = prepared(server, authority, **changes)
    return journey, journey.connect()


def test_told_to_stop_it_finishes_what_it_began_and_leaves_no_lease(
    sandbox: SandboxServer, tmp_path: Path
) -> None:
    with start_proxy(sandbox.issuer) as proxy, ThreadPoolExecutor() as pool:
        with serving(tmp_path, sandbox.port, proxy.port) as server:
            journey, connection = connected(server, sandbox, tokenURL=f"{proxy.origin}/token")
            kept = journey.api.get(f"/v1/connections/{connection}")
            gate = Gate()
            proxy.hold_answer("/token", gate)
            asked = pool.submit(journey.api.post, f"/v1/connections/{connection}/refresh")
            asyncio.run(gate.reached())

            server.process.terminate()
            gate.open()

            assert asked.result()["version"] == kept["version"] + 1
            assert server.ended() == 0
            assert server.lines[-1]["event"] == "stopped"

        with serving(tmp_path, sandbox.port, proxy.port) as again:
            renewed = again.api.post(f"/v1/connections/{connection}/refresh")

    assert renewed["version"] == kept["version"] + 2
    assert sandbox.token_errors() == {}


def test_pending_authorization_outlives_a_restart(sandbox: SandboxServer, tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path, sandbox.port, port=port) as server:
        journey = prepared(server, sandbox)
        started = journey.start()
    with serving(tmp_path, sandbox.port, port=port):
        arrival = journey.consent(started["start_url"])
    with serving(tmp_path, sandbox.port, port=port):
        done = journey.complete(started, arrival)

    assert done["connection"]["status"] == "unconfirmed"
    assert sandbox.token_requests() == {"authorization_code": 1}


def test_two_workers_share_the_port_and_a_dead_one_is_replaced(tmp_path: Path) -> None:
    with serving(tmp_path, workers=2) as server:
        first, second = (line["process"] for line in server.lines if line["event"] == "serving")

        os.kill(first, signal.SIGKILL)
        (buried,) = server.await_event("worker_replaced")
        (replaced,) = server.await_event("serving")
        health = [server.api.ask("GET", "/health").status_code for _ in range(20)]

        assert (buried["process"], buried["code"]) == (first, -signal.SIGKILL)
        assert replaced["process"] not in {first, second}
        assert health == [200] * 20
        assert server.stop() == 0
        assert {line["process"] for line in server.lines if line["event"] == "stopped"} == {
            second,
            replaced["process"],
        }


@pytest.mark.row("T-78")
def test_every_worker_goes_by_what_the_command_line_chose(tmp_path: Path) -> None:
    port, moved = free_port(), "https://connect.example.com"
    with serving(tmp_path, port=port, workers=2) as server:
        made = server.api.post("/v1/connectors", {"definition": "{}"})
        path, around = f"/v1/connectors/{made['id']}", environment(tmp_path, port=port)

        def choose(*arguments: str) -> list[str]:
            run = subprocess.run(
                command("settings", *arguments), env=around, capture_output=True, check=True
            )
            (shown,) = [line for line in run.stdout.decode().splitlines() if "public_url" in line]
            return shown.split()

        def callbacks() -> set[str]:
            asked = [server.api.ask("GET", path).json()["callback_url"] for _ in range(20)]
            return {each.removesuffix(f"/oauth/callback/{made['id']}") for each in asked}

        chosen, there = choose("--set", f"public_url={moved}"), callbacks()
        usual, back = choose("--reset", "public_url"), callbacks()

        assert chosen == ["public_url", moved, "Settings", "page"]
        assert usual == ["public_url", f"http://127.0.0.1:{port}", "default"]
        assert (there, back) == ({moved}, {f"http://127.0.0.1:{port}"})
        assert server.stop() == 0


def test_workers_end_with_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    with serving(tmp_path, workers=2) as server:
        server.process.kill()

        server.ended()  # only when nobody holds its standard error any more

        assert [line["event"] for line in server.lines].count("stopped") == 2


def test_second_installation_on_a_data_directory_is_refused(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        code, line = refused(tmp_path, port=free_port())

        assert code == 75
        assert line == (
            f"start_refused: Another Connectsmith (process {server.process.pid}) already runs on "
            f"{tmp_path / 'data'}. Stop it, or choose another data_dir."
        )
        assert server.api.ask("GET", "/health").status_code == 200


def test_busy_port_is_named_with_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        code, line = refused(tmp_path, port=port)

    assert code == 75
    assert line.startswith(f"start_refused: 127.0.0.1:{port} cannot be listened on")
    assert line.endswith("Stop what uses it, or choose another port with --port.")


@pytest.mark.row("R-30")
def test_locked_database_is_said_so_and_asks_the_server_nothing(
    sandbox: SandboxServer, tmp_path: Path
) -> None:
    with serving(tmp_path, sandbox.port) as server:
        _, connection = connected(server, sandbox)
        path = f"/v1/connections/{connection}/refresh"
        with closing(sqlite3.connect(tmp_path / "data" / "connectsmith.db")) as other:
            other.execute("BEGIN EXCLUSIVE")
            locked = server.api.ask("POST", path, json={})
            read = server.api.get(f"/v1/connections/{connection}")
            during = dict(sandbox.token_requests())
            other.execute("ROLLBACK")

        assert (locked.status_code, locked.json()["code"]) == (503, "storage_busy")
        assert int(locked.headers["retry-after"]) >= 1
        assert read["status"] == "active"
        assert during == {"authorization_code": 1}
        assert server.api.post(path)["version"] == read["version"] + 1


@pytest.mark.row("R-32")
def test_full_disk_is_said_so_and_loses_nothing(sandbox: SandboxServer, tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "small") as disk,
        start_proxy(sandbox.issuer) as proxy,
        ThreadPoolExecutor() as pool,
        serving(disk, sandbox.port, proxy.port) as server,
    ):
        _, connection = connected(server, sandbox, tokenURL=f"{proxy.origin}/token")
        path = f"/v1/connections/{connection}/refresh"
        before = server.api.get(f"/v1/connections/{connection}")

        ballast = fill(disk)
        refusal = server.api.ask("POST", path, json={})
        asked = dict(sandbox.token_requests())
        ballast.unlink()

        gate = Gate()
        proxy.hold_answer("/token", gate)
        waiting = pool.submit(server.api.ask, "POST", path, json={})
        asyncio.run(gate.reached())
        ballast = fill(disk)
        gate.open()
        readable = server.api.get(f"/v1/connections/{connection}")
        ballast.unlink()
        renewed = waiting.result()

    assert (refusal.status_code, refusal.json()["code"]) == (503, "storage_full")
    assert "retry-after" in refusal.headers
    assert asked == {"authorization_code": 1}
    assert readable["version"] == before["version"]
    assert renewed.json()["version"] == before["version"] + 1
    assert sandbox.token_errors() == {}


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """Mount a file system of a few megabytes."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small file system")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def fill(disk: Path) -> Path:
    """Write to a file system until nothing more fits."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        for size in (1 << 16, 1 << 10, 1):
            with suppress(OSError):
                while file.write(b"\0" * size):
                    pass
    return ballast


def test_log_tells_no_query_header_or_body(sandbox: SandboxServer, tmp_path: Path) -> None:
    with serving(tmp_path, sandbox.port, log_level="debug") as server:
        journey, connection = connected(server, sandbox)
        journey.call(connection, "calendars.list")
        server.api.ask("GET", "/v1/connectors?search=needle-in-the-query")
        server.api.ask("GET", "/oauth/callback/con_none?code=needle-code&state=needle-state")
        server.api.ask("POST", "/v1/connectors", content=b"{needle-in-the-body")
        server.stop()

    assert [line["event"] for line in server.lines] == ["serving", "stopped"]
