# ruff: noqa: E501 - one case a line
from typing import Any

import pytest
from tests.core.definition.samples import changed, found, plain, reading_of

RESERVED = ["Host", "content-length", "Transfer-Encoding", "Connection", "Proxy-Authorization", "X-Forwarded-For", "Cookie"]  # fmt: skip
ENDPOINT = "/endpoints/POST/~1raw"
FIELD = "/actions/1/actionFields/0"


@pytest.mark.row("T-54")
@pytest.mark.parametrize("name", RESERVED)
@pytest.mark.parametrize(
    ("member", "value", "pointer"),
    [
        (f"{ENDPOINT}/headers", {"NAME": "x"}, f"{ENDPOINT}/headers/NAME"),
        ("/auth_request/headers", {"NAME": "x"}, "/auth_request/headers/NAME"),
        ("/auth_request/header", "NAME", "/auth_request/header"),
        ("/auth_request", {"type": "header", "name": "NAME", "value": "x"}, "/auth_request/name"),
        ("/auth_components/tokenRequest", {"headers": {"NAME": "x"}}, "/auth_components/tokenRequest/headers/NAME"),
        (FIELD, {"key": "NAME", "in": "header"}, f"{FIELD}/key"),
        (FIELD, {"key": "x", "name": "NAME", "in": "header"}, f"{FIELD}/name"),
        ("/actions/0/idempotencyHeader", "NAME", "/actions/0/idempotencyHeader"),
    ],
)  # fmt: skip
def test_headers_of_the_connection_itself_cannot_be_set(
    name: str, member: str, value: Any, pointer: str
) -> None:
    if isinstance(value, dict):
        value = {  # the name stands as a key, or as a value
            key.replace("NAME", name): {k.replace("NAME", name): v for k, v in each.items()}
            if isinstance(each, dict)
            else each.replace("NAME", name)
            for key, each in value.items()
        }
    else:
        value = value.replace("NAME", name)

    assert ("header_reserved", pointer.replace("NAME", name)) in found({member: value})


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\nb", "ä"])
def test_a_header_has_a_name_that_http_allows(name: str) -> None:
    assert ("header_invalid", f"{ENDPOINT}/headers/{name}") in found(
        {f"{ENDPOINT}/headers": {name: "x"}}
    )


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "a\x00"])
def test_a_header_holds_no_control_character(value: str) -> None:
    assert ("header_invalid", f"{ENDPOINT}/headers/X") in found(
        {f"{ENDPOINT}/headers": {"X": value}}
    )


@pytest.mark.parametrize(
    ("auth", "field"),
    [
        ({"type": "bearer", "token": "x"}, {"key": "authorization", "in": "header"}),
        ({"type": "oauth2", "header": "X-Token"}, {"key": "x", "name": "x-token", "in": "header"}),
        ({"type": "header", "name": "X-Key", "value": "x"}, {"key": "x-key", "in": "header"}),
        ({"type": "query", "name": "key", "value": "x"}, {"key": "key", "in": "query"}),
        ({"type": "oauth2", "query": "access_token"}, {"key": "access_token", "in": "query"}),
        ({"type": "none", "headers": {"X-A": "1"}}, {"key": "x-a", "in": "header"}),
        ({"type": "none", "query": {"a": "1"}}, {"key": "a", "in": "query"}),
    ],
)
def test_no_field_sets_what_carries_the_credentials(
    auth: dict[str, Any], field: dict[str, Any]
) -> None:
    assert "field_sets_credentials" in [
        code for code, _ in found({"/auth_request": auth, FIELD: field})
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"/actions/0/method": "get"}, ("method_unknown", "/actions/0/method")),
        ({"/actions/0/method": "FETCH"}, ("method_unknown", "/actions/0/method")),
        ({"/actions/0/method": "POST"}, ("endpoint_unknown", "/actions/0/endpoint")),
        ({"/actions/2/endpoint": "/rwa"}, ("endpoint_unknown", "/actions/2/endpoint")),
        ({"/actions/2": plain()["actions"][1]}, ("action_duplicate", "/actions/2/actionId")),
        ({"/actions/0/urlFields": []}, ("path_field_missing", "/actions/0/endpoint")),
        ({"/actions/0/urlFields/1/name": "prat"}, ("path_place_missing", "/actions/0/urlFields/1/in")),
        ({"/auth_test/endpoint": "/you"}, ("endpoint_unknown", "/auth_test/endpoint")),
        ({"/auth_test/endpoint": "/items('{id}')/:part/files:copy"}, ("path_field_missing", "/auth_test/endpoint")),
        ({f"{ENDPOINT}/url": "https://u@x.example"}, ("url_invalid", f"{ENDPOINT}/url")),
        ({f"{ENDPOINT}/url": "https://x.example/#a"}, ("url_invalid", f"{ENDPOINT}/url")),
        ({"/endpoints/GET/~1{id": {"url": "https://x.example"}}, ("placeholder_unclosed", "/endpoints/GET/~1{id")),
        ({f"{ENDPOINT}/contentType": "json"}, ("content_type_invalid", f"{ENDPOINT}/contentType")),
        ({"/endpoints/post": {}}, ("method_unknown", "/endpoints/post")),
        ({"/auth_request": {"type": "bearer"}}, ("member_missing", "/auth_request")),
        ({"/auth_request": {"type": "basc"}}, ("auth_request_unknown", "/auth_request/type")),
        ({"/auth_request": {"type": "bearer", "token": "x", "query": "t"}}, ("member_type", "/auth_request/query")),
    ],
)  # fmt: skip
def test_actions_and_endpoints_fit_together(
    changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert expected in found(changes)


def test_an_endpoint_that_is_nearly_there_is_offered() -> None:
    (error,) = reading_of(changed({"/actions/2/endpoint": "/rwa"})).diagnostics

    assert error.message == 'endpoints has no "/rwa" for POST. Did you mean "/raw"?'
    assert error.fix is not None
    assert error.fix.patch == ({"op": "replace", "path": "/actions/2/endpoint", "value": "/raw"},)


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ({"key": "day"}, "field_duplicate"),
        ({"label": "x"}, "key_missing"),
        ({"key": "a", "type": "text"}, "field_type_unknown"),
        ({"key": "a", "type": "integer", "default": 1.5}, "default_invalid"),
        ({"key": "a", "type": "date", "default": "31.1.2026"}, "default_invalid"),
        ({"key": "a", "type": "datetime", "default": "2026-01-31T00:00:00"}, "default_invalid"),
        ({"key": "a", "type": "array", "default": "x"}, "default_invalid"),
        ({"key": "a", "choices": {"x": "X"}, "default": "y"}, "default_invalid"),
        ({"key": "a", "type": "number", "choices": {"x": "X"}}, "choice_invalid"),
        ({"key": "a", "type": "number", "minimum": 3, "maximum": 2}, "range_invalid"),
        ({"key": "a", "minimum": 3}, "member_misplaced"),
        ({"key": "a", "items": {"type": "string"}}, "member_misplaced"),
        ({"key": "a", "type": "object", "fields": [{"label": "x"}]}, "key_missing"),
        ({"key": "a", "type": "array", "items": {"type": "integer", "default": "x"}}, "default_invalid"),
        ({"key": "a", "pattern": "(a+)+\\1"}, "pattern_invalid"),
        ({"key": "a", "visibility": "hidden"}, "default_missing"),
    ],
)  # fmt: skip
def test_fields_of_actions_are_consistent(field: dict[str, Any], code: str) -> None:
    assert [each for each, _ in found({"/actions/1/actionFields/1": field})] == [code]


def test_a_whole_body_leaves_no_room_for_others() -> None:
    fields = [{"key": "a", "in": "wholeBody"}, {"key": "b", "in": "body"}]

    assert found({"/actions/2/actionFields": fields}) == [
        ("whole_body_mixed", "/actions/2/actionFields/0/in")
    ]


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ({"label": "x"}, "key_missing"),
        ({"key": "dc"}, "field_duplicate"),
        ({"key": "shop", "masked": True, "default": "x"}, "default_masked"),
        ({"key": "shop", "choices": {"a": "A"}, "default": "b"}, "default_invalid"),
        ({"key": "shop", "pattern": "(?=a)"}, "pattern_invalid"),
    ],
)
def test_fields_of_the_owner_are_consistent(field: dict[str, Any], code: str) -> None:
    assert code in [each for each, _ in found({"/requiredSettings/authFields/0": field})]


@pytest.mark.parametrize("icon", ["https://x.example/i.png", "data:text/html,x", "data:image/png;base64," + "A" * 65536])  # fmt: skip
def test_an_icon_is_a_small_picture_in_the_text_itself(icon: str) -> None:
    assert ("icon_invalid", "/icon") in found({"/icon": icon})


def test_a_link_that_is_not_https_is_only_shown() -> None:
    assert found({"/link": "javascript:alert(1)"}) == [("link_not_https", "/link")]
