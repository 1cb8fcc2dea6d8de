"""Where an installation's files are, unless a setting says otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Places:
    """Where this user's files are, unless a setting says otherwise."""

    config_file: Path
    profile_file: Path
    data_dir: Path
    key_file: Path


def places(environ: Mapping[str, str], *, platform: str, home: Path) -> Places:
    """Return the user's places: XDG base directories, or one Application Support folder on macOS.

    A relative XDG variable is ignored, as the base directory specification asks.
    """
    if platform == "darwin":
        folder = home / "Library" / "Application Support" / "connectsmith"
        return _places(folder, folder)
    config = _base(environ, "XDG_CONFIG_HOME", home / ".config") / "connectsmith"
    kept = _base(environ, "XDG_DATA_HOME", home / ".local" / "share") / "connectsmith"
    return _places(config, kept)


def _places(config: Path, kept: Path) -> Places:
    return Places(
        config_file=config / "config.toml",
        profile_file=config / "profile.toml",
        data_dir=kept / "data",
        key_file=config / "keys" / "root.key",
    )


def _base(environ: Mapping[str, str], name: str, default: Path) -> Path:
    named = Path(environ.get(name, ""))
    return named if named.is_absolute() else default
