"""Calls through the REST API at a scripted service: what goes out and comes back, what is kept."""

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.journeys.installation import Api, installed
from tests.servers.hostile import Hostile
from tests.servers.loop import Gate
from tests.servers.replies import (
    Reply,
    Send,
    after,
    cut_off,
    hang_up,
    head,
    html_reply,
    json_reply,
    raw,
    redirect,
    reply,
    silent,
)

KEY = "canary-key-6f0b"
NOTHING = json_reply({})


@pytest.fixture
def api(tmp_path: Path, hostile: Hostile) -> Iterator[Api]:
    """Run an installation that may reach the scripted service."""
    with installed(tmp_path, hostile.port) as running:
        yield running.api


def action(method: str, endpoint: str, *fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return an action `thing.METHOD`; fields of the address say so by `url`."""
    own = [{key: each[key] for key in each if key != "url"} for each in fields]
    in_address = [mine for mine, each in zip(own, fields, strict=True) if each.get("url")]
    return {
        "modelId": "thing",
        "actionId": method.lower(),
        "method": method,
        "endpoint": endpoint,
        "label": method,
        "urlFields": in_address,
        "actionFields": [each for each in own if each not in in_address],
    } | more


def published(api: Api, base: str, *actions: dict[str, Any], **more: Any) -> str:
    """Publish a connector without sign-in unless told otherwise; return its id."""
    endpoint = more.pop("endpoint", {})
    endpoints: dict[str, Any] = {}
    for each in actions:
        endpoints.setdefault(each["method"], {})[each["endpoint"]] = {"url": base, **endpoint}
    text = {
        "schema": "1.0",
        "name": "Things",
        "auth_components": {"type": "none"},
        "requiredSettings": {"authFields": []},
        "endpoints": endpoints,
        "actions": list(actions),
    } | more
    body = {"definition": json.dumps(text), "publish": True}
    connector: str = api.post("/v1/connectors", body)["id"]
    return connector


def call(api: Api, connector: str, name: str, /, **fields: Any) -> dict[str, Any]:
    """Call an action of an API without sign-in."""
    outcome: dict[str, Any] = api.post(
        f"/v1/connectors/{connector}/calls", {"action": name, "fields": fields}
    )
    return outcome


# -- what goes out --------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"])
def test_every_method_is_sent_with_path_query_and_header(
    method: str, api: Api, hostile: Hostile
) -> None:
    hostile.otherwise(reply(200, content_type=None))
    fields = (
        {"key": "id", "url": True, "required": True},
        {"key": "q", "in": "query"},
        {"key": "tags", "in": "query", "type": "array"},
        {"key": "trace", "in": "header", "name": "X-Trace"},
    )
    connector = published(api, hostile.origin, action(method, "/things/{id}", *fields))

    outcome = call(
        api, connector, f"thing.{method.lower()}", id="a/b ü", q="1&2", tags=["x", "y"], trace="t"
    )

    [request] = hostile.received
    assert outcome["ok"], outcome
    assert request.method == method
    assert request.target.startswith("/things/a%2Fb%20%C3%BC?")
    assert request.query == (("q", "1&2"), ("tags", "x"), ("tags", "y"))
    assert request.header("X-Trace") == "t"


def test_json_keeps_the_types_of_its_fields(api: Api, hostile: Hostile) -> None:
    hostile.otherwise(NOTHING)
    kinds = {"n": "integer", "x": "number", "b": "boolean", "o": "object", "l": "array"}
    fields = [{"key": key, "type": kind} for key, kind in kinds.items()]
    connector = published(api, hostile.origin, action("POST", "/things", *fields, {"key": "s"}))
    sent = {"n": 3, "x": 1.5, "b": False, "o": {"a": [None]}, "l": [1, "2"], "s": "ü"}

    call(api, connector, "thing.post", **sent)

    [request] = hostile.received
    assert request.header("Content-Type") == "application/json"
    assert json.loads(request.body) == sent


def test_a_form_is_encoded(api: Api, hostile: Hostile) -> None:
    hostile.otherwise(NOTHING)
    one = action("POST", "/things", {"key": "a"}, {"key": "b", "type": "boolean"})
    form = {"contentType": "application/x-www-form-urlencoded"}
    connector = published(api, hostile.origin, one, endpoint=form)

    call(api, connector, "thing.post", a="x=y&z ü", b=True)

    [request] = hostile.received
    assert request.form == (("a", "x=y&z ü"), ("b", "true"))


def test_a_file_travels_as_a_part(api: Api, hostile: Hostile) -> None:
    hostile.otherwise(NOTHING)
    one = action("POST", "/things", {"key": "file", "type": "file", "in": "file"}, {"key": "title"})
    connector = published(api, hostile.origin, one, endpoint={"contentType": "multipart/form-data"})
    content = bytes(range(256))
    file = {
        "content": base64.b64encode(content).decode(),
        "name": "a.bin",
        "type": "application/x-thing",
    }

    outcome = call(api, connector, "thing.post", file=file, title="ü")

    [request] = hostile.received
    assert outcome["ok"], outcome
    assert (request.header("Content-Type") or "").startswith("multipart/form-data; boundary=")
    assert content in request.body
    assert b'filename="a.bin"' in request.body
    assert "ü".encode() in request.body


def test_a_whole_body_is_sent_as_it_is(api: Api, hostile: Hostile) -> None:
    hostile.otherwise(NOTHING)
    one = action("PUT", "/things", {"key": "all", "in": "wholeBody", "type": "file"})
    connector = published(
        api, hostile.origin, one, endpoint={"contentType": "application/octet-stream"}
    )
    content = b"\x00\xff\r\n" * 100

    call(api, connector, "thing.put", all={"content": base64.b64encode(content).decode()})

    [request] = hostile.received
    assert request.body == content


@pytest.mark.parametrize(
    ("fields", "places"),
    [
        ({}, ["n"]),
        ({"n": "three"}, ["n"]),
        ({"n": 3, "unknown": 1}, ["unknown"]),
        ({"n": 11}, ["n"]),
        ({"n": 3, "when": "yesterday"}, ["when"]),
        ({"n": 3, "kind": "c"}, ["kind"]),
        ({"n": True, "when": 5}, ["n", "when"]),
        ({"n": None}, ["n"]),
    ],
)
def test_wrong_fields_are_all_named_and_nothing_is_sent(
    *, fields: dict[str, Any], places: list[str], api: Api, hostile: Hostile
) -> None:
    checked = (
        {"key": "n", "type": "integer", "required": True, "maximum": 10},
        {"key": "when", "type": "date"},
        {"key": "kind", "choices": {"a": "A", "b": "B"}},
    )
    connector = published(api, hostile.origin, action("POST", "/things", *checked))

    refused = api.problem(
        f"/v1/connectors/{connector}/calls", {"action": "thing.post", "fields": fields}
    )

    assert refused["code"] == "field_invalid"
    assert sorted(each["field"] for each in refused["fields"]) == sorted(places)
    assert hostile.connections == 0
    assert api.get("/v1/calls")["items"] == []


def test_an_action_without_a_name_here_is_refused_with_the_names_there_are(
    api: Api, hostile: Hostile
) -> None:
    connector = published(api, hostile.origin, action("GET", "/things"))

    refused = api.problem(f"/v1/connectors/{connector}/calls", {"action": "thing.got"})

    assert refused["code"] == "action_unknown"
    assert "thing.get" in json.dumps(refused)


# -- how connections prove themselves -------------------------------------------------------------

KINDS: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "bearer": (
        {"type": "bearer", "token": "{{authFields.key}}"},
        ("authorization", f"Bearer {KEY}"),
    ),
    "basic": (
        {"type": "basic", "username": "{{authFields.key}}", "password": "x"},
        ("authorization", "Basic " + base64.b64encode(f"{KEY}:x".encode()).decode()),
    ),
    "header": (
        {"type": "header", "name": "X-Key", "value": "{{authFields.key}}", "prefix": "Key "},
        ("x-key", f"Key {KEY}"),
    ),
    "cookie": (
        {"type": "cookie", "name": "session", "value": "{{authFields.key}}"},
        ("cookie", f"session={KEY}"),
    ),
    "query": ({"type": "query", "name": "key", "value": "{{authFields.key}}"}, ("?", f"key={KEY}")),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_goes_where_its_kind_says_and_into_no_transcript(
    kind: str, api: Api, hostile: Hostile
) -> None:
    request_of, (where, what) = KINDS[kind]
    hostile.otherwise(json_reply({"you": "ada", "sent": KEY}, 403))
    connector = published(
        api,
        hostile.origin,
        action("GET", "/things"),
        auth_request=request_of,
        requiredSettings={"authFields": [{"key": "key", "required": True, "masked": True}]},
    )
    missing = api.problem(f"/v1/connectors/{connector}/connections", {"fields": {}})
    made = api.post(f"/v1/connectors/{connector}/connections", {"fields": {"key": KEY}})
    without = api.problem(f"/v1/connectors/{connector}/calls", {"action": "thing.get"})

    outcome = api.post(f"/v1/connections/{made['id']}/calls", {"action": "thing.get"})

    [request] = hostile.received
    transcript = json.dumps(api.get(f"/v1/calls/{outcome['call']}/transcript"))
    assert (missing["code"], missing["fields"][0]["field"]) == ("field_invalid", "key")
    assert without["code"] == "request_invalid"
    assert made["status"] == "active"
    sent = request.target.partition("?")[2] if where == "?" else request.header(where)
    assert sent == what
    assert KEY not in transcript
    assert base64.b64encode(f"{KEY}:x".encode()).decode() not in transcript
    assert "[masked:" in transcript
    assert KEY not in json.dumps(outcome)


def test_a_connection_is_proved_by_what_the_definition_offers(api: Api, hostile: Hostile) -> None:
    hostile.otherwise(json_reply({"id": 7, "mail": "ada@example.com"}))
    read, write = action("GET", "/things"), action("POST", "/things")
    with_id = action("GET", "/things", {"key": "id", "required": True})
    account = {"id": "/id", "label": "/mail"}
    tested = {"auth_test": {"method": "GET", "endpoint": "/things", "account": account}}
    proofs = []
    for actions, more in (([read, write], tested), ([write, read], {}), ([write, with_id], {})):
        connector = published(api, hostile.origin, *actions, **more)
        made = api.post(f"/v1/connectors/{connector}/connections")
        proofs.append(api.post(f"/v1/connections/{made['id']}/test"))

    assert [each["did"] for each in proofs] == ["auth_test", "action", "fields"]
    assert proofs[0]["account"] == {"id": "7", "label": "ada@example.com"}
    assert [each["ok"] for each in proofs] == [True] * 3
    assert proofs[2]["call"] is None
    assert hostile.counts() == {"/things": 3}


# -- what comes back ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "fault"),
    [(200, None), (204, None), (401, "credentials"), (404, "caller"), (503, "remote")],
)
def test_whatever_the_service_answers_is_an_outcome(
    *, status: int, fault: str | None, api: Api, hostile: Hostile
) -> None:
    hostile.otherwise(json_reply({"a": 1}, status) if status != 204 else reply(204))
    connector = published(api, hostile.origin, action("GET", "/things"))

    outcome = call(api, connector, "thing.get")

    kept = api.get(f"/v1/calls/{outcome['call']}")
    transcript = api.get(f"/v1/calls/{outcome['call']}/transcript")
    assert (outcome["ok"], outcome["status"], outcome["fault"]) == (fault is None, status, fault)
    assert outcome["value"] == (None if status == 204 else {"a": 1})
    assert (kept["ok"], kept["status"], kept["fault"]) == (fault is None, status, fault)
    body = transcript["steps"][0]["response"]["body"]["content"]
    assert (body is None) == (fault is None)


NO_ANSWER = {
    "no HTTP": (raw(b"SSH-2.0-OpenSSH\r\n"), "response_unreadable", 502),
    "hangs up": (hang_up(), "connection_failed", 504),
    "resets": (hang_up(reset=True), "connection_failed", 504),
    "half an answer": (cut_off(json_reply({"a": "b" * 100}), after_bytes=80), None, None),
    "a loop": (redirect("/things"), "redirect_refused", 502),
}


@pytest.mark.parametrize("case", NO_ANSWER)
def test_no_answer_is_a_problem_that_names_the_call(case: str, api: Api, hostile: Hostile) -> None:
    planned, code, status = NO_ANSWER[case]
    hostile.otherwise(planned)
    connector = published(api, hostile.origin, action("GET", "/things"))

    refused = api.problem(f"/v1/connectors/{connector}/calls", {"action": "thing.get"})

    kept = api.get(f"/v1/calls/{refused['call']}")
    assert refused["status"] in ({status} if status else {502, 504})
    assert code is None or refused["code"] == code
    assert (kept["ok"], kept["status"], kept["code"]) == (False, None, refused["code"])


def test_silence_ends_at_the_deadline_of_the_endpoint(api: Api, hostile: Hostile) -> None:
    hostile.otherwise(silent())
    connector = published(api, hostile.origin, action("GET", "/things"), endpoint={"timeout": 0.2})

    refused = api.problem(f"/v1/connectors/{connector}/calls", {"action": "thing.get"})

    assert (refused["status"], refused["code"]) == (504, "timed_out")


def test_a_body_that_is_no_text_is_kept_to_be_fetched(api: Api, hostile: Hostile) -> None:
    content = bytes(range(256)) * 4
    hostile.otherwise(reply(200, content, content_type="image/png"))
    connector = published(api, hostile.origin, action("GET", "/things"))

    outcome = call(api, connector, "thing.get")
    fetched = api.ask("GET", outcome["body"]["url"])

    assert outcome["value"] is None
    assert outcome["body"]["size"] == len(content)
    assert outcome["body"]["content_type"] == "image/png"
    assert fetched.content == content
    assert fetched.headers["content-type"] == "application/octet-stream"
    assert fetched.headers["content-disposition"] == "attachment"


def test_a_page_is_text_and_stays_harmless(api: Api, hostile: Hostile) -> None:
    hostile.otherwise(html_reply("<script>alert(1)</script>"))
    connector = published(api, hostile.origin, action("GET", "/things"))

    outcome = call(api, connector, "thing.get")

    assert outcome["value"] == "<script>alert(1)</script>"
    assert outcome["content_type"] == "text/html; charset=utf-8"


def test_an_answer_is_cut_at_its_budget(api: Api, hostile: Hostile) -> None:
    body = b'["' + b"x" * (11 << 20) + b'"]'
    hostile.otherwise(reply(200, body, content_type="application/json"))
    connector = published(api, hostile.origin, action("GET", "/things"))

    outcome = call(api, connector, "thing.get")

    assert outcome["truncated"]
    assert len(json.dumps(outcome)) < (11 << 20)


# -- downloads ------------------------------------------------------------------------------------

STREAM = {"Accept": "application/octet-stream"}


def test_a_large_body_streams_through_without_being_held(api: Api, hostile: Hostile) -> None:
    piece, pieces = b"0123456789abcdef" * 4096, 800
    lines = [("Content-Type", "application/zip"), ("Content-Length", str(len(piece) * pieces))]
    hostile.otherwise(Reply((Send(head(200, lines)), *[Send(piece)] * pieces)))
    connector = published(api, hostile.origin, action("GET", "/things"))
    headers = {"Authorization": f"Bearer {api.token}", **STREAM}
    before = peak_memory()

    size = 0
    with (
        httpx2.Client(trust_env=False, timeout=60) as client,
        client.stream(
            "POST",
            f"{api.address}/v1/connectors/{connector}/calls",
            json={"action": "thing.get"},
            headers=headers,
        ) as answer,
    ):
        call_id = answer.headers["x-connectsmith-call"]
        for chunk in answer.iter_raw():
            size += len(chunk)

    kept = api.get(f"/v1/calls/{call_id}")
    assert size == len(piece) * pieces
    assert answer.headers["x-service-status"] == "200"
    assert answer.headers["x-service-content-type"] == "application/zip"
    assert kept["ok"]
    assert peak_memory() - before < 25 * 1024


def peak_memory() -> int:
    """Return the most KiB of memory this process has held."""
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("no /proc here")
    line = next(each for each in status.read_text().splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1])


def test_a_stream_that_breaks_off_is_seen_to_break_off(api: Api, hostile: Hostile) -> None:
    whole = reply(200, b"x" * 200_000, content_type="application/zip")
    hostile.otherwise(cut_off(whole, after_bytes=100_000))
    connector = published(api, hostile.origin, action("GET", "/things"))

    with pytest.raises(httpx2.RemoteProtocolError):
        api.ask(
            "POST",
            f"/v1/connectors/{connector}/calls",
            json={"action": "thing.get"},
            headers=STREAM,
        )

    assert api.get("/health")["ok"]


# -- idempotency ----------------------------------------------------------------------------------


def keyed(
    api: Api, connector: str, key: str = "k", name: str = "thing.post", **fields: Any
) -> httpx2.Response:
    """Call an action under an `Idempotency-Key`."""
    return api.ask(
        "POST",
        f"/v1/connectors/{connector}/calls",
        json={"action": name, "fields": fields},
        headers={"Idempotency-Key": key},
    )


def test_a_repetition_gets_the_same_outcome_and_sends_nothing(api: Api, hostile: Hostile) -> None:
    hostile.on("/things", json_reply({"n": 1}, 201), json_reply({"n": 2}, 201))
    connector = published(api, hostile.origin, action("POST", "/things", {"key": "a"}))

    first, again = keyed(api, connector, a="x"), keyed(api, connector, a="x")
    other = keyed(api, connector, a="y")
    new = keyed(api, connector, key="other", a="x")

    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_mismatch")
    assert new.json()["value"] == {"n": 2}
    assert hostile.counts() == {"/things": 2}


def test_of_twenty_at_once_one_is_carried_out(api: Api, hostile: Hostile) -> None:
    gate = Gate()
    hostile.on("/things", after(gate, json_reply({"n": 1}, 201)))
    connector = published(api, hostile.origin, action("POST", "/things"))

    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(keyed, api, connector) for _ in range(20)]
        refused = list(islice(as_completed(asked, timeout=60), 19))
        gate.open()
        answers = [each.result() for each in asked]

    statuses = sorted(each.status_code for each in answers)
    assert statuses == [200] + [409] * 19
    assert {each.result().json()["code"] for each in refused} == {"conflict"}
    assert hostile.counts() == {"/things": 1}


def test_an_error_after_sending_is_replayed_and_never_repeated(api: Api, hostile: Hostile) -> None:
    hostile.on("/things", hang_up(), json_reply({"n": 2}, 201))
    connector = published(api, hostile.origin, action("POST", "/things"))

    first, again = keyed(api, connector), keyed(api, connector)

    assert first.status_code == again.status_code == 504
    assert first.json() == again.json()
    assert again.headers["content-type"] == "application/problem+json"
    assert again.headers["idempotency-replayed"] == "true"
    assert hostile.counts() == {"/things": 1}


def test_an_answer_that_cannot_be_read_was_sent_for_all_that(api: Api, hostile: Hostile) -> None:
    hostile.on("/things", raw(b"nonsense\r\n\r\n"), json_reply({"n": 2}, 201))
    connector = published(api, hostile.origin, action("POST", "/things"))

    first, again = keyed(api, connector), keyed(api, connector)

    assert (first.status_code, first.json()["code"]) == (502, "response_unreadable")
    assert again.json() == first.json()
    assert hostile.counts() == {"/things": 1}


def test_a_key_stays_free_while_nothing_was_sent(api: Api, hostile: Hostile) -> None:
    hostile.otherwise(json_reply({"n": 1}, 201))
    field = {"key": "a", "required": True}
    connector = published(api, hostile.origin, action("POST", "/things", field))

    refused = keyed(api, connector)
    unknown = keyed(api, connector, name="thing.put")
    good = keyed(api, connector, a="x")

    assert (refused.status_code, unknown.status_code) == (400, 400)
    assert good.status_code == 200


def test_a_streamed_answer_takes_no_key(api: Api, hostile: Hostile) -> None:
    connector = published(api, hostile.origin, action("POST", "/things"))

    refused = api.ask(
        "POST",
        f"/v1/connectors/{connector}/calls",
        json={"action": "thing.post"},
        headers={**STREAM, "Idempotency-Key": "k"},
    )

    assert (refused.status_code, hostile.connections) == (400, 0)
