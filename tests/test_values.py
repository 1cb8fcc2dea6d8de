import dataclasses
from dataclasses import dataclass, field

import pytest

from connectsmith.values import replace, value_class


@value_class(frozen=True, slots=True)
class Point:
    x: int
    y: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    name: str


@dataclass(frozen=True)
class Counted:
    count: int = field(default=0, init=False)


@pytest.mark.parametrize(
    ("value", "changes"),
    [
        (Point(1, 2), {"y": 3}),
        (Point(1, 2), {"y": 3, "x": 4}),
        (Point(1, 2), {}),
        (Place("here"), {"name": "there"}),
    ],
)
def test_copy_differs_in_what_is_named_alone(value: Point | Place, changes: dict[str, int]) -> None:
    before = repr(value)

    copy = replace(value, **changes)  # type: ignore[arg-type]  # each case fits its own class

    assert copy is not value
    assert copy == dataclasses.replace(value, **changes)  # type: ignore[arg-type]  # as above
    assert repr(value) == before


def test_field_that_a_constructor_does_not_take_is_refused_rather_than_lost() -> None:
    with pytest.raises(TypeError, match="Counted"):
        replace(Counted())


def test_unknown_field_is_refused() -> None:
    with pytest.raises(KeyError):
        replace(Place("here"), nowhere="there")  # type: ignore[call-arg]  # that is the point
