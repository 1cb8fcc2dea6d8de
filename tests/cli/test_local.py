"""Commands that work on the server's own machine, on a real installation in a folder of its own."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cli.conftest import Run, ScriptedApi

from connectsmith.cli import local
from connectsmith.cli.demo import framed
from connectsmith.cli.surroundings import Surroundings
from connectsmith.sdk import read_profile

HEALTH = {"ok": True, "version": "9.9"}


@pytest.fixture
def started(surroundings: Surroundings) -> Surroundings:
    """An installation that was started once."""
    local.prepare(surroundings.load({}).settings, surroundings)
    return surroundings


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_the_first_start_writes_the_profile_and_the_second_leaves_it(
    surroundings: Surroundings,
) -> None:
    settings = surroundings.load({}).settings

    first = local.prepare(settings, surroundings)
    written = read_profile(surroundings.profile_file)
    second = local.prepare(settings, surroundings)

    assert (first.first, second.first) == (True, False)
    assert written.address == "http://127.0.0.1:8400"
    assert read_profile(surroundings.profile_file).token == written.token
    assert surroundings.profile_file.stat().st_mode & 0o777 == 0o600


def test_a_lost_api_token_is_replaced_and_never_printed(
    started: Surroundings, run_offline: Run
) -> None:
    lost = read_profile(started.profile_file).token
    started.profile_file.unlink()

    ended = run_offline("token", "create", "--local")

    found = read_profile(started.profile_file).token or ""
    assert ended.code == 0
    assert found.startswith("cst_")
    assert found != lost
    assert found not in ended.out + ended.err


def test_no_api_token_is_made_where_no_installation_is(
    run_offline: Run, surroundings: Surroundings
) -> None:
    ended = run_offline("token", "create", "--local")

    assert ended.code == 75
    assert not surroundings.profile_file.exists()


def test_the_doctor_finds_a_started_installation_well_but_not_running(
    started: Surroundings, run_offline: Run, tmp_path: Path
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])

    ended = run_offline("doctor", "--port", port, "--json")

    assert isinstance(ended.json, list)
    found = {each["name"]: each["ok"] for each in ended.json}
    assert found["key"]
    assert found["database"]
    assert found["port"]
    assert not found["public URL"]
    assert ended.code == 1
    assert str(tmp_path) in ended.out


def test_the_doctor_writes_nothing_where_no_installation_is(
    run_offline: Run, surroundings: Surroundings
) -> None:
    run_offline("doctor")

    assert list(surroundings.home.iterdir()) == []


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda settings: settings.key_file.chmod(0o644), "root key"),
        (lambda settings: settings.data_dir.chmod(0o755), "data directory"),
        (lambda settings: settings.key_file.unlink(), "key and database"),
    ],
    ids=["a readable key", "a readable data directory", "a lost key"],
)
def test_the_doctor_names_what_is_wrong(
    started: Surroundings, run_offline: Run, damage: object, named: str
) -> None:
    assert callable(damage)
    damage(started.load({}).settings)

    ended = run_offline("doctor", "--json")

    assert isinstance(ended.json, list)
    assert named in {each["name"] for each in ended.json if not each["ok"]}
    assert ended.code == 1


def test_the_doctor_names_a_key_inside_the_data_directory(
    run_offline: Run, surroundings: Surroundings
) -> None:
    inside = surroundings.places.data_dir / "root.key"

    ended = run_offline("doctor", "--key-file", str(inside), "--json")

    assert isinstance(ended.json, list)
    assert "key apart from data" in {each["name"] for each in ended.json if not each["ok"]}


def test_the_doctor_sees_a_server_that_answers(api: ScriptedApi, run_at: Run) -> None:
    api.on("GET", "/health", HEALTH)
    port = api.address.rpartition(":")[2]

    ended = run_at("doctor", "--port", port, "--json")

    assert isinstance(ended.json, list)
    found = {each["name"]: each["message"] for each in ended.json}
    assert "Connectsmith 9.9 answers" in found["port"]
    assert "Connectsmith 9.9 answers" in found["public URL"]


@pytest.mark.parametrize(
    ("command", "flag"), [("serve", "--port"), ("demo", "--port"), ("demo", "--sandbox-port")]
)
def test_a_busy_port_is_one_sentence_that_says_what_to_do(
    run_offline: Run, taken_port: int, command: str, flag: str
) -> None:
    free = () if flag == "--port" else ("--port", "0")
    ended = run_offline(command, flag, str(taken_port), *free)

    assert ended.code == 75
    assert f"127.0.0.1:{taken_port}" in ended.err
    assert flag in ended.err
    assert "Traceback" not in ended.err


def test_a_login_is_proved_before_it_is_remembered(
    api: ScriptedApi, run_offline: Run, surroundings: Surroundings, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("cst_canary\n")
    refused = run_offline("login", api.address, "--file", str(file))
    api.on("GET", "/health", HEALTH)
    api.on("GET", "/v1/connectors", {"items": [], "next": None})

    accepted = run_offline("login", api.address, "--file", str(file))

    assert refused.code == 64
    assert accepted.code == 0
    assert read_profile(surroundings.profile_file).token == "cst_canary"
    assert "canary" not in accepted.out + accepted.err + refused.err


def test_an_api_token_is_not_shown_to_what_is_not_connectsmith(
    api: ScriptedApi, run_offline: Run, surroundings: Surroundings, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("cst_canary\n")
    api.on("GET", "/health", "<h1>It works!</h1>")

    ended = run_offline("login", api.address, "--file", str(file))

    assert ended.code != 0
    assert not surroundings.profile_file.exists()
    assert not [each for each in api.asked if "authorization" in each.headers]


def test_a_login_with_an_api_token_that_may_do_little_is_remembered(
    api: ScriptedApi, run_offline: Run, surroundings: Surroundings, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("cst_canary\n")
    narrow = {"code": "api_scope_missing", "fault": "access", "detail": "connectors:read"}
    api.on("GET", "/health", HEALTH)
    api.on("GET", "/v1/connectors", narrow, status=403)

    ended = run_offline("login", api.address, "--file", str(file))

    assert ended.code == 0
    assert read_profile(surroundings.profile_file).token == "cst_canary"


def test_a_home_that_cannot_be_written_is_one_sentence_that_says_what_to_do(
    run_offline: Run, tmp_path: Path
) -> None:
    (tmp_path / "data").write_text("no directory")

    ended = run_offline("serve")

    assert ended.code == 75
    assert str(tmp_path / "data") in ended.err
    assert "--data-dir" in ended.err


def test_the_doctor_tells_a_lost_key_from_one_that_is_not_made_yet(
    started: Surroundings, run_offline: Run
) -> None:
    started.load({}).settings.key_file.unlink()

    ended = run_offline("doctor", "--json")

    assert isinstance(ended.json, list)
    found = {each["name"]: each for each in ended.json}
    assert not found["root key"]["ok"]
    assert "put its copy back" in found["root key"]["message"]


def test_where_the_server_listens_everywhere_its_own_machine_uses_loopback(
    surroundings: Surroundings,
) -> None:
    settings = surroundings.load({}).settings

    everywhere = replace(settings, host="0.0.0.0")  # noqa: S104 - read, not bound
    assert local.own_address(everywhere) == "http://127.0.0.1:8400"
    assert local.own_address(replace(settings, host="::")) == "http://[::1]:8400"


def test_a_frame_is_as_wide_as_its_longest_line() -> None:
    assert framed(["a", "long"]) == "\n┌──────┐\n│ a    │\n│ long │\n└──────┘"


def test_a_frame_stays_open_where_the_terminal_is_narrow() -> None:
    assert framed(["a", "long"], columns=6) == "\n┌─────\n│ a\n│ long\n└─────"
