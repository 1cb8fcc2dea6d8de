"""Members that the format knows and this release does not carry out: one table, for all to read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Unused:
    """A member without effect; with `values`, only these of its values have none."""

    instead: str
    """What happens instead, as the end of a sentence."""
    values: frozenset[str] | None = None
    default: Any = None
    """A value that asks for nothing, so that writing it is no reason to warn."""

    def concerns(self, value: Any) -> bool:
        """Tell whether this value of the member has no effect."""
        if self.values is not None:
            return isinstance(value, str) and value in self.values
        return value is not None and value != self.default and value not in ({}, [])


WITHOUT_EFFECT: Final[Mapping[str, Mapping[str, Unused]]] = {
    "Action": {
        "pagination": Unused("a call returns one page"),
        "outputs": Unused("the answer is returned as it came"),
    },
    "ActionField": {"choicesFrom": Unused("the value must be known")},
    "Policies": {
        "pagination": Unused("a call returns one page"),
        "retry": Unused("a call is not repeated"),
    },
}
"""By model, then by member. The reference page of the format is generated from it."""
