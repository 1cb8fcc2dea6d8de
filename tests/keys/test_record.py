import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from tests.keys.rings import PLACE

from connectsmith.errors import SealBroken
from connectsmith.keys.record import associated, open_record, seal_record
from connectsmith.service.ports import (
    SealPlace,
)

KEY_ID, KEY = b"ring", AESGCM(b"k" * 32)
VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "sealed_records.json").read_text())
OTHER_PLACES: dict[str, Any] = {
    "workspace": "other",
    "kind": "connection",
    "connector": "con_b",
    "name": "clientsecret",
    "version": 2,
}

texts = st.text(max_size=12)
places = st.builds(
    SealPlace,
    workspace=texts,
    kind=texts,
    connector=texts,
    name=st.text(st.characters(max_codepoint=127), max_size=12),
    version=st.integers(0, 2**64 - 1),
)


def _seal(content: bytes = b"content", place: SealPlace = PLACE) -> bytes:
    return seal_record(content, place, key_id=KEY_ID, key=KEY)


def _open(sealed: bytes, place: SealPlace = PLACE) -> bytes:
    return open_record(sealed, place, {KEY_ID: KEY})


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["place"]["name"])
def test_records_of_every_format_open_for_ever(vector: dict[str, Any]) -> None:
    """K-01. Vectors are added with a new format, and none is ever changed."""
    sealed = bytes.fromhex(vector["sealed"])
    key = AESGCM(bytes.fromhex(vector["key"]))

    key_id = bytes.fromhex(vector["key_id"])

    content = open_record(sealed, SealPlace(**vector["place"]), {key_id: key})

    assert content.hex() == vector["content"]


@given(content=st.binary(max_size=3000), place=places)
@settings(max_examples=50)
def test_record_opens_in_its_place(content: bytes, place: SealPlace) -> None:
    assert _open(_seal(content, place), place) == content


@pytest.mark.parametrize("field", OTHER_PLACES)
def test_record_does_not_open_when_any_part_of_its_place_differs(field: str) -> None:
    """K-02."""
    elsewhere = replace(PLACE, **{field: OTHER_PLACES[field]})

    with pytest.raises(SealBroken):
        _open(_seal(), elsewhere)


def test_record_does_not_open_under_another_key_or_key_id() -> None:
    sealed = _seal()
    renamed = sealed[:4] + b"xxxx" + sealed[8:]

    with pytest.raises(SealBroken):
        open_record(sealed, PLACE, {KEY_ID: AESGCM(b"x" * 32)})
    with pytest.raises(SealBroken):
        open_record(sealed, PLACE, {b"xxxx": KEY})
    with pytest.raises(SealBroken):
        open_record(renamed, PLACE, {KEY_ID: KEY, b"xxxx": KEY})


def test_record_with_any_bit_flipped_does_not_open() -> None:
    """K-03."""
    sealed = _seal()

    for bit in range(len(sealed) * 8):
        altered = bytearray(sealed)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SealBroken):
            _open(bytes(altered))


def test_record_cut_or_lengthened_does_not_open() -> None:
    sealed = _seal()

    for length in range(len(sealed)):
        with pytest.raises(SealBroken):
            _open(sealed[:length])
    with pytest.raises(SealBroken):
        _open(sealed + b"\x00")


@given(first=places, second=places)
@example(
    first=SealPlace("a", "bc", "d", "e", 1),
    second=SealPlace("ab", "c", "d", "e", 1),
)
@example(
    first=SealPlace("a", "b", "c", "", 1),
    second=SealPlace("a", "b", "", "c", 1),
)
@settings(max_examples=300)
def test_two_places_never_give_the_same_bytes(first: SealPlace, second: SealPlace) -> None:
    """K-05."""
    assume(first != second)

    assert associated(first) != associated(second)


@given(text=st.text(min_size=4, max_size=8), cuts=st.lists(st.integers(0, 8), min_size=3))
def test_moving_text_between_fields_gives_other_bytes(text: str, cuts: list[int]) -> None:
    """K-05: what separators instead of lengths would get wrong."""
    ends = sorted(min(cut, len(text)) for cut in cuts[:3])
    parts = [text[start:end] for start, end in pairwise([0, *ends, len(text)])]
    place = SealPlace(parts[0], parts[1], parts[2], parts[3], 1)
    whole = SealPlace(text, "", "", "", 1)

    assert (associated(place) == associated(whole)) == (place == whole)


def test_two_spellings_of_one_name_are_one_place() -> None:
    composed = replace(PLACE, name="caf\u00e9")
    decomposed = replace(PLACE, name="cafe\u0301")

    assert _open(_seal(b"x", composed), decomposed) == b"x"


@given(junk=st.binary(max_size=300))
@settings(max_examples=500)
def test_junk_gets_the_one_error(junk: bytes) -> None:
    """K-13."""
    for sealed in (junk, _seal()[:8] + junk, _seal()[:60] + junk):
        with pytest.raises(SealBroken, match=r"^A sealed record does not open in its place"):
            _open(sealed)


def test_nothing_is_used_twice() -> None:
    """K-04 in short: nonces and wrapped data keys of many records are all different."""
    records = [_seal() for _ in range(20_000)]

    for start, end in ((8, 20), (20, 68), (68, 80)):
        assert len({record[start:end] for record in records}) == len(records)
