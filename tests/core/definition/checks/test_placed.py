# ruff: noqa: E501 - one case a line
from typing import Any

import pytest
from tests.core.definition.samples import changed, found, reading_of

SECRET = "{{clientSecret}}"
NO_PLACE_FOR_SECRETS: list[tuple[str, Any, str]] = [
    ("/name", SECRET, "/name"),
    ("/description", SECRET, "/description"),
    ("/link", f"https://x.example/{SECRET}", "/link"),
    ("/auth_components/authorizationURL", f"https://login.example.com/a?s={SECRET}", "/auth_components/authorizationURL"),
    ("/auth_components/tokenURL", f"https://login.example.com/{SECRET}", "/auth_components/tokenURL"),
    ("/auth_components/tokenURL", f"https://{SECRET}.login.example.com/", "/auth_components/tokenURL"),
    ("/auth_components/refreshURL", f"https://login.example.com/{SECRET}", "/auth_components/refreshURL"),
    ("/auth_components/revocationURL", f"https://login.example.com/{SECRET}", "/auth_components/revocationURL"),
    ("/auth_components/issuer", f"https://{SECRET}.login.example.com", "/auth_components/issuer"),
    ("/auth_components/deviceAuthorizationURL", f"https://l.example.com/{SECRET}", "/auth_components/deviceAuthorizationURL"),
    ("/auth_components/parURL", f"https://l.example.com/{SECRET}", "/auth_components/parURL"),
    ("/auth_components/registrationURL", f"https://l.example.com/{SECRET}", "/auth_components/registrationURL"),
    ("/auth_components/scope", f"read {SECRET}", "/auth_components/scope"),
    ("/auth_components/scope", ["read", SECRET], "/auth_components/scope/1"),
    ("/auth_components/scopeSeparator", SECRET, "/auth_components/scopeSeparator"),
    ("/auth_components/authorizationParams", {"x": SECRET}, "/auth_components/authorizationParams/x"),
    ("/auth_components/authorizationParams", {SECRET: "x"}, f"/auth_components/authorizationParams/{SECRET}"),
    ("/auth_components/tokenParams", {SECRET: "x"}, f"/auth_components/tokenParams/{SECRET}"),
    ("/auth_components/tokenRequest", {"headers": {SECRET: "x"}}, f"/auth_components/tokenRequest/headers/{SECRET}"),
    ("/auth_components/capture", {"token": {"a": {"from": "/a", "default": SECRET}}}, "/auth_components/capture/token/a/default"),
    ("/auth_components/assertion", {"iss": SECRET}, "/auth_components/assertion/iss"),
    ("/auth_components/assertion", {"header": {"x": SECRET}}, "/auth_components/assertion/header/x"),
    ("/auth_components/followUp", [{"url": f"https://x.example/{SECRET}"}], "/auth_components/followUp/0/url"),
    ("/auth_components/resource", SECRET, "/auth_components/resource"),
    ("/auth_components/audience", SECRET, "/auth_components/audience"),
    ("/requiredSettings/authFields/0/label", SECRET, "/requiredSettings/authFields/0/label"),
    ("/requiredSettings/authFields/0/default", SECRET, "/requiredSettings/authFields/0/default"),
    ("/auth_request/prefix", SECRET, "/auth_request/prefix"),
    ("/auth_request/headers", {"X": SECRET}, "/auth_request/headers/X"),
    ("/auth_request/query", {"x": SECRET}, "/auth_request/query/x"),
    ("/auth_request", {"type": "bearer", "token": SECRET}, "/auth_request/token"),
    ("/auth_request", {"type": "basic", "username": SECRET, "password": "x"}, "/auth_request/username"),
    ("/auth_request", {"type": "basic", "username": "x", "password": SECRET}, "/auth_request/password"),
    ("/auth_request", {"type": "header", "name": "X-Key", "value": SECRET}, "/auth_request/value"),
    ("/auth_request", {"type": "cookie", "name": SECRET, "value": "x"}, "/auth_request/name"),
    ("/auth_test/body", {"x": [SECRET]}, "/auth_test/body/x/0"),
    ("/endpoints/GET/~1me/url", f"https://x.example/{SECRET}", "/endpoints/GET/~1me/url"),
    ("/endpoints/GET/~1me/headers", {"X": SECRET}, "/endpoints/GET/~1me/headers/X"),
    ("/endpoints/GET", {f"/{SECRET}": {"url": "https://x.example"}}, f"/endpoints/GET/~1{SECRET}"),
    ("/actions/0/label", SECRET, "/actions/0/label"),
    ("/actions/0/idempotencyHeader", SECRET, "/actions/0/idempotencyHeader"),
    ("/actions/0/scopes", [SECRET], "/actions/0/scopes/0"),
    ("/actions/0/urlFields/2/default", [SECRET], "/actions/0/urlFields/2/default/0"),
    ("/actions/0/urlFields/0/name", SECRET, "/actions/0/urlFields/0/name"),
    ("/actions/0/urlFields/0/example", SECRET, "/actions/0/urlFields/0/example"),
    ("/policies/error/equals", SECRET, "/policies/error/equals"),
    ("/x-mine", SECRET, "/x-mine"),
    ("/unknown", [{"deep": SECRET}], "/unknown/0/deep"),
]  # fmt: skip


@pytest.mark.row("T-32")
@pytest.mark.parametrize(("member", "value", "pointer"), NO_PLACE_FOR_SECRETS)
def test_a_secret_outside_its_places_is_an_error_there(
    member: str, value: Any, pointer: str
) -> None:
    changes = {"/auth_components/clientSecret": SECRET, member: value}

    assert ("secret_misplaced", pointer) in found(changes)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("/auth_components/clientID", "{{A}}"),
        ("/auth_components/clientSecret", "{{A}}"),
        ("/auth_components/tokenParams", {"x": "a {{A}}"}),
        ("/auth_components/refreshParams", {"x": "{{A}}"}),
        ("/auth_components/tokenRequest", {"headers": {"X": "{{A}}"}}),
        ("/auth_components/tokenRequest", {"refresh": {"headers": {"X": "{{A}}"}}}),
    ],
)
def test_a_secret_may_stand_in_its_places(member: str, value: Any) -> None:
    assert found({member: value}) == []


def test_a_secret_may_stand_in_keys_assertions_and_follow_up_requests() -> None:
    changes = {
        "/auth_components/privateKey": "{{A}}",
        "/auth_components/keyID": "{{A}}",
        "/auth_components/assertion": {"claims": {"x": ["{{A}}"]}},
        "/auth_components/followUp": [
            {
                "url": "https://x.example",
                "query": {"a": "{{A}}"},
                "headers": {"B": "{{A}}"},
                "body": "{{A}}",
            }
        ],
    }

    assert found(changes) == []


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [
        ("/auth_request/prefix", "{{authFields.shpo}}", "placeholder_unknown"),
        ("/auth_request/prefix", "{{authField.shop}}", "placeholder_unknown"),
        ("/auth_request/prefix", "{{connection.realms}}", "placeholder_unknown"),
        ("/auth_request/prefix", "{{oauth.acces_token}}", "placeholder_unknown"),
        ("/auth_request/prefix", "{{oauth.refresh_token}}", "placeholder_misplaced"),
        ("/auth_request/prefix", "{{actionFields.x}}", "placeholder_misplaced"),
        ("/auth_request/prefix", "{{}}", "placeholder_unknown"),
        ("/auth_request/prefix", "{{authFields.shop", "placeholder_unclosed"),
        ("/auth_request/prefix", "{{authFields.shop}", "placeholder_unclosed"),
        ("/auth_components/tokenParams", {"x": "{{oauth.access_token}}"}, "placeholder_misplaced"),
        ("/auth_components/authorizationParams", {"x": "{{oauth.state}}"}, "placeholder_misplaced"),
        ("/auth_components/tokenURL", "https://x.example/{{oauth.client_id}}", "placeholder_misplaced"),
        ("/endpoints/GET/~1me/url", "https://x.example/{{urlFields.id}}", "placeholder_misplaced"),
    ],
)  # fmt: skip
def test_unknown_misplaced_and_unclosed_placeholders_are_errors(
    member: str, value: Any, code: str
) -> None:
    assert [each for each, _ in found({member: value})] == [code]


def test_an_unknown_name_is_marked_where_it_stands_and_mended() -> None:
    text = "Token é {{ authFields.shpo }}"
    (error,) = reading_of(changed({"/auth_request/prefix": text})).diagnostics

    assert error.message == (
        '"authFields.shpo" is not a field of requiredSettings.authFields. '
        'Did you mean "authFields.shop"?'
    )
    assert error.end.column - error.start.column == len("{{ authFields.shpo }}")
    assert error.fix is not None
    assert error.fix.patch == (
        {"op": "replace", "path": "/auth_request/prefix", "value": "Token é {{authFields.shop}}"},
    )


def test_a_secret_that_is_not_stored_is_a_warning_with_the_names_that_are() -> None:
    reading = reading_of(changed({}), frozenset({"clientID", "ClientSecret", "Extra Key"}))

    assert reading.definition is not None
    (warning,) = reading.diagnostics
    assert (warning.code, warning.pointer) == ("secret_unknown", "/auth_components/clientSecret")
    assert '"ClientSecret"' in warning.message


def test_placeholders_where_none_are_read_are_a_warning_but_not_in_prose() -> None:
    changes = {"/actions/0/scopes": ["{{x}}"], "/description": "Write {{x}} here"}

    assert found(changes) == [("placeholder_literal", "/actions/0/scopes/0")]


def test_an_access_token_needs_a_sign_in() -> None:
    changes = {"/auth_request/token": "{{oauth.access_token}}"}

    assert found(changes, "claris_openai") == [("placeholder_misplaced", "/auth_request/token")]
