"""Bodies of requests mean one thing, or are refused with a named error."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.api.conftest import Served

from connectsmith.api.bodies import DEEPEST, read_json
from connectsmith.errors import BodyUnreadable

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)  # fmt: skip

UNREADABLE = {
    "no JSON": "{",
    "two values": "{} {}",
    "a comment": '{} // "x"',
    "no UTF-8": b'{"name": "\xff"}',
    "UTF-16": '{"name": "a"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a member twice": '{"name": "a", "name": "b"}',
    "an inner member twice": '{"name": {"a": 1, "a": 2}}',
    "not a number": '{"name": NaN}',
    "infinity": '{"name": Infinity}',
    "too large a number": '{"name": 1e999}',
    "too long a number": '{"name": ' + "9" * 5000 + "}",
    "half a pair": '{"name": "\\ud800"}',
    "half a pair as a name": '{"\\udfff": 1}',
    "too deep a list": "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1),
    "too deep for anybody": "[" * 200_000,
    "too deep an object": '{"a":' * 100 + "1" + "}" * 100,
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize("path", ["/v1/connectors", "/v1/connectors/con_x/calls"])
async def test_what_means_nothing_or_two_things_is_refused(
    path: str, content: str | bytes, served: Served
) -> None:
    refused = await served.operator.problem("POST", path, content=content)

    assert (refused["status"], refused["code"]) == (400, "body_unreadable")
    assert not (await served.operator.get("/v1/connectors"))["items"]


@given(JSON_VALUES)
def test_every_other_json_text_is_read_as_it_is(value: Any) -> None:
    try:
        content = json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return

    assert read_json(content) == value


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert read_json(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


def test_depth_ends_where_it_says() -> None:
    whole = b"[" * DEEPEST + b"]" * DEEPEST

    assert read_json(whole)
    assert read_json(b'["' + b"[" * 1000 + b'"]') == ["[" * 1000]
    with pytest.raises(BodyUnreadable):
        read_json(b"[" + whole + b"]")


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "json"])
async def test_a_body_that_does_not_say_it_is_json_is_refused(
    kind: str | None, served: Served
) -> None:
    headers = {} if kind is None else {"Content-Type": kind}

    answer = await served.operator.client.post("/v1/connectors", content=b"{}", headers=headers)

    assert answer.status_code == 415
    assert answer.json()["code"] == "media_type_unsupported"


@pytest.mark.parametrize("path", ["/v1/connectors", "/v1/connectors/con_x/calls"])
async def test_a_body_that_is_too_large_is_refused_stated_or_not(path: str, served: Served) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b" " * (1 << 20)

    stated = await served.operator.problem("POST", path, content=b" " * (17 << 20))
    headers = {"Content-Type": "application/json"}
    unstated = await served.operator.problem("POST", path, content=pieces(), headers=headers)

    assert (stated["status"], stated["code"]) == (413, "body_too_large")
    assert (unstated["status"], unstated["code"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    ("method", "path", "body", "place"),
    [
        ("POST", "/v1/connectors", {"definition": "{}", "extra": 1}, "/extra"),
        ("POST", "/v1/connectors", {"definition": 7}, "/definition"),
        ("POST", "/v1/connectors", {"definition": "{}", "publish": "yes"}, "/publish"),
        ("PUT", "/v1/connectors/con_x/draft", {"text": None}, "/text"),
        ("PUT", "/v1/connectors/con_x/draft", {}, "/text"),
        ("POST", "/v1/connectors/con_x/publish", {"force": True}, "/force"),
        ("POST", "/v1/connectors/con_x/secrets", {"secrets": [{"name": "a"}]}, "/secrets/0/value"),
        ("POST", "/v1/connectors/con_x/secrets", {"secrets": "a"}, "/secrets"),
        ("POST", "/v1/connectors/con_x/authorizations", {"fields": []}, "/fields"),
        ("POST", "/v1/connectors/con_x/authorizations", {"return": ""}, "/return"),
        ("POST", "/v1/authorizations/aut_x/complete", {}, "/completion"),
        ("POST", "/v1/connections/cnn_x/confirm", {"api": "https://a"}, "/api"),
        ("POST", "/v1/tokens", {"name": "", "scopes": []}, "/name"),
        ("POST", "/v1/tokens", {"name": "a", "scopes": [], "expires_in_days": 1e3}, None),
    ],
)
async def test_a_wrong_shape_is_refused_with_its_place(
    *, method: str, path: str, body: object, place: str | None, served: Served
) -> None:
    refused = await served.operator.problem(method, path, json=body)

    assert (refused["status"], refused["code"]) == (400, "request_invalid")
    if place is not None:
        assert refused["place"].startswith(place)


async def test_no_refusal_repeats_a_secrets_value(served: Served) -> None:
    connector = await served.connector()
    path = f"/v1/connectors/{connector}/secrets"
    for secrets in (
        [{"name": "a", "value": ["canary-value"]}],
        [{"name": "a", "value": {"canary-value": 1}}],
        [{"name": "a", "value": "canary-value", "canary-value": 1}],
        [{"name": "a", "value": "canary-value"}, {"name": "a", "value": "canary-value"}],
        [{"name": "a{", "value": "canary-value"}],
        [{"name": "a", "value": "canary-value" * 10_000}],
        [{"name": "a", "value": "canary-value", "origins": ["canary-value"]}],
    ):
        refused = await served.operator.ask("POST", path, json={"secrets": secrets})

        assert refused.status_code == 400
        values_only = "canary-value" not in {each for one in secrets for each in one}
        assert not values_only or "canary-value" not in refused.text


async def test_nothing_is_stored_by_a_refused_request(served: Served) -> None:
    connector = await served.connector()
    before = await served.operator.get(f"/v1/connectors/{connector}")

    for path in ("secrets", "authorizations", "connections", "publish"):
        await served.operator.problem("POST", f"/v1/connectors/{connector}/{path}", content="[")

    assert await served.operator.get(f"/v1/connectors/{connector}") == before
