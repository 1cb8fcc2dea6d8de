"""Look for every canary in everything that a run left anywhere."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.canary.forms import forms_of
from tests.canary.ledger import Canary

_BETWEEN = b"\n\0\n"


@dataclass(frozen=True, slots=True)
class Left:
    """Bytes that were left at a place, such as `answer POST /v1/tokens: body`."""

    place: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """A canary was found."""

    kind: str
    place: str
    form: str


def sweep(canaries: Iterable[Canary], left: Sequence[Left]) -> set[Hit]:
    """Return all hits. What is nowhere, as nearly everything is, costs one search."""
    by_place = _by_place(left)
    everything = _BETWEEN.join(by_place.values())
    hits: set[Hit] = set()
    for canary in canaries:
        for form, needle in forms_of(canary.value).items():
            if needle in everything:
                hits |= {
                    Hit(canary.kind, place, form)
                    for place, content in by_place.items()
                    if needle in content
                }
    return hits


def _by_place(left: Sequence[Left]) -> dict[str, bytes]:
    gathered: dict[str, list[bytes]] = {}
    for each in left:
        gathered.setdefault(each.place, []).append(each.content)
    return {place: _BETWEEN.join(contents) for place, contents in gathered.items()}
