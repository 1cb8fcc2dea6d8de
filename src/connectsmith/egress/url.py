"""URLs read once, strictly: what was judged is what is dialled, because nobody parses it again.

Forms that two parsers could read differently are refused, not repaired.
"""

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache

import idna

from connectsmith.errors import EgressDenied
from connectsmith.values import value_class

LONGEST_URL = 8192
DEFAULT_PORTS = {"http": 80, "https": 443}

_ORIGIN = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)://([^/?#]*)")
_TARGET = re.compile(r"[!-\"$-\[\]-~]*")
_SHORTEST_ORIGIN = len("http://x")
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]*\]|[^:@\[\]%\\]*)(?::([1-9][0-9]{0,4}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LONGEST_NAME = 253
_HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port of a URL.

    `host` is ASCII in lower case, an IPv6 address without brackets; `text` is the canonical origin
    with default ports left out, and `authority` what stands in it behind the scheme; `written` is
    the host as the author wrote it.
    """

    scheme: str
    host: str
    port: int
    text: str
    written: str

    @property
    def authority(self) -> str:
        """Host and port, as the header `Host` names them (RFC 9110 section 7.2)."""
        return self.text.partition("//")[2]

    @property
    def plain(self) -> bool:
        """Whether it is reached without TLS."""
        return self.scheme == "http"


@value_class(frozen=True, slots=True)
class ParsedUrl:
    """A URL that passed; `target` is path and query as they will be sent."""

    origin: Origin
    target: str

    @property
    def text(self) -> str:
        """The URL in canonical form."""
        return self.origin.text + self.target


def check_url(text: str) -> ParsedUrl:
    """Read an absolute http or https URL.

    Raises:
        EgressDenied: for anything that is not plainly one; the message says what is wrong.
    """
    if len(text) > LONGEST_URL:
        raise EgressDenied(f"The URL is longer than {LONGEST_URL} characters; nothing was sent.")
    end = text.find("/", _SHORTEST_ORIGIN)
    query = text.find("?")
    if end < 0 or -1 < query < end:
        end = query if query >= 0 else len(text)
    origin = _origin(text[:end])
    target = text[end:]
    if _TARGET.fullmatch(target) is None:
        raise _refused(
            "its path or query holds a fragment, a space, a control character, a backslash or a"
            " character beyond ASCII; percent-encode it"
        )
    return ParsedUrl(origin, target if target[:1] == "/" else "/" + target)


@lru_cache(maxsize=4096)
def _origin(text: str) -> Origin:
    start = _ORIGIN.fullmatch(text)
    if start is None:
        raise _refused("it must be an absolute http or https URL")
    scheme, authority = start[1].lower(), start[2]
    if scheme not in DEFAULT_PORTS:
        raise _refused("its scheme must be http or https")
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        raise _refused(
            "its host must be a plain name or address with an optional port, without user name,"
            " percent-encoding or backslash"
        )
    written, port_text = match.groups()
    port = int(port_text) if port_text else DEFAULT_PORTS[scheme]
    if port > _HIGHEST_PORT:
        raise _refused(f"its port is larger than {_HIGHEST_PORT}")
    if written.startswith("["):
        host = _ipv6(written[1:-1])
        shown = f"[{host}]"
    else:
        host = shown = _host(written)
    suffix = "" if port == DEFAULT_PORTS[scheme] else f":{port}"
    return Origin(scheme, host, port, f"{scheme}://{shown}{suffix}", written)


def _ipv6(text: str) -> str:
    try:
        return str(ipaddress.IPv6Address(text))
    except ValueError as error:
        raise _refused("its host is no IPv6 address") from error


def _host(written: str) -> str:
    host = (written if written.isascii() else _idna(written)).lower()
    labels = host.split(".")
    if len(host) > _LONGEST_NAME or not all(map(_LABEL.fullmatch, labels)):
        raise _refused("its host is no host name (a trailing dot must be left out)")
    if _NUMBER.fullmatch(labels[-1]) and not _is_canonical_ipv4(host):
        raise _refused("its host is a number in disguise; write addresses as four decimal numbers")
    return host


def _idna(written: str) -> str:
    """Encode an international name; dots and digits that only look like ASCII are refused."""
    try:
        return ".".join(
            label if label.isascii() else idna.alabel(label.lower()).decode("ascii")
            for label in written.split(".")
        )
    except idna.IDNAError as error:
        raise _refused("its host is no international host name (IDNA 2008)") from error


def _is_canonical_ipv4(host: str) -> bool:
    try:
        return str(ipaddress.IPv4Address(host)) == host
    except ValueError:
        return False


def _refused(why: str) -> EgressDenied:
    return EgressDenied(f"The URL cannot be used: {why}. Nothing was sent.")
