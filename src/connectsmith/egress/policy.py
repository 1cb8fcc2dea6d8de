"""Which addresses may be dialled: public unicast, and the exact pairs an administrator listed.

The tables are our own, because `ipaddress.is_global` differs between Python builds and lets through
multicast, wrapped IPv4 and hosts of clouds; it only counts as one more condition. A definition
cannot change a policy: it is made from settings and frozen.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from connectsmith.errors import SettingInvalid

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Pair = tuple[str, int]

PUBLIC_PORTS = frozenset({443, 80})

V4_DENY = tuple(
    ipaddress.IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
V6_UNICAST = ipaddress.IPv6Network("2000::/3")
V6_SPECIAL = tuple(
    ipaddress.IPv6Network(block)
    for block in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "2620:4f:8000::/48")
)

_PAIR = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9._-]+)):(?P<port>[0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """What may be reached; equal policies are interchangeable and hash alike.

    Attributes:
        allowed_pairs: Addresses with their port, in canonical text, that are permitted although
            they are not public. Plain http goes to these alone.
        own: Where this installation itself can be reached: addresses, or host names in lower
            case, with their port. Never permitted, not even as an allowed pair.
    """

    allowed_pairs: frozenset[Pair] = frozenset()
    own: frozenset[Pair] = frozenset()

    @classmethod
    def of(cls, allow_private: Iterable[str] = (), *, own: Iterable[str] = ()) -> "EgressPolicy":
        """Read pairs written as `127.0.0.1:8401` or `[::1]:8401`.

        Raises:
            SettingInvalid: a text is no such pair. Names are read in `own` only: what a name leads
                to is not the administrator's to promise.
        """
        return cls(
            frozenset(_pair(text, names=False) for text in allow_private),
            frozenset(_pair(text, names=True) for text in own),
        )

    def permits(self, address: str, port: int, *, plain: bool = False) -> bool:
        """Tell whether an address in text form may be dialled; `plain` when without TLS."""
        unwrapped = _address(address)
        if unwrapped is None:
            return False
        pair = (str(unwrapped), port)
        if pair in self.own:
            return False
        return pair in self.allowed_pairs or (
            not plain and port in PUBLIC_PORTS and is_public(unwrapped)
        )

    def may_permit(self, host: str, port: int, *, plain: bool) -> bool:
        """Tell whether an address behind a host name could pass, so that asking DNS is worth it."""
        if (host, port) in self.own:
            return False
        if not plain and port in PUBLIC_PORTS:
            return True
        return any(allowed_port == port for _, allowed_port in self.allowed_pairs)


def is_public(address: Address) -> bool:
    """Tell whether an address is public unicast; IPv4 mapped into IPv6 is judged as IPv4."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        special = any(address in block for block in V6_SPECIAL)
        return address.is_global and address in V6_UNICAST and not special
    return address.is_global and not any(address in block for block in V4_DENY)


def _address(text: str) -> Address | None:
    """Read an address, unwrapped; None for anything else and for addresses with a zone."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return None
        return address.ipv4_mapped or address
    return address


def _pair(text: str, *, names: bool) -> Pair:
    match = _PAIR.fullmatch(text.strip())
    host = (match["v6"] or match["host"]) if match else ""
    address = _address(host)
    port = int(match["port"]) if match else 0
    if not 0 < port < 1 << 16 or (address is None and not (names and match and match["host"])):
        raise SettingInvalid(
            f"{text!r} is no address with a port; write it like 127.0.0.1:8401 or [::1]:8401."
        )
    return (str(address) if address is not None else host.lower(), port)


def own_addresses(public_url: str, host: str, port: int) -> set[str]:
    """Return the hosts with ports under which an installation is reached: never to be called."""
    public = urlsplit(public_url)
    public_port = public.port or (443 if public.scheme == "https" else 80)
    own = {f"{public.hostname}:{public_port}"} if ":" not in (public.hostname or "") else set()
    if host not in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        own.add(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    return own | {f"127.0.0.1:{port}", f"[::1]:{port}"}
