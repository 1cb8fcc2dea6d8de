"""What an administrator can set, and where each value came from; unknown names refuse the start.

A value is taken from a flag, else from `CONNECTSMITH_*`, else from `config.toml`, else the default.
The environment is handed in: nothing here, or later, looks it up by itself.
"""

import stat
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from connectsmith.errors import SettingInvalid
from connectsmith.places import Places, places
from connectsmith.setting_values import (
    bytes_kept,
    count,
    database_url,
    days_kept,
    host_name,
    is_loopback,
    level,
    number,
    origin,
    pair,
    path,
    port_number,
    public_origin,
    title,
)

PREFIX = "CONNECTSMITH_"
RESERVED = frozenset(("CONFIG", "PROFILE", "ADDRESS", "API_TOKEN"))
"""`CONNECTSMITH_` names that are no settings: places of files, and what the client uses."""
RESERVED_PREFIX = "TEST_"
"""`CONNECTSMITH_TEST_*` belongs to the test suite."""


def _about(
    text: str, read: Callable[[str, object], Any], *, secret: bool = False
) -> Mapping[str, Any]:
    return {"text": text, "read": read, "secret": secret}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting. Lengths of time are in the unit their name ends in."""

    data_dir: Path = field(
        metadata=_about(
            "Directory of the databases and of nothing else; only its owner may look into it.", path
        )
    )
    key_file: Path = field(
        metadata=_about(
            "File of the root key that seals every secret; never inside the data directory.", path
        )
    )
    host: str = field(default="127.0.0.1", metadata=_about("Address to listen on.", host_name))
    port: int = field(default=8400, metadata=_about("Port to listen on.", port_number))
    public_url: str = field(
        default="http://127.0.0.1:8400",
        metadata=_about(
            "Address under which browsers reach this installation; callback URLs begin with it. "
            "By default http://127.0.0.1 with the port. Anything but loopback must be https. "
            "Operators can choose it on the Settings page where it is not set.",
            public_origin,
        ),
    )
    database: str | None = field(
        default=None,
        repr=False,
        metadata=_about(
            "PostgreSQL to use instead of SQLite: postgresql://user@host/name. It may hold a "
            "password, so it is no flag, and a config.toml that holds it must be 0600.",
            database_url,
            secret=True,
        ),
    )
    workers: int = field(default=1, metadata=_about("Number of server processes.", count))
    log_level: str = field(
        default="info",
        metadata=_about("Least important log line to write: debug, info, warning or error.", level),
    )
    allow_private: tuple[str, ...] = field(
        default=(),
        metadata=_about(
            "Exact address:port pairs that are not public but may be called all the same, "
            "also over http: 127.0.0.1:8401, [::1]:8401, 10.0.0.7:443.",
            pair,
        ),
    )
    return_origins: tuple[str, ...] = field(
        default=(),
        metadata=_about(
            "Origins to which a browser may be sent back when an authorization has been answered: "
            "https://app.example.com.",
            origin,
        ),
    )
    transcript_days: int = field(
        default=7,
        metadata=_about(
            "Days for which calls and transcripts are kept. Operators can choose it on the "
            "Settings page where it is not set.",
            days_kept,
        ),
    )
    transcript_bytes: int = field(
        default=2**30,
        metadata=_about(
            "Bytes of calls and transcripts that are kept; the oldest go first. Operators can "
            "choose it on the Settings page where it is not set.",
            bytes_kept,
        ),
    )
    event_days: int = field(
        default=400,
        metadata=_about(
            "Days for which the record of what happened to secrets, grants and connectors is kept.",
            count,
        ),
    )
    refresh_lease_seconds: float = field(
        default=45.0,
        metadata=_about("Seconds for which one process alone may refresh a connection.", number),
    )
    token_timeout_seconds: float = field(
        default=30.0, metadata=_about("Seconds after which a token request is given up.", number)
    )
    keep_alive_days: float = field(
        default=6.0,
        metadata=_about(
            "Days after which a connection that nobody uses is renewed at the latest, so that its "
            "refresh token does not end unused. Sooner where its server states a shorter life.",
            number,
        ),
    )
    token_requests_at_once: int = field(
        default=8,
        metadata=_about(
            "Token requests that all server processes together send to an authorization server at "
            "once. The processes share them evenly; each may send one.",
            count,
        ),
    )
    token_requests_per_second: float = field(
        default=40.0,
        metadata=_about(
            "Token requests that all server processes together send to an authorization server in "
            "a second. The processes share them evenly.",
            number,
        ),
    )
    installation_name: str = field(
        default="Connectsmith",
        metadata=_about("Name of this installation, shown on its pages and in prompts.", title),
    )
    sandbox_port: int = field(
        default=8401,
        metadata=_about("Port of the sandbox, which listens on localhost.", port_number),
    )
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Where each value came from that was given: no setting itself."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting's name, text and reader; the command line and the reference are made from it."""

    name: str
    text: str
    read: Callable[[str, object], Any]
    many: bool
    secret: bool
    default: str
    """As the reference shows it."""

    @property
    def flag(self) -> str:
        """Its flag, for those that have one."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return PREFIX + self.name.upper()


@dataclass(frozen=True, slots=True)
class Value:
    """One setting's value as it may be shown, and where it came from."""

    name: str
    shown: str
    source: str
    """`default`, a flag, a variable's name, or a file's path."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """All settings with the source of each."""

    settings: Settings
    values: tuple[Value, ...]
    places: Places


def catalogue() -> tuple[Setting, ...]:
    """Return every setting in the order of the reference."""
    return tuple(_describe(each) for each in fields(Settings) if each.metadata)


def _describe(each: Field[Any]) -> Setting:
    kind = each.metadata
    many = isinstance(each.default, tuple)
    default = "" if each.default in (MISSING, None, ()) else str(each.default)
    return Setting(each.name, kind["text"], kind["read"], many, kind["secret"], default)


def load(
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    *,
    platform: str,
    home: Path,
    config_file: Path | None = None,
) -> Loaded:
    """Read all settings; a flag whose value is None or empty counts as not given.

    `config_file` must exist when it is named here or in `CONNECTSMITH_CONFIG`.

    Raises:
        SettingInvalid: an unknown name, or a value that cannot be; the first one found.
    """
    known = places(environ, platform=platform, home=home)
    named = config_file or _named_config(environ)
    given = _from_file(named or known.config_file, required=named is not None)
    given |= _from_environ(environ)
    given |= _from_flags(flags)
    given = {name: given[name] for name in (each.name for each in catalogue()) if name in given}
    sources = {name: source for name, (_, source) in given.items()}
    settings = _build(known, {name: value for name, (value, _) in given.items()}, sources)
    return Loaded(settings, _shown(settings), known)


_Given = dict[str, tuple[Any, str]]
"""Values by setting, each with its source."""


def _named_config(environ: Mapping[str, str]) -> Path | None:
    name = environ.get(PREFIX + "CONFIG")
    return Path(name) if name else None


def _from_file(file: Path, *, required: bool) -> _Given:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if not required:
            return {}
        raise SettingInvalid(f"The configuration file {file} does not exist.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise SettingInvalid(f"The configuration file {file} cannot be read: {fault}.") from fault
    source = str(file)
    return {
        each.name: (_read_from_file(file, each, value), source)
        for each, value in ((_find(name, f"in {source}"), value) for name, value in table.items())
    }


def _read_from_file(file: Path, setting: Setting, value: object) -> object:
    if setting.secret and file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingInvalid(
            f'"{setting.name}" in {file} may hold a password, but others can read the file: '
            "chmod 600 it.",
            place=setting.name,
        )
    return _read(setting, value, str(file))


def _from_environ(environ: Mapping[str, str]) -> _Given:
    given: _Given = {}
    for variable, text in environ.items():
        name = variable.removeprefix(PREFIX)
        if name == variable or name in RESERVED or name.startswith(RESERVED_PREFIX):
            continue
        setting = _find(name.lower(), "in the environment", shown=variable)
        value = _split(text) if setting.many else text
        given[setting.name] = (_read(setting, value, variable), variable)
    return given


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _from_flags(flags: Mapping[str, object]) -> _Given:
    given: _Given = {}
    for name, value in flags.items():
        if value is None or value in ([], ()):
            continue
        setting = _find(name, "among the flags")
        if setting.secret:
            raise SettingInvalid(
                f'"{setting.name}" may hold a password and every user of this machine can read '
                f"another's arguments: set {setting.variable} or write it into config.toml.",
                place=setting.name,
            )
        given[name] = (_read(setting, value, setting.flag), setting.flag)
    return given


def _find(name: str, where: str, *, shown: str | None = None) -> Setting:
    known = {each.name: each for each in catalogue()}
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=1)
    nearest = known[near[0]] if near else None
    hint = (
        f"; the nearest is {nearest.variable if shown else nearest.name}"
        if nearest
        else "; `connectsmith settings` lists all names"
    )
    raise SettingInvalid(f"There is no setting {shown or name} ({where}){hint}.", place=name)


def _read(setting: Setting, value: object, source: str) -> Any:
    """Read one value, or each of a list."""
    where = f"{setting.name} ({source})"
    if not setting.many:
        return setting.read(where, value)
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise SettingInvalid(f"{where} must be a list.", place=setting.name)
    return tuple(setting.read(where, each) for each in value)


def _build(known: Places, given: Mapping[str, Any], sources: Mapping[str, str]) -> Settings:
    defaults: dict[str, Any] = {"data_dir": known.data_dir, "key_file": known.key_file}
    if "port" in given:
        defaults["public_url"] = f"http://127.0.0.1:{given['port']}"
    settings = Settings(**{**defaults, **given}, sources=sources)
    if settings.token_timeout_seconds >= settings.refresh_lease_seconds:
        raise SettingInvalid(
            "token_timeout_seconds must be less than refresh_lease_seconds: otherwise a second "
            "process would refresh a connection while the first still waits for its answer.",
            place="token_timeout_seconds",
        )
    _check_reach(settings)
    return settings


def _check_reach(settings: Settings) -> None:
    """Refuse to serve others by plain http, over which sessions and secrets could be read."""
    if settings.public_url.startswith("http:") and not is_loopback(settings.host):
        raise SettingInvalid(
            f"Listening on {settings.host} lets other machines in, but {settings.public_url} is "
            "plain http, which is for one person on one machine. Put https in front and say so "
            "with public_url, or listen on 127.0.0.1.",
            place="host",
        )


def _shown(settings: Settings) -> tuple[Value, ...]:
    return tuple(
        Value(
            each.name,
            _text(each, getattr(settings, each.name)),
            settings.sources.get(each.name, "default"),
        )
        for each in catalogue()
    )


def _text(setting: Setting, value: object) -> str:
    if setting.secret:
        return "" if value is None else "(set)"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
