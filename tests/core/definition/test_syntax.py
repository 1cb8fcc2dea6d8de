# ruff: noqa: E501, RUF001 - one case a line, with the quotes that people type
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.definition.strategies import TEXTS_LIKE_JSON

from connectsmith.core.definition.diagnostics import TextEdit, apply_edits
from connectsmith.core.definition.scanned import NOTHING
from connectsmith.core.definition.syntax import MOST_FAULTS, scan


def repaired(text: str) -> str:
    def units(at: int) -> int:
        return len(text[:at].encode("utf-16-le", "surrogatepass")) // 2

    faults = scan(text).faults
    edits = [edit for fault in faults for edit in fault.edits]
    return apply_edits(text, [TextEdit(units(start), units(end), new) for start, end, new in edits])


@pytest.mark.parametrize(
    ("text", "codes", "repair"),
    [
        ("{“a”: “b”}", ["json_quote"] * 2, '{"a": "b"}'),
        ("{'a': 'it\\'s'}", ["json_quote"] * 2, '{"a": "it\'s"}'),
        ("{‘a’: «b»}", ["json_quote"] * 2, '{"a": "b"}'),
        ('{"a”: 1}', ["json_quote"], '{"a": 1}'),
        ('{"a": 1 // why\n}', ["json_comment"], '{"a": 1  \n}'),
        ('{"a": /* x */ 1}', ["json_comment"], '{"a":   1}'),
        ('```json\n{"a": 1}\n```', ["json_comment"] * 2, ' \n{"a": 1}\n '),
        ('{"a": [1, 2,],}', ["json_comma_trailing"] * 2, '{"a": [1, 2]}'),
        ('{"a": 1\n"b": 2}', ["json_comma_missing"], '{"a": 1,\n"b": 2}'),
        ('["a" "b"]', ["json_comma_missing"], '["a", "b"]'),
        ('{"a": 1; "b": 2}', ["json_comma_missing"], '{"a": 1, "b": 2}'),
        ('{"a": 1,, "b": 2}', ["json_comma_extra"], '{"a": 1, "b": 2}'),
        ('{"a" 1, "b" = 2}', ["json_colon_missing"] * 2, '{"a": 1, "b" : 2}'),
        ('{"a": [1, {"b": 2}', ["json_unclosed"] * 2, '{"a": [1, {"b": 2}]}'),
        ('{"a": [1, 2}', ["json_unclosed"], '{"a": [1, 2]}'),
        ('{"a": 1]}', ["json_unexpected"], '{"a": 1}'),
        ('{"a": "x,\n"b": 1}', ["json_unclosed"], '{"a": "x",\n"b": 1}'),
        ('{"a": "x\n y", "b": 1}', ["json_escape"], '{"a": "x\\n y", "b": 1}'),
        ('{"a": "he said "hi" to"}', ["json_escape"], '{"a": "he said \\"hi\\" to"}'),
        ('{"a": "\\d+\t"}', ["json_escape"], '{"a": "\\\\d+\\t"}'),
        ("{a: True, b: None}", ["json_unquoted", "json_word"] * 2, '{"a": true, "b": null}'),
        ('{a": 1}', ["json_unquoted"], '{"a": 1}'),
        ("[.5, 01, +1, 1.]", ["json_number"] * 4, "[0.5, 1, 1, 1]"),
        ('{"a":\u00a01}', ["json_space"], '{"a": 1}'),
        ('\ufeff{"a":1}', ["json_space"], ' {"a":1}'),
        ('{"a": 1} trailing', ["json_extra"], '{"a": 1} '),
    ],
)  # fmt: skip
def test_each_fault_is_named_and_repaired(text: str, codes: list[str], repair: str) -> None:
    found = scan(text)

    assert [each.code for each in found.faults] == codes
    assert repaired(text) == repair
    assert found.value == json.loads(repair)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "json_empty"), ("  ", "json_empty"), ('{"a":}', "json_value_missing"),
        ('{"a": 1, "a": 2}', "member_duplicate"), ('{"a": 1e999}', "json_number"),
        ('{"a": "\\ud800"}', "json_surrogate"), ('{{"a": 1}: 2}', "json_name_missing"),
    ],
)  # fmt: skip
def test_what_cannot_be_repaired_is_still_named(text: str, code: str) -> None:
    assert code in [each.code for each in scan(text).faults]


def test_good_text_has_no_fault_and_every_part_has_its_place() -> None:
    text = '{"a": [1, "x"], "b": {"c": null}}'

    found = scan(text)

    assert found.faults == []
    assert {path: text[each.start : each.end] for path, each in found.spans.items()} == {
        (): text,
        ("a",): '[1, "x"]',
        ("a", 0): "1",
        ("a", 1): '"x"',
        ("b",): '{"c": null}',
        ("b", "c"): "null",
    }
    assert text[found.spans["b", "c"].name_start : found.spans["b", "c"].name_end] == '"c"'


@pytest.mark.parametrize("text", ["@" * 9999, ", " * 9999, "[1 " * 9999, "'" * 9999, '"' * 9999])
def test_it_gives_up_after_many_faults(text: str) -> None:
    assert len(scan(text).faults) <= MOST_FAULTS


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda each: st.lists(each) | st.dictionaries(st.text(), each), max_leaves=20))  # fmt: skip
def test_json_is_read_as_json_is(value: object) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=1)):
        found = scan(text)

        assert found.value == value or found.faults


@given(TEXTS_LIKE_JSON)
def test_when_every_fault_has_a_repair_the_repaired_text_means_what_was_read(text: str) -> None:
    found = scan(text)

    if (
        found.value is not NOTHING
        and not found.stopped
        and all(each.edits for each in found.faults)
    ):
        assert json.loads(repaired(text)) == found.value
