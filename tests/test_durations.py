from datetime import timedelta

import pytest

from connectsmith.durations import said


@pytest.mark.parametrize(
    ("length", "written"),
    [
        (timedelta(days=1), "1 day"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(seconds=3600), "1 hour"),
        (timedelta(seconds=63), "63 seconds"),
        (timedelta(), "0 seconds"),
    ],
)
def test_a_length_of_time_is_said_in_the_largest_unit_that_fits(
    length: timedelta, written: str
) -> None:
    assert said(length) == written


def test_what_a_request_took_is_left_out() -> None:
    assert said(timedelta(days=90) - timedelta(seconds=3)) == "90 days"
    assert said(timedelta(seconds=3599)) == "1 hour"
