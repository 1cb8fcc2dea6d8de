"""The file that tells the command line where the server is, and holds its API token."""

import json
import os
import stat
import tempfile
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from connectsmith.errors import StartRefused, TokenRequired
from connectsmith.setting_values import origin


@dataclass(frozen=True, slots=True)
class Profile:
    """A server's address and an API token for it."""

    address: str
    token: str | None = field(default=None, repr=False)


def read_profile(file: Path) -> Profile:
    """Read a profile.

    Raises:
        TokenRequired: there is none.
        StartRefused: others can read it, or it makes no sense.
    """
    try:
        text = _read_private(file)
        table = tomllib.loads(text)
        return Profile(origin(f"address in {file}", table["address"]), str(table["token"]))
    except FileNotFoundError:
        raise TokenRequired(
            f"There is no profile at {file}: `connectsmith login` writes it, and so does the first "
            "start of a server on this machine."
        ) from None
    except (OSError, ValueError, KeyError) as fault:
        raise StartRefused(
            f"The profile {file} cannot be used ({_fault(fault)}): `connectsmith login` writes a "
            "new one, and so does `connectsmith token create --local` on the server's machine."
        ) from fault


def _fault(fault: OSError | ValueError | KeyError) -> str:
    """Say what is wrong with a profile, without a word of what stands in it."""
    if isinstance(fault, KeyError):
        return f"it names no {fault.args[0]}"
    return str(fault.strerror) if isinstance(fault, OSError) else "it is not TOML"


def _read_private(file: Path) -> str:
    with file.open(encoding="utf-8") as opened:
        if os.fstat(opened.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise StartRefused(
                f"Others can read the profile {file}, which holds an API token: chmod 600 it, and "
                "revoke the token if this machine has other users."
            )
        return opened.read()


def write_profile(file: Path, profile: Profile) -> None:
    """Write a profile for its owner's eyes, at once and whole."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = f"address = {json.dumps(profile.address)}\ntoken = {json.dumps(profile.token)}\n"
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".profile-")  # made with mode 0600
    try:
        with open(handle, "w", encoding="utf-8") as opened:  # noqa: PTH123 - a descriptor
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
