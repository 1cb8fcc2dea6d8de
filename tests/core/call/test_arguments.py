import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.call.definitions import plan

from connectsmith.core.call.arguments import check_arguments
from connectsmith.core.call.conversion import File
from connectsmith.errors import DefinitionError, FieldInvalid


def accepted(field: dict[str, Any], value: object, **options: Any) -> Any:
    compiled = plan([{"key": "x", **field}], **options)
    return {each.key: found for each, found in check_arguments(compiled, {"x": value}).values}


def faults(fields: list[dict[str, Any]], given: dict[str, object], **options: Any) -> list[Any]:
    with pytest.raises(FieldInvalid) as caught:
        check_arguments(plan(fields, **options), given)
    found = caught.value.details["fields"]
    assert isinstance(found, list)
    return [(each["field"], each["code"]) for each in found]


ACCEPTED: list[tuple[str, object, object]] = [
    ("string", "text", "text"),
    ("string", "{{authFields.x}}", "{{authFields.x}}"),
    ("string", 5, "5"),
    ("string", True, "true"),
    ("number", 1.5, 1.5),
    ("number", "1.5", 1.5),
    ("number", "7", 7),
    ("number", 0, 0),
    ("integer", 7, 7),
    ("integer", "7", 7),
    ("integer", 7.0, 7),
    ("boolean", False, False),
    ("boolean", "true", True),
    ("date", "2026-01-31", "2026-01-31"),
    ("datetime", "2026-01-31T09:30:00+01:00", "2026-01-31T09:30:00+01:00"),
    ("datetime", "2026-01-31T09:30:00.123456789Z", "2026-01-31T09:30:00.123456789Z"),
    ("datetime", "2016-12-31T23:59:60Z", "2016-12-31T23:59:60Z"),
    ("object", {"a": [1, None]}, {"a": [1, None]}),
    ("object", {}, {}),
    ("array", [], []),
    ("array", [1, "a"], [1, "a"]),
    (
        "file",
        {"content": "aGk=", "name": "a.txt", "type": "text/plain"},
        File(b"hi", "a.txt", "text/plain"),
    ),
]


@pytest.mark.parametrize(("kind", "value", "converted"), ACCEPTED)
def test_a_value_of_the_field_s_type_is_taken(kind: str, value: object, converted: object) -> None:
    found = accepted({"type": kind}, value)

    assert found == {"x": converted}
    assert type(found["x"]) is type(converted)


REFUSED: list[tuple[str, object]] = [
    ("string", ["a"]),
    ("string", {}),
    ("string", float("nan")),
    ("number", "five"),
    ("number", "1e999"),
    ("number", float("inf")),
    ("number", True),
    ("number", "\u0665"),
    ("integer", 1.5),
    ("integer", "1.0"),
    ("integer", True),
    ("integer", "0x10"),
    ("boolean", 1),
    ("boolean", "yes"),
    ("date", "2026-02-30"),
    ("date", "31.01.2026"),
    ("datetime", "2026-01-31T09:30:00"),
    ("datetime", "2026-01-31 09:30:00Z"),
    ("datetime", "2026-13-31T09:30:00Z"),
    ("object", []),
    ("object", "{}"),
    ("array", {}),
    ("file", "aGk="),
    ("file", {"content": "not base64!"}),
    ("file", {"content": "aGk=", "extra": 1}),
    ("file", {"content": "aGk=", "type": "text/plain\r\nX: y"}),
]


@pytest.mark.parametrize(("kind", "value"), REFUSED)
def test_a_value_of_another_type_is_refused(kind: str, value: object) -> None:
    assert faults([{"key": "x", "type": kind}], {"x": value}) == [("x", "field_type")]


def test_every_fault_is_found_at_once() -> None:
    fields: list[dict[str, Any]] = [
        {"key": "needed", "required": True},
        {"key": "count", "type": "integer", "minimum": 1, "maximum": 5},
        {"key": "kind", "choices": {"a": "A", "b": "B"}},
        {"key": "code", "pattern": "[A-Z]{3}"},
        {"key": "deep", "type": "object", "fields": [{"key": "a/b", "type": "integer"}]},
        {"key": "list", "type": "array", "items": {"type": "integer"}},
    ]
    given = {
        "count": 9, "kind": "c", "code": "abcd", "deep": {"a/b": "x", "other": 1}, "list": [1, "x"],
        "neded": "typo",
    }  # fmt: skip

    assert faults(fields, given) == [
        ("neded", "field_unknown"),
        ("needed", "field_missing"),
        ("count", "field_range"),
        ("kind", "field_choice"),
        ("code", "field_pattern"),
        ("deep/other", "field_unknown"),
        ("deep/a~1b", "field_type"),
        ("list/1", "field_type"),
    ]


def test_an_unknown_field_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(FieldInvalid) as caught:
        check_arguments(plan([{"key": "summary"}]), {"sumary": "x"})

    assert caught.value.message == 'There is no field "sumary". Did you mean "summary"?'
    assert caught.value.place == "sumary"


def test_a_fault_does_not_repeat_the_value() -> None:
    with pytest.raises(FieldInvalid) as caught:
        check_arguments(plan([{"key": "x", "type": "integer"}]), {"x": "canary-value"})

    assert "canary" not in f"{caught.value} {caught.value.details}"


@pytest.mark.parametrize("left_out", [{}, {"x": ""}])
def test_absent_and_empty_values_are_left_out(left_out: dict[str, object]) -> None:
    assert check_arguments(plan([{"key": "x"}]), left_out).values == ()


@pytest.mark.parametrize("left_out", [{}, {"x": ""}])
def test_a_required_field_may_not_be_left_out(left_out: dict[str, object]) -> None:
    assert faults([{"key": "x", "required": True}], left_out) == [("x", "field_missing")]


@pytest.mark.parametrize("value", [False, 0, [], {}])
def test_false_zero_and_empty_containers_are_sent(value: object) -> None:
    kinds = {bool: "boolean", int: "integer", list: "array", dict: "object"}

    assert accepted({"type": kinds[type(value)]}, value) == {"x": value}


def test_null_is_a_value_in_json_only() -> None:
    assert accepted({}, None) == {"x": None}
    assert accepted({"in": "query"}, None) == {}
    form = {"contentType": "application/x-www-form-urlencoded"}
    assert accepted({}, None, endpoint=form) == {}


def test_null_does_not_stand_for_a_required_value() -> None:
    assert faults([{"key": "x", "required": True}], {"x": None}) == [("x", "field_missing")]


def test_a_default_stands_in_for_a_blank() -> None:
    assert accepted({"type": "integer", "default": 5}, "") == {"x": 5}
    assert accepted({"type": "integer", "default": 5}, 6) == {"x": 6}


def test_a_hidden_field_always_sends_its_default_and_cannot_be_given() -> None:
    hidden = {"key": "x", "visibility": "hidden", "default": "fixed"}

    sent = check_arguments(plan([hidden]), {}).values

    assert [(each.key, value) for each, value in sent] == [("x", "fixed")]
    assert faults([hidden], {"x": "mine"}) == [("x", "field_unknown")]


@pytest.mark.parametrize(
    ("kind", "value", "converted"),
    [
        ("integer", "5", 5), ("integer", 5, 5), ("boolean", True, True), ("number", "1.5", 1.5),
        ("string", "5", "5"),
    ],
)  # fmt: skip
def test_a_choice_is_converted_to_the_field_s_type(
    kind: str, value: object, converted: object
) -> None:
    stored = {"5": "five", "true": "yes", "1.5": "more"}

    assert accepted({"type": kind, "choices": stored}, value) == {"x": converted}


def test_choices_of_a_list_hold_for_its_items() -> None:
    fields = {"type": "array", "choices": {"1": "one", "2": "two"}}

    assert accepted(fields, ["2", "1"]) == {"x": ["2", "1"]}
    assert faults([{"key": "x", **fields}], {"x": ["3"]}) == [("x/0", "field_choice")]


def test_members_have_their_own_name_on_the_wire() -> None:
    fields = {"type": "object", "fields": [{"key": "Start Time", "name": "start_time"}]}

    assert accepted(fields, {"Start Time": "9"}) == {"x": {"start_time": "9"}}


def test_one_key_in_both_lists_is_one_value() -> None:
    compiled = plan([{"key": "id"}], url_fields=[{"key": "id"}], path="/things/{id}")

    found = check_arguments(compiled, {"id": "7"}).values

    assert [(each.where.value, value) for each, value in found] == [("path", "7"), ("body", "7")]


def test_what_the_path_needs_is_required() -> None:
    options = {"url_fields": [{"key": "id"}], "path": "/things/{id}"}

    assert faults([], {}, **options) == [("id", "field_missing")]


@pytest.mark.row("T-53")
@pytest.mark.parametrize("sign", ["\r", "\n", "\0", "\r\n ", "\x7f", "\x85", "\u2028"])
@pytest.mark.parametrize("where", ["path", "query", "header"])
def test_control_characters_in_urls_and_headers_are_refused_with_their_place(
    where: str, sign: str
) -> None:
    field = {"key": "x", "in": where}

    found = faults([field], {"x": f"a{sign}b"}, path="/things/{x}")

    assert found == [("x", "field_characters")]


def test_control_characters_deep_in_a_query_are_refused() -> None:
    field = {"key": "x", "in": "query", "type": "object"}

    assert faults([field], {"x": {"a": ["b\r\n"]}}) == [("x", "field_characters")]
    assert faults([field], {"x": {"a\n": 1}}) == [("x", "field_characters")]


def test_line_ends_are_text_in_a_body() -> None:
    assert accepted({}, "a\r\nb") == {"x": "a\r\nb"}


def test_half_a_character_pair_is_refused_everywhere() -> None:
    assert faults([{"key": "x"}], {"x": "\ud800"}) == [("x", "field_characters")]


def test_nesting_has_an_end() -> None:
    deep: list[Any] = []
    for _ in range(40):
        deep = [deep]

    assert faults([{"key": "x", "type": "array"}], {"x": deep}) == [("x", "field_type")]


@pytest.mark.parametrize("pattern", [r"(a)\1", "(?=a)", "(?<!a)b", "(", "a)|(b", "x" * 1001])
def test_a_pattern_outside_the_linear_time_syntax_makes_the_action_unusable(pattern: str) -> None:
    with pytest.raises(DefinitionError):
        plan([{"key": "x", "pattern": pattern}])


def test_a_pattern_holds_for_the_whole_value() -> None:
    assert accepted({"pattern": "a|ab"}, "ab") == {"x": "ab"}
    assert faults([{"key": "x", "pattern": "a|b"}], {"x": "ab"}) == [("x", "field_pattern")]
    assert faults([{"key": "x", "pattern": "a+"}], {"x": "a\n"}) == [("x", "field_pattern")]


def test_a_pattern_that_backtracks_elsewhere_takes_no_time_here() -> None:
    assert faults([{"key": "x", "pattern": "(a+)+$"}], {"x": "a" * 100_000 + "b"})


KINDS = ["string", "number", "integer", "boolean", "object", "array", "date", "datetime", "file"]
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.binary()
    | st.sampled_from(["2026-01-01", "2026-99-01T99:99:99Z", "1e9", "-", "YQ=="]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=4)
        | st.fixed_dictionaries({"content": inner, "name": inner, "type": inner})
    ),
    max_leaves=12,
)


@given(
    kind=st.sampled_from(KINDS),
    where=st.sampled_from(["body", "query", "header", "path"]),
    value=anything,
    extra=st.dictionaries(st.text(max_size=5), anything, max_size=2),
)
def test_checking_raises_nothing_but_field_invalid(
    kind: str, where: str, value: object, extra: dict[str, object]
) -> None:
    if (kind, where) == ("object", "header"):
        where = "query"
    compiled = plan([{"key": "x", "type": kind, "in": where}], path="/things/{x}")

    with contextlib.suppress(FieldInvalid):
        check_arguments(compiled, {**extra, "x": value})
