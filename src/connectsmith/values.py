"""Frozen values of the hot path: what would change one is refused by the type checker alone.

`dataclass(frozen=True)` writes each field through `object.__setattr__`, which costs five times what
an ordinary attribute does: over a tenth of all a call cost, with its 130 fields. The type checker
knows `value_class` as that same `dataclass`, so assigning to a field is an error wherever it looks.
Used for what is made anew with each call or sign-in; a value that is kept, or that decides where
something may go, stays a `dataclass`, which refuses also when the program runs.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

__all__ = ["value_class"]

if TYPE_CHECKING:
    from dataclasses import dataclass as value_class
else:
    from dataclasses import dataclass

    T = TypeVar("T")

    def value_class(*, frozen: bool, slots: bool) -> Callable[[type[T]], type[T]]:
        """Make a class a dataclass with the equality and the hash of a frozen one."""
        if not frozen:
            raise TypeError("a value is frozen")
        return dataclass(slots=slots, unsafe_hash=True)
