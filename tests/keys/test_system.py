import re
from datetime import UTC

import pytest

from connectsmith.keys.system import SystemClock, SystemRandomness
from connectsmith.service.ports import (
    Randomness,
)
from connectsmith.testing import CountingRandomness


@pytest.mark.parametrize("randomness", [SystemRandomness(), CountingRandomness()])
def test_values_have_their_form_and_never_repeat(randomness: Randomness) -> None:
    ids = [randomness.new_id("con") for _ in range(500)]
    texts = [randomness.text() for _ in range(500)]
    typed = [randomness.typed() for _ in range(500)]

    assert all(re.fullmatch(r"con_[a-z2-7]{26}", one) for one in ids)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", one) for one in texts)
    assert all(re.fullmatch(r"[2-9A-HJ-NP-Z]{8}", one) for one in typed)
    assert len({*ids, *texts, *typed}) == 1500
    assert len(randomness.secret()) == 43
    assert 0 <= randomness.fraction() < 1


def test_time_is_aware_and_utc() -> None:
    assert SystemClock().now().tzinfo is UTC


def test_counted_values_are_the_same_in_every_run() -> None:
    assert CountingRandomness("a").text() == CountingRandomness("a").text()
    assert CountingRandomness("a").text() != CountingRandomness("b").text()
