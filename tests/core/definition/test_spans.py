"""Places in good JSON are those that the scanner finds, without its looking at every character."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectsmith.core.definition.spans import PlainSpans
from connectsmith.core.definition.syntax import scan

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
    max_leaves=20,
)


@given(VALUES, st.sampled_from([None, 2, "\t"]), st.booleans())
def test_places_are_the_scanner_s(value: Any, indent: Any, plain: bool) -> None:  # noqa: FBT001 - drawn
    text = f" {json.dumps(value, indent=indent, ensure_ascii=plain)}\n"
    scanned = scan(text).spans

    found = PlainSpans(text)

    assert {path: found.get(path) for path in scanned} == scanned


@pytest.mark.parametrize("path", [("b",), ("a", 1), ("a", "0"), ("a", 0, "c"), ("d", "e")])
def test_what_is_not_there_has_no_place(path: tuple[str | int, ...]) -> None:
    assert PlainSpans('{"a": [7], "d": "e"}').get(path) is None
