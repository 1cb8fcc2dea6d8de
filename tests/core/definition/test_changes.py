from typing import Any

import pytest
from tests.core.definition.samples import definition_of

from connectsmith.core.definition.changes import Changes, changes_between, scopes_of

BASE = definition_of({})


def test_without_an_old_definition_everything_is_new() -> None:
    changes = changes_between(None, BASE)

    assert changes.actions_added == ("item.change", "item.get", "item.upload")
    assert "https://api.example.com" in changes.origins_api
    assert not changes.sign_in_changed


def test_equal_definitions_have_no_changes() -> None:
    assert changes_between(BASE, definition_of({"/description": "Other words"})) == Changes()
    assert not changes_between(BASE, BASE)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (
            {"/actions/2/actionId": "put"},
            Changes(actions_added=("item.put",), actions_removed=("item.upload",)),
        ),
        ({"/actions/2/helpText": "x"}, Changes(actions_changed=("item.upload",))),
        ({"/endpoints/POST/~1raw/timeout": 3}, Changes(actions_changed=("item.upload",))),
        (
            {"/endpoints/POST/~1raw/url": "https://evil.example"},
            Changes(actions_changed=("item.upload",), origins_api=("https://evil.example",)),
        ),
        (
            {"/auth_components/tokenURL": "https://evil.example/t"},
            Changes(origins_auth=("https://evil.example",), sign_in_changed=True),
        ),
        ({"/auth_components/scope": "write read all"}, Changes(scopes_added=("all",))),
        (
            {"/auth_components/refreshParams": {"x": "{{New}}"}},
            Changes(secrets_added=("New",), sign_in_changed=True),
        ),
    ],
)  # fmt: skip
def test_what_matters_to_others_is_named(changed: dict[str, Any], expected: Changes) -> None:
    assert changes_between(BASE, definition_of(changed)) == expected


def test_changes_are_written_as_json_with_every_member() -> None:
    written = Changes(actions_added=("a.b",)).as_json()

    assert written["actions_added"] == ["a.b"]
    assert written["origins_auth"] == []
    assert written["sign_in_changed"] is False


def test_scopes_keep_their_order() -> None:
    text = definition_of({"/auth_components/scope": " b  a\tc "})

    assert scopes_of(text) == ("b", "a", "c")
    assert scopes_of(BASE) == ("read", "write")
