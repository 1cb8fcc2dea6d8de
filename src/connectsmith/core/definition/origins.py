"""Origins and the patterns that stand for several of them, read strictly: one meaning or none.

Two parsers that disagree about a host are how requests end up elsewhere, so whatever they could
disagree about is refused: user info, backslashes, white space, percent signs in hosts, trailing
dots, numbers that some read as addresses.
"""

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final, NamedTuple

from connectsmith.errors import UrlInvalid

DEFAULT_PORTS: Final = {"http": 80, "https": 443}
ANY_HOST: Final = "*"
"""The pattern of `allowedHosts` that stands for any public host."""

OPEN_PART: Final = "{}"
"""What stands in a pattern for an open part of one host label."""

_URL = re.compile(r"(?P<scheme>[A-Za-z]+)://(?P<authority>[^/?#]*)(?P<rest>.*)", re.DOTALL)
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]|[^\x00-\x7f]")
_AUTHORITY = re.compile(r"(?P<host>\[[^\[\]]*\]|[^:\[\]]*)(?::(?P<port>[0-9]{1,5}))?")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_NUMBER_LIKE = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LOOPBACK = re.compile(r"127(?:\.[0-9]+){3}")
_OPEN = "\x00"
_MANY = "\x01"


class Authority(NamedTuple):
    """A host in canonical form (IPv6 in brackets) and the port that was written."""

    host: str
    port: int | None


def read_host(text: str) -> str:
    """Return a host in lower case; an IP address in its canonical form.

    Raises:
        UrlInvalid: not one host that every parser reads the same way.
    """
    if text.startswith("["):
        return _ipv6(text)
    host = text.lower()
    labels = host.split(".")
    if _NUMBER_LIKE.fullmatch(labels[-1]):
        return _ipv4(text)
    if len(host) > 253 or not all(len(label) < 64 and _LABEL.fullmatch(label) for label in labels):  # noqa: PLR2004 - RFC 1035 section 2.3.4
        raise UrlInvalid(f'"{_shown(text)}" is not a host name.')
    return host


@lru_cache(maxsize=1024)
def read_authority(text: str) -> Authority:
    """Read `host` or `host:port`, without user info.

    Raises:
        UrlInvalid: anything else.
    """
    if "@" in text:
        raise UrlInvalid("A URL with user info before the host is refused; leave it out.")
    match = _AUTHORITY.fullmatch(text)
    if not match:
        raise UrlInvalid(f'"{_shown(text)}" is not a host with an optional port.')
    port = match["port"]
    if port is not None and not 0 < int(port) < 65536:  # noqa: PLR2004 - ports have 16 bits
        raise UrlInvalid(f"{port} is not a port.")
    return Authority(read_host(match["host"]), int(port) if port else None)


def origin_of(url: str) -> str:
    """Return `scheme://host[:port]` of an absolute http or https URL, default ports left out.

    Raises:
        UrlInvalid: not absolute, another scheme, user info, or not the same to every parser.
    """
    match = _URL.fullmatch(url)
    if not match or _UNSAFE.search(url):
        raise UrlInvalid("This is not an absolute URL in plain ASCII.")
    scheme = match["scheme"].lower()
    if scheme not in DEFAULT_PORTS:
        raise UrlInvalid("A URL must begin with https:// (or http://, where that is allowed).")
    return origin(scheme, read_authority(match["authority"]))


def origin(scheme: str, authority: Authority) -> str:
    """Write an origin; the scheme's default port is left out."""
    if authority.port is None or authority.port == DEFAULT_PORTS[scheme]:
        return f"{scheme}://{authority.host}"
    return f"{scheme}://{authority.host}:{authority.port}"


def is_loopback(host: str) -> bool:
    """Tell whether a canonical host can only be this machine: there http needs no wire."""
    return host in {"localhost", "[::1]"} or _LOOPBACK.fullmatch(host) is not None


def read_allowed_host(text: str) -> str:
    """Return a member of `allowedHosts` in canonical form: `host`, `host:port`, `*.host`, `*`.

    Raises:
        UrlInvalid: not one of these, or `*.` before fewer than two labels.
    """
    if text == ANY_HOST:
        return text
    wild = text.startswith("*.")
    authority = read_authority(text[2:] if wild else text)
    if wild and ("." not in authority.host or authority.host[-1].isdigit()):
        raise UrlInvalid('After "*." at least two fixed labels must follow, as in "*.example.com".')
    port = "" if authority.port in (None, 443) else f":{authority.port}"
    return f"{'*.' if wild else ''}{authority.host}{port}"


@lru_cache(maxsize=1024)
def read_pattern(pattern: str) -> re.Pattern[str] | None:
    """Compile an origin pattern; None for `*`, which names no origin.

    Raises:
        UrlInvalid: not a pattern.
    """
    if pattern == ANY_HOST:
        return None
    wild = pattern.replace("://*.", "://", 1)
    if origin_of(wild.replace(OPEN_PART, "a")) != wild.replace(OPEN_PART, "a"):
        raise UrlInvalid(f'"{_shown(pattern)}" is not an origin in its canonical form.')
    escaped = re.escape(wild).replace(re.escape(OPEN_PART), f"[a-z0-9{_OPEN}-]+")
    if wild != pattern:
        label = f"[a-z0-9{_OPEN}{_MANY}-]+"
        escaped = escaped.replace("://", rf"://{label}(?:\.{label})*\.", 1)
    return re.compile(escaped)


def covers(pattern: str, candidate: str) -> bool:
    """Tell whether every origin of `candidate` (an origin or a pattern) is one of `pattern`."""
    if pattern == candidate:
        return True
    compiled = read_pattern(pattern)
    if compiled is None or candidate == ANY_HOST:
        return False
    shape = candidate.replace(OPEN_PART, _OPEN).replace("://*.", f"://{_MANY}.", 1)
    return compiled.fullmatch(shape) is not None


def _ipv4(text: str) -> str:
    try:
        return str(IPv4Address(text))
    except AddressValueError as error:
        raise UrlInvalid(
            f'"{_shown(text)}" ends in a number but is not an IPv4 address in the usual form.'
        ) from error


def _ipv6(text: str) -> str:
    try:
        address = IPv6Address(text[1:-1])
    except AddressValueError as error:
        raise UrlInvalid(f'"{_shown(text)}" is not an IPv6 address.') from error
    if address.scope_id:
        raise UrlInvalid("An IPv6 address with a zone is refused.")
    return f"[{address.compressed}]"


def _shown(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."  # noqa: PLR2004 - a line's worth
