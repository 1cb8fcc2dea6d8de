"""Read single setting values into types that cannot be wrong.

Every reader takes where the value stands, for the message, and the value as written: text from a
variable or flag, or whatever TOML holds. A message never repeats a value that may hold a password.
"""

import ipaddress
import re
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from connectsmith.errors import SettingInvalid

_HIGHEST_PORT = 65535
_LONGEST_TITLE = 60
_LEVELS = ("debug", "info", "warning", "error")
_HOST = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?:\.(?!-)[A-Za-z0-9-]{1,63})*")


def path(where: str, value: object) -> Path:
    """Read an absolute path; `~` stands for the home directory."""
    read = Path(_text(where, value)).expanduser()
    if not read.is_absolute():
        raise SettingInvalid(f"{where} must be an absolute path.")
    return read


def count(where: str, value: object) -> int:
    """Read a whole number from 1."""
    read = _whole(where, value)
    if read < 1:
        raise SettingInvalid(f"{where} must be at least 1.")
    return read


def days_kept(where: str, value: object) -> int:
    """Read for how many days calls are kept."""
    return _between(1, 3650, where, value)


def bytes_kept(where: str, value: object) -> int:
    """Read how many bytes of calls are kept: 1 MiB to 1 TiB."""
    return _between(2**20, 2**40, where, value)


def port_number(where: str, value: object) -> int:
    """Read a port; 0 lets the system choose one."""
    read = _whole(where, value)
    if not 0 <= read <= _HIGHEST_PORT:
        raise SettingInvalid(f"{where} must be a port: 1 to 65535.")
    return read


def number(where: str, value: object) -> float:
    """Read a number above 0."""
    try:
        read = float(value) if isinstance(value, (int, float, str)) else 0.0
    except ValueError:
        read = 0.0
    if isinstance(value, bool) or not 0 < read < float("inf"):
        raise SettingInvalid(f"{where} must be a number above 0.")
    return read


def level(where: str, value: object) -> str:
    """Read a log level."""
    read = _text(where, value).lower()
    if read not in _LEVELS:
        raise SettingInvalid(f"{where} must be one of {', '.join(_LEVELS)}.")
    return read


def title(where: str, value: object) -> str:
    """Read one short printable line."""
    read = _text(where, value).strip()
    if not read or len(read) > _LONGEST_TITLE or not read.isprintable():
        raise SettingInvalid(f"{where} must be one line of up to {_LONGEST_TITLE} characters.")
    return read


def host_name(where: str, value: object) -> str:
    """Read an address or a host name to listen on."""
    read = _text(where, value)
    if _address(read) is None and not _HOST.fullmatch(read):
        raise SettingInvalid(f"{where} must be an address or a host name, without a port.")
    return read


def pair(where: str, value: object) -> str:
    """Read an exact `address:port` and return it in its canonical spelling."""
    read = _text(where, value)
    host, _, port = read.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    address = _address(bare)
    bracketed = bare != host
    if address is None or bracketed != (address.version == 6) or not port.isdecimal():  # noqa: PLR2004 - IP version
        raise SettingInvalid(
            f"{where} must be an exact address:port such as 127.0.0.1:8401 or [::1]:8401; "
            f'"{read}" is none. Names and ranges are not taken.'
        )
    number_ = port_number(where, port)
    return f"[{address}]:{number_}" if bracketed else f"{address}:{number_}"


def origin(where: str, value: object) -> str:
    """Read an https origin, or an http one on loopback, and return it without a default port."""
    read = _text(where, value)
    parts = _origin_parts(where, read)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise SettingInvalid(f"{where} must be https: {read} is neither that nor on loopback.")
    host = (parts.hostname or "").lower()
    written = f"[{host}]" if ":" in host else host
    usual = {"http": 80, "https": 443}[parts.scheme]
    suffix = "" if parts.port in (None, usual) else f":{parts.port}"
    return f"{parts.scheme}://{written}{suffix}"


public_origin = origin
"""The public URL is an origin too: everything below it is ours."""


def database_url(where: str, value: object) -> str:
    """Read a PostgreSQL URL; it is not repeated in a message, as it may hold a password."""
    read = _text(where, value)
    parts = _split(read)
    if parts is None or parts.scheme not in ("postgresql", "postgres"):
        raise SettingInvalid(f"{where} must begin with postgresql://.")
    return read


def _origin_parts(where: str, read: str) -> SplitResult:
    parts = _split(read)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingInvalid(f"{where} must be an origin such as https://connect.example.com.")
    if _address(parts.hostname) is None and not _HOST.fullmatch(parts.hostname):
        raise SettingInvalid(f"{where} must name a host in ASCII letters, digits and hyphens.")
    if parts.username is not None or parts.path.strip("/") or parts.query or parts.fragment:
        raise SettingInvalid(f"{where} must be an origin: no user, path, query or fragment.")
    return parts


def _split(read: str) -> SplitResult | None:
    try:
        parts = urlsplit(read)
        _ = parts.port
    except ValueError:
        return None
    return parts


def is_loopback(host: str) -> bool:
    """Tell whether an address or a name stands for this machine alone."""
    address = _address(host)
    return host.lower() == "localhost" if address is None else address.is_loopback


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _between(least: int, most: int, where: str, value: object) -> int:
    read = _whole(where, value)
    if not least <= read <= most:
        raise SettingInvalid(f"{where} must be {least:,} to {most:,}.")
    return read


def _text(where: str, value: object) -> str:
    if isinstance(value, Path):
        return str(value)
    if not isinstance(value, str) or not value:
        raise SettingInvalid(f"{where} must be text.")
    return value


def _whole(where: str, value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        return int(value)
    raise SettingInvalid(f"{where} must be a whole number.")
