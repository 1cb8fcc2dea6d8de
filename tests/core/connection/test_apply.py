import base64
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.core.call.definitions import CALL, ORIGIN, define, request

from connectsmith.core.authorization.token_set import TokenSet
from connectsmith.core.authorization.values import StoredSecret
from connectsmith.core.call.arguments import check_arguments
from connectsmith.core.call.plan import plans_of
from connectsmith.core.call.prepare import prepare
from connectsmith.core.connection.apply import apply, auth_plan, confidential_secrets
from connectsmith.core.connection.credentials import Credentials
from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import DefinitionError, FieldInvalid, ValueMissing

TOKENS = Credentials(
    tokens=TokenSet(
        Secret("access-canary"),
        datetime(2026, 12, 1, tzinfo=UTC),
        refresh_token=Secret("refresh-canary"),
    ),
    fields={"shop": Secret("acme"), "key": Secret("key-canary")},
    captured={"instance": Secret("i-1")},
)
KEY = {"key": "k-canary", "user": "ada", "password": "pass-canary"}


def authorized(auth_request: dict[str, Any] | None, **options: Any) -> Any:
    root: dict[str, Any] = {} if auth_request is None else {"auth_request": auth_request}
    return request(define(method="GET", **root, **options), {}, KEY)


def headers_of(sent: Any) -> dict[str, str]:
    return {name: value for name, value in sent.headers if name != "Accept"}


PLACED = [
    ({"type": "none"}, {}),
    ({"type": "bearer", "token": "{{authFields.key}}"}, {"Authorization": "Bearer k-canary"}),
    (
        {"type": "basic", "username": "{{authFields.user}}", "password": "{{authFields.password}}"},
        {"Authorization": "Basic " + base64.b64encode(b"ada:pass-canary").decode()},
    ),
    (
        {"type": "basic", "username": "{{authFields.key}}"},
        {"Authorization": "Basic " + base64.b64encode(b"k-canary:").decode()},
    ),
    (
        {"type": "basic", "username": "{{authFields.key}}", "password": "{{authFields.none}}"},
        {"Authorization": "Basic " + base64.b64encode(b"k-canary:").decode()},
    ),
    ({"type": "header", "name": "X-Key", "value": "{{authFields.key}}"}, {"X-Key": "k-canary"}),
    (
        {
            "type": "header", "name": "Authorization", "prefix": "Token",
            "value": "{{authFields.key}}",
        },
        {"Authorization": "Token k-canary"},
    ),
    (
        {"type": "cookie", "name": "session", "value": "{{authFields.key}}"},
        {"Cookie": "session=k-canary"},
    ),
    (
        {"type": "none", "headers": {"X-User": "{{authFields.user}}", "X-No": "{{authFields.no}}"}},
        {"X-User": "ada"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("auth_request", "headers"), PLACED)
def test_credentials_stand_where_auth_request_says(
    auth_request: dict[str, Any], headers: dict[str, str]
) -> None:
    assert headers_of(authorized(auth_request)) == headers


def test_a_credential_in_the_query_is_encoded_and_joined_to_what_is_there() -> None:
    auth = {"type": "query", "name": "api key", "value": "{{authFields.key}}&x"}

    plain = authorized(auth)
    joined = authorized(auth, endpoint={"url": f"{ORIGIN}/v1?v=2"})

    assert plain.url == f"{ORIGIN}/v1/things?api%20key=k-canary%26x"
    assert joined.url.endswith("&api%20key=k-canary%26x")
    assert "v=2" in joined.url


OAUTH = [
    (None, {"Authorization": "Bearer access-canary"}, ""),
    ({"type": "oauth2"}, {"Authorization": "Bearer access-canary"}, ""),
    ({"type": "oauth2", "prefix": "Zoho"}, {"Authorization": "Zoho access-canary"}, ""),
    ({"type": "oauth2", "header": "X-Token", "prefix": ""}, {"X-Token": "access-canary"}, ""),
    ({"type": "oauth2", "query": "access_token"}, {}, "?access_token=access-canary"),
    (
        {"type": "bearer", "token": "{{oauth.access_token}}"},
        {"Authorization": "Bearer access-canary"},
        "",
    ),
]  # fmt: skip


@pytest.mark.row("C-27")
@pytest.mark.parametrize(("auth_request", "headers", "query"), OAUTH)
def test_an_access_token_stands_where_auth_request_says(
    auth_request: dict[str, Any] | None, headers: dict[str, str], query: str
) -> None:
    root: dict[str, Any] = {} if auth_request is None else {"auth_request": auth_request}
    definition = define(method="GET", auth_components={"type": "oauth2"}, **root)

    sent = request(definition, {}, credentials=TOKENS)

    assert headers_of(sent) == headers
    assert sent.url == f"{ORIGIN}/v1/things{query}"


def test_a_request_carries_what_it_holds_bound_to_the_connection_s_origins() -> None:
    definition = define(
        method="GET",
        auth_components={"type": "oauth2"},
        requiredSettings={"authFields": [{"key": "shop"}, {"key": "key"}]},
        endpoint={
            "url": f"{ORIGIN}/{{{{authFields.shop}}}}",
            "headers": {"X-Instance": "{{connection.instance}}"},
        },
    )

    sent = request(definition, {}, credentials=TOKENS)

    assert sent.url == f"{ORIGIN}/acme/things"
    assert {each.name for each in sent.carries} == {
        "the connection's access token", 'the field "shop"', 'the captured value "instance"',
    }  # fmt: skip
    assert all(each.destinations.permits(f"{ORIGIN}/x") for each in sent.carries)
    assert not any(each.destinations.permits("https://evil.example/") for each in sent.carries)
    assert "canary" not in repr(sent)


def test_the_client_id_carries_its_own_destinations() -> None:
    definition = define(
        method="GET",
        auth_request={"type": "none", "headers": {"Client-Id": "{{oauth.client_id}}"}},
    )
    plan = plans_of(definition)["thing.do"]
    elsewhere = Destinations.of(["https://login.example.com"])

    sent = apply(
        auth_plan(definition),
        prepare(plan, check_arguments(plan, {})),
        Credentials(),
        Destinations.of([ORIGIN]),
        call_id=CALL,
        client_id=StoredSecret(Secret("client-1"), elsewhere),
    )

    assert headers_of(sent) == {"Client-Id": "client-1"}
    assert [each.destinations for each in sent.carries] == [elsewhere]


def test_a_random_value_is_a_uuid_fresh_for_every_attempt() -> None:
    definition = define(
        method="GET", auth_request={"type": "none", "headers": {"X-Id": "{{oauth.random}}"}}
    )
    plan = plans_of(definition)["thing.do"]
    prepared = prepare(plan, check_arguments(plan, {}))

    values = {
        headers_of(
            apply(
                auth_plan(definition),
                prepared,
                Credentials(),
                Destinations.of([]),
                call_id=call,
                attempt=attempt,
            )
        )["X-Id"]
        for call in ("cal_a", "cal_b")
        for attempt in (0, 1)
    }

    uuid4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
    assert len(values) == 4
    assert all(uuid4.fullmatch(each) for each in values)


@pytest.mark.parametrize(
    "auth_request",
    [
        {"type": "bearer", "token": "{{authFields.absent}}"},
        {"type": "basic", "username": "{{authFields.absent}}", "password": ""},
        {"type": "query", "name": "k", "value": "{{authFields.absent}}"},
        {"type": "cookie", "name": "k", "value": "{{authFields.absent}}"},
        {"type": "oauth2"},
    ],
)
def test_a_credential_without_a_value_is_an_error_never_empty(auth_request: dict[str, Any]) -> None:
    with pytest.raises(ValueMissing) as caught:
        authorized(auth_request)

    assert "canary" not in str(caught.value)


def test_a_default_of_the_author_s_stands_in_for_a_field_that_is_not_held() -> None:
    sent = authorized(
        {"type": "none", "headers": {"X-Region": "{{authFields.region}}"}},
        requiredSettings={"authFields": [{"key": "region", "default": "eu"}]},
    )

    assert headers_of(sent) == {"X-Region": "eu"}
    assert sent.carries == ()


@pytest.mark.row("T-53")
@pytest.mark.parametrize("sign", ["\r\nX-Evil: 1", "\n", "\0", "\x7f"])
@pytest.mark.parametrize(
    "auth_request",
    [
        {"type": "bearer", "token": "{{authFields.key}}"},
        {"type": "basic", "username": "{{authFields.key}}", "password": "p"},
        {"type": "header", "name": "X-Key", "value": "{{authFields.key}}"},
        {"type": "query", "name": "k", "value": "{{authFields.key}}"},
        {"type": "cookie", "name": "k", "value": "{{authFields.key}}"},
    ],
)
def test_control_characters_in_a_credential_are_refused(
    auth_request: dict[str, Any], sign: str
) -> None:
    with pytest.raises(FieldInvalid) as caught:
        request(define(method="GET", auth_request=auth_request), {}, {"key": f"canary{sign}x"})

    assert caught.value.place
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("value", ["a;b", "a b", "a,b", 'a"b', "ä"])
def test_a_cookie_cannot_be_continued(value: str) -> None:
    auth_request = {"type": "cookie", "name": "k", "value": "{{authFields.key}}"}

    with pytest.raises(FieldInvalid):
        request(define(method="GET", auth_request=auth_request), {}, {"key": value})


def test_a_user_name_for_basic_holds_no_colon() -> None:
    auth_request = {"type": "basic", "username": "{{authFields.key}}", "password": "p"}

    with pytest.raises(FieldInvalid, match="colon"):
        request(define(method="GET", auth_request=auth_request), {}, {"key": "a:b"})


@pytest.mark.row("T-54")
@pytest.mark.parametrize(
    "auth_request",
    [
        {"type": "bearer", "token": "{{authFields.key}}"},
        {"type": "basic", "username": "{{authFields.key}}", "password": ""},
        {"type": "header", "name": "authorization", "value": "{{authFields.key}}"},
        {"type": "none", "headers": {"AUTHORIZATION": "{{authFields.key}}"}},
    ],
)
def test_a_field_cannot_set_the_header_that_auth_request_sets(auth_request: dict[str, Any]) -> None:
    field = {"key": "mine", "in": "header", "name": "Authorization"}
    definition = define([field], method="GET", auth_request=auth_request)

    with pytest.raises(FieldInvalid) as caught:
        request(definition, {"mine": "Bearer stolen"}, {"key": "k-canary"})

    assert caught.value.place == "Authorization"


@pytest.mark.row("T-54")
@pytest.mark.parametrize("name", ["Host", "Content-Length", "Proxy-Connection", "x-forwarded-for"])
def test_a_reserved_header_is_refused_again_when_the_request_is_built(name: str) -> None:
    definition = define(method="GET")
    plan = plans_of(definition)["thing.do"]
    forged = replace(prepare(plan, check_arguments(plan, {})), headers=((name, "x"),))

    with pytest.raises(FieldInvalid, match=name):
        apply(auth_plan(definition), forged, Credentials(), Destinations.of([]), call_id=CALL)


@pytest.mark.row("T-54")
def test_a_field_cannot_set_the_parameter_that_auth_request_sets() -> None:
    fields = [{"key": "key"}, {"key": "a", "type": "object", "name": "ke"}]
    auth_request = {"type": "query", "name": "key", "value": "{{authFields.key}}"}

    with pytest.raises(FieldInvalid) as caught:
        request(define(fields, method="GET", auth_request=auth_request), {"key": "x"}, {"key": "k"})

    assert caught.value.place == "key"


def test_a_name_made_by_nesting_cannot_set_it_either() -> None:
    field = {"key": "a", "type": "object"}
    auth_request = {"type": "query", "name": "a[key]", "value": "{{authFields.key}}"}

    with pytest.raises(FieldInvalid):
        request(
            define([field], method="GET", auth_request=auth_request),
            {"a": {"key": "x"}},
            {"key": "k"},
        )


@pytest.mark.parametrize("kind", ["oauth1", "aws_sigv4", "digest"])
def test_a_type_that_is_not_carried_out_is_refused(kind: str) -> None:
    with pytest.raises(DefinitionError, match=kind):
        auth_plan(define(auth_request={"type": kind}))


@pytest.mark.parametrize(
    "auth_request",
    [
        {"type": "header", "name": "X\r\nY", "value": "v"},
        {"type": "header", "name": "X", "value": "v\r\nY: 1"},
        {"type": "bearer", "token": "v\0"},
        {"type": "none", "headers": {"X": "\n"}},
    ],
)
def test_what_the_author_writes_cannot_end_a_header(auth_request: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError):
        auth_plan(define(auth_request=auth_request))


@pytest.mark.parametrize("kind", ["bearer", "header", "query", "cookie"])
def test_a_type_without_what_it_needs_is_refused(kind: str) -> None:
    with pytest.raises(DefinitionError, match="needs the member"):
        auth_plan(define(auth_request={"type": kind}))


def test_what_stands_as_a_credential_or_is_masked_is_confidential() -> None:
    definition = define(
        auth_request={
            "type": "basic", "username": "{{authFields.user}}", "password": "{{authFields.key}}",
        },
        requiredSettings={
            "authFields": [{"key": "user"}, {"key": "key"}, {"key": "pin", "masked": True}]
        },
    )  # fmt: skip
    credentials = replace(
        TOKENS,
        fields={"user": Secret("ada"), "key": Secret("key-canary"), "pin": Secret("1234")},
    )

    found = [each.reveal() for each in confidential_secrets(auth_plan(definition), credentials)]

    assert found == ["access-canary", "refresh-canary", "key-canary", "1234"]


def test_the_call_s_id_goes_into_the_idempotency_header() -> None:
    sent = request(define(action={"idempotencyHeader": "Idempotency-Key"}), {})

    assert headers_of(sent) == {"Idempotency-Key": CALL}
