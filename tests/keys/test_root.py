import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from connectsmith.errors import StartRefused
from connectsmith.keys.root import RootKey, from_environment, load_or_create, new_key_text


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A user's places: `data`, and `keys` with a key in it."""
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "keys").mkdir(mode=0o700)
    key = tmp_path / "keys" / "root.key"
    key.write_text(new_key_text())
    key.chmod(0o400)
    return tmp_path


def _load(home: Path, *, exists: bool = True, key: str = "keys/root.key") -> RootKey:
    return load_or_create(home / key, data_dir=home / "data", database_exists=exists)


def _tree(home: Path) -> list[tuple[str, int, bytes]]:
    return sorted(
        (str(path), path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in home.rglob("*")
    )


def _refused(home: Path, because: str, *, exists: bool = True, key: str = "keys/root.key") -> None:
    before = _tree(home)
    with pytest.raises(StartRefused, match=because) as caught:
        _load(home, exists=exists, key=key)
    assert str(home) in caught.value.message
    assert _tree(home) == before


def test_key_is_made_when_there_is_neither_key_nor_database(tmp_path: Path) -> None:
    made = _load(tmp_path, exists=False)

    key = tmp_path / "keys" / "root.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o400
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    assert [path.name for path in key.parent.iterdir()] == ["root.key"]
    assert _load(tmp_path) == made
    assert len(made.content) == 32
    assert made.content.hex() not in repr(made)


def test_each_key_is_another() -> None:
    assert len({new_key_text() for _ in range(100)}) == 100


def test_missing_key_beside_a_database_is_refused(home: Path) -> None:
    (home / "keys" / "root.key").unlink()
    _refused(home, "its key file .* is missing")
    (home / "keys").rmdir()
    _refused(home, "its key file .* is missing")


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize("key", ["data/root.key", "data/keys/root.key", "keys/../data/root.key"])
def test_key_inside_the_data_directory_is_refused(home: Path, key: str, *, exists: bool) -> None:
    _refused(home, "lies inside the data directory", exists=exists, key=key)


def test_key_reached_through_a_link_into_the_data_directory_is_refused(home: Path) -> None:
    (home / "link").symlink_to(home / "data")
    _refused(home, "lies inside the data directory", key="link/root.key")


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o500, 0o700])
def test_key_that_only_its_owner_can_read_is_taken(home: Path, mode: int) -> None:
    (home / "keys" / "root.key").chmod(mode)
    assert len(_load(home).content) == 32


@pytest.mark.parametrize("bit", [0o040, 0o020, 0o010, 0o004, 0o002, 0o001])
def test_key_open_to_others_is_refused(home: Path, bit: int) -> None:
    """K-09."""
    (home / "keys" / "root.key").chmod(0o400 | bit)
    _refused(home, "chmod 400")


@pytest.mark.parametrize("bit", [0o040, 0o020, 0o010, 0o004, 0o002, 0o001])
@pytest.mark.parametrize("exists", [True, False])
def test_directory_open_to_others_is_refused(home: Path, bit: int, *, exists: bool) -> None:
    """K-09."""
    if not exists:
        (home / "keys" / "root.key").unlink()
    (home / "keys").chmod(0o700 | bit)
    _refused(home, "chmod 700", exists=exists)


def test_linked_key_is_refused(home: Path) -> None:
    (home / "keys" / "link.key").symlink_to("root.key")
    _refused(home, "symbolic link", key="keys/link.key")


def test_dangling_link_is_refused_rather_than_followed(home: Path) -> None:
    (home / "keys" / "link.key").symlink_to("nowhere.key")
    _refused(home, "symbolic link", exists=False, key="keys/link.key")


def test_linked_directory_is_refused(home: Path) -> None:
    (home / "link").symlink_to(home / "keys")
    _refused(home, "cannot be used", key="link/root.key")


def _directory(key: Path) -> None:
    key.mkdir(mode=0o700)


def _pipe(key: Path) -> None:
    os.mkfifo(key, 0o400)


@pytest.mark.parametrize("make", [_directory, _pipe])
def test_what_is_no_file_is_refused(home: Path, make: Callable[[Path], None]) -> None:
    make(home / "keys" / "odd.key")
    _refused(home, "no regular file", key="keys/odd.key")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("which", ["keys", "keys/root.key"])
def test_key_of_another_user_is_refused(home: Path, which: str) -> None:
    """K-09."""
    os.chown(home / which, 12345, -1)
    _refused(home, "belongs to user 12345")


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"short", b"A" * 42, b"A" * 45, b"A" * 4000, b"\xff" * 44, b"?" * 44]
)
def test_file_that_holds_no_key_is_refused(home: Path, content: bytes) -> None:
    key = home / "keys" / "root.key"
    key.chmod(0o600)
    key.write_bytes(content)
    _refused(home, "is no root key")


def test_key_from_the_environment_is_taken_out_of_it() -> None:
    environ = {"CONNECTSMITH_ROOT_KEY": new_key_text(), "PATH": "/bin"}

    root = from_environment(environ, "CONNECTSMITH_ROOT_KEY")

    assert root is not None
    assert root.source == "the environment variable CONNECTSMITH_ROOT_KEY"
    assert environ == {"PATH": "/bin"}
    assert from_environment(environ, "CONNECTSMITH_ROOT_KEY") is None


def test_environment_variable_that_is_no_key_is_refused_unquoted() -> None:
    with pytest.raises(StartRefused) as caught:
        from_environment({"CONNECTSMITH_ROOT_KEY": "canary"}, "CONNECTSMITH_ROOT_KEY")

    assert "CONNECTSMITH_ROOT_KEY" in caught.value.message
    assert "canary" not in caught.value.message
