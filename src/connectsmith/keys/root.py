"""The root key: a file of its own outside the data, or an environment variable.

Every refusal names the path, says what to do, and has written nothing.
"""

import base64
import binascii
import errno
import os
import secrets
import stat
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from pathlib import Path

from connectsmith.errors import StartRefused

_KEY_BYTES = 32
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_LONGEST_FILE = 1024


@dataclass(frozen=True, slots=True)
class RootKey:
    """32 bytes that everything else is sealed under, and where they came from."""

    content: bytes = field(repr=False)
    source: str


def load_or_create(path: Path, *, data_dir: Path, database_exists: bool) -> RootKey:
    """Read the root key, or make one when there is neither key nor database.

    Raises:
        StartRefused: the key is missing beside a database, lies inside the data directory, is a
            link, belongs to somebody else, may be read by others, or is no key.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100 - `resolve` would follow the links we refuse
    if path.resolve().is_relative_to(data_dir.resolve()):
        raise StartRefused(
            f"The key file {path} lies inside the data directory {data_dir}, so that a copy of the "
            "one would hold the other. Move it out, and set key_file to its new place."
        )
    try:
        folder = _open_folder(path.parent)
    except FileNotFoundError:
        return _create(path, database_exists=database_exists)
    try:
        return _load(path, folder)
    except FileNotFoundError:
        return _create(path, database_exists=database_exists)
    finally:
        os.close(folder)


def from_environment(environ: MutableMapping[str, str], name: str) -> RootKey | None:
    """Take the root key out of an environment, so that no child process inherits it.

    Raises:
        StartRefused: the variable is set, and holds no key.
    """
    text = environ.pop(name, None)
    return None if text is None else _key(text, f"the environment variable {name}")


def new_key_text() -> str:
    """Return a fresh key as a key file holds it."""
    return base64.urlsafe_b64encode(secrets.token_bytes(_KEY_BYTES)).decode() + "\n"


def _open_folder(folder: Path) -> int:
    """Open the key's directory, once it is sure that only we can put files there."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ENOENT:
            raise
        raise StartRefused(
            f"The key's directory {folder} cannot be used ({_reason(error)}). "
            "Set key_file to a path in a directory of its own."
        ) from error
    try:
        _check(os.fstat(descriptor), folder, "directory", "chmod 700")
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _load(path: Path, folder: int) -> RootKey:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path.name, flags, dir_fd=folder)
    except OSError as error:
        if error.errno == errno.ENOENT:
            raise
        raise StartRefused(
            f"The key file {path} cannot be read ({_reason(error)}). "
            "Put the key itself there, owned by the user that runs Connectsmith."
        ) from error
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            raise StartRefused(f"The key file {path} is no regular file. Put the key itself there.")
        _check(state, path, "key file", "chmod 400")
        content = os.read(descriptor, _LONGEST_FILE)
    finally:
        os.close(descriptor)
    return _key(content.decode("ascii", "replace"), f"the file {path}")


def _check(state: os.stat_result, path: Path, what: str, remedy: str) -> None:
    if state.st_uid != os.geteuid():
        raise StartRefused(
            f"The {what} {path} belongs to user {state.st_uid}, and Connectsmith runs as user "
            f"{os.geteuid()}. Run it as that user, or change the owner."
        )
    if state.st_mode & _OTHERS:
        raise StartRefused(
            f"The {what} {path} is open to other users (mode {stat.S_IMODE(state.st_mode):04o}). "
            f'Run: {remedy} "{path}"'
        )


def _create(path: Path, *, database_exists: bool) -> RootKey:
    if database_exists:
        raise StartRefused(
            f"There is a database, but its key file {path} is missing. Without the key nothing in "
            "the database can be opened. Put the key back from its backup, or set key_file."
        )
    text = new_key_text()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = _open_folder(path.parent)
    try:
        _write(path.name, text.encode(), folder)
    finally:
        os.close(folder)
    return _key(text, f"the file {path}")


def _write(name: str, content: bytes, folder: int) -> None:
    """Make the file whole or not at all: a key that was half written would lock everything."""
    draft = f".{name}.{secrets.token_hex(8)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(draft, flags, 0o400, dir_fd=folder)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        os.link(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
    except FileExistsError as error:
        raise StartRefused(
            f"The key file {name} was made by another process at this moment. Start again."
        ) from error
    finally:
        os.unlink(draft, dir_fd=folder)
    os.fsync(folder)


def _key(text: str, source: str) -> RootKey:
    try:
        content = base64.b64decode(text.strip(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if len(content) != _KEY_BYTES:
        raise StartRefused(
            f"What {source} holds is no root key: a root key is 32 bytes in base64url. "
            "Put the right key there; a new one would not open what the old one sealed."
        )
    return RootKey(content, source)


def _reason(error: OSError) -> str:
    if error.errno in (errno.ELOOP, errno.EMLINK):
        return "it is a symbolic link"
    return os.strerror(error.errno or 0).lower()
