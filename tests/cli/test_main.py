import os
import signal
import subprocess
import sys
from pathlib import Path
from queue import Queue

import pytest
from tests.cli.conftest import CONNECTOR, Run, ScriptedApi

from connectsmith import __version__
from connectsmith.cli.exits import EXIT_OF_FAULT, exit_of
from connectsmith.cli.surroundings import Surroundings
from connectsmith.errors import Fault
from connectsmith.sdk import Profile, write_profile


def test_every_fault_has_the_exit_code_of_the_table() -> None:
    assert EXIT_OF_FAULT == {
        Fault.DEFINITION: 2,
        Fault.CALLER: 64,
        Fault.ACCESS: 77,
        Fault.CREDENTIALS: 3,
        Fault.REMOTE: 4,
        Fault.NETWORK: 4,
        Fault.UNAVAILABLE: 75,
        Fault.OURS: 70,
    }
    assert exit_of("a fault of tomorrow") == 70


def test_the_version_is_printed(run_offline: Run) -> None:
    ended = run_offline("--version")

    assert (ended.code, ended.out) == (0, f"{__version__}\n")


@pytest.mark.parametrize(
    "arguments", [("conector",), ("connector", "show"), ("serve", "--prot", "1")]
)
def test_a_mistyped_command_is_the_callers_fault_and_prints_nothing_to_stdout(
    run_offline: Run, arguments: tuple[str, ...]
) -> None:
    ended = run_offline(*arguments)

    assert (ended.code, ended.out) == (64, "")
    assert ended.err.startswith("Error: ")
    assert ended.err.endswith(" --help` tells more.\n")


@pytest.mark.parametrize(
    ("status", "code", "fault", "exit_code"),
    [
        (403, "api_scope_missing", "access", 77),
        (409, "grant_rejected", "credentials", 3),
        (503, "storage_busy", "unavailable", 75),
        (422, "definition_invalid", "definition", 2),
        (500, "internal_error", "ours", 70),
    ],
)
def test_a_problem_is_one_line_on_stderr_and_an_exit_code(
    api: ScriptedApi, run_at: Run, *, status: int, code: str, fault: str, exit_code: int
) -> None:
    problem = {"code": code, "fault": fault, "detail": "It is so."}
    api.on("GET", "/v1/connectors/con_1", problem, status=status)

    ended = run_at("connector", "show", "con_1")

    assert (ended.code, ended.out) == (exit_code, "")
    assert ended.err == f"{code}: It is so.\n"


def test_every_fault_that_comes_with_a_problem_is_listed(api: ScriptedApi, run_at: Run) -> None:
    diagnostics = [{"code": "url_missing", "message": "There is none.", "pointer": "/endpoints"}]
    problem = {
        "code": "definition_invalid", "fault": "definition", "detail": "It is faulty.",
        "diagnostics": diagnostics,
    }  # fmt: skip
    api.on("GET", "/v1/connectors/con_1", CONNECTOR)
    api.on("POST", "/v1/connectors/con_1/publish", problem, status=422)

    ended = run_at("connector", "publish", "con_1")

    assert "  /endpoints: url_missing: There is none.\n" in ended.err


def test_nothing_that_comes_from_outside_can_move_the_cursor(api: ScriptedApi, run_at: Run) -> None:
    hostile = {**CONNECTOR, "name": "a\x1b[2Jb\x9bc\u202ed\tx"}
    api.on("GET", "/v1/connectors/con_1", hostile)

    ended = run_at("connector", "show", "con_1")

    assert not set("\x1b\x9b\u202e") & set(ended.out)


def test_without_a_profile_the_way_to_one_is_named(run_offline: Run) -> None:
    ended = run_offline("connector", "list")

    assert ended.code == 77
    assert "connectsmith login" in ended.err


def test_without_a_server_the_address_is_named(
    run_offline: Run, surroundings: Surroundings
) -> None:
    surroundings.profile_file.parent.mkdir(parents=True)
    surroundings.profile_file.write_text('address = "http://127.0.0.1:1"\ntoken = "cst_canary"\n')
    surroundings.profile_file.chmod(0o600)

    ended = run_offline("connector", "list")

    assert ended.code == 4
    assert "http://127.0.0.1:1" in ended.err
    assert "canary" not in ended.err


def test_another_profile_can_be_named(
    api: ScriptedApi, run_at: Run, surroundings: Surroundings, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "other.toml"
    surroundings.profile_file.rename(elsewhere)
    api.on("GET", "/v1/connectors", {"items": [CONNECTOR], "next": None})

    ended = run_at("--profile", str(elsewhere), "connector", "list")

    assert ended.code == 0
    assert api.asked[0].headers["authorization"] == "Bearer cst_canary"


def test_in_a_pipe_a_list_is_a_line_an_item(api: ScriptedApi, run_at: Run) -> None:
    api.on("GET", "/v1/connectors", {"items": [CONNECTOR], "next": None})

    ended = run_at("connector", "list")

    assert ended.out == "con_1\tWeather\tnone\t1\tno\tclientSecret\n"


def test_json_is_what_the_api_answered(api: ScriptedApi, run_at: Run) -> None:
    newer = {**CONNECTOR, "of_tomorrow": {"kept": True}}
    api.on("GET", "/v1/connectors", {"items": [newer], "next": None})

    ended = run_at("connector", "list", "--json")

    assert ended.json == [newer]


def test_a_bug_names_its_place_and_not_what_it_held(
    run_offline: Run, surroundings: Surroundings
) -> None:
    surroundings.profile_file.mkdir(parents=True)  # a directory where a file should be

    ended = run_offline("connector", "list")

    assert ended.code in (70, 75)
    assert "Traceback" not in ended.err


def test_help_that_nobody_asked_for_is_no_error_message(run_offline: Run) -> None:
    ended = run_offline("connector")

    assert (ended.code, ended.out) == (64, "")
    assert ended.err.startswith("Usage: connectsmith connector")


def test_what_is_wrong_with_one_field_is_said_once(api: ScriptedApi, run_at: Run) -> None:
    message = '"city" is required.'
    fields = [{"field": "city", "code": "field_missing", "message": message}]
    problem = {"code": "field_invalid", "fault": "caller", "detail": message, "place": "city"}
    api.on("GET", "/v1/connectors", {**problem, "fields": fields}, status=400)

    ended = run_at("connector", "list")

    assert ended.err == f"field_invalid: {message}\n"


def test_an_api_token_that_is_not_taken_is_explained_to_a_person(
    api: ScriptedApi, run_at: Run
) -> None:
    problem = {"code": "api_token_required", "fault": "access", "detail": "Send a header."}
    api.on("GET", "/v1/connectors", problem, status=401)

    ended = run_at("connector", "list")

    assert ended.code == 77
    assert "revoked or expired" in ended.err
    assert "connectsmith login" in ended.err
    assert "header" not in ended.err


def test_a_file_that_cannot_be_written_is_the_callers_fault_and_named(
    api: ScriptedApi, run_at: Run, tmp_path: Path
) -> None:
    api.on("GET", "/v1/calls/cal_1/body", b"x")
    nowhere = tmp_path / "missing" / "file"

    ended = run_at("calls", "body", "cal_1", "-o", str(nowhere))

    assert ended.code == 64
    assert f"{nowhere} cannot be used" in ended.err


def test_an_interruption_is_told_and_has_its_exit_code(
    api: ScriptedApi, surroundings: Surroundings
) -> None:
    write_profile(surroundings.profile_file, Profile(api.address, "cst_canary"))
    started: Queue[subprocess.Popen[str]] = Queue()

    def interrupt(_: object) -> dict[str, object]:
        waiting = started.get(timeout=30)
        waiting.send_signal(signal.SIGINT)
        waiting.wait(30)  # an answer that came first would end it well
        return {"items": [], "next": None}

    api.on("GET", "/v1/connectors", interrupt)
    # What a shell starts in the background ignores interruptions, and so does all that it starts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    command = subprocess.Popen(
        [sys.executable, "-m", "connectsmith", "connector", "list"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **surroundings.environ},
    )
    signal.signal(signal.SIGINT, before)
    started.put(command)

    printed = command.communicate(timeout=30)

    assert (command.returncode, *printed) == (130, "", "Stopped.\n")


def test_an_interruption_while_the_program_is_loaded_leaves_no_trace(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt\n")

    ended = subprocess.run(
        [sys.executable, "-m", "connectsmith", "--version"],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


@pytest.mark.parametrize(
    "arguments",
    [("connector", "delete", "con_1"), ("secret", "delete", "con_1", "sec_1"),
     ("connection", "delete", "cnn_1")],
    ids=["connector", "secret", "connection"],
)  # fmt: skip
def test_nothing_is_deleted_where_nobody_can_say_yes(
    api: ScriptedApi, run_at: Run, arguments: tuple[str, ...]
) -> None:
    api.on("GET", "/v1/connectors/con_1", CONNECTOR)
    secret = {"id": "sec_1", "name": "key", "created_at": "2026-11-23T18:00:00Z", "origins": []}
    api.on("GET", "/v1/connectors/con_1/secrets", {"items": [secret], "next": None})

    ended = run_at(*arguments)

    assert ended.code == 64
    assert "--yes" in ended.err
    assert not [each for each in api.asked if each.method == "DELETE"]


def test_json_keeps_what_a_terminal_must_not_see(api: ScriptedApi, run_at: Run) -> None:
    name = "a\x7f\x9b\u200d\u202e\U000e0001z"
    api.on("GET", "/v1/connectors/con_1", {**CONNECTOR, "name": name})

    ended = run_at("connector", "show", "con_1", "--json")

    assert isinstance(ended.json, dict)
    assert ended.json["name"] == name
    assert not set(name[1:-1]) & set(ended.out)
