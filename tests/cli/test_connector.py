from pathlib import Path

import pytest
from tests.cli.conftest import CONNECTOR, Run, ScriptedApi

DRAFT = {
    "text": '{"name": "Weather"}', "version": 4, "saved_at": "2026-11-23T18:00:00Z",
    "saved_by": "ope_1", "diagnostics": [],
}  # fmt: skip
REVISION = {"number": 2, "published_at": "2026-11-23T18:00:00Z", "published_by": "ope_1"}


@pytest.fixture(autouse=True)
def _connector(api: ScriptedApi) -> None:
    api.on("GET", "/v1/connectors/con_1", CONNECTOR)
    api.on("GET", "/v1/connectors", {"items": [CONNECTOR], "next": None})


def test_a_definition_is_sent_as_it_stands_in_the_file(
    api: ScriptedApi, run_at: Run, tmp_path: Path
) -> None:
    file = tmp_path / "weather.json"
    file.write_text('{ "name":\t"Weather" }\n')
    api.on("POST", "/v1/connectors", CONNECTOR, status=201)

    ended = run_at("connector", "create", str(file))

    assert ended.code == 0
    assert "con_1" in ended.out
    assert api.bodies("POST", "/v1/connectors") == [
        {"definition": '{ "name":\t"Weather" }\n', "publish": False}
    ]


def test_a_faulty_draft_is_stored_and_its_faults_are_named_with_their_place(
    api: ScriptedApi, run_at: Run, tmp_path: Path
) -> None:
    file = tmp_path / "weather.json"
    file.write_text("{")
    fault = {
        "code": "json_unclosed", "severity": "error", "message": "Not closed.", "pointer": "",
        "start": {"line": 1, "column": 2, "offset": 1},
    }  # fmt: skip
    api.on("POST", "/v1/connectors", {**CONNECTOR, "diagnostics": [fault]}, status=201)

    ended = run_at("connector", "create", str(file))

    assert ended.code == 0
    assert f"{file}:1:2: json_unclosed: Not closed." in ended.err


def test_a_sample_needs_no_file(api: ScriptedApi, run_at: Run) -> None:
    api.on("POST", "/v1/connectors", CONNECTOR, status=201)

    run_at("connector", "create", "--sample", "github", "--publish")

    assert api.bodies("POST", "/v1/connectors") == [{"sample": "github", "publish": True}]


PRESET = {
    "id": "github", "name": "GitHub", "documentation": "https://docs.example.com",
    "registration": "https://example.com/apps", "callback": "The callback URL may be http.",
    "refresh": "Access tokens do not expire.", "how": "document", "fields": ["host"],
}  # fmt: skip


def test_a_preset_needs_no_file_and_says_what_to_do_next(api: ScriptedApi, run_at: Run) -> None:
    api.on("POST", "/v1/connectors", CONNECTOR, status=201)
    api.on("GET", "/v1/presets/github", {**PRESET, "facts": {}, "definition": "{}"})

    ended = run_at("connector", "create", "--preset", "github")

    assert api.bodies("POST", "/v1/connectors") == [{"preset": "github", "publish": False}]
    assert f"register {CONNECTOR['callback_url']} at https://example.com/apps" in ended.err
    assert "The callback URL may be http. Access tokens do not expire." in ended.err
    assert "connectsmith secret add Weather clientSecret" in ended.err


def test_presets_are_searched(api: ScriptedApi, run_at: Run) -> None:
    api.on("GET", "/v1/presets", {"items": [PRESET], "next": None})

    ended = run_at("connector", "presets", "git")

    assert ended.code == 0
    assert "github" in ended.out
    assert [each.query for each in api.asked if each.path == "/v1/presets"] == [{"search": ["git"]}]


@pytest.mark.parametrize(
    "arguments",
    [(), ("x.json", "--sample", "github"), ("--preset", "github", "--sample", "github")],
)
def test_a_file_a_sample_or_a_preset_is_named(run_at: Run, arguments: tuple[str, ...]) -> None:
    assert run_at("connector", "create", *arguments).code == 64


def test_a_connector_is_found_by_its_name(run_at: Run) -> None:
    assert run_at("connector", "callback-url", "Weather").out == (
        "http://127.0.0.1:8400/oauth/callback/con_1\n"
    )


def test_a_name_that_two_connectors_have_is_refused_with_their_ids(
    api: ScriptedApi, run_at: Run
) -> None:
    both = [CONNECTOR, {**CONNECTOR, "id": "con_2"}]
    api.on("GET", "/v1/connectors", {"items": both, "next": None})

    ended = run_at("connector", "show", "Weather")

    assert ended.code == 64
    assert "con_1, con_2" in ended.err


def test_an_update_is_refused_by_the_server_if_the_draft_moved(
    api: ScriptedApi, run_at: Run, tmp_path: Path
) -> None:
    file = tmp_path / "weather.json"
    file.write_text("{}")
    api.on("PUT", "/v1/connectors/con_1/draft", DRAFT)

    ended = run_at("connector", "update", "con_1", str(file))

    assert ended.code == 0
    assert api.asked[-1].headers["if-match"] == '"3"'


def test_the_draft_is_edited_and_saved_only_when_it_changed(
    api: ScriptedApi,
    run_at: Run,
    surroundings_with_editor: Path,
) -> None:
    api.on("GET", "/v1/connectors/con_1/draft", DRAFT)
    api.on("PUT", "/v1/connectors/con_1/draft", {**DRAFT, "version": 5})

    changed = run_at("connector", "edit", "con_1")
    surroundings_with_editor.write_text("#!/bin/sh\n")
    unchanged = run_at("connector", "edit", "con_1")

    assert "draft 5" in changed.out
    assert "Nothing was changed" in unchanged.err
    assert api.bodies("PUT", "/v1/connectors/con_1/draft") == [
        {"text": '{"name": "Weather"}more\n'}
    ]


@pytest.fixture
def surroundings_with_editor(surroundings: object, tmp_path: Path) -> Path:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\necho more >> "$1"\n')
    editor.chmod(0o700)
    surroundings.environ["EDITOR"] = str(editor)  # type: ignore[attr-defined]  # a dict underneath
    return editor


def test_deleting_asks_first_and_a_pipe_cannot_answer(api: ScriptedApi, run_at: Run) -> None:
    ended = run_at("connector", "delete", "con_1")

    assert ended.code != 0
    assert "DELETE" not in {each.method for each in api.asked}


def test_deleting_names_the_version_that_was_seen(api: ScriptedApi, run_at: Run) -> None:
    api.on("DELETE", "/v1/connectors/con_1", b"", status=204)

    ended = run_at("connector", "delete", "con_1", "--force", "--yes")

    assert ended.code == 0
    assert api.asked[-1].headers["if-match"] == '"3"'
    assert api.asked[-1].query == {"force": ["true"]}


def test_a_revision_is_printed_as_it_was_published(api: ScriptedApi, run_at: Run) -> None:
    api.on("GET", "/v1/connectors/con_1/revisions/2", {**REVISION, "text": "{}"})

    assert run_at("connector", "revision", "con_1", "2").out == "{}\n"


def test_a_connector_in_use_is_deleted_with_a_flag_that_the_command_line_has(
    api: ScriptedApi, run_at: Run
) -> None:
    problem = {"code": "connector_in_use", "fault": "caller", "detail": "Use `force=true`."}
    api.on("GET", "/v1/connectors/con_1", CONNECTOR)
    api.on("DELETE", "/v1/connectors/con_1", problem, status=409)

    ended = run_at("connector", "delete", "con_1", "--yes")

    assert ended.code == 64
    assert '"Weather" has connections' in ended.err
    assert "--force" in ended.err
