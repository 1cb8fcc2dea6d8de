import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectsmith.core.result.challenge import Challenge, challenges


def read(*values: str) -> list[tuple[str, dict[str, str]]]:
    found = challenges(("www-authenticate", value) for value in values)
    return [(each.scheme, dict(each.parameters)) for each in found]


def test_several_challenges_stand_in_one_header() -> None:
    value = 'Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple"'

    assert read(value) == [
        ("newauth", {"realm": "apps", "type": "1", "title": 'Login to "apps"'}),
        ("basic", {"realm": "simple"}),
    ]


def test_several_headers_are_read_together() -> None:
    assert read('Basic realm="a"', 'Bearer error="invalid_token"') == [
        ("basic", {"realm": "a"}),
        ("bearer", {"error": "invalid_token"}),
    ]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("Bearer", [("bearer", {})]),
        ("Negotiate YII=, Bearer", [("negotiate", {}), ("bearer", {})]),
        ("Basic, Bearer realm=x", [("basic", {}), ("bearer", {"realm": "x"})]),
        (',, Bearer  error = "a" ,scope="b c",', [("bearer", {"error": "a", "scope": "b c"})]),
        ('Bearer realm="a, Basic realm=b"', [("bearer", {"realm": "a, Basic realm=b"})]),
        ('bearer ERROR="x", error="y"', [("bearer", {"error": "x"})]),
        ("", []),
        ('=== "" @', []),
    ],
)
def test_odd_headers_are_read_for_what_is_in_them(
    value: str, found: list[tuple[str, dict[str, str]]]
) -> None:
    assert read(value) == found


def test_other_headers_are_no_challenges() -> None:
    assert challenges([("x-authenticate", "Bearer")]) == ()
    assert Challenge("bearer").error is None


@given(st.text())
def test_any_text_is_read(value: str) -> None:
    read(value)
