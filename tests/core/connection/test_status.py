from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectsmith.core.connection.status import TRANSITIONS, Event, Status, health, next_status
from connectsmith.errors import ConnectionNotUsable

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

U, A, D, N, R = Status
TABLE: dict[Event, tuple[Status | None, ...]] = {
    # after:              U     A  D  N     R
    Event.KEPT:            (A, None, None, None, None),
    Event.REFRESHED:       (None, A, A, None, None),
    Event.REFRESH_FAILED:  (None, D, D, N, None),
    Event.CLIENT_REJECTED: (None, D, D, N, None),
    Event.GRANT_REJECTED:  (None, N, N, N, None),
    Event.REAUTHORIZED:    (None, A, A, A, None),
    Event.REVOKED:         (R, R, R, R, R),
}  # fmt: skip


@pytest.mark.parametrize("event", list(Event))
@pytest.mark.parametrize("status", list(Status))
def test_each_event_has_one_answer_in_each_status(status: Status, event: Event) -> None:
    expected = TABLE[event][list(Status).index(status)]

    if expected is None:
        with pytest.raises(ConnectionNotUsable) as refused:
            next_status(status, event)
        assert refused.value.details == {"status": status.value, "event": event.value}
    else:
        assert next_status(status, event) is expected


HISTORIES = st.lists(st.sampled_from(list(Event)), max_size=30)


@given(HISTORIES)
def test_no_history_leaves_the_table(history: list[Event]) -> None:
    status, kept = Status.UNCONFIRMED, False
    for event in history:
        try:
            status = next_status(status, event)
        except ConnectionNotUsable:
            continue
        kept = kept or event is Event.KEPT
        assert kept or status in {Status.UNCONFIRMED, Status.REVOKED}
        assert (status is Status.REVOKED) is (Event.REVOKED in history[: history.index(event) + 1])


@given(HISTORIES)
def test_failures_that_may_pass_never_destroy_a_grant(history: list[Event]) -> None:
    status = Status.ACTIVE
    lasting = {Event.GRANT_REJECTED, Event.REVOKED, Event.KEPT}
    for event in history:
        if event not in lasting:
            status = next_status(status, event)

    assert status in {Status.ACTIVE, Status.DEGRADED}
    assert next_status(status, Event.REFRESHED) is Status.ACTIVE


@given(HISTORIES)
def test_nothing_follows_a_revocation(history: list[Event]) -> None:
    for event in history:
        if event is not Event.REVOKED:
            with pytest.raises(ConnectionNotUsable):
                next_status(Status.REVOKED, event)


def test_every_status_is_in_the_table() -> None:
    assert set(TRANSITIONS) == set(Status)


def in_minutes(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def test_health_says_who_has_to_act() -> None:
    def say(status: Status, *, renewable: bool = True, **facts: object) -> str:
        known: dict[str, object] = {"expires_at": None, "now": NOW, **facts}
        return health(status=status, renewable=renewable, **known)  # type: ignore[arg-type]  # facts by name

    assert say(U) == "needs you: keep it, or it is dropped"
    assert say(A, expires_at=in_minutes(-5)) == "renews itself"
    assert say(A, renewable=False) == "works until it is withdrawn"
    soon = say(A, renewable=False, expires_at=in_minutes(152))
    assert soon == "ends today at 14:32 UTC: then authorize again"
    assert say(A, renewable=False, expires_at=in_minutes(720)).startswith("ends tomorrow at 00:00")
    later = say(A, renewable=False, expires_at=in_minutes(14400))
    assert later.startswith("ends on 2026-12-03 at 12:00 UTC")
    ended = say(A, renewable=False, expires_at=in_minutes(-1))
    assert ended == "needs you: access ended today at 11:59 UTC, authorize again"
    assert (
        say(N, failure_code="grant_rejected") == "needs you: access was withdrawn, authorize again"
    )
    assert say(N, failure_code="other") == "needs you: authorize again"
    assert say(R) == "ended by its owner: connect again"


@pytest.mark.parametrize(
    ("code", "who"),
    [
        ("client_rejected", "needs the connector's author: its client is refused"),
        ("secret_missing", "needs the connector's author: a secret is missing"),
        ("secret_destination_denied", "needs the connector's author: confirm where"),
        ("key_unusable", "needs the connector's author: its private key"),
        ("authorization_request_rejected", "needs the connector's author: what it asks for"),
        ("connector_not_published", "needs the connector's author: mend its definition"),
        ("authorization_needed", "needs you: authorize again"),
        ("egress_denied", "needs the administrator: its authorization server"),
        ("token_endpoint_busy", "could not be renewed: tries again by itself"),
        ("token_answer_invalid", "could not be renewed: tries again by itself"),
        ("timed_out", "could not be renewed: tries again by itself"),
        (None, "could not be renewed: tries again by itself"),
    ],
)
def test_degraded_connection_says_who_has_to_do_what(code: str | None, who: str) -> None:
    def say(minutes: float) -> str:
        return health(
            status=D,
            renewable=True,
            expires_at=in_minutes(minutes),
            now=NOW,
            failure_code=code,
            retry_at=in_minutes(1),
        )

    assert say(-5).startswith(who)
    assert say(5).startswith(f"works, but {who}")
    assert ("12:01 UTC" in say(5)) is who.startswith("could not")
