from pathlib import Path

import pytest
from tests.cli.conftest import CONNECTOR, Ended, Run, ScriptedApi

STORED = {
    "id": "sec_1", "name": "clientSecret", "created_at": "2026-11-23T18:00:00Z",
    "last_used_at": None, "origins": ["https://auth.example.com"],
}  # fmt: skip
CANARY = "canary-7f3a"
PATH = "/v1/connectors/con_1/secrets"


@pytest.fixture(autouse=True)
def _connector(api: ScriptedApi) -> None:
    api.on("GET", "/v1/connectors/con_1", CONNECTOR)
    api.on("POST", PATH, {"items": [STORED], "next": None}, status=201)
    api.on("GET", PATH, {"items": [STORED], "next": None})


def add_from_file(run_at: Run, tmp_path: Path, text: str) -> Ended:
    file = tmp_path / "value"
    file.write_text(text)
    return run_at("secret", "add", "con_1", "clientSecret", "--file", str(file))


def test_a_value_comes_from_a_file_without_its_last_line_break(
    api: ScriptedApi, run_at: Run, tmp_path: Path
) -> None:
    ended = add_from_file(run_at, tmp_path, f" {CANARY} \r\n")

    assert ended.code == 0
    assert api.bodies("POST", PATH) == [
        {"secrets": [{"name": "clientSecret", "value": f" {CANARY} "}]}
    ]


def test_a_value_is_never_printed(run_at: Run, tmp_path: Path) -> None:
    ended = add_from_file(run_at, tmp_path, CANARY)

    assert CANARY not in ended.out + ended.err
    assert "https://auth.example.com" in ended.out


def test_a_value_is_not_repeated_when_it_is_refused(
    api: ScriptedApi, run_at: Run, tmp_path: Path
) -> None:
    problem = {"code": "name_taken", "fault": "caller", "detail": "There is one already."}
    api.on("POST", PATH, problem, status=409)

    ended = add_from_file(run_at, tmp_path, CANARY)

    assert ended.code == 64
    assert CANARY not in ended.out + ended.err


def test_a_value_is_no_argument(run_at: Run, api: ScriptedApi) -> None:
    ended = run_at("secret", "add", "con_1", "clientSecret", CANARY)

    assert ended.code == 64
    assert api.asked == []


def test_without_anybody_to_ask_the_other_ways_are_named(run_at: Run) -> None:
    ended = run_at("secret", "add", "con_1", "clientSecret")

    assert ended.code == 64
    assert "--stdin" in ended.err


def test_a_secret_is_deleted_by_its_name(api: ScriptedApi, run_at: Run) -> None:
    api.on("DELETE", f"{PATH}/sec_1", b"", status=204)

    ended = run_at("secret", "delete", "con_1", "clientSecret", "--yes")

    assert (ended.code, ended.out) == (0, "Deleted sec_1.\n")


def test_origins_are_confirmed_by_name(api: ScriptedApi, run_at: Run) -> None:
    api.on("POST", f"{PATH}/sec_1/confirm", STORED)

    run_at("secret", "confirm", "con_1", "clientSecret", "https://auth.example.com")

    assert api.bodies("POST", f"{PATH}/sec_1/confirm") == [
        {"origins": ["https://auth.example.com"]}
    ]


def test_it_is_said_where_a_secret_may_go_and_only_that_draft_is_taken(
    api: ScriptedApi, run_at: Run, tmp_path: Path
) -> None:
    ended = add_from_file(run_at, tmp_path, CANARY)

    assert '"clientSecret" may be sent to https://auth.example.com, and nowhere' in ended.err
    assert api.if_matches("POST", PATH) == [f'"{CONNECTOR["draft_version"]}"']


def test_a_secret_that_may_go_nowhere_yet_is_said_to(
    api: ScriptedApi, run_at: Run, tmp_path: Path
) -> None:
    silent: dict[str, list[str]] = {"needed": [], "missing": [], "origins": [], "browser": []}
    api.on("GET", "/v1/connectors/con_1", CONNECTOR | {"secrets": silent})

    ended = add_from_file(run_at, tmp_path, CANARY)

    assert "may be sent nowhere yet" in ended.err
