"""Parts of pages that are written in Python because every row has some."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from connectsmith.web.rendering import ago, badge, coded

_NOW = datetime(2026, 3, 4, 5, 6, 7, 800_000, tzinfo=UTC)


def test_moment_is_said_by_its_age_and_exactly_on_hover() -> None:
    assert ago(_NOW - timedelta(minutes=3), _NOW) == (
        '<time datetime="2026-03-04T05:03:07Z" title="2026-03-04 05:03:07 UTC">3 minutes ago</time>'
    )


def test_moment_of_another_time_zone_is_written_in_utc() -> None:
    there = timezone(timedelta(hours=5, minutes=30))

    assert ago(_NOW.astimezone(there), _NOW) == (
        '<time datetime="2026-03-04T05:06:07Z" title="2026-03-04 05:06:07 UTC">just now</time>'
    )


@pytest.mark.parametrize("part", [badge("<b>", "good"), badge("fine", '"><b>')])
def test_badge_lets_no_markup_through(part: str) -> None:
    assert "<b>" not in part
    assert "&lt;b&gt;" in part


def test_commands_of_a_message_are_code_and_nothing_in_it_is_markup() -> None:
    assert coded("Run `a --b`, or <b>.") == "Run <code>a --b</code>, or &lt;b&gt;."
    assert coded("`<i>` and a single `") == "<code>&lt;i&gt;</code> and a single `"
