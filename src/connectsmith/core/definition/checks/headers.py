"""Names and values of headers that a definition may set."""

import re
from typing import Any, Final

from connectsmith.core.definition.checks.placed import Allowed, check_text
from connectsmith.core.definition.checks.scope import Scope
from connectsmith.core.definition.findings import Findings, Path

RESERVED: Final = frozenset(
    {
        "host", "content-length", "transfer-encoding", "connection", "cookie", "te", "upgrade",
        "trailer",
    }
)  # fmt: skip
RESERVED_PREFIXES: Final = ("proxy-", "x-forwarded-")

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def check_header_name(name: Any, path: Path, findings: Findings, *, on_name: bool = False) -> bool:
    """Check the name of a header (RFC 9110 section 5.1) that a definition sets; tell if it may."""
    if not isinstance(name, str):
        return False
    lower = name.lower()
    if lower in RESERVED or lower.startswith(RESERVED_PREFIXES):
        message = f'The header "{name}" belongs to the connection itself and cannot be set.'
        if lower == "cookie":
            message = 'A "Cookie" header is set by auth_request of type "cookie" only.'
        findings.error("header_reserved", path, message, on_name=on_name)
        return False
    if not _TOKEN.fullmatch(name):
        message = "A header's name is letters, digits and hyphens."
        findings.error("header_invalid", path, message, on_name=on_name)
        return False
    return True


def check_headers(
    value: dict[str, Any], path: Path, allowed: Allowed, scope: Scope
) -> None:  # fmt: skip
    """Check a map of headers."""
    for name, each in value.items():
        place = (*path, name)
        check_header_name(name, place, scope.findings, on_name=True)
        check_text(each, place, allowed, scope)
        if isinstance(each, str) and _CONTROL.search(each):
            message = "A header's value may not hold control characters."
            scope.findings.error("header_invalid", place, message)
