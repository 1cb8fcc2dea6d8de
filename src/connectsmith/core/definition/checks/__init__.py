"""Every rule of the format that spans more than one member, checked on the value as it was read.

Checks look at plain JSON values, not at the models, so that a draft with faults elsewhere still
gets all of them reported. A member of a wrong type counts as absent here: the models report it.
"""

from typing import Any

from connectsmith.core.definition.checks.actions import check_actions, check_endpoints
from connectsmith.core.definition.checks.fields import check_auth_fields
from connectsmith.core.definition.checks.members import check_members
from connectsmith.core.definition.checks.placed import check_elsewhere
from connectsmith.core.definition.checks.quirks import check_quirks
from connectsmith.core.definition.checks.requests import check_auth_request
from connectsmith.core.definition.checks.root import check_root
from connectsmith.core.definition.checks.scope import Scope
from connectsmith.core.definition.checks.sign_in import check_sign_in
from connectsmith.core.definition.findings import Findings
from connectsmith.core.definition.quirk_rules import NO_RULES, QuirkRules


def check(
    value: Any,
    findings: Findings,
    secret_names: frozenset[str] | None,
    *,
    quirks: QuirkRules = NO_RULES,
    callback_url: str | None = None,
) -> None:
    """Note every fault and every remark."""
    check_members(value, findings)
    scope = Scope.of(value, findings, secret_names)
    check_root(value, findings)
    check_sign_in(value, scope)
    check_auth_fields(value, scope)
    check_auth_request(value, scope)
    check_endpoints(value, scope)
    check_actions(value, scope)
    check_elsewhere(value, scope)
    check_quirks(value, scope, quirks, callback_url)
