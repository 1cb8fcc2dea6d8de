import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.core.call.definitions import CALL, ORIGIN, define

from connectsmith.core.authorization.token_set import TokenSet
from connectsmith.core.call.arguments import check_arguments
from connectsmith.core.call.plan import plans_of
from connectsmith.core.call.prepare import prepare
from connectsmith.core.connection.apply import auth_plan
from connectsmith.core.connection.credentials import Credentials
from connectsmith.core.definition.model import RefreshWhen
from connectsmith.core.exchange import (
    Call,
    Ending,
    Refresh,
    Send,
    converse,
    expiry_of,
    redactor_of,
)
from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import (
    Bug,
    ConnectsmithError,
    GrantRejected,
    RefreshBusy,
    RefreshPostponed,
    TimedOut,
    ValueMissing,
)

INVALID = (("www-authenticate", 'Bearer realm="x", error="invalid_token"'),)
EXPIRED = HttpResponse(401, INVALID)
GOOD = HttpResponse(200, (("content-type", "application/json"),), b'{"a": 1}')


def credentials(number: int) -> Credentials:
    return Credentials(
        tokens=TokenSet(Secret(f"access-canary-{number}"), datetime(2026, 12, 1, tzinfo=UTC))
    )


def a_call(method: str = "GET", *, when: Mapping[str, Any] | None = None, **options: Any) -> Call:
    definition = define(method=method, auth_components={"type": "oauth2"})
    plan = plans_of(definition)["thing.do"]
    auth = auth_plan(definition)
    values: dict[str, Any] = {"renewable": True, **options}
    return Call(
        id=CALL,
        plan=plan,
        auth=auth,
        prepared=prepare(plan, check_arguments(plan, {})),
        origins=Destinations.of([ORIGIN]),
        redactor=redactor_of(auth, credentials(1), lambda _: "0" * 8),
        expiry=expiry_of(None if when is None else RefreshWhen.model_validate(when)),
        **values,
    )


@dataclass
class Played:
    ending: Ending
    requests: list[HttpRequest] = field(default_factory=list)
    refreshes: int = 0

    @property
    def tokens(self) -> list[str]:
        return [dict(each.headers)["Authorization"] for each in self.requests]


def play(
    call: Call,
    answers: list[HttpResponse | ConnectsmithError],
    renewals: list[Credentials | ConnectsmithError | None] | None = None,
) -> Played:
    """Drive a call with the answers that are due; too few is an error of the test."""
    talk = converse(call, credentials(1))
    played = Played(Ending(None))  # type: ignore[arg-type]  # replaced below
    due, fresh = list(answers), list(renewals or [])
    try:
        step = next(talk)
        while True:
            reply: HttpResponse | Credentials | ConnectsmithError | None
            if isinstance(step, Send):
                played.requests.append(step.request)
                reply = due.pop(0)
            else:
                played.refreshes += 1
                reply = fresh.pop(0)
            step = talk.throw(reply) if isinstance(reply, ConnectsmithError) else talk.send(reply)
    except StopIteration as stop:
        played.ending = stop.value
    assert (due, fresh) == ([], [])
    return played


def test_a_good_answer_ends_the_call() -> None:
    played = play(a_call(), [GOOD])

    assert played.ending.outcome is not None
    assert (played.ending.outcome.ok, played.ending.outcome.value) == (True, {"a": 1})
    assert played.tokens == ["Bearer access-canary-1"]
    assert played.ending.response == GOOD


@pytest.mark.row("C-28")
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "POST", "PATCH"])
def test_a_refused_token_is_refreshed_once_and_the_call_repeated_once(method: str) -> None:
    played = play(a_call(method), [EXPIRED, GOOD], [credentials(2)])

    assert played.refreshes == 1
    assert played.tokens == ["Bearer access-canary-1", "Bearer access-canary-2"]
    assert played.ending.outcome is not None
    assert played.ending.outcome.ok


@pytest.mark.row("C-28")
def test_a_token_refused_again_after_the_refresh_stands() -> None:
    played = play(a_call(), [EXPIRED, EXPIRED], [credentials(2)])

    assert (len(played.requests), played.refreshes) == (2, 1)
    assert played.ending.outcome is not None
    assert played.ending.outcome.code == "credentials_refused"


@pytest.mark.row("C-28")
@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_scope_is_not_refreshed_but_named(status: int) -> None:
    challenge = 'Basic realm="x", Bearer error="insufficient_scope", scope="calendar.write"'
    answer = HttpResponse(status, (("www-authenticate", challenge),))

    played = play(a_call(), [answer])

    assert played.refreshes == 0
    assert played.ending.outcome is not None
    assert played.ending.outcome.code == "scope_insufficient"
    assert "calendar.write" in str(played.ending.outcome.message)


def test_what_cannot_be_renewed_is_not_asked_for() -> None:
    played = play(a_call(renewable=False), [EXPIRED])

    assert played.refreshes == 0
    assert played.ending.outcome is not None
    assert played.ending.outcome.fault == "credentials"


def test_token_renewed_just_before_is_told_to_wait_and_not_to_connect_again() -> None:
    played = play(a_call(), [EXPIRED], [RefreshPostponed("Call again in 20 seconds.")])

    assert played.ending.outcome is not None
    assert played.ending.outcome.message == (
        "The service refused the connection's credentials (401). "
        "The access token could not be renewed: Call again in 20 seconds."
    )


def test_no_new_credentials_end_the_call_with_the_refusal() -> None:
    played = play(a_call(), [EXPIRED], [None])

    assert played.ending.outcome is not None
    assert played.ending.outcome.code == "credentials_refused"


SIGNS: list[tuple[dict[str, Any], HttpResponse]] = [
    ({"status": [419]}, HttpResponse(419)),
    ({"headers": {"X-Error": ["expired"]}}, HttpResponse(400, (("x-error", "expired"),))),
    ({"body": {"/error": ["token_expired"]}}, HttpResponse(403, (), b'{"error":"token_expired"}')),
]


@pytest.mark.parametrize(("when", "answer"), SIGNS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_the_definition_calls_expired_is_refreshed_too(
    when: dict[str, Any], answer: HttpResponse, method: str
) -> None:
    played = play(a_call(method, when=when), [answer, GOOD], [credentials(2)])

    assert played.refreshes == 1
    assert len(played.requests) == 2


@pytest.mark.parametrize(("when", "answer"), SIGNS)
def test_other_answers_are_not_called_expired(when: dict[str, Any], answer: HttpResponse) -> None:
    other = HttpResponse(400, (("x-error", "other"),), b'{"error":"other"}')

    assert play(a_call(when=when), [other]).refreshes == 0


@pytest.mark.row("R-34")
def test_a_write_that_may_have_happened_is_not_repeated() -> None:
    said_in_200 = HttpResponse(
        200, (("content-type", "application/json"),), b'{"error":"token_expired"}'
    )
    call = a_call("POST", when={"body": {"/error": ["token_expired"]}})

    played = play(call, [said_in_200], [credentials(2)])

    assert (len(played.requests), played.refreshes) == (1, 1)
    assert played.ending.response == said_in_200


def test_a_rejected_grant_leaves_the_refusal_and_says_why() -> None:
    played = play(a_call(), [EXPIRED], [GrantRejected("The server forgot the grant.")])

    outcome = played.ending.outcome
    assert outcome is not None
    assert (outcome.fault, outcome.code) == ("credentials", "credentials_refused")
    assert "The server forgot the grant." in str(outcome.message)


def test_a_refresh_that_only_failed_for_now_is_no_reason_to_authorize_again() -> None:
    played = play(a_call(), [EXPIRED], [RefreshBusy("Another process refreshes.")])

    outcome = played.ending.outcome
    assert outcome is not None
    assert (outcome.ok, outcome.fault, outcome.code) == (False, "unavailable", "refresh_busy")


@pytest.mark.parametrize("before", [[], [EXPIRED]])
def test_without_an_answer_the_ending_is_the_error(before: list[HttpResponse]) -> None:
    error = TimedOut("No answer in time.")

    played = play(a_call(), [*before, error], [credentials(2)] if before else [])

    assert played.ending.outcome is None
    assert played.ending.error is error
    assert played.ending.transcript.steps[-1].failed is not None


def test_a_call_that_cannot_be_written_sends_nothing() -> None:
    with pytest.raises(ValueMissing):
        next(converse(a_call(), Credentials()))


def test_the_transcript_holds_every_step_and_no_token() -> None:
    echo = HttpResponse(500, (), b"access-canary-1 and access-canary-2")

    played = play(a_call(), [EXPIRED, echo], [credentials(2)])

    shown = played.ending.transcript.to_json()
    assert [each["purpose"] for each in shown["steps"]] == ["action", "refresh", "action"]
    assert "canary" not in json.dumps(shown)
    assert shown["steps"][2]["response"]["body"]["content"].count("[masked:") == 2


@pytest.mark.parametrize("whole", [True, False])
def test_bodies_of_good_calls_are_kept_only_when_asked_for(*, whole: bool) -> None:
    played = play(a_call(whole=whole), [GOOD])

    (step,) = played.ending.transcript.to_json()["steps"]
    assert step["response"]["body"]["content"] == ('{"a": 1}' if whole else None)


def test_bodies_of_failed_calls_are_kept() -> None:
    played = play(a_call(), [HttpResponse(500, (), b"oops")])

    (step,) = played.ending.transcript.to_json()["steps"]
    assert step["response"]["body"]["content"] == "oops"


def test_the_body_that_is_kept_holds_no_token_old_or_new() -> None:
    echo = HttpResponse(200, (("content-type", "image/x"),), b"\0access-canary-1 access-canary-2")

    ending = play(a_call(), [EXPIRED, echo], [credentials(2)]).ending

    assert ending.masked_body() == b"\0[masked:00000000] [masked:00000000]"
    assert Ending(ending.transcript).masked_body() == b""


def test_a_driver_that_brings_the_wrong_thing_has_a_bug() -> None:
    talk = converse(a_call(), credentials(1))
    next(talk)

    with pytest.raises(Bug):
        talk.send(credentials(2))


def test_a_refresh_answered_with_a_response_is_a_bug() -> None:
    talk = converse(a_call(), credentials(1))
    next(talk)
    assert isinstance(talk.send(EXPIRED), Refresh)

    with pytest.raises(Bug):
        talk.send(GOOD)
