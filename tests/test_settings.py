from pathlib import Path

import pytest

from connectsmith.errors import SettingInvalid
from connectsmith.places import places
from connectsmith.settings import Loaded, catalogue, load

HOME = Path("/home/ada")


def loaded(
    flags: dict[str, object] | None = None,
    environ: dict[str, str] | None = None,
    config_file: Path | None = None,
) -> Loaded:
    return load(flags or {}, environ or {}, platform="linux", home=HOME, config_file=config_file)


def source_of(name: str, result: Loaded) -> str:
    return next(each.source for each in result.values if each.name == name)


def shown(name: str, result: Loaded) -> str:
    return next(each.shown for each in result.values if each.name == name)


def config(tmp_path: Path, text: str, mode: int = 0o600) -> Path:
    file = tmp_path / "config.toml"
    file.write_text(text)
    file.chmod(mode)
    return file


def test_without_anything_set_every_value_is_a_default() -> None:
    result = loaded()

    assert result.settings.host == "127.0.0.1"
    assert result.settings.port == 8400
    assert {each.source for each in result.values} == {"default"}


def test_a_flag_beats_a_variable_beats_a_file_beats_the_default(tmp_path: Path) -> None:
    file = config(tmp_path, 'port = 1001\nworkers = 2\nlog_level = "debug"\n')

    result = loaded(
        {"port": 1003}, {"CONNECTSMITH_PORT": "1002", "CONNECTSMITH_WORKERS": "3"}, file
    )

    assert (result.settings.port, source_of("port", result)) == (1003, "--port")
    assert (result.settings.workers, source_of("workers", result)) == (3, "CONNECTSMITH_WORKERS")
    assert (result.settings.log_level, source_of("log_level", result)) == ("debug", str(file))
    assert source_of("host", result) == "default"


def test_the_configuration_file_is_found_in_the_users_place(tmp_path: Path) -> None:
    folder = tmp_path / "connectsmith"
    folder.mkdir()
    file = config(folder, "port = 9000\n")

    result = loaded(environ={"XDG_CONFIG_HOME": str(tmp_path)})

    assert (result.settings.port, source_of("port", result)) == (9000, str(file))


def test_a_configuration_file_that_is_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(SettingInvalid, match=r"nowhere\.toml does not exist"):
        loaded(environ={"CONNECTSMITH_CONFIG": str(tmp_path / "nowhere.toml")})


def test_a_configuration_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingInvalid, match=r"config\.toml cannot be read"):
        loaded(config_file=config(tmp_path, "port = \n"))


@pytest.mark.parametrize(
    ("flags", "environ", "hint"),
    [
        ({}, {"CONNECTSMITH_PROT": "1"}, "CONNECTSMITH_PORT"),
        ({"wokers": 2}, {}, "workers"),
        ({}, {"CONNECTSMITH_XYZZY": "1"}, "connectsmith settings"),
    ],
)
def test_an_unknown_name_refuses_the_start_and_names_the_nearest(
    flags: dict[str, object], environ: dict[str, str], hint: str
) -> None:
    with pytest.raises(SettingInvalid, match=hint):
        loaded(flags, environ)


def test_an_unknown_name_in_the_file_refuses_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingInvalid, match="nearest is public_url"):
        loaded(config_file=config(tmp_path, 'public_ulr = "https://a.example.com"\n'))


def test_names_of_the_command_lines_own_client_and_of_the_tests_are_no_settings() -> None:
    result = loaded(environ={"CONNECTSMITH_API_TOKEN": "x", "CONNECTSMITH_TEST_STRICT": "1"})

    assert result == loaded()


def test_a_database_url_is_no_flag() -> None:
    with pytest.raises(SettingInvalid, match="CONNECTSMITH_DATABASE") as caught:
        loaded({"database": "postgresql://u:canary@h/d"})

    assert "canary" not in str(caught.value)


def test_a_database_url_is_never_shown_or_repeated() -> None:
    good = loaded(environ={"CONNECTSMITH_DATABASE": "postgresql://u:canary@h/d"})
    with pytest.raises(SettingInvalid) as caught:
        loaded(environ={"CONNECTSMITH_DATABASE": "mysql://u:canary@h/d"})

    assert shown("database", good) == "(set)"
    assert "canary" not in repr(good) + str(caught.value)


def test_a_file_with_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = config(tmp_path, 'database = "postgresql://u:canary@h/d"\n', 0o640)

    with pytest.raises(SettingInvalid, match="chmod 600"):
        loaded(config_file=file)


def test_lists_come_from_commas_arrays_and_repeated_flags(tmp_path: Path) -> None:
    pairs = ("127.0.0.1:8401", "[::1]:8401")

    assert loaded({"allow_private": list(pairs)}).settings.allow_private == pairs
    assert (
        loaded(
            environ={"CONNECTSMITH_ALLOW_PRIVATE": "127.0.0.1:8401, [::1]:8401"}
        ).settings.allow_private
        == pairs
    )
    file = config(tmp_path, 'allow_private = ["127.0.0.1:8401", "[::1]:8401"]\n')
    assert loaded(config_file=file).settings.allow_private == pairs


@pytest.mark.parametrize(
    "text",
    ["10.0.0.0/8:443", "localhost:8401", "127.0.0.1", "::1:8401", "[127.0.0.1]:1", "127.0.0.1:x"],
)
def test_only_exact_pairs_may_be_allowed(text: str) -> None:
    with pytest.raises(SettingInvalid, match="exact address:port"):
        loaded({"allow_private": [text]})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("port", "65536"),
        ("port", "80x"),
        ("workers", "0"),
        ("log_level", "loud"),
        ("public_url", "http://connect.example.com"),
        ("public_url", "https://connect.example.com/below"),
        ("public_url", "ftp://connect.example.com"),
        ("public_url", "https://user@connect.example.com"),
        ("return_origins", "http://app.example.com"),
        ("data_dir", "relative/data"),
        ("host", "127.0.0.1:80"),
        ("transcript_days", "-1"),
        ("token_timeout_seconds", "0"),
        ("token_timeout_seconds", "nan"),
        ("installation_name", "two\nlines"),
        ("database", "sqlite:///x"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_the_settings_name(name: str, text: str) -> None:
    with pytest.raises(SettingInvalid, match=name):
        loaded(environ={f"CONNECTSMITH_{name.upper()}": text})


@pytest.mark.parametrize(
    ("name", "value"), [("port", "true"), ("port", "80.5"), ("host", "1"), ("allow_private", '"x"')]
)
def test_a_value_of_the_wrong_toml_type_is_refused(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingInvalid, match=name):
        loaded(config_file=config(tmp_path, f"{name} = {value}\n"))


def test_the_public_url_follows_the_port_unless_it_is_set() -> None:
    assert loaded({"port": 9001}).settings.public_url == "http://127.0.0.1:9001"
    assert (
        loaded({"port": 9001, "public_url": "https://Connect.Example.com:443/"}).settings.public_url
        == "https://connect.example.com"
    )


def test_places_follow_the_base_directories_and_ignore_relative_ones() -> None:
    found = places(
        {"XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "relative"}, platform="linux", home=HOME
    )

    assert found.key_file == Path("/c/connectsmith/keys/root.key")
    assert found.profile_file == Path("/c/connectsmith/profile.toml")
    assert found.data_dir == Path("/home/ada/.local/share/connectsmith/data")


def test_places_on_macos_are_side_by_side_in_application_support() -> None:
    found = places({}, platform="darwin", home=Path("/Users/ada"))

    folder = Path("/Users/ada/Library/Application Support/connectsmith")
    assert (found.data_dir, found.key_file) == (folder / "data", folder / "keys" / "root.key")


def test_every_setting_has_a_text_a_flag_and_a_variable() -> None:
    assert all(each.text.endswith(".") for each in catalogue())
    port = next(each for each in catalogue() if each.name == "port")
    assert (port.flag, port.variable, port.default) == ("--port", "CONNECTSMITH_PORT", "8400")


def test_a_token_request_must_end_before_the_lease_does() -> None:
    with pytest.raises(SettingInvalid) as caught:
        loaded({"token_timeout_seconds": "50"})

    assert caught.value.place == "token_timeout_seconds"
    both = loaded({"token_timeout_seconds": "50", "refresh_lease_seconds": "60"})
    assert both.settings.token_timeout_seconds == 50


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "server.example.com"])  # noqa: S104 - read, not bound
def test_other_machines_are_let_in_by_https_alone(host: str) -> None:
    with pytest.raises(SettingInvalid, match="lets other machines in"):
        loaded({"host": host})

    assert loaded({"host": host, "public_url": "https://connect.example.com"}).settings.host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
def test_this_machine_alone_is_served_by_plain_http(host: str) -> None:
    assert loaded({"host": host}).settings.host == host
