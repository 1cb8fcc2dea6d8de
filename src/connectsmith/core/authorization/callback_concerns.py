"""What a service's console may refuse about a callback URL, so that nobody has to guess."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from connectsmith.core.definition.origins import is_loopback

_RESERVED: Final = (
    ".local", ".internal", ".lan", ".home", ".home.arpa", ".localhost", ".test", ".example",
    ".invalid", ".corp", ".intranet",
)  # fmt: skip
"""Endings of names that no public name server answers (RFC 6761, RFC 6762, RFC 8375, ICANN)."""
_ADDRESS: Final = re.compile(r"[0-9]+(?:\.[0-9]+){3}|.*:.*")


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing that a console may refuse, or that will not work for everybody."""

    code: str
    message: str


def concerns_about(callback_url: str) -> tuple[Concern, ...]:
    """Return what speaks against registering a callback URL; nothing for an ordinary https one."""
    parts = urlsplit(callback_url)
    host = parts.hostname or ""
    loopback = is_loopback(f"[{host}]" if ":" in host else host)
    found = [_plain_http(loopback=loopback)] if parts.scheme == "http" else []
    if loopback:
        found.append(
            Concern(
                "callback_loopback",
                f"{host} is whichever machine the browser runs on: only people at this machine "
                "can sign in.",
            )
        )
    elif _ADDRESS.fullmatch(host):
        found.append(
            Concern(
                "callback_address",
                "Many consoles, Google's among them, refuse an IP address in place of a name.",
            )
        )
    elif "." not in host or host.endswith(_RESERVED):
        found.append(
            Concern(
                "callback_private_name",
                f'No public name server knows "{host}": many consoles refuse such a name, and '
                "people outside this network cannot sign in.",
            )
        )
    return tuple(found)


def _plain_http(*, loopback: bool) -> Concern:
    if loopback:
        return Concern(
            "callback_plain_http",
            "It is plain http. Some consoles take that for a loopback address while you develop "
            "(Google and GitHub do), others never do (Slack).",
        )
    return Concern(
        "callback_plain_http",
        "It is plain http, which almost every console refuses: what comes back could be read "
        "on the way.",
    )
