import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.call.definitions import CALL, define, plan

from connectsmith.core.call.plan import ActionPlan, plans_of
from connectsmith.core.message import HttpResponse
from connectsmith.core.result.content import LARGEST, Body
from connectsmith.core.result.outcome import Outcome, account_of, outcome_of
from connectsmith.core.secret.redaction import Redactor
from connectsmith.core.secret.secret import Secret

PLAN = plan()


def answer(
    body: bytes | object = b"",
    status: int = 200,
    content_type: str | None = "application/json",
    *,
    truncated: bool = False,
    challenge: str | None = None,
) -> HttpResponse:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = [("content-type", content_type)] if content_type else []
    headers += [("www-authenticate", challenge)] if challenge else []
    return HttpResponse(status, tuple(headers), content, truncated=truncated)


def judge(response: HttpResponse, compiled: ActionPlan = PLAN, *secrets: str) -> Outcome:
    redactor = Redactor(map(Secret, secrets), lambda _: "0" * 8)
    return outcome_of(compiled, response, call=CALL, redactor=redactor)


def test_a_good_answer_has_its_json_as_value() -> None:
    outcome = judge(answer({"a": [1, None]}))

    assert (outcome.ok, outcome.status, outcome.value) == (True, 200, {"a": [1, None]})
    assert outcome.to_json() == {
        "call": CALL, "ok": True, "status": 200, "fault": None, "code": None, "message": None,
        "value": {"a": [1, None]}, "truncated": False, "content_type": "application/json",
    }  # fmt: skip


STATUSES = [
    (200, None, None),
    (204, None, None),
    (301, "remote", "status_unexpected"),
    (304, "remote", "status_unexpected"),
    (400, "caller", "service_rejected"),
    (401, "credentials", "credentials_refused"),
    (402, "remote", "service_refused"),
    (403, "remote", "service_forbade"),
    (404, "caller", "service_rejected"),
    (409, "caller", "service_rejected"),
    (422, "caller", "service_rejected"),
    (429, "remote", "service_busy"),
    (500, "remote", "service_failed"),
    (503, "remote", "service_busy"),
    (999, "remote", "status_unexpected"),
]


@pytest.mark.parametrize(("status", "fault", "code"), STATUSES)
def test_a_status_says_who_has_to_act(status: int, fault: str | None, code: str | None) -> None:
    outcome = judge(answer({"why": "x"}, status))

    assert (outcome.ok, outcome.fault, outcome.code) == (fault is None, fault, code)
    assert outcome.value == {"why": "x"}
    assert bool(outcome.message) == (fault is not None)


@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_scope_is_the_connection_owner_s_to_grant(status: int) -> None:
    challenge = 'Basic realm="x", Bearer error="insufficient_scope", scope="calendar.write"'

    outcome = judge(answer({}, status, challenge=challenge))

    assert (outcome.fault, outcome.code) == ("credentials", "scope_insufficient")
    assert "what this call needs: calendar.write." in str(outcome.message)
    assert "the definition's scope" in str(outcome.message)


def test_expected_statuses_of_auth_test_are_the_good_ones() -> None:
    definition = define(
        auth_test={"method": "POST", "endpoint": "/things", "expect": {"status": [404]}}
    )
    compiled = plans_of(definition)["auth_test"]

    assert judge(answer({}, 404), compiled).ok
    assert judge(answer({}, 200), compiled).code == "status_unexpected"


POINTED: list[tuple[str, Any, Any]] = [
    ("", {"a": 1}, {"a": 1}),
    ("/a/1", {"a": [1, 2]}, 2),
    ("/a~1b/c~0d", {"a/b": {"c~d": 3}}, 3),
    ("/no", {"a": 1}, None),
    ("/a/9", {"a": [1]}, None),
    ("/a/99999999999999", {"a": [1]}, None),
    ("/a/-1", {"a": [1]}, None),
]


@pytest.mark.parametrize(("pointer", "body", "value"), POINTED)
def test_the_useful_part_is_the_value(pointer: str, body: Any, value: Any) -> None:
    assert judge(answer(body), plan(action={"response": {"pointer": pointer}})).value == value


def test_a_bad_answer_is_shown_whole() -> None:
    compiled = plan(action={"response": {"pointer": "/items"}})

    assert judge(answer({"error": "x"}, 400), compiled).value == {"error": "x"}


TESTS: list[tuple[dict[str, Any], Any, bool]] = [
    ({"equals": False}, {"ok": False}, False),
    ({"equals": False}, {"ok": True}, True),
    ({"equals": False}, {}, True),
    ({"equals": False}, {"ok": 0}, True),
    ({"equals": ["a", "b"]}, {"ok": "b"}, False),
    ({"not": True}, {"ok": "x"}, False),
    ({"not": True}, {"ok": True}, True),
    ({"not": True}, {}, True),
    ({"not": ["a", "b"]}, {"ok": "b"}, True),
    ({"equals": None}, {"ok": None}, False),
]


@pytest.mark.parametrize(("test", "body", "good"), TESTS)
@pytest.mark.parametrize("where", ["action", "policies"])
def test_a_test_makes_a_good_status_a_failure(
    test: dict[str, Any], body: Any, *, good: bool, where: str
) -> None:
    error = {"pointer": "/ok", **test}
    options: dict[str, Any] = (
        {"action": {"response": {"error": error}}}
        if where == "action"
        else {"policies": {"error": error}}
    )

    outcome = judge(answer(body), plan(**options))

    assert outcome.ok is good
    assert outcome.code == (None if good else "service_reported_error")


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"<html>", b'{"a": NaN}', nested(65), nested(100_000), b"1" * 5000, b'"\xff"',
        b"{} {}",
    ],
    ids=["cut", "page", "NaN", "deep", "very deep", "long number", "not UTF-8", "two"],
)  # fmt: skip
def test_what_says_it_is_json_and_is_not_is_a_failure_of_the_service(body: bytes) -> None:
    outcome = judge(answer(body))

    assert (outcome.ok, outcome.fault, outcome.code) == (False, "remote", "answer_unreadable")
    assert isinstance(outcome.value, str)


def test_json_may_be_nested_64_levels() -> None:
    assert judge(answer(nested(64))).ok


def test_a_body_that_lacks_where_there_need_be_none_is_no_failure() -> None:
    assert judge(answer(b"", 204)).value is None
    assert judge(answer(b"")).ok


BODIES: list[tuple[bytes, str | None, Any, bool]] = [
    (b"hello", "text/plain", "hello", False),
    (b"K\xf6ln", "text/plain; charset=iso-8859-1", "Köln", False),
    (b'{"a": 1}', "text/html", {"a": 1}, False),
    (b"{not json", "text/plain", "{not json", False),
    (b'{"a": 1}', None, {"a": 1}, False),
    (b"hello", None, "hello", False),
    (b"\0\1", None, None, True),
    (b"\x89PNG\r\n\xff\xfe\xff", None, None, True),
    (b"\x89PNG", "image/png", None, True),
    (b"text", "application/octet-stream", None, True),
    (b'\xef\xbb\xbf{"a": 1}', "application/json", {"a": 1}, False),
]


@pytest.mark.parametrize("case", BODIES)
def test_text_is_a_value_and_bytes_are_described(
    case: tuple[bytes, str | None, Any, bool],
) -> None:
    body, content_type, value, described = case

    outcome = judge(answer(body, 200, content_type))

    assert outcome.ok
    assert outcome.value == value
    assert outcome.body == (Body(len(body), content_type) if described else None)


def test_a_large_body_is_described() -> None:
    outcome = judge(answer(b'"' + b"x" * LARGEST + b'"'))

    assert (outcome.ok, outcome.value) == (True, None)
    assert outcome.to_json()["body"] == {"size": LARGEST + 2, "content_type": "application/json"}


def test_json_that_was_cut_off_is_described_not_judged() -> None:
    outcome = judge(answer(b'{"a": ', truncated=True))

    assert (outcome.ok, outcome.value, outcome.truncated) == (True, None, True)
    assert outcome.body == Body(6, "application/json")


def test_half_a_character_pair_does_not_break_the_answer() -> None:
    outcome = judge(answer(b'{"\\ud83d": ["\\ud83d\\ude00 \\udc00"]}'))

    assert json.dumps(outcome.value, ensure_ascii=False).encode()
    assert list(outcome.value.values()) == [["😀 \ufffd"]]


@pytest.mark.row("T-37")
def test_a_credential_that_is_echoed_does_not_reach_the_caller() -> None:
    body = {"headers": {"Authorization": "Bearer tok-canary-1"}, "n": ["tok-canary-1"]}

    outcome = judge(answer(body), PLAN, "tok-canary-1")

    assert "canary" not in json.dumps(outcome.to_json())
    assert outcome.value["n"] == ["[masked:00000000]"]


def test_a_short_credential_does_not_spoil_innocent_answers() -> None:
    assert judge(answer({"a": "a test"}), PLAN, "test").value == {"a": "a test"}


ACCOUNTS: list[tuple[Any, tuple[str | None, str | None] | None]] = [
    ({"id": 7, "email": "ada@example.com"}, ("7", "ada@example.com")),
    ({"id": "u7"}, ("u7", None)),
    ({"id": True, "email": {}}, None),
    ([], None),
]


@pytest.mark.parametrize(("body", "account"), ACCOUNTS)
def test_auth_test_names_the_account(
    body: Any, account: tuple[str | None, str | None] | None
) -> None:
    definition = define(
        auth_test={
            "method": "POST",
            "endpoint": "/things",
            "account": {"id": "/id", "label": "/email"},
        }
    )
    compiled = plans_of(definition)["auth_test"]

    found = account_of(compiled, judge(answer(body), compiled))

    assert (None if found is None else (found.id, found.label)) == account


@given(
    body=st.binary(max_size=200),
    status=st.integers(100, 599),
    content_type=st.none() | st.text(max_size=40) | st.sampled_from(["application/json", "text/x"]),
    truncated=st.booleans(),
)
def test_any_answer_becomes_an_outcome_that_json_can_carry(
    body: bytes, status: int, content_type: str | None, *, truncated: bool
) -> None:
    outcome = judge(answer(body, status, content_type, truncated=truncated))

    assert json.dumps(outcome.value, ensure_ascii=False).encode()
