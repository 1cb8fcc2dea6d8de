from datetime import UTC, datetime, timedelta

import pytest

from connectsmith.core.authorization.token_set import TokenSet
from connectsmith.core.connection.keep_alive import (
    USUAL,
    Stated,
    end_moved,
    keep_alive_at,
    next_attempt,
    refresh_until,
)
from connectsmith.core.secret.secret import Secret

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
NOTHING = Stated(None, None)


def tokens(*, stated: timedelta | None = None, refresh: bool = True) -> TokenSet:
    return TokenSet(
        Secret("access"),
        NOW,
        refresh_token=Secret("refresh") if refresh else None,
        lifetime=60 * DAY,
        refresh_lifetime=stated,
    )


def every(
    held: TokenSet | None,
    *,
    before: Stated = NOTHING,
    usual: timedelta | None = USUAL,
    by_access_token: bool = False,
) -> timedelta | None:
    at = keep_alive_at(
        held, by_access_token=by_access_token, before=before, usual=usual, name="cnn_a.1"
    )
    return None if at is None else at - NOW


def about(duration: timedelta | None, whole: timedelta) -> bool:
    return duration is not None and 0.8 * whole <= duration <= whole


def test_grant_of_which_nothing_is_said_is_renewed_within_a_week() -> None:
    assert about(every(tokens()), 6 * DAY)


@pytest.mark.parametrize(
    ("stated", "wanted"), [(90 * DAY, 6 * DAY), (2 * DAY, DAY), (30 * MINUTE, 15 * MINUTE)]
)
def test_grant_with_a_stated_life_is_renewed_after_half_of_it(
    stated: timedelta, wanted: timedelta
) -> None:
    assert about(every(tokens(stated=stated)), wanted)


def test_end_that_the_last_renewal_did_not_move_is_not_chased() -> None:
    earlier = NOW - DAY / 4

    assert about(every(tokens(stated=DAY), before=Stated(earlier, NOW + DAY)), 6 * DAY)
    assert about(every(tokens(stated=DAY), before=Stated(earlier, earlier + DAY)), DAY / 2)


def test_nothing_is_renewed_more_often_than_once_a_minute() -> None:
    assert about(every(tokens(stated=timedelta(seconds=1))), MINUTE)


def test_without_a_refresh_token_there_is_nothing_to_keep_alive() -> None:
    assert every(tokens(refresh=False)) is None
    assert every(None) is None


def test_access_token_that_renews_itself_is_renewed_before_it_ends() -> None:
    assert about(every(tokens(refresh=False), by_access_token=True), 6 * DAY)
    assert about(every(TokenSet(Secret("a"), NOW, lifetime=DAY), by_access_token=True), DAY / 2)


def test_where_nothing_is_kept_alive_nothing_is_due() -> None:
    assert every(tokens(), usual=None) is None


def test_moments_are_spread_over_connections() -> None:
    moments = {
        keep_alive_at(
            tokens(), by_access_token=False, before=NOTHING, usual=USUAL, name=f"cnn_{number}.1"
        )
        for number in range(100)
    }

    assert len(moments) > 90


def test_end_of_a_refresh_token_is_counted_from_its_receipt() -> None:
    assert refresh_until(tokens(stated=DAY)) == NOW + DAY
    assert refresh_until(tokens()) is None


def test_end_moves_when_it_is_put_off_or_was_never_stated() -> None:
    def later(seconds: float, by: float) -> Stated:
        return Stated(NOW + timedelta(seconds=seconds), NOW + DAY + timedelta(seconds=by))

    first = Stated(NOW, NOW + DAY)
    assert end_moved(first, later(60, 60))
    assert not end_moved(first, later(60, 1))
    assert end_moved(first, later(9, 0))
    assert end_moved(NOTHING, first)
    assert end_moved(first, NOTHING)


def test_failed_attempt_is_repeated_within_the_hour_and_sooner_where_there_is_less_time() -> None:
    assert next_attempt(NOW, NOW + 6 * DAY, NOW) == NOW + 60 * MINUTE
    assert next_attempt(NOW, NOW + 16 * MINUTE, NOW) == NOW + 2 * MINUTE
    assert next_attempt(NOW, NOW, NOW) == NOW + MINUTE
