import copy
import json
import pickle
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.keys.rings import PLACE, RING, sealer

from connectsmith.core.secret.secret import Secret
from connectsmith.errors import SealBroken
from connectsmith.keys.envelope import EnvelopeSealer
from connectsmith.keys.ring import new_ring

flat_records = st.dictionaries(
    st.text(st.characters(exclude_categories=()), max_size=8),
    st.text(st.characters(exclude_categories=()), max_size=40),
    max_size=5,
)


@given(flat=flat_records)
def test_flat_record_comes_back_as_secrets(flat: dict[str, str]) -> None:
    """Lone surrogates too: a token answer may hold any JSON string."""
    sealed = sealer().seal({name: Secret(text) for name, text in flat.items()}, PLACE)

    opened = sealer().open(sealed, PLACE)

    assert {name: value.reveal() for name, value in opened.items()} == flat


def test_sealed_record_shows_neither_names_nor_values() -> None:
    sealed = sealer().seal({"clientSecret": Secret("canary-value")}, PLACE)

    assert b"canary" not in sealed
    assert b"clientSecret" not in sealed


def test_record_of_another_installation_does_not_open() -> None:
    sealed = EnvelopeSealer(new_ring()).seal_bytes(b"content", PLACE)

    with pytest.raises(SealBroken):
        sealer().open_bytes(sealed, PLACE)


def test_records_of_an_older_key_open_while_the_ring_holds_it() -> None:
    old = sealer().seal_bytes(b"content", PLACE)
    ring = replace(RING, primary=b"new1", keys={**RING.keys, b"new1": b"n" * 32})

    newer = EnvelopeSealer(ring)

    assert newer.open_bytes(old, PLACE) == b"content"
    assert newer.seal_bytes(b"content", PLACE)[4:8] == b"new1"


def test_digest_depends_on_key_label_and_value() -> None:
    digests = {
        sealer().digest("state", Secret("value")),
        sealer().digest("cookie", Secret("value")),
        sealer().digest("state", Secret("other")),
        EnvelopeSealer(new_ring()).digest("state", Secret("value")),
    }

    assert len(digests) == 4
    assert {len(digest) for digest in digests} == {32}
    assert sealer().digest("state", Secret("value")) in digests


def test_digest_is_the_same_for_ever() -> None:
    digest = sealer().digest("state", Secret("value"))

    assert digest.hex() == "a1234dc5c78c75bff9f4c65fd9e950c13afa17112ea2afed41a0bdebef4d6f8f"


def test_what_was_opened_cannot_be_seen_or_copied_out() -> None:
    """K-14."""
    sealed = sealer().seal({"clientSecret": Secret("canary")}, PLACE)

    value = sealer().open(sealed, PLACE)["clientSecret"]

    assert "canary" not in f"{value} {value!r} {value!s:>40} {[value]}"
    for escape in (pickle.dumps, copy.copy, copy.deepcopy, json.dumps):
        with pytest.raises(TypeError) as caught:
            escape(value)
        assert "canary" not in str(caught.value)
    assert "k" * 32 not in repr(RING)
    assert "d" * 32 not in repr(RING)
