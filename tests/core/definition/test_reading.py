# ruff: noqa: E501 - one case a line
import json
from typing import Any

import pytest
from hypothesis import given, settings
from tests.core.definition.samples import TEXTS, changed, found, only, plain, reading_of
from tests.core.definition.strategies import TEXTS_LIKE_JSON

from connectsmith.core.definition.reading import Severity, apply_edits, read


@pytest.mark.parametrize("name", TEXTS)
def test_good_definitions_are_read_without_a_remark(name: str) -> None:
    reading = read(TEXTS[name])

    assert reading.diagnostics == ()
    assert reading.definition is not None


@settings(max_examples=300, deadline=None)
@given(TEXTS_LIKE_JSON)
def test_no_text_breaks_reading_and_every_place_is_inside_it(text: str) -> None:
    reading = read(text, secret_names=frozenset({"clientID"}))

    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    lines = text.count("\n") + text.count("\r") + 1
    for each in reading.diagnostics:
        assert 0 <= each.start.offset <= each.end.offset <= units
        assert 1 <= each.start.line <= each.end.line <= lines
        assert each.start.column >= 1
        assert not (each.fix and each.fix.patch is None and reading.definition)
    assert (reading.definition is None) == bool(reading.errors)


@settings(max_examples=300, deadline=None)
@given(TEXTS_LIKE_JSON)
def test_a_fix_of_text_that_parses_leaves_text_that_parses(text: str) -> None:
    for each in read(text).diagnostics:
        if each.fix and each.fix.patch is not None:
            json.loads(apply_edits(text, each.fix.edits))


def test_positions_count_code_points_and_utf_16_units_as_typed() -> None:
    text = TEXTS["claris_openai"].replace('"name": "OpenAI"', '"name": "😀é", "Link2": 1')

    (warning,) = read(text).diagnostics

    assert (warning.start.line, warning.start.column) == (3, 17)
    assert (warning.end.line, warning.end.column) == (3, 24)
    assert warning.start.offset == text.index('"Link2"') + 1


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_counts(end: str) -> None:
    text = TEXTS["claris_openai"].replace("\n", end).replace('"1.0"', '"2"')

    (error,) = read(text).diagnostics

    assert (error.code, error.pointer, error.start.line, error.start.column) == (
        "value_unknown", "/schema", 2, 13,
    )  # fmt: skip


def test_faults_of_syntax_and_of_meaning_are_reported_at_once() -> None:
    text = TEXTS["claris_openai"].replace('"1.0",', '"1.0" // version')
    text = text.replace('"method": "POST"', '"method": "PSOT"').replace(
        '"masked": true', '"masked": "yes"'
    )

    codes = [each.code for each in read(text).diagnostics]

    assert codes == ["json_comma_missing", "json_comment", "member_type", "method_unknown"]


@pytest.mark.parametrize(
    ("changes", "code", "pointer", "message"),
    [
        ({"/name": ...}, "member_missing", "", 'The definition needs a member "name".'),
        ({"/name": 3}, "member_type", "/name", '"name" must be a text, not a number.'),
        ({"/name": ""}, "value_invalid", "/name", '"name" must not be empty.'),
        ({"/auth_components/pkce": "s256"}, "value_unknown", "/auth_components/pkce", '"pkce" must be one of "S256", "off". Did you mean "S256"?'),
        ({"/auth_components/tokenRequest/refresh/method": "PUT"}, "value_unknown", "/auth_components/tokenRequest/refresh/method", '"method" must be one of "POST", "GET".'),
        ({"/auth_components/clientAuth": 3}, "member_type", "/auth_components/clientAuth", '"clientAuth" must be one of "basic", "basic_raw", "basic_secret", "body", "both", "none", "private_key_jwt" or an object, not a number.'),
        ({"/auth_test/account/id": "id"}, "value_invalid", "/auth_test/account/id", '"id" must be a JSON Pointer: empty, or beginning with "/".'),
        ({"/endpoints/GET/~1me/timeout": 0}, "value_invalid", "/endpoints/GET/~1me/timeout", '"timeout" must be greater than 0.'),
        ({"/actions/0/urlFields/0/required": "true"}, "member_type", "/actions/0/urlFields/0/required", '"required" must be true or false, not a text.'),
        ({"/actions/0": 7}, "member_type", "/actions/0", "This must be an object, not a number."),
        ({"/actions/0/actionId": ...}, "member_missing", "/actions/0", 'This object needs a member "actionId".'),
        ({"/x": 1}, "member_unknown", "/x", '"x" is not a member that the format knows here; it is kept.'),
        ({"/Link": "https://a.example"}, "member_unknown", "/Link", '"Link" is not a member that the format knows here; it is kept. Did you mean "link"?'),
    ],
)  # fmt: skip
def test_faults_are_said_plainly(
    changes: dict[str, Any], code: str, pointer: str, message: str
) -> None:
    assert [
        (each.code, each.pointer, each.message)
        for each in reading_of(changed(changes)).diagnostics
        if each.code == code
    ] == [(code, pointer, message)]


def test_errors_are_counted_in_words() -> None:
    assert reading_of(changed({"/name": ...})).errors_said == "1 error"
    assert reading_of(changed({"/name": ..., "/actions/0": 7})).errors_said == "2 errors"


def test_unknown_members_are_kept_and_those_with_x_in_front_are_silent() -> None:
    reading = reading_of(changed({"/x-mine": 1, "/actions/0/x-mine": 1, "/other": [1]}))

    assert [each.code for each in reading.diagnostics] == ["member_unknown"]
    assert reading.definition is not None
    assert reading.definition.model_extra == {
        "x-mine": 1,
        "x-note": plain()["x-note"],
        "other": [1],
    }


def test_python_names_of_members_are_not_spellings_of_them() -> None:
    assert ("member_unknown", "/allowed_hosts") in found({"/allowed_hosts": []})


@pytest.mark.parametrize(
    ("spelling", "preferred"),
    [
        ("authorizationUrl", "authorizationURL"), ("authorization_url", "authorizationURL"),
        ("authURL", "authorizationURL"), ("tokenUrl", "tokenURL"), ("token_url", "tokenURL"),
        ("clientId", "clientID"), ("client_id", "clientID"), ("client_secret", "clientSecret"),
        ("scopes", "scope"),
    ],
)  # fmt: skip
def test_likely_spellings_are_read_silently_and_two_of_one_are_an_error(
    spelling: str, preferred: str
) -> None:
    value = plain("claris_calendar")["auth_components"][preferred]
    here, there = f"/auth_components/{spelling}", f"/auth_components/{preferred}"

    assert reading_of(changed({here: value, there: ...}, "claris_calendar")).diagnostics == ()
    assert found({here: value}, "claris_calendar") == [("member_twice", here)]


@pytest.mark.parametrize("kind", ["oauth2", "OAuth2", "oauth2.0", "oauth"])
def test_likely_spellings_of_oauth_mean_oauth2(kind: str) -> None:
    reading = reading_of(changed({"/auth_components/type": kind}))

    assert reading.definition is not None
    assert reading.definition.auth_components.type == "oauth2"


def test_a_member_written_twice_is_an_error_even_in_good_json() -> None:
    text = TEXTS["claris_openai"].replace('"schema": "1.0",', '"schema": "1.0", "schema": "1.0",')

    (error,) = read(text).diagnostics

    assert (error.code, error.severity) == ("member_duplicate", Severity.ERROR)


def test_fix_and_patch_of_a_rename_say_the_same() -> None:
    value = changed({"/Link": "https://a.example", "/link": ...}, "claris_openai")
    text = json.dumps(value, indent=2)

    fix = only(value).fix

    assert fix is not None
    assert json.loads(apply_edits(text, fix.edits)) == changed(
        {"/link": "https://a.example"}, "claris_openai"
    )
    assert fix.patch == ({"op": "move", "from": "/Link", "path": "/link"},)


def test_fix_adds_a_missing_member() -> None:
    value = changed({"/schema": ...}, "claris_openai")

    fix = only(value).fix

    assert fix is not None
    assert json.loads(apply_edits(json.dumps(value, indent=2), fix.edits)) == plain("claris_openai")
    assert fix.patch == ({"op": "add", "path": "/schema", "value": "1.0"},)


@pytest.mark.row("T-55")
def test_text_over_one_mebibyte_is_refused() -> None:
    text = TEXTS["full"]
    at_limit = text + " " * (1024 * 1024 - len(text.encode()))

    assert read(at_limit).definition is not None
    assert [each.code for each in read(at_limit + " ").diagnostics] == ["too_large"]


@pytest.mark.row("T-55")
@pytest.mark.parametrize("text", ["[" * 200_000, '{"a":' * 100_000, "[" * 33 + "]" * 33])
def test_text_over_32_levels_is_refused(text: str) -> None:
    assert [each.code for each in read(text).diagnostics] == ["too_deep"]


def test_text_of_32_levels_is_read() -> None:
    deep: Any = 1
    for _ in range(31):
        deep = [deep]

    assert found({"/x-deep": deep}) == []
    assert found({"/x-deep": [deep]}) == [("too_deep", "")]


@pytest.mark.row("T-55")
def test_more_than_1000_actions_are_refused() -> None:
    action = plain("claris_openai")["actions"][0]
    many = [{**action, "actionId": f"a{index}"} for index in range(1001)]

    assert found({"/actions": many[:1000]}, "claris_openai") == []
    assert found({"/actions": many}, "claris_openai") == [("too_many_actions", "/actions")]


@pytest.mark.parametrize("text", ["null", "[]", '"x"', "3"])
def test_a_definition_is_an_object(text: str) -> None:
    (error,) = read(text).diagnostics

    assert (error.code, error.pointer) == ("member_type", "")
