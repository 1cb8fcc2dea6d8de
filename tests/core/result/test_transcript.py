import json
from datetime import timedelta

import pytest

from connectsmith.core.message import HttpRequest, HttpResponse, Purpose, Timings
from connectsmith.core.result.transcript import PREVIEW, Transcript, capture, refreshed
from connectsmith.core.secret.redaction import Redactor
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import TimedOut

SECRET = "tok-canary-4f9a8b7c"
REDACTOR = Redactor([Secret(SECRET)], lambda _: "0" * 8)
REQUEST = HttpRequest(
    "POST",
    f"https://api.example.com/x?access_token={SECRET}&q=1",
    headers=(("Authorization", f"Bearer {SECRET}"), ("Content-Type", "application/json")),
    body=b'{"password":"unseen-canary","a":1}',
)
ANSWER = HttpResponse(
    200,
    (("content-type", "application/json"), ("set-cookie", "sid=unseen-canary")),
    json.dumps({"echo": SECRET, "access_token": "unseen-canary"}).encode(),
    url=REQUEST.url,
    timings=Timings(timedelta(milliseconds=12), timedelta(milliseconds=34)),
)


def test_a_transcript_never_holds_a_credential() -> None:
    step = capture(REQUEST, ANSWER, REDACTOR, whole=True)

    shown = Transcript((step,)).to_json()
    assert "canary" not in json.dumps(shown)
    assert "canary" not in repr(step)
    (only,) = shown["steps"]
    assert only["request"]["headers"][0] == ["Authorization", "Bearer [masked:00000000]"]
    assert only["request"]["url"].endswith("?access_token=[masked:00000000]&q=1")
    assert json.loads(only["response"]["body"]["content"])["echo"] == "[masked:00000000]"
    assert (only["response"]["first_byte_ms"], only["response"]["total_ms"]) == (12, 34)


def test_heads_alone_hold_sizes_but_no_bodies() -> None:
    shown = capture(REQUEST, ANSWER, REDACTOR, whole=False).to_json()

    assert shown["request"]["body"] == {
        "size": len(REQUEST.body), "content": None, "encoding": "text", "cut": False,
    }  # fmt: skip
    assert shown["response"]["body"]["content"] is None


TOKEN_BODIES = [
    (b"grant_type=authorization_code&code=unseen-canary&code_verifier=unseen-canary", "form"),
    (b'{"access_token":"unseen-canary","id_token":"unseen-canary"}', "json"),
    (b"access_token=unseen-canary&scope=a", "text/plain"),
    (b"unseen-canary.token", "text/plain"),
]


@pytest.mark.parametrize(("body", "content_type"), TOKEN_BODIES)
def test_token_requests_and_answers_are_masked_by_place(body: bytes, content_type: str) -> None:
    request = HttpRequest("POST", "https://a.example/token", body=body, purpose=Purpose.TOKEN)
    response = HttpResponse(200, (("content-type", content_type),), body)

    answered = capture(request, response, REDACTOR, whole=True)

    assert answered.received is not None
    assert "canary" not in str(answered.received.body.content)
    if b"=" in body:
        assert "canary" not in json.dumps(answered.to_json())


def test_a_page_that_a_token_endpoint_answers_can_be_read() -> None:
    request = HttpRequest("POST", "https://a.example/token", purpose=Purpose.TOKEN)
    page = HttpResponse(502, (("content-type", "text/html"),), b"<h1>Bad gateway</h1>")

    step = capture(request, page, REDACTOR, whole=True)

    assert step.received is not None
    assert step.received.body.content == "<h1>Bad gateway</h1>"


@pytest.mark.parametrize("place", range(PREVIEW - len(SECRET) - 2, PREVIEW + len(SECRET) + 2))
def test_a_value_at_the_cut_does_not_survive_in_part(place: int) -> None:
    body = b"x" * place + SECRET.encode() + b"y" * 100

    step = capture(REQUEST, HttpResponse(200, (), body), REDACTOR, whole=True)

    assert step.received is not None
    content = str(step.received.body.content)
    assert "tok" not in content
    assert len(content) <= PREVIEW
    assert step.received.body.cut
    assert step.received.body.size == len(body)


@pytest.mark.parametrize("kept", range(1, len(SECRET) + 1))
def test_a_value_cut_off_by_the_budget_does_not_survive_in_part(kept: int) -> None:
    body = b"x" * 500 + SECRET[:kept].encode()
    response = HttpResponse(200, (("content-type", "text/plain"),), body, truncated=True)

    step = capture(REQUEST, response, REDACTOR, whole=True)

    assert step.received is not None
    assert set(str(step.received.body.content)) <= set("x[masked:0]")
    assert "tok" not in str(step.received.body.content)


def test_bytes_that_are_no_text_are_kept_in_base64() -> None:
    response = HttpResponse(200, (("content-type", "image/png"),), b"\x89PNG\0\1")

    step = capture(REQUEST, response, REDACTOR, whole=True)

    assert step.received is not None
    assert (step.received.body.encoding, step.received.body.content) == ("base64", "iVBORwAB")


def test_a_request_without_an_answer_says_why() -> None:
    error = TimedOut(f"No answer for {SECRET} within 30 seconds.")

    shown = capture(REQUEST, error, REDACTOR, whole=True).to_json()

    assert shown["response"] is None
    assert shown["failure"] == {
        "code": "timed_out",
        "message": "No answer for [masked:00000000] within 30 seconds.",
    }


def test_where_redirects_led_is_shown() -> None:
    moved = HttpResponse(200, url=f"https://b.example/?code={SECRET}")

    step = capture(REQUEST, moved, REDACTOR, whole=False)

    assert step.received is not None
    assert step.received.url == "https://b.example/?code=[masked:00000000]"


def test_a_refresh_is_a_step() -> None:
    assert refreshed(None, REDACTOR).to_json() == {
        "purpose": "refresh", "request": None, "response": None, "failure": None,
    }  # fmt: skip
