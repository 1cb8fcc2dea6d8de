"""Look for every canary in everything that a run left anywhere."""

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.canary.forms import forms_of
from tests.canary.ledger import Canary

_BETWEEN = b"\n\0\n"
WORD: Final = 8
"""Bytes that are looked up at once: a `memoryview` reads as many as one number."""
_SURE: Final = 2 * WORD - 1
"""Bytes that hold a whole aligned word, wherever they begin."""


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


@dataclass(frozen=True, slots=True)
class _Needle:
    kind: str
    form: str
    content: bytes = field(repr=False)


def sweep(canaries: Iterable[Canary], left: Sequence[Left]) -> set[Hit]:
    """Return all hits, by reading what was left once, however many canaries there are."""
    index, short = _indexed(
        _Needle(canary.kind, form, content)
        for canary in canaries
        for form, content in forms_of(canary.value).items()
    )
    return {
        Hit(each.kind, place, each.form)
        for place, content in _by_place(left).items()
        for each in {*_candidates(index, content), *short}
        if each.content in content
    }


def _indexed(
    needles: Iterable[_Needle],
) -> tuple[Mapping[int, Sequence[_Needle]], Sequence[_Needle]]:
    """Return needles by the words they may show at aligned places, and those too short for it."""
    index: dict[int, list[_Needle]] = defaultdict(list)
    short: list[_Needle] = []
    for each in needles:
        if len(each.content) < _SURE:
            short.append(each)
            continue
        for at in range(WORD):
            index[int.from_bytes(each.content[at : at + WORD], sys.byteorder)].append(each)
    return index, short


def _candidates(index: Mapping[int, Sequence[_Needle]], content: bytes) -> set[_Needle]:
    """Return the needles of which a word stands somewhere in the content."""
    padded = content + bytes(-len(content) % WORD)
    words = index.keys() & memoryview(padded).cast("Q")
    return {each for word in words for each in index[word]}


def _by_place(left: Sequence[Left]) -> dict[str, bytes]:
    gathered: dict[str, list[bytes]] = {}
    for each in left:
        gathered.setdefault(each.place, []).append(each.content)
    return {place: _BETWEEN.join(contents) for place, contents in gathered.items()}
