# ruff: noqa: E501 - one case a line
from typing import Any

import pytest
from tests.core.definition.samples import changed, found, reading_of

from connectsmith.core.definition.effect import WITHOUT_EFFECT
from connectsmith.core.definition.model import Definition
from connectsmith.core.definition.shape import shape_of

AUTH = "/auth_components"
MASKED = {
    "/requiredSettings/authFields/0/masked": True,
    "/requiredSettings/authFields/0/default": ...,
}


@pytest.mark.parametrize(
    "parameter",
    ["client_id", "client_secret", "client_assertion", "client_assertion_type", "code", "code_verifier", "refresh_token"],
)  # fmt: skip
@pytest.mark.parametrize("member", ["authorizationParams", "tokenParams", "refreshParams"])
@pytest.mark.parametrize("value", ["mine", None])
@pytest.mark.row("T-54")
def test_parameters_of_the_protocol_are_neither_set_nor_removed(
    member: str, parameter: str, value: str | None
) -> None:
    pointer = f"{AUTH}/{member}"

    assert found({pointer: {parameter: value}}) == [
        ("parameter_reserved", f"{pointer}/{parameter}")
    ]


@pytest.mark.row("T-54")
@pytest.mark.parametrize("parameter", ["state", "redirect_uri", "code_challenge", "code_challenge_method", "STATE"])  # fmt: skip
def test_parameters_of_the_authorization_request_are_neither_set_nor_removed(
    parameter: str,
) -> None:
    pointer = f"{AUTH}/authorizationParams"

    assert found({pointer: {parameter: "x"}}) == [("parameter_reserved", f"{pointer}/{parameter}")]


@pytest.mark.parametrize("text", ["s3cr3t", "{{A}}{{B}}", " {{A}}", "x{{A}}"])
@pytest.mark.parametrize("member", ["clientSecret", "privateKey", "registrationToken"])
def test_a_secret_in_clear_is_an_error(member: str, text: str) -> None:
    assert ("secret_in_clear", f"{AUTH}/{member}") in found({f"{AUTH}/{member}": text})


def test_a_client_secret_may_be_a_masked_field_of_each_owner() -> None:
    field = {"key": "secret", "masked": True}
    changes = {
        f"{AUTH}/clientSecret": "{{authFields.secret}}",
        "/requiredSettings/authFields/0": field,
    }
    plain = {**changes, "/requiredSettings/authFields/0": {"key": "secret"}}

    assert ("field_not_masked", f"{AUTH}/clientSecret") not in found(changes)
    assert ("field_not_masked", f"{AUTH}/clientSecret") in found(plain)


@pytest.mark.parametrize("member", ["authorizationURL", "tokenURL", "clientID"])
def test_oauth_without_its_members_is_an_error(member: str) -> None:
    reading = reading_of(changed({f"{AUTH}/{member}": ...}, "claris_calendar"))

    assert [each.message for each in reading.errors] == [
        f'Sign-in with OAuth 2 needs a member "{member}".'
    ]


def test_client_credentials_needs_no_page_to_consent_on() -> None:
    changes = {f"{AUTH}/grant": "client_credentials", f"{AUTH}/authorizationURL": ...}

    assert found(changes, "claris_calendar") == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({f"{AUTH}/scope": ...}, ("scope_missing", AUTH)),
        ({f"{AUTH}/pkce": "off"}, ("pkce_off", f"{AUTH}/pkce")),
        ({f"{AUTH}/clientAuth": "both"}, ("client_auth_both", f"{AUTH}/clientAuth")),
        ({f"{AUTH}/tokenRequest": {"method": "GET"}}, ("secret_in_url", f"{AUTH}/tokenRequest")),
        ({f"{AUTH}/tokenRequest": {"refresh": {"format": "query"}}}, ("secret_in_url", f"{AUTH}/tokenRequest/refresh")),
        ({f"{AUTH}/type": "oauth1"}, ("sign_in_unknown", f"{AUTH}/type")),
        ({f"{AUTH}/registrationToken": "{{A}}"}, ("member_without_effect", f"{AUTH}/registrationToken")),
    ],
)  # fmt: skip
def test_what_is_risky_or_incomplete_is_a_warning(
    changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    reading = reading_of(changed(changes, "claris_calendar"))

    assert expected in [(each.code, each.pointer) for each in reading.diagnostics]
    assert not reading.errors


def test_client_authentication_needs_a_secret() -> None:
    changes = {f"{AUTH}/clientAuth": "basic", f"{AUTH}/clientSecret": ...}

    assert found(changes, "claris_calendar") == [("member_missing", f"{AUTH}/clientAuth")]


@pytest.mark.parametrize(
    ("member", "value", "pointer"),
    [
        ("authorizationParams", {"x": "a{{authFields.shop}}"}, f"{AUTH}/authorizationParams/x"),
        ("authorizationURL", "https://x.example/{{authFields.shop}}", f"{AUTH}/authorizationURL"),
    ],
)
def test_a_masked_field_never_reaches_a_browser(member: str, value: Any, pointer: str) -> None:
    assert found({f"{AUTH}/{member}": value, **{key: value for key, value in MASKED.items() if value is not ...}}) == [
        ("masked_field_exposed", pointer)
    ]  # fmt: skip


@pytest.mark.row("T-52")
@pytest.mark.parametrize(
    "url",
    [
        "https://user:pw@example.com/", "https://{{authFields.shop}}.com/", "ftp://example.com/",
        "https://example.com/../x", "https://2130706433/", "https://example.com:{{authFields.shop}}/",
        "https://{{authFields.shop}}.{{authFields.shop}}.example.com/", "example.com/token", "https://ex ample.com/",
    ],
)  # fmt: skip
@pytest.mark.parametrize("member", ["authorizationURL", "tokenURL", "refreshURL", "revocationURL", "issuer"])  # fmt: skip
def test_urls_against_the_rules_of_hosts_are_errors(member: str, url: str) -> None:
    assert found({f"{AUTH}/{member}": url}) == [("url_invalid", f"{AUTH}/{member}")]


@pytest.mark.parametrize(("url", "codes"), [("http://example.com/t", ["url_http"]), ("http://127.0.0.1:8401/t", []), ("http://localhost:8401/t", [])])  # fmt: skip
def test_http_is_warned_about_unless_it_stays_on_this_machine(url: str, codes: list[str]) -> None:
    assert [code for code, _ in found({f"{AUTH}/tokenURL": url})] == codes


def test_a_fragment_belongs_to_the_authorization_page_alone() -> None:
    assert found({f"{AUTH}/authorizationURL": "https://x.example/#/login"}) == []
    assert found({f"{AUTH}/tokenURL": "https://x.example/#/t"}) == [
        ("url_invalid", f"{AUTH}/tokenURL")
    ]


def test_no_secret_goes_to_just_any_host() -> None:
    changes = {"/allowedHosts": ["*"], f"{AUTH}/tokenURL": "https://{{connection.realm}}/token"}

    assert found(changes) == [("secret_to_any_host", f"{AUTH}/tokenURL")]


@pytest.mark.parametrize("host", ["*.com", "https://x.example", "x.example/", "*", "a.*.example.com", "u@x.example", "x.example:0"])  # fmt: skip
def test_allowed_hosts_are_hosts(host: str) -> None:
    assert found({"/allowedHosts/0": host}) == (
        [] if host == "*" else [("host_invalid", "/allowedHosts/0")]
    )


@pytest.mark.parametrize(
    ("capture", "code"),
    [
        ({"token": {"a b": "/x"}}, "name_invalid"),
        ({"token": {"a": "x"}}, "value_invalid"),
        ({"callback": {"a": "code"}}, "parameter_reserved"),
    ],
)
def test_captures_have_plain_names_and_leave_the_protocol_alone(
    capture: dict[str, Any], code: str
) -> None:
    assert code in [each for each, _ in found({f"{AUTH}/capture": capture})]


def test_every_member_of_the_table_without_effect_is_one_of_the_format() -> None:
    shapes = {}
    waiting = [shape_of(Definition)]
    while waiting:
        shape = waiting.pop()
        if shape.name not in shapes:
            shapes[shape.name] = shape
            waiting += [each for slot in shape.members.values() for each in slot.shapes]

    assert {
        name: set(table) - set(shapes[name].members) for name, table in WITHOUT_EFFECT.items()
    } == {name: set() for name in WITHOUT_EFFECT}


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("/policies/retry", {"attempts": 2}), ("/policies/pagination", {"type": "link"}),
        ("/actions/0/pagination", {"type": "link"}), ("/actions/0/outputs", {"sample": 1}),
        ("/actions/0/urlFields/0/choicesFrom", {"modelId": "a", "actionId": "b"}),
    ],
)  # fmt: skip
def test_no_member_without_effect_is_silent(member: str, value: Any) -> None:
    assert ("member_without_effect", member) in found({member: value})


@pytest.mark.parametrize(
    ("member", "value"),
    [(f"{AUTH}/dpop", False), (f"{AUTH}/grant", "authorization_code"), (f"{AUTH}/refresh/by", "refresh_token"), (f"{AUTH}/parameterNames", {})],
)  # fmt: skip
def test_members_that_ask_for_nothing_are_silent(member: str, value: Any) -> None:
    assert found({member: value}) == []


@pytest.mark.row("C-27")
@pytest.mark.parametrize(
    "auth_request",
    [
        {"type": "oauth2", "query": "access_token"},
        {"type": "query", "name": "t", "value": "{{oauth.access_token}}"},
        {"type": "none", "query": {"t": "{{oauth.access_token}}"}},
    ],
)
def test_an_access_token_in_addresses_is_warned_about(auth_request: dict[str, Any]) -> None:
    plain = {"type": "oauth2", "query": {"v": "2"}}

    assert "token_in_url" in {code for code, _ in found({"/auth_request": auth_request})}
    assert "token_in_url" not in {code for code, _ in found({"/auth_request": plain})}
