"""URL members of a definition, by the rules of "Hosts"."""

from typing import Any

from connectsmith.core.definition import origins
from connectsmith.core.definition.checks.placed import IN_URL, Allowed, check_text
from connectsmith.core.definition.checks.scope import Scope
from connectsmith.core.definition.findings import Findings, Path
from connectsmith.core.definition.hosts import UrlTemplate, compile_with
from connectsmith.errors import UrlInvalid


def check_url(
    found: Any, path: Path, scope: Scope, *, fragment: bool = False, allowed: Allowed = IN_URL
) -> UrlTemplate | None:  # fmt: skip
    """Check a URL; return it compiled when nothing is wrong with it."""
    if not isinstance(found, str) or not check_text(found, path, allowed, scope):
        return None
    try:
        template = compile_with(found, scope.hosts)
    except UrlInvalid as error:
        scope.findings.error("url_invalid", path, error.message)
        return None
    if template.fragment and not fragment:
        scope.findings.error("url_invalid", path, 'Only an authorizationURL may have a "#" part.')
        return None
    check_http(template, path, scope.findings)
    return template


def check_http(template: UrlTemplate, path: Path, findings: Findings) -> None:
    """Warn of http, unless it never leaves the machine."""
    for each in template.origins:
        host = each.removeprefix("http://")
        if host != each and not origins.is_loopback(origins.read_authority(_filled(host)).host):
            message = "http is refused unless an administrator allows this host; write https."
            findings.warning("url_http", path, message)
            return


def check_allowed_hosts(hosts: list[Any], findings: Findings) -> None:
    """Check the members of `allowedHosts`."""
    for index, each in enumerate(hosts):
        if isinstance(each, str):
            try:
                origins.read_allowed_host(each)
            except UrlInvalid as error:
                findings.error("host_invalid", ("allowedHosts", index), error.message)


def _filled(host: str) -> str:
    return host.replace(origins.OPEN_PART, "a").removeprefix("*.")
