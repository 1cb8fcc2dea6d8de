"""Conditions of quirk rules, at a host that nobody runs."""

import json
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from connectsmith.core.definition.quirk_rules import NO_RULES, QuirkRule, QuirkRules
from connectsmith.core.definition.quirks import matching
from connectsmith.core.definition.reading import Diagnostic, apply_edits, read

BASE: dict[str, Any] = {
    "type": "oauth2",
    "authorizationURL": "https://login.example.com/authorize",
    "tokenURL": "https://api.example.com/token",
    "scope": "read write",
    "clientID": "{{clientID}}",
    "clientSecret": "{{clientSecret}}",
}


def rule(
    *when: dict[str, Any], hosts: tuple[str, ...] = ("login.example.com",), **more: Any
) -> Any:
    members = {
        "id": "example",
        "hosts": list(hosts),
        "about": "refresh_token",
        "when": list(when),
        "message": "This server wants something else here.",
        "link": "https://example.com/docs",
        "source": "https://example.com/docs",
        "read_on": date(2026, 11, 24),
        "how": "document",
    }
    return QuirkRule.model_validate(members | more)


def text_of(fields: list[dict[str, Any]] | None = None, **auth: Any) -> str:
    definition = {
        "schema": "1.0",
        "name": "Example",
        "auth_components": {name: each for name, each in (BASE | auth).items() if each is not None},
        "requiredSettings": {"authFields": fields or []},
        "endpoints": {},
        "actions": [],
    }
    return json.dumps(definition, indent=2)


def found(each: QuirkRule, text: str, callback_url: str | None = None) -> Diagnostic | None:
    reading = read(text, quirks=QuirkRules([each]), callback_url=callback_url)
    return next((one for one in reading.diagnostics if one.code == "quirk_example"), None)


OFFLINE = {
    "kind": "parameter_is_not", "request": "authorization", "name": "access", "values": ["offline"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("auth", "warns"),
    [
        ({}, True),
        ({"authorizationParams": {}}, True),
        ({"authorizationParams": {"other": "1"}}, True),
        ({"authorizationParams": {"access": "online"}}, True),
        ({"authorizationParams": {"access": None}}, True),
        ({"authorizationParams": {"access": "offline"}}, False),
        ({"authorizationParams": {"access": "select offline"}}, False),
        ({"authorizationParams": {"access": "{{authFields.access}}"}}, False),
        ({"authorizationURL": "https://login.example.com/authorize?access=offline"}, False),
        ({"authorizationURL": "https://login.example.com/authorize?access=online"}, True),
    ],
)
def test_a_parameter_that_is_not_sent_as_wanted_is_warned_of_and_written(
    auth: dict[str, Any], *, warns: bool
) -> None:
    text = text_of(**auth)

    warning = found(rule(OFFLINE), text)

    assert (warning is not None) == warns
    if warning:
        assert warning.fix is not None
        mended = apply_edits(text, warning.fix.edits)
        written = json.loads(mended)["auth_components"]["authorizationParams"]
        assert written["access"] == "offline"
        assert found(rule(OFFLINE), mended) is None


def test_the_place_of_what_is_left_out_is_the_authorization_url() -> None:
    text = text_of()

    warning = found(rule(OFFLINE), text)

    assert warning is not None
    assert warning.pointer == "/auth_components/authorizationURL"
    assert text.splitlines()[warning.start.line - 1].strip().startswith('"authorizationURL"')
    assert warning.link == "https://example.com/docs"


CASES: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({"kind": "scope_lacks", "any_of": ["offline_access"]}, {}, True),
    ({"kind": "scope_lacks", "any_of": ["offline_access"]}, {"scope": None}, True),
    ({"kind": "scope_lacks", "any_of": ["x", "write"]}, {}, False),
    ({"kind": "scope_lacks", "any_of": ["offline_access"]}, {"scope": ["read"]}, True),
    ({"kind": "scope_lacks", "any_of": ["write"]}, {"scope": "read,write"}, False),
    ({"kind": "separator_is_not", "separator": ","}, {}, True),
    ({"kind": "separator_is_not", "separator": ","}, {"scopeSeparator": "+"}, True),
    ({"kind": "separator_is_not", "separator": ","}, {"scopeSeparator": ","}, False),
    ({"kind": "separator_is_not", "separator": ","}, {"scope": "one"}, False),
    ({"kind": "pkce_is", "value": "off"}, {"pkce": "off"}, True),
    ({"kind": "pkce_is", "value": "off"}, {}, False),
    ({"kind": "pkce_is", "value": "S256"}, {}, True),
    ({"kind": "pkce_is", "value": "S256"}, {"pkce": "off"}, False),
    ({"kind": "client_auth_is_not", "any_of": ["basic"]}, {}, True),
    ({"kind": "client_auth_is_not", "any_of": ["basic"]}, {"clientAuth": "body"}, True),
    ({"kind": "client_auth_is_not", "any_of": ["basic"]}, {"clientAuth": "basic"}, False),
    ({"kind": "client_auth_is_not", "any_of": ["basic"]}, {"clientSecret": None}, False),
    (
        {"kind": "client_auth_is_not", "any_of": ["basic"]},
        {"clientAuth": {"exchange": "basic", "refresh": "body"}},
        True,
    ),
    (
        {"kind": "member_is_not", "pointer": "/refreshURL", "values": ["https://a.example/"]},
        {},
        True,
    ),
    (
        {"kind": "member_is_not", "pointer": "/capture/token/host", "values": ["/host"]},
        {"capture": {"callback": {"a": "b"}}},
        True,
    ),
    (
        {"kind": "member_is_not", "pointer": "/capture/token/host", "values": ["/host"]},
        {"capture": {"token": {"host": "/host"}}},
        False,
    ),
    (
        {"kind": "member_is_not", "pointer": "/tokenResponse/access_token", "values": ["/a/t"]},
        {"tokenResponse": {"exchange": {"access_token": "/a/t"}, "refresh": {}}},
        False,
    ),
    (
        {"kind": "member_is_not", "pointer": "/tokenResponse/access_token", "values": ["/a/t"]},
        {"tokenResponse": {"exchange": {}, "refresh": {}}},
        True,
    ),
    (
        {"kind": "url_has", "member": "tokenURL", "text": "/token", "instead": "/v2/token"},
        {},
        True,
    ),
    (
        {"kind": "url_has", "member": "tokenURL", "text": "/old", "instead": "/v2/token"},
        {},
        False,
    ),
    (
        {"kind": "parameter_is_set", "request": "authorization", "name": "mode"},
        {"authorizationParams": {"mode": "post"}},
        True,
    ),
    (
        {"kind": "parameter_is_set", "request": "authorization", "name": "mode", "values": ["x"]},
        {"authorizationParams": {"mode": "post"}},
        False,
    ),
    ({"kind": "parameter_is_set", "request": "token", "name": "mode"}, {}, False),
    ({"kind": "parameter_is_not", "request": "refresh", "name": "a", "values": ["1"]}, {}, True),
]


@pytest.mark.parametrize(("condition", "auth", "warns"), CASES)
def test_each_kind_of_condition_holds_where_it_says_and_its_fix_mends_it(
    condition: dict[str, Any], auth: dict[str, Any], *, warns: bool
) -> None:
    text = text_of(**auth)

    warning = found(rule(condition), text)

    assert (warning is not None) == warns
    if warning:
        assert warning.fix is not None
        mended = apply_edits(text, warning.fix.edits)
        json.loads(mended)
        if condition["kind"] != "url_has":
            assert found(rule(condition), mended) is None


@pytest.mark.parametrize(
    ("condition", "auth", "pointer"),
    [
        ({"kind": "scope_has", "any_of": ["write"]}, {}, "/auth_components/scope"),
        (
            {"kind": "member_present", "any_of": ["/refreshURL", "/refresh/margin"]},
            {"refresh": {"margin": 60}},
            "/auth_components/refresh/margin",
        ),
        (
            {"kind": "member_is", "pointer": "/pkce", "values": ["off"]},
            {"pkce": "off"},
            "/auth_components/pkce",
        ),
        (
            {"kind": "parameter_is_set", "request": "authorization", "name": "mode"},
            {"authorizationURL": "https://login.example.com/a?mode=x"},
            "/auth_components/authorizationURL",
        ),
    ],
)
def test_what_only_a_person_can_mend_has_no_fix(
    condition: dict[str, Any], auth: dict[str, Any], pointer: str
) -> None:
    warning = found(rule(condition), text_of(**auth))

    assert warning is not None
    assert warning.pointer == pointer
    assert warning.fix is None


@pytest.mark.parametrize(
    ("loopback", "callback", "warns"),
    [
        (True, "http://127.0.0.1:8400/oauth/callback/c", True),
        (True, "https://connect.example.com/oauth/callback/c", False),
        (True, None, False),
        (False, "http://localhost:8400/oauth/callback/c", False),
        (False, "http://[::1]:8400/oauth/callback/c", False),
        (False, "http://connect.example.com/oauth/callback/c", True),
    ],
)
def test_a_callback_url_that_a_server_refuses_is_warned_of(
    callback: str | None, *, loopback: bool, warns: bool
) -> None:
    condition = {"kind": "callback_is_http", "loopback": loopback}

    assert (found(rule(condition), text_of(), callback) is not None) == warns


@pytest.mark.parametrize(
    ("callback", "warns"),
    [
        ("http://localhost:8400/oauth/callback/c", True),
        ("https://localhost/oauth/callback/c", True),
        ("http://127.0.0.1:8400/oauth/callback/c", False),
        (None, False),
    ],
)
def test_a_callback_host_that_a_server_refuses_is_warned_of(
    callback: str | None, *, warns: bool
) -> None:
    condition = {"kind": "callback_host_is", "hosts": ["localhost"]}

    assert (found(rule(condition), text_of(), callback) is not None) == warns


def test_all_conditions_must_hold() -> None:
    other = {"kind": "pkce_is", "value": "off"}

    assert found(rule(OFFLINE, other), text_of()) is None
    assert found(rule(OFFLINE, other), text_of(pkce="off")) is not None


@pytest.mark.parametrize(
    ("hosts", "warns"),
    [
        (("login.example.com",), True),
        (("api.example.com",), True),
        (("*.example.com",), True),
        (("*.com",), True),
        (("example.com",), False),
        (("*.login.example.com",), False),
        (("ogin.example.com",), False),
    ],
)
def test_a_rule_is_about_its_hosts_alone(hosts: tuple[str, ...], *, warns: bool) -> None:
    assert (found(rule(OFFLINE, hosts=hosts), text_of()) is not None) == warns


def test_a_host_of_which_a_part_is_open_is_found_by_its_suffix() -> None:
    field = {"key": "shop", "label": "Shop", "required": True}
    url = "https://{{authFields.shop}}.shops.example.net/authorize"
    text = text_of(fields=[field], authorizationURL=url)

    assert found(rule(OFFLINE, hosts=("*.shops.example.net",)), text) is not None


def test_each_host_that_choices_make_is_looked_up() -> None:
    choices = {"com": "USA", "eu": "Europe"}
    field = {"key": "dc", "label": "Region", "choices": choices}
    url = "https://login.region.{{authFields.dc}}:8443/authorize"
    text = text_of(fields=[field], authorizationURL=url)

    assert found(rule(OFFLINE, hosts=("login.region.eu",)), text) is not None


@pytest.mark.parametrize("grant", ["client_credentials", "device_code"])
def test_other_grants_are_warned_of_only_where_a_rule_names_them(grant: str) -> None:
    condition = {"kind": "scope_lacks", "any_of": ["offline_access"]}
    text = text_of(grant=grant, deviceAuthorizationURL="https://login.example.com/device")

    assert found(rule(condition), text) is None
    assert found(rule(condition, grants=[grant]), text) is not None


def test_other_kinds_of_sign_in_are_not_warned_of() -> None:
    assert found(rule(OFFLINE), text_of(type="none")) is None


def test_a_rule_is_kept_under_another_spelling_too() -> None:
    text = text_of(scope=None, scopes="read offline_access")

    assert found(rule({"kind": "scope_lacks", "any_of": ["offline_access"]}), text) is None
    warning = found(rule({"kind": "scope_has", "any_of": ["offline_access"]}), text)
    assert warning is not None
    assert warning.pointer == "/auth_components/scopes"


def test_text_that_is_no_json_yet_is_warned_of_too() -> None:
    text = text_of()[:-3]

    warning = found(rule(OFFLINE), text)

    assert warning is not None
    assert warning.fix is None


def test_members_of_a_wrong_type_are_passed_over() -> None:
    text = text_of(scope=7, authorizationParams=[], capture=3, clientAuth=4)
    condition = {"kind": "member_is_not", "pointer": "/capture/token/host", "values": ["/host"]}

    assert found(rule(condition), text) is not None
    assert found(rule(OFFLINE), text) is not None


def test_without_rules_there_are_no_warnings() -> None:
    assert read(text_of(), quirks=NO_RULES).diagnostics == ()


def test_rules_about_one_matter_are_looked_up_for_a_definition() -> None:
    note, broken = rule(id="note"), rule(OFFLINE, id="broken")
    kept = rule({"kind": "pkce_is", "value": "off"}, id="kept")
    other = rule(OFFLINE, id="other", about="scope")
    elsewhere = rule(OFFLINE, id="elsewhere", hosts=("other.example.org",))
    definition = read(text_of()).definition
    assert definition is not None

    rules = matching(
        definition, QuirkRules([note, broken, kept, other, elsewhere]), "refresh_token"
    )

    assert [each.id for each in rules] == ["note", "broken"]


@pytest.mark.parametrize(
    "more",
    [
        {"hosts": ()},
        {"message": "Short."},
        {"link": "http://example.com"},
        {"when": [{"kind": "x"}]},
    ],
)
def test_a_rule_that_is_not_as_the_model_says_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        rule(**more)


def test_where_a_server_refuses_pkce_its_absence_is_no_remark() -> None:
    refused = QuirkRules([rule({"kind": "pkce_is", "value": "S256"})])
    text = text_of(pkce="off")

    assert [each.code for each in read(text).diagnostics] == ["pkce_off"]
    assert read(text, quirks=refused).diagnostics == ()


def silencing(**reasons: object) -> str:
    return text_of(None, **{"x-silenced": reasons})


def test_a_silenced_warning_with_a_reason_is_not_shown() -> None:
    text = silencing(quirk_example="These jobs end within the hour.")

    assert read(text, quirks=QuirkRules([rule(OFFLINE)])).diagnostics == ()


def test_a_warning_silenced_without_a_reason_is_shown_and_the_reason_asked_for() -> None:
    text = silencing(quirk_example=" ")

    diagnostics = read(text, quirks=QuirkRules([rule(OFFLINE)])).diagnostics

    assert {each.code for each in diagnostics} == {"quirk_example", "silenced_without_reason"}


def test_silence_for_a_rule_of_other_servers_is_offered_to_be_taken_out() -> None:
    text = silencing(quirk_exmaple="A typing error.")

    found = {each.code: each for each in read(text, quirks=QuirkRules([rule()])).diagnostics}

    assert found.keys() == {"silenced_nothing"}
    assert 'Did you mean "quirk_example"?' in found["silenced_nothing"].message
    fix = found["silenced_nothing"].fix
    assert fix is not None
    assert "quirk_exmaple" not in apply_edits(text, fix.edits)


def test_silence_says_nothing_where_no_rules_are_known() -> None:
    text = silencing(quirk_example="These jobs end within the hour.")

    assert read(text).diagnostics == ()


def test_silence_does_not_change_what_is_known_about_refresh_tokens() -> None:
    text = silencing(quirk_example="These jobs end within the hour.")
    definition = read(text).definition

    assert definition is not None
    assert [each.id for each in matching(definition, QuirkRules([rule(OFFLINE)]), "refresh_token")]


def test_a_reason_is_text() -> None:
    reading = read(silencing(quirk_example=True))

    assert [each.pointer for each in reading.errors] == [
        "/auth_components/x-silenced/quirk_example"
    ]
