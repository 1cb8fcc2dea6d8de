"""Frozen values of the hot path: what would change one is refused by the type checker alone.

`dataclass(frozen=True)` writes each field through `object.__setattr__`, which costs five times what
an ordinary attribute does: over a tenth of all a call cost, with its 130 fields. The type checker
knows `value_class` as that same `dataclass`, so assigning to a field is an error wherever it looks.
Used for what is made anew with each call or sign-in; a value that is kept, or that decides where
something may go, stays a `dataclass`, which refuses also when the program runs.

`replace` is that of `dataclasses` for both of them: for a row of thirty fields in a tenth of the
time, because what a class is made of is looked up once.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

__all__ = ["replace", "value_class"]

if TYPE_CHECKING:
    from dataclasses import dataclass as value_class
    from dataclasses import replace
else:
    from dataclasses import dataclass, fields
    from functools import cache
    from operator import attrgetter

    T = TypeVar("T")

    def replace(value: T, /, **changes: Any) -> T:
        """Return a copy with other values in some fields; all fields are the constructor's."""
        read, places = _made_of(type(value))
        kind, *held = read(value)
        for name, change in changes.items():
            held[places[name]] = change
        return kind(*held)

    @cache
    def _made_of(kind: type) -> tuple[attrgetter, dict[str, int]]:
        """Return what reads class and fields of a value, and where each field is among them."""
        names = [each.name for each in fields(kind)]
        if not all(each.init and not each.kw_only for each in fields(kind)):
            raise TypeError(f"{kind.__name__} has a field that its constructor does not take")
        return attrgetter("__class__", *names), {name: at for at, name in enumerate(names)}

    def value_class(*, frozen: bool, slots: bool) -> Callable[[type[T]], type[T]]:
        """Make a class a dataclass with the equality and the hash of a frozen one."""
        if not frozen:
            raise TypeError("a value is frozen")
        return dataclass(slots=slots, unsafe_hash=True)
