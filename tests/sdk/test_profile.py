from pathlib import Path

import pytest

from connectsmith.errors import SettingInvalid, StartRefused, TokenRequired
from connectsmith.sdk import Profile, read_profile, write_profile

PROFILE = Profile("http://127.0.0.1:8400", "cst_canary")


def test_a_profile_is_written_for_its_owner_alone_and_read_back(tmp_path: Path) -> None:
    file = tmp_path / "connectsmith" / "profile.toml"

    write_profile(file, PROFILE)

    assert read_profile(file) == PROFILE
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert list(file.parent.iterdir()) == [file]


def test_a_profile_replaces_a_readable_one_with_a_private_one(tmp_path: Path) -> None:
    file = tmp_path / "profile.toml"
    file.write_text("old")
    file.chmod(0o644)

    write_profile(file, PROFILE)

    assert file.stat().st_mode & 0o777 == 0o600


def test_a_profile_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "profile.toml"
    write_profile(file, PROFILE)
    file.chmod(0o640)

    with pytest.raises(StartRefused, match="chmod 600"):
        read_profile(file)


def test_without_a_profile_the_way_to_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(TokenRequired, match="connectsmith login"):
        read_profile(tmp_path / "profile.toml")


@pytest.mark.parametrize("text", ["", "address = 1", "token = 'x'", "\x00", 'address = "a"\n='])
def test_a_profile_that_makes_no_sense_is_refused_without_repeating_it(
    tmp_path: Path, text: str
) -> None:
    file = tmp_path / "profile.toml"
    file.write_text(text)
    file.chmod(0o600)

    with pytest.raises(StartRefused):
        read_profile(file)


def test_an_api_token_is_not_sent_over_plain_http_to_another_machine(tmp_path: Path) -> None:
    file = tmp_path / "profile.toml"
    write_profile(file, Profile("http://connect.example.com", "cst_canary"))

    with pytest.raises(SettingInvalid, match="must be https"):
        read_profile(file)
