import json
from pathlib import Path

from tests.cli.conftest import Run

GOOD = """{"schema": "1.0", "name": "Weather", "auth_components": {"type": "none"},
 "requiredSettings": {"authFields": []}, "endpoints": {}, "actions": []}"""


def written(tmp_path: Path, text: str) -> str:
    file = tmp_path / "weather.json"
    file.write_bytes(text.encode())
    return str(file)


def test_a_good_definition_prints_nothing(run_offline: Run, tmp_path: Path) -> None:
    ended = run_offline("validate", written(tmp_path, GOOD))

    assert (ended.code, ended.out, ended.err) == (0, "", "")


def test_each_fault_is_a_line_with_file_line_and_column(run_offline: Run, tmp_path: Path) -> None:
    file = written(tmp_path, GOOD.replace('"actions": []', '"actions": 7'))

    ended = run_offline("validate", file)

    assert ended.code == 2
    assert ended.out.startswith(f"{file}:2:")
    assert ended.out.count("\n") == 1


def test_every_fault_of_every_file_is_printed_at_once(run_offline: Run, tmp_path: Path) -> None:
    bad = written(tmp_path, GOOD.replace('"endpoints": {}', '"endpoints": 3').replace("[]}", "7}"))
    good = tmp_path / "good.json"
    good.write_text(GOOD)

    ended = run_offline("validate", str(good), bad, bad)

    assert ended.code == 2
    assert ended.out.count("\n") >= 4


def test_text_that_is_no_json_yet_is_read_all_the_same(run_offline: Run, tmp_path: Path) -> None:
    ended = run_offline("validate", written(tmp_path, GOOD[:-1]))

    assert ended.code == 2
    assert "Traceback" not in ended.err


def test_machine_output_names_the_same_places(run_offline: Run, tmp_path: Path) -> None:
    file = written(tmp_path, GOOD.replace('"actions": []', '"actions": 7'))

    ended = run_offline("validate", "--json", file)

    assert ended.code == 2
    assert isinstance(ended.json, list)
    (checked,) = ended.json
    assert (checked["file"], checked["valid"]) == (file, False)
    assert {"code", "severity", "message", "pointer", "line", "column", "fix", "link"} == set(
        checked["diagnostics"][0]
    )


def test_fixes_are_written_and_leave_every_other_character(
    run_offline: Run, tmp_path: Path
) -> None:
    text = GOOD.replace('"actions": []', '"actions":   [],\t').replace("Weather", "Wetter 🌦")
    file = written(tmp_path, text)

    ended = run_offline("validate", "--fix", file)

    fixed = Path(file).read_text()
    assert ended.code == 0
    assert json.loads(fixed)["name"] == "Wetter 🌦"
    assert fixed == text.replace('"actions":   [],\t', '"actions":   []\t')


def test_a_file_without_anything_to_fix_is_not_written(run_offline: Run, tmp_path: Path) -> None:
    file = written(tmp_path, GOOD)
    Path(file).chmod(0o400)
    before = Path(file).stat().st_mtime_ns

    run_offline("validate", "--fix", file)

    assert Path(file).stat().st_mtime_ns == before


def test_a_file_that_cannot_be_read_is_named(run_offline: Run, tmp_path: Path) -> None:
    latin = tmp_path / "latin.json"
    latin.write_bytes(b'{"name": "\xe9"}')

    assert run_offline("validate", str(tmp_path / "none.json")).code == 64
    assert "UTF-8" in run_offline("validate", str(latin)).err


SLACK = """{
  "schema": "1.0",
  "name": "Slack",
  "auth_components": {
    "type": "oauth2",
    "authorizationURL": "https://slack.com/oauth/v2/authorize",
    "tokenURL": "https://slack.com/api/oauth.v2.access",
    "scope": "chat:write users:read",
    "clientID": "{{clientID}}",
    "clientSecret": "{{clientSecret}}"
  },
  "requiredSettings": {"authFields": []},
  "endpoints": {},
  "actions": []
}
"""


def test_what_a_server_wants_is_warned_of_with_a_link(run_offline: Run, tmp_path: Path) -> None:
    file = written(tmp_path, SLACK)

    ended = run_offline("validate", file)

    assert ended.code == 0
    (line,) = [each for each in ended.out.splitlines() if "quirk_slack_separator" in each]
    assert line.startswith(f"{file}:6:")
    assert "commas between scopes. See https://docs.slack.dev/" in line


def test_fixes_give_a_server_what_it_wants_and_come_to_an_end(
    run_offline: Run, tmp_path: Path
) -> None:
    file = written(tmp_path, SLACK)

    run_offline("validate", "--fix", file)

    auth = json.loads(Path(file).read_text())["auth_components"]
    assert (auth["scopeSeparator"], auth["pkce"]) == (",", "off")
    assert run_offline("validate", file).out == ""
