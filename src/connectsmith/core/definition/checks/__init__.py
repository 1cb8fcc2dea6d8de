"""Every rule of the format that spans more than one member, checked on the value as it was read.

Checks look at plain JSON values, not at the models, so that a draft with faults elsewhere still
gets all of them reported. A member of a wrong type counts as absent here: the models report it.
"""

from typing import Any

from connectsmith.core.definition.checks.members import check_members
from connectsmith.core.definition.findings import Findings


def check(value: Any, findings: Findings, secret_names: frozenset[str] | None) -> None:
    """Note every fault and every remark."""
    check_members(value, findings)
