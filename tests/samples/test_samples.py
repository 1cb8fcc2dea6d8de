import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.parser import BytesParser
from email.policy import HTTP
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.samples.expectations import SERVICES, Expected, Service

from connectsmith.core.authorization.token_set import TokenSet
from connectsmith.core.call.arguments import check_arguments
from connectsmith.core.call.plan import AUTH_TEST, ActionPlans, plans_of
from connectsmith.core.call.prepare import prepare
from connectsmith.core.connection.apply import apply, auth_plan
from connectsmith.core.connection.credentials import Credentials
from connectsmith.core.definition.model import Definition
from connectsmith.core.definition.reading import read
from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.core.result.outcome import Outcome, outcome_of
from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.redaction import Redactor
from connectsmith.core.secret.secret import Secret
from connectsmith.samples import samples

CALL = "cal_abcdefghijklmnopqrstuvwxyz"


def sample_text(name: str) -> str:
    return next(each.text for each in samples() if each.name == name)


@cache
def definition(name: str) -> Definition:
    found = read(sample_text(name)).definition
    assert found is not None
    return found


def request_of(service: Service, expected: Expected) -> HttpRequest:
    connector = definition(service.sample)
    plan = plans_of(connector)[expected.action]
    now = datetime(2026, 12, 1, tzinfo=UTC)
    tokens = None if service.owner_fields else TokenSet(Secret("access-token-canary"), now)
    fields = {key: Secret(value) for key, value in service.owner_fields.items()}
    return apply(
        auth_plan(connector),
        prepare(plan, check_arguments(plan, expected.fields)),
        Credentials(tokens=tokens, fields=fields),
        Destinations.of([service.origin]),
        call_id=CALL,
    )


class Refusal(Exception):
    pass


class Scripted:
    """Answers a documented request, and refuses any other with a 4xx that says why."""

    def __init__(self, service: Service, expected: Expected) -> None:
        self.service = service
        self.expected = expected

    def answer(self, request: HttpRequest) -> HttpResponse:
        try:
            self._check(request)
        except Refusal as refusal:
            return HttpResponse(400, (("content-type", "text/plain"),), str(refusal).encode())
        content = json.dumps(self.expected.answer).encode()
        return HttpResponse(200, (("content-type", "application/json"),), content)

    def _check(self, request: HttpRequest) -> None:
        url = urlsplit(request.url)
        headers = {name.lower(): value for name, value in request.headers}
        if len(headers) != len(request.headers):
            raise Refusal("a header is there twice")
        self._same("method", request.method, self.expected.method)
        self._same("origin", f"{url.scheme}://{url.netloc}", self.service.origin)
        self._same("path", url.path, self.expected.path)
        query = parse_qsl(url.query, keep_blank_values=True, strict_parsing=bool(url.query))
        wanted = {**self.expected.query, **self.service.query}
        self._same("query", Counter(query), Counter(wanted.items()))
        for name, value in self.service.headers.items():
            self._same(name, headers.get(name), value)
        allowed = {*self.service.headers, "accept", "content-type", "idempotency-key"}
        self._same("extra headers", headers.keys() - allowed, set())
        self._check_body(request.body, headers.get("content-type"))

    def _check_body(self, body: bytes, content_type: str | None) -> None:
        readers: dict[str, Callable[[bytes, str], Any]] = {
            "json": lambda content, _: json.loads(content),
            "form": lambda content, _: parse_qsl(content.decode(), strict_parsing=True),
            "multipart": read_multipart,
        }
        if self.expected.form == "none":
            self._same("body", body, b"")
            self._same("content type", content_type, None)
            return
        if self.expected.form == "multipart":
            self._same("content type", str(content_type).partition(";")[0], "multipart/form-data")
        else:
            self._same("content type", content_type, self.service.content_type)
        found = readers[self.expected.form](body, content_type or "")
        if self.expected.form == "form":
            found, wanted = sorted(found), sorted(self.expected.body)
            self._same("body", found, wanted)
        else:
            self._same("body", found, self.expected.body)

    @staticmethod
    def _same(what: str, found: object, wanted: object) -> None:
        if found != wanted:
            raise Refusal(f"{what}: {found!r} instead of {wanted!r}")


def read_multipart(body: bytes, content_type: str) -> dict[str, Any]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    parts: dict[str, Any] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        file_name = part.get_filename()
        parts[str(name)] = (
            content.decode() if file_name is None else (file_name, part.get_content_type(), content)
        )
    return parts


def judge(service: Service, expected: Expected, response: HttpResponse) -> Outcome:
    plan = plans_of(definition(service.sample))[expected.action]
    return outcome_of(plan, response, call=CALL, redactor=Redactor([], lambda _: "0" * 8))


CASES = [
    pytest.param(service, expected, id=f"{service.sample} {expected.action}")
    for service in SERVICES
    for expected in service.requests
]


@pytest.mark.parametrize(("service", "expected"), CASES)
def test_an_action_sends_what_the_service_s_documentation_says(
    service: Service, expected: Expected
) -> None:
    response = Scripted(service, expected).answer(request_of(service, expected))

    outcome = judge(service, expected, response)
    assert outcome.ok, outcome.value
    assert outcome.value == (expected.answer if expected.value is None else expected.value)
    assert expected.docs


SPOILERS: dict[str, Callable[[HttpRequest], HttpRequest]] = {
    "no credential": lambda request: replace(
        request,
        url=request.url.replace("key=maps-canary-key", ""),
        headers=tuple(
            each for each in request.headers if "canary" not in each[1] and "token" not in each[1]
        ),
    ),
    "another method": lambda request: replace(request, method="OPTIONS"),
    "another host": lambda request: replace(request, url=request.url.replace("//", "//x.")),
    "another path": lambda request: replace(request, url=request.url.replace("/", "/x", 3)),
    "another parameter": lambda request: replace(
        request, url=request.url + ("&" if "?" in request.url else "?") + "x=1"
    ),
    "another body": lambda request: replace(request, body=b"x " + request.body),
}


@pytest.mark.parametrize("spoiler", SPOILERS)
@pytest.mark.parametrize(("service", "expected"), CASES)
def test_the_scripted_service_refuses_anything_else(
    service: Service, expected: Expected, spoiler: str
) -> None:
    request = SPOILERS[spoiler](request_of(service, expected))

    try:
        response = Scripted(service, expected).answer(request)
    except ValueError:  # the body is no JSON or form any more
        return
    assert response.status == 400


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.sample)
def test_every_action_of_a_sample_is_checked(service: Service) -> None:
    plans: ActionPlans = plans_of(definition(service.sample))

    assert {expected.action for expected in service.requests} == set(plans)


def test_samples_come_in_their_order_and_all_are_checked() -> None:
    assert [each.title for each in samples()] == [
        "Google Calendar", "GitHub", "Slack", "OpenAI", "Shopify", "Google Maps", "Stripe",
        "Sandbox Calendar",
    ]  # fmt: skip
    assert [each.sample for each in SERVICES] == [each.name for each in samples()]


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_a_sample_has_no_faults(sample: Any) -> None:
    reading = read(sample.text)

    known = {"pkce_off"} if sample.name == "slack" else set()
    assert {each.code for each in reading.diagnostics} <= known
    assert not reading.errors


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_everything_in_a_sample_is_named_for_people(sample: Any) -> None:
    written = json.loads(sample.text)

    assert sample.description
    assert all(action["label"] and action["helpText"] for action in written["actions"])
    fields = [
        field
        for action in written["actions"]
        for field in (*action.get("actionFields", []), *action.get("urlFields", []))
    ]
    assert all(field["label"] for field in fields)
    assert all(
        field["label"] and field["errorText"] for field in written["requiredSettings"]["authFields"]
    )


@pytest.mark.parametrize(
    "sample",
    [each for each in samples() if '"oauth2"' in each.text],
    ids=lambda sample: sample.name,
)
def test_a_sample_that_signs_in_needs_only_the_user_s_two_secrets(sample: Any) -> None:
    auth = definition(sample.name).auth_components

    assert (auth.client_id, auth.client_secret) == ("{{clientID}}", "{{clientSecret}}")


def test_slack_s_answer_without_ok_is_a_failure() -> None:
    service = next(each for each in SERVICES if each.sample == "slack")
    answer = HttpResponse(
        200,
        (("content-type", "application/json"),),
        b'{"ok": false, "error": "channel_not_found"}',
    )

    outcome = judge(service, service.requests[1], answer)

    assert (outcome.ok, outcome.fault, outcome.code) == (False, "remote", "service_reported_error")
    assert outcome.value == {"ok": False, "error": "channel_not_found"}


def test_google_maps_finding_nothing_is_no_failure_but_a_refusal_is() -> None:
    service = next(each for each in SERVICES if each.sample == "google-maps")
    empty = HttpResponse(200, (("content-type", "application/json"),), b'{"status":"ZERO_RESULTS"}')
    denied = replace(empty, body=b'{"status":"REQUEST_DENIED"}')

    assert judge(service, service.requests[0], empty).ok
    assert not judge(service, service.requests[0], denied).ok


def test_stripe_is_told_the_call_s_id_against_double_payment() -> None:
    service = next(each for each in SERVICES if each.sample == "stripe")
    paying = next(each for each in service.requests if each.action == "paymentIntent.create")

    assert ("Idempotency-Key", CALL) in request_of(service, paying).headers


def test_auth_test_is_no_action() -> None:
    assert AUTH_TEST in {each.action for each in SERVICES[0].requests}
