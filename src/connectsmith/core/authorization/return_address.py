"""Where a browser is sent back to: the address a caller named, judged before anything starts.

A loopback listener written as an address (RFC 8252 section 7.3), or an origin that the
administrator allowed. Whatever two parsers could read differently is refused.
"""

import re
from collections.abc import Collection
from typing import Final
from urllib.parse import parse_qsl, urlencode

from connectsmith.core.secret.destinations import origin_of
from connectsmith.errors import CallerError, UrlInvalid

LONGEST: Final = 2000
"""Characters; what is added must still fit where addresses are cut."""

OURS: Final = frozenset({"authorization", "completion", "error"})
"""Parameters that are added to it."""

_LOOPBACK = re.compile(r"http://(?:127\.0\.0\.1|\[::1\]):[0-9]{1,5}(?:[/?].*)?")
_PATH = re.compile(r"(?:/[A-Za-z0-9_-]+)+")
_SAFE = re.compile(r"[!#-;=?-\[\]_a-z~]+")


def check_return_address(text: str, allowed: Collection[str]) -> None:
    """Refuse an address that a browser may not be sent back to; `allowed` are whole origins.

    Raises:
        CallerError: it is another one, disguised or not, or holds a parameter of ours.
    """
    if not _may_be_reached(text, allowed):
        raise CallerError(
            "The browser may be sent back to a loopback address with its port "
            "(http://127.0.0.1:PORT/… or http://[::1]:PORT/…), or to an origin that the "
            "administrator allowed with the setting `return_origins`; without fragment or user "
            "info, and percent-encoded.",
            place="/return_to",
        )
    taken = sorted(OURS.intersection(name for name, _ in parse_qsl(text.partition("?")[2])))
    if taken:
        raise CallerError(
            f'The parameter "{taken[0]}" is added when the browser is sent back; leave it out.',
            place="/return_to",
        )


def check_return_path(text: str) -> None:
    """Refuse what is not a plain path of ours.

    Raises:
        CallerError: it could lead a browser anywhere else.
    """
    if not _PATH.fullmatch(text):
        raise CallerError("The browser is sent back to a path of ours only.", place="/return_to")


def returning_url(return_to: str, **added: str) -> str:
    """Return a checked address with parameters of ours added."""
    return f"{return_to}{'&' if '?' in return_to else '?'}{urlencode(added)}"


def _may_be_reached(text: str, allowed: Collection[str]) -> bool:
    if len(text) > LONGEST or not _SAFE.fullmatch(text) or "#" in text:
        return False
    try:
        origin = origin_of(text)
    except UrlInvalid:
        return False
    return origin in allowed or _LOOPBACK.fullmatch(text) is not None
