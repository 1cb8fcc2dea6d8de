"""Warn of what the servers of a definition want beyond the standard."""

from typing import Any, Final

from connectsmith.core.definition.checks.scope import Scope
from connectsmith.core.definition.checks.values import members
from connectsmith.core.definition.diagnostics import Severity
from connectsmith.core.definition.findings import Finding, Remove, meant, nearest
from connectsmith.core.definition.quirk_rules import PkceIs, QuirkRule, QuirkRules
from connectsmith.core.definition.quirks import AUTH, SignIn

PKCE_OFF: Final = "pkce_off"
"""The general advice that a server which refuses PKCE makes void."""
SILENCED: Final = "x-silenced"
"""The member that names warnings the author has answered, each with the reason."""


def check_quirks(value: Any, scope: Scope, rules: QuirkRules, callback_url: str | None) -> None:
    """Warn where the rules of the hosts where a definition signs in are not kept.

    Where a rule says that PKCE is refused, the general warning of its absence is taken back: the
    two would send an author, or `validate --fix`, in circles. What the author silenced is left out.
    """
    auth = members(value, AUTH)
    if auth.get("type") != "oauth2":
        return
    sign_in = SignIn(auth, scope.hosts, callback_url)
    applying = rules.of(sign_in.names())
    if any(_refuses_pkce(rule) for rule in applying):
        found = scope.findings.found
        found[:] = [each for each in found if each.code != PKCE_OFF]
    silenced = _silenced(members(auth, SILENCED), applying, scope) if rules.all else frozenset()
    for rule in applying:
        finding = None if rule.code in silenced else _finding(rule, sign_in)
        if finding:
            scope.findings.add(finding)


def _silenced(
    reasons: dict[str, Any], applying: tuple[QuirkRule, ...], scope: Scope
) -> frozenset[str]:
    """Return the codes of the warnings that were answered with a reason; tell of the others."""
    known = {rule.code for rule in applying}
    given = {code for code, reason in reasons.items() if isinstance(reason, str) and reason.strip()}
    for code in reasons:
        path = (AUTH, SILENCED, code)
        if code not in known:
            near = nearest(code, known - reasons.keys())
            message = f'No rule "{code[:60]}" is about the servers of this sign-in.{meant(near)}'
            scope.findings.warning("silenced_nothing", path, message, on_name=True, repair=Remove())
        elif code not in given:
            message = "Say in a few words why this warning is silenced; until then it is shown."
            scope.findings.warning("silenced_without_reason", path, message)
    return frozenset(given & known)


def _refuses_pkce(rule: QuirkRule) -> bool:
    return any(isinstance(each, PkceIs) and each.value == "S256" for each in rule.when)


def _finding(rule: QuirkRule, sign_in: SignIn) -> Finding | None:
    spot = sign_in.holds(rule)
    if spot is None:
        return None
    return Finding(
        rule.code,
        Severity.WARNING,
        rule.message,
        spot.path,
        on_name=spot.on_name,
        inside=spot.inside,
        repair=spot.repair,
        link=rule.link,
    )
