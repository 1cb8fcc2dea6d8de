import pytest
from tests.cli.conftest import Run

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
