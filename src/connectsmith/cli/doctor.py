"""`doctor`: look at this installation and say what is not as it should be."""

import platform
import shutil
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from connectsmith import __version__
from connectsmith.cli import local
from connectsmith.cli.installation import prove
from connectsmith.cli.local import Finding
from connectsmith.cli.printing import Columns, show_items
from connectsmith.cli.setting_flags import with_settings
from connectsmith.cli.surroundings import Surroundings, around
from connectsmith.errors import ConnectsmithError
from connectsmith.sdk import Client, Profile, operations
from connectsmith.sdk.answers import Answer
from connectsmith.settings import Loaded, Settings

_LEAST_FREE = 200 * 2**20


class ShownFinding(Answer):
    """A finding as it is printed."""

    ok: bool
    name: str
    message: str


_COLUMNS: Columns[ShownFinding] = {
    "": lambda each: "ok" if each.ok else "!!",
    "what": lambda each: each.name,
    "finding": lambda each: each.message,
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


@with_settings
def doctor(
    context: typer.Context,
    loaded: Loaded,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check this installation.

    Looks at versions, places, key, database, port, public URL and profile; changes nothing.
    """
    found = list(examine(loaded, around(context)))
    shown = [ShownFinding(ok=each.ok, name=each.name, message=each.message) for each in found]
    show_items(shown, _COLUMNS, json=json)
    if not all(each.ok for each in found):
        raise typer.Exit(1)


def examine(loaded: Loaded, surroundings: Surroundings) -> Iterator[Finding]:
    """Look at everything, in the order in which a start would fail."""
    settings = loaded.settings
    yield _versions()
    yield _private("data directory", settings.data_dir, kind=stat.S_ISDIR)
    yield _root_key(settings)
    yield _apart(settings)
    yield _space(settings.data_dir)
    yield from local.examine(settings)
    yield _port(settings)
    yield _reached("public URL", local.chosen(settings).get("public_url", settings.public_url))
    yield _profile(surroundings)


def _versions() -> Finding:
    text = f"Connectsmith {__version__}, Python {platform.python_version()}, {platform.system()}"
    return Finding("versions", ok=sys.version_info >= (3, 11), message=text)


def _private(name: str, path: Path, *, kind: object) -> Finding:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return Finding(name, ok=True, message=f"{path} is not there yet; the first start makes it.")
    except OSError as fault:
        return Finding(name, ok=False, message=f"{path} cannot be looked at: {fault.strerror}.")
    if not callable(kind) or not kind(mode):
        return Finding(name, ok=False, message=f"{path} is a link, or not what it should be.")
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        return Finding(name, ok=False, message=f"Others may use {path}: chmod go= {path}")
    return Finding(name, ok=True, message=f"{path}")


def _root_key(settings: Settings) -> Finding:
    """Tell a key that is not made yet from one that is lost."""
    key = settings.key_file
    if key.exists() or not any(settings.data_dir.glob("*.db")):
        return _private("root key", key, kind=stat.S_ISREG)
    message = f"{key} is not there, and without it the data cannot be read: put its copy back."
    return Finding("root key", ok=False, message=message)


def _apart(settings: Settings) -> Finding:
    name, data = "key apart from data", settings.data_dir.resolve()
    if settings.key_file.resolve().is_relative_to(data):
        message = f"The key lies inside {data}, so that one copy holds both: move the key."
        return Finding(name, ok=False, message=message)
    return Finding(name, ok=True, message="A copy of the data holds no key.")


def _space(path: Path) -> Finding:
    there = next(each for each in (path, *path.parents) if each.exists())
    free = shutil.disk_usage(there).free
    message = f"{free // 2**20} MiB free at {there}"
    if free < _LEAST_FREE:
        return Finding(
            "space", ok=False, message=f"{message}: make room, or choose another data_dir."
        )
    return Finding("space", ok=True, message=message)


def _port(settings: Settings) -> Finding:
    name, address = "port", local.own_address(settings)
    found = _reached(name, address)
    if found.ok:
        return found
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as fault:
            message = f"{settings.host}:{settings.port} cannot be used: {fault.strerror}."
            return Finding(name, ok=False, message=message)
    return Finding(
        name, ok=True, message=f"{settings.host}:{settings.port} is free; no server runs."
    )


def _reached(name: str, address: str) -> Finding:
    try:
        with Client(Profile(address, None)) as client:
            health = client.send(operations.health())
    except ConnectsmithError as fault:
        return Finding(name, ok=False, message=fault.message)
    return Finding(name, ok=True, message=f"Connectsmith {health.version} answers at {address}.")


def _profile(surroundings: Surroundings) -> Finding:
    try:
        prove(surroundings.profile())
    except ConnectsmithError as fault:
        return Finding("profile", ok=False, message=fault.message)
    return Finding("profile", ok=True, message=f"{surroundings.profile_file} works.")
