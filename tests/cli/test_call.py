import base64
import json
from pathlib import Path

import pytest
from tests.cli.conftest import CONNECTION, CONNECTOR, OUTCOME, Run, ScriptedApi

CALLS = "/v1/connections/cnn_1/calls"


@pytest.fixture(autouse=True)
def _things(api: ScriptedApi) -> None:
    api.on("GET", "/v1/connectors/con_1", CONNECTOR)
    api.on("GET", "/v1/connections/cnn_1", CONNECTION)
    api.on("GET", "/v1/connectors/con_1/connections", {"items": [CONNECTION], "next": None})
    api.on("POST", CALLS, OUTCOME)
    api.on("POST", "/v1/connectors/con_1/calls", OUTCOME)


def test_the_useful_part_is_printed(run_at: Run) -> None:
    ended = run_at("call", "cnn_1", "days.list", "city=Oslo")

    assert (ended.code, ended.json) == (0, [{"day": "mon"}])


def test_text_is_printed_as_it_is(api: ScriptedApi, run_at: Run) -> None:
    api.on("POST", CALLS, {**OUTCOME, "value": "sunny"})

    assert run_at("call", "cnn_1", "days.list", "city=Oslo").out == "sunny\n"


def test_fields_have_the_types_that_the_action_wants(
    api: ScriptedApi, run_at: Run, tmp_path: Path
) -> None:
    file = tmp_path / "sky.png"
    file.write_bytes(b"\x00png")

    run_at("call", "cnn_1", "days.list", "city=7", "limit=7", f"photo=@{file}")

    photo = {
        "content": base64.b64encode(b"\x00png").decode(), "name": "sky.png", "type": "image/png",
    }  # fmt: skip
    assert api.bodies("POST", CALLS) == [
        {"action": "days.list", "fields": {"city": "7", "limit": 7, "photo": photo}}
    ]


def test_fields_may_come_from_a_json_file(api: ScriptedApi, run_at: Run, tmp_path: Path) -> None:
    file = tmp_path / "fields.json"
    file.write_text('{"city": "Oslo", "limit": 1}')

    run_at("call", "cnn_1", "days.list", "--fields", str(file))

    assert api.bodies("POST", CALLS) == [
        {"action": "days.list", "fields": {"city": "Oslo", "limit": 1}}
    ]


@pytest.mark.parametrize("field", ["city", "=Oslo", "limit=many", "photo=sky.png"])
def test_a_field_that_cannot_be_is_refused_before_anything_is_called(
    api: ScriptedApi, run_at: Run, field: str
) -> None:
    ended = run_at("call", "cnn_1", "days.list", field)

    assert ended.code == 64
    assert api.bodies("POST", CALLS) == []


@pytest.mark.parametrize(
    ("fault", "code"), [("credentials", 3), ("remote", 4), ("definition", 2), ("network", 4)]
)
def test_an_outcome_that_is_not_ok_exits_by_its_fault_and_still_prints_its_value(
    api: ScriptedApi, run_at: Run, fault: str, code: int
) -> None:
    failed = {
        **OUTCOME, "ok": False, "status": 404, "fault": fault, "code": "status", "message": "No.",
        "value": {"error": "none"},
    }  # fmt: skip
    api.on("POST", CALLS, failed)

    ended = run_at("call", "cnn_1", "days.list", "city=Oslo")

    assert (ended.code, ended.json) == (code, {"error": "none"})
    assert ended.err.startswith("status (404): No.")


def test_a_connector_stands_for_its_only_connection(api: ScriptedApi, run_at: Run) -> None:
    run_at("call", "con_1", "days.list", "city=Oslo")

    assert len(api.bodies("POST", CALLS)) == 1


def test_a_test_connection_is_used_when_there_is_no_other(api: ScriptedApi, run_at: Run) -> None:
    unusable = {**CONNECTION, "id": "cnn_2", "status": "needs_authorization"}
    found = [{**CONNECTION, "test": True}, unusable]
    api.on("GET", "/v1/connectors/con_1/connections", {"items": found, "next": None})

    run_at("call", "con_1", "days.list", "city=Oslo")

    assert len(api.bodies("POST", CALLS)) == 1


def test_a_connector_without_connections_is_called_itself(api: ScriptedApi, run_at: Run) -> None:
    api.on("GET", "/v1/connectors/con_1/connections", {"items": [], "next": None})

    run_at("call", "con_1", "days.list", "city=Oslo")

    assert len(api.bodies("POST", "/v1/connectors/con_1/calls")) == 1


def test_of_several_connections_one_must_be_named(api: ScriptedApi, run_at: Run) -> None:
    both = [CONNECTION, {**CONNECTION, "id": "cnn_2"}]
    api.on("GET", "/v1/connectors/con_1/connections", {"items": both, "next": None})

    ended = run_at("call", "con_1", "days.list", "city=Oslo")

    assert ended.code == 64
    assert "cnn_1 (ada@example.com), cnn_2 (ada@example.com)" in ended.err


def test_the_transcript_is_printed_beside_the_value(api: ScriptedApi, run_at: Run) -> None:
    api.on("GET", "/v1/calls/cal_1/transcript", {"request": {"method": "GET"}})

    ended = run_at("call", "cnn_1", "days.list", "city=Oslo", "--verbose")

    assert '"method": "GET"' in ended.err
    assert ended.json == [{"day": "mon"}]


def test_a_body_that_is_no_text_goes_into_a_file(
    api: ScriptedApi, run_at: Run, tmp_path: Path
) -> None:
    body = {"size": 3, "content_type": "image/png", "url": "/v1/calls/cal_1/body"}
    api.on("POST", CALLS, {**OUTCOME, "value": None, "body": body})
    api.on("GET", "/v1/calls/cal_1/body", b"\x00\x01\x02")
    file = tmp_path / "map.png"

    ended = run_at("call", "cnn_1", "days.list", "city=Oslo", "--output", str(file))

    assert (ended.code, ended.out) == (0, "")
    assert file.read_bytes() == b"\x00\x01\x02"


def test_an_answer_is_written_into_a_file_as_it_would_be_printed(
    run_at: Run, tmp_path: Path
) -> None:
    file = tmp_path / "days.json"

    ended = run_at("call", "cnn_1", "days.list", "city=Oslo", "--output", str(file))

    assert (ended.code, ended.out) == (0, "")
    assert json.loads(file.read_text()) == [{"day": "mon"}]
    assert str(file) in ended.err


def test_text_reaches_a_pipe_unchanged(api: ScriptedApi, run_at: Run) -> None:
    api.on("POST", CALLS, {**OUTCOME, "value": "\U0001f469\u200d\U0001f52c\x1b"})

    ended = run_at("call", "cnn_1", "days.list", "city=Oslo")

    assert ended.out == "\U0001f469\u200d\U0001f52c\x1b\n"


def test_a_file_that_is_not_json_is_named_with_the_place(run_at: Run, tmp_path: Path) -> None:
    file = tmp_path / "fields.json"
    file.write_text('{"city": "Oslo"')

    ended = run_at("call", "cnn_1", "days.list", "--fields", str(file))

    assert ended.code == 64
    assert f"{file} is not JSON (line 1, column 16)" in ended.err


def test_what_is_no_field_is_named(run_at: Run) -> None:
    ended = run_at("call", "cnn_1", "days.list", "Oslo")

    assert '"Oslo" is not a field: write key=value.' in ended.err


def test_nothing_is_called_when_the_answer_could_not_be_written(
    api: ScriptedApi, run_at: Run, tmp_path: Path
) -> None:
    nowhere = tmp_path / "missing" / "file"

    ended = run_at("call", "cnn_1", "days.list", "city=Oslo", "-o", str(nowhere))

    assert ended.code == 64
    assert str(nowhere) in ended.err
    assert api.asked == []
