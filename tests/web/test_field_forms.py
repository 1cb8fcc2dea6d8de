import json
from typing import Any

import pytest

from connectsmith.core.call.plan import plans_of
from connectsmith.core.definition.model import Definition
from connectsmith.core.definition.reading import read
from connectsmith.errors import FieldInvalid
from connectsmith.web.field_forms import (
    FieldView,
    action_fields,
    errors_by_key,
    owner_values,
    sign_in_fields,
    typed_values,
)
from connectsmith.web.visit import Form

FIELDS: list[dict[str, Any]] = [
    {"key": "text", "default": "as it is"},
    {"key": "count", "type": "integer"},
    {"key": "person", "type": "object", "required": True, "fields": [{"key": "name"}]},
    {"key": "picture", "type": "file"},
    {"key": "secretly", "visibility": "hidden", "default": "x"},
    {"key": "rare", "visibility": "advanced", "choices": {"a": "First"}},
]


def definition() -> Definition:
    text = {
        "schema": "1.0",
        "name": "Fields",
        "auth_components": {"type": "api_key"},
        "requiredSettings": {
            "authFields": [
                {"key": "key", "masked": True, "required": True},
                {"key": "shop", "default": "main"},
            ]
        },
        "auth_request": {"type": "header", "name": "X-Key", "value": "{{authFields.key}}"},
        "endpoints": {"POST": {"/do": {"url": "https://api.example.com"}}},
        "actions": [
            {
                "modelId": "do",
                "actionId": "it",
                "endpoint": "/do",
                "method": "POST",
                "actionFields": FIELDS,
            }
        ],
    }
    found = read(json.dumps(text)).definition
    assert found is not None
    return found


def fields(**more: Any) -> list[FieldView]:
    whole = definition()
    return action_fields(whole.actions[0], plans_of(whole)["do.it"], **more)


def test_every_field_but_hidden_ones_has_a_control_of_its_type() -> None:
    found = [(each.key, each.control, each.value, each.advanced) for each in fields()]

    assert found == [
        ("text", "line", "as it is", False),
        ("count", "number", "", False),
        ("person", "json", "{}", False),
        ("picture", "file", "", False),
        ("rare", "choice", "", True),
    ]


def test_what_was_filled_in_becomes_values_by_key() -> None:
    form = Form(
        (
            ("f0", "Hello"),
            ("f1", ""),
            ("f2", '{"name": "Ada"}'),
            ("f3", "AAAA"),
            ("f3-name", "a.png"),
            ("f3-type", "image/png"),
        )
    )

    assert typed_values(form, fields()) == {
        "text": "Hello",
        "person": {"name": "Ada"},
        "picture": {"content": "AAAA", "name": "a.png", "type": "image/png"},
    }


def test_json_that_is_none_is_named_with_its_place() -> None:
    with pytest.raises(FieldInvalid) as caught:
        typed_values(Form((("f2", '{"name":'),)), fields())

    assert errors_by_key(caught.value)["person"].startswith("This is no JSON: Expecting value")


def test_fault_inside_an_object_is_the_object_s() -> None:
    faults = [
        {"field": "person/name", "message": "One."},
        {"field": "person/a~1b", "message": "Two."},
        {"field": "a~1b", "message": "Three."},
    ]

    found = errors_by_key(FieldInvalid("x", details={"fields": faults}))

    assert found == {"person": "One. Two.", "a/b": "Three."}


def test_what_is_masked_is_never_repeated() -> None:
    found = sign_in_fields(definition(), values={"key": "a-key", "shop": "other"})

    assert [(each.control, each.value, each.required) for each in found] == [
        ("password", "", True),
        ("line", "other", False),
    ]
    assert owner_values(Form((("a0", "a-key"), ("a1", ""))), found) == {
        "key": "a-key",
        "shop": "",
    }
