"""Where a page may lead: to our own pages, by a path that means the same to every browser."""

import re
from typing import Final
from urllib.parse import urlsplit

HOME: Final = "/connectors"
_OWN_PATH: Final = re.compile(
    r"/(?:connectors|connections|activity|settings|reference)"
    r"(?:/[A-Za-z0-9_-]{1,64}){0,6}"
    r"(?:\?[A-Za-z0-9_.~%&=+-]{0,500})?"
)


def editor_path(connector: str) -> str:
    """Return where a connector is edited."""
    return f"/connectors/{connector}"


def debugger_path(connector: str) -> str:
    """Return where a connector's draft is tried out."""
    return f"/connectors/{connector}/debugger"


def own_path(text: str | None) -> str:
    """Return a path of ours that somebody asks to be led to, or the home page's.

    Only what is made of plain segments below our own pages counts: no host, no scheme, no dots,
    backslashes, encoded slashes or control characters can be part of it.
    """
    return text if text is not None and _OWN_PATH.fullmatch(text) else HOME


def path_of(url: str | None) -> str:
    """Return the path of ours that a page's own address names; of another site's, none counts."""
    if not url:
        return HOME
    try:
        parts = urlsplit(url)
    except ValueError:
        return HOME
    return own_path(parts.path + (f"?{parts.query}" if parts.query else ""))
