"""The rules of the root's own members."""

import re
from typing import Any, Final

from connectsmith.core.definition.checks.urls import check_allowed_hosts
from connectsmith.core.definition.checks.values import elements, members, text
from connectsmith.core.definition.findings import Findings

LARGEST_ICON: Final = 64 * 1024

_ICON = re.compile(r"data:image/(?:png|svg\+xml)[;,]")


def check_root(value: Any, findings: Findings) -> None:
    """Check `link`, `icon` and `allowedHosts`."""
    root = members(value)
    link = text(root, "link")
    if link and not link.lower().startswith("https://"):
        message = "Only an https address becomes a link; this one is shown as text."
        findings.warning("link_not_https", ("link",), message)
    icon = text(root, "icon")
    if icon is not None and (len(icon) > LARGEST_ICON or not _ICON.match(icon)):
        message = 'An icon is a PNG or SVG as a "data:" URI of up to 64 KiB.'
        findings.error("icon_invalid", ("icon",), message)
    check_allowed_hosts(elements(value, "allowedHosts"), findings)
