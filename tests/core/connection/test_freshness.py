from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectsmith.core.connection.freshness import refresh_due, share_of, too_soon, usable

RECEIVED_AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
MIDDLE = 0.5


def due(
    lifetime: float, left: float, *, fraction: float = MIDDLE, margin: float | None = None
) -> bool:
    return refresh_due(
        received_at=RECEIVED_AT,
        lifetime=timedelta(seconds=lifetime),
        now=RECEIVED_AT + timedelta(seconds=lifetime - left),
        fraction=fraction,
        margin=None if margin is None else timedelta(seconds=margin),
    )


@pytest.mark.parametrize(
    ("lifetime", "margin"),
    [
        (60, 12),  # short-lived: a fifth
        (119, 23.8),
        (120, 60),  # never under a minute
        (600, 60),
        (3600, 360),  # a tenth
        (9000, 900),
        (86400, 900),  # never over a quarter of an hour
    ],
)
def test_margin_follows_the_lifetime(lifetime: float, margin: float) -> None:
    assert not due(lifetime, margin + 0.01)
    assert due(lifetime, margin)


@pytest.mark.parametrize(("fraction", "margin"), [(0.0, 324), (0.5, 360), (1.0, 396)])
def test_fraction_spreads_the_margin_by_a_tenth(fraction: float, margin: float) -> None:
    assert not due(3600, margin + 0.01, fraction=fraction)
    assert due(3600, margin, fraction=fraction)


@given(st.floats(0, 1))
def test_margin_of_the_definition_is_taken_as_written(fraction: float) -> None:
    assert not due(3600, 30.01, fraction=fraction, margin=30)
    assert due(3600, 30, fraction=fraction, margin=30)


@given(st.floats(30, 1e9), st.floats(0, 1), st.none() | st.floats(0, 1e9))
def test_fresh_token_is_never_due_and_one_that_ended_always_is(
    lifetime: float, fraction: float, margin: float | None
) -> None:
    assert not due(lifetime, lifetime, fraction=fraction, margin=margin)
    assert due(lifetime, 0, fraction=fraction, margin=margin)
    assert due(lifetime, -1, fraction=fraction, margin=margin)


@pytest.mark.parametrize("lifetime", [1, 5, 29, 31])
def test_no_token_is_due_within_half_a_minute(lifetime: float) -> None:
    assert not due(lifetime, lifetime - 29.9)
    assert due(lifetime, lifetime - 31)


def test_clock_that_is_a_little_behind_makes_nothing_due() -> None:
    assert not due(3600, 3600 + 300)


def test_token_from_the_future_is_due_as_nobody_knows_its_age() -> None:
    assert due(3600, 3600 + 301)


@given(st.text())
def test_share_of_a_name_is_always_the_same_and_below_one(name: str) -> None:
    assert 0 <= share_of(name) < 1
    assert share_of(name) == share_of(name)


def test_shares_are_spread_over_names() -> None:
    shares = sorted(share_of(f"cnn_{number}.1") for number in range(1000))
    assert all(abs(share - number / 1000) < 0.05 for number, share in enumerate(shares))


def test_token_renewed_a_moment_ago_is_not_renewed_again() -> None:
    def wait(seconds: float) -> timedelta | None:
        return too_soon(renewed_at=RECEIVED_AT, now=RECEIVED_AT + timedelta(seconds=seconds))

    assert wait(0) == timedelta(seconds=30)
    assert wait(29) == timedelta(seconds=1)
    assert wait(30) is None
    assert wait(-1) is None
    assert too_soon(renewed_at=None, now=RECEIVED_AT) is None


@given(st.datetimes(timezones=st.just(UTC)))
def test_token_of_unknown_lifetime_is_used_until_it_is_refused(now: datetime) -> None:
    assert not refresh_due(received_at=RECEIVED_AT, lifetime=None, now=now, fraction=MIDDLE)
    assert usable(received_at=RECEIVED_AT, lifetime=None, now=now)
    assert usable(received_at=None, lifetime=None, now=now)


def test_token_is_usable_until_its_end() -> None:
    def still(seconds: float) -> bool:
        now = RECEIVED_AT + timedelta(seconds=seconds)
        return usable(received_at=RECEIVED_AT, lifetime=timedelta(seconds=60), now=now)

    assert still(0)
    assert still(59.9)
    assert not still(60)
