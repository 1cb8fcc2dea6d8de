"""The members that each object of the format knows, drawn from the models."""

import types
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Union, get_args, get_origin

from connectsmith.core.definition import model


@dataclass(frozen=True, slots=True)
class Slot:
    """What a member holds: objects of these shapes, directly, in a list or in a map."""

    shapes: tuple["Shape", ...] = ()
    depth: int = 0


@dataclass(slots=True, eq=False)
class Shape:
    """The members of one kind of object, under their preferred spellings."""

    name: str
    members: dict[str, Slot] = field(default_factory=dict)
    nested: list[tuple[str, Slot]] = field(default_factory=list)
    """Those members that hold objects of the format."""


@cache
def shape_of(kind: type[model.Member]) -> Shape:
    """Return the shape of a model."""
    return _Shapes().of(kind)


def fitting(slot: Slot, value: dict[str, Any]) -> Shape:
    """Return which of a slot's shapes an object has: one by request is known by its members."""
    if len(slot.shapes) > 1 and value.keys() & {"exchange", "refresh"}:
        return next(each for each in slot.shapes if each.name.startswith("ByRequest"))
    return slot.shapes[0]


class _Shapes:
    """Follows the annotations of models; recursive ones meet the shape begun for them."""

    def __init__(self) -> None:
        self._begun: dict[type, Shape] = {}

    def of(self, kind: type[model.Member]) -> Shape:
        if kind in self._begun:
            return self._begun[kind]
        shape = self._begun[kind] = Shape(kind.__name__)
        for name, each in kind.model_fields.items():
            found, depth = self._kinds(each.annotation, 0)
            slot = Slot(tuple(self.of(one) for one in found), depth)
            shape.members[each.alias or name] = slot
            if slot.shapes:
                shape.nested.append((each.alias or name, slot))
        return shape

    def _kinds(self, annotation: Any, depth: int) -> tuple[list[type[model.Member]], int]:
        if isinstance(annotation, type) and issubclass(annotation, model.Member):
            return [annotation], depth
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin in {list, dict}:
            return self._kinds(arguments[-1], depth + 1)
        if origin in {Union, types.UnionType}:
            found = [self._kinds(each, depth) for each in arguments]
            kinds = [kind for each, _ in found for kind in each]
            return kinds, max(deep for _, deep in found)
        if hasattr(annotation, "__metadata__"):
            return self._kinds(arguments[0], depth)
        return [], depth
