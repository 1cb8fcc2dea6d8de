import pytest
from tests.cli.conftest import Run

from connectsmith.cli import local
from connectsmith.cli.surroundings import Surroundings
from connectsmith.settings import catalogue


def test_settings_shows_every_value_with_its_source(
    run_offline: Run, surroundings: Surroundings
) -> None:
    ended = run_offline("settings", "--port", "9000", "--json")

    assert isinstance(ended.json, list)
    shown = {each["name"]: (each["value"], each["source"]) for each in ended.json}
    assert shown["port"] == ("9000", "--port")
    assert shown["host"] == ("127.0.0.1", "default")
    assert shown["data_dir"][0].startswith(str(surroundings.home))
    assert set(shown) == {each.name for each in catalogue()}


def test_the_text_of_a_setting_is_the_help_of_its_flag(run_offline: Run) -> None:
    ended = run_offline("serve", "--help")

    words = " ".join(ended.out.split())
    for each in catalogue():
        assert (each.flag in words) == (not each.secret)
    assert "Address to listen on." in words


def test_a_flag_may_be_repeated_for_a_list(run_offline: Run) -> None:
    pairs = ["--allow-private", "127.0.0.1:1", "--allow-private", "127.0.0.1:2"]

    ended = run_offline("settings", *pairs)

    assert "allow_private\t127.0.0.1:1, 127.0.0.1:2\t--allow-private\n" in ended.out


def test_a_value_that_cannot_be_refuses_the_start(run_offline: Run) -> None:
    ended = run_offline("serve", "--port", "many")

    assert ended.code == 75
    assert ended.err.startswith("setting_invalid: port (--port)")


@pytest.mark.parametrize("command", ["serve", "demo", "settings", "doctor"])
def test_no_command_takes_a_secret_setting_as_an_argument(run_offline: Run, command: str) -> None:
    ended = run_offline(command, "--database", "postgresql://u:canary@h/d")

    assert ended.code == 64
    assert "canary" not in ended.out + ended.err


def test_a_choice_is_set_shown_with_its_source_and_taken_back(
    run_offline: Run, surroundings: Surroundings
) -> None:
    local.prepare(surroundings.load({}).settings, surroundings)

    chosen = run_offline("settings", "--set", "public_url=https://connect.example.com")
    usual = run_offline("settings", "--reset", "public_url")

    assert "public_url\thttps://connect.example.com\tSettings page\n" in chosen.out
    assert "public_url\thttp://127.0.0.1:8400\tdefault\n" in usual.out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--set", "public_url=http://connect.example.com"), "field_invalid"),
        (("--set", "port=9000"), "field_invalid"),
        (("--set", "public_url"), "request_invalid"),
        (
            ("--public-url", "https://a.example", "--set", "public_url=https://b.example"),
            "conflict",
        ),
    ],
)
def test_a_choice_that_cannot_be_is_refused_and_changes_nothing(
    run_offline: Run, surroundings: Surroundings, arguments: tuple[str, ...], code: str
) -> None:
    local.prepare(surroundings.load({}).settings, surroundings)

    refused = run_offline("settings", *arguments)

    assert refused.code != 0
    assert refused.err.startswith(f"{code}: ")
    assert "public_url\thttp://127.0.0.1:8400\tdefault\n" in run_offline("settings").out


def test_a_choice_before_the_first_start_says_to_start(run_offline: Run) -> None:
    refused = run_offline("settings", "--set", "transcript_days=3")

    assert refused.err.startswith("start_refused: There is no database")
