import json
from importlib import resources
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.core.definition.samples import TEXTS, changed

from connectsmith.core.definition.json_schema import FILE_NAME, format_schema, schema_text

SCHEMA = format_schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def test_the_committed_file_is_the_generated_one() -> None:
    """Write it anew: `python -m connectsmith.core.definition.json_schema > FILE`."""
    committed = resources.files("connectsmith.core.definition").joinpath(FILE_NAME).read_text()

    assert committed == schema_text()


def test_it_is_a_valid_schema_of_draft_2020_12() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def shipped() -> dict[str, str]:
    folder = resources.files("connectsmith").joinpath("samples")
    return {each.name: each.read_text() for each in folder.iterdir() if each.name.endswith(".json")}


@pytest.mark.parametrize("text", [*TEXTS.values(), *shipped().values()])
def test_good_definitions_are_valid(text: str) -> None:
    assert [each.message for each in VALIDATOR.iter_errors(json.loads(text))] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"/schema": "2.0"},
        {"/name": ...},
        {"/actions/0/actionId": ...},
        {"/auth_components/pkce": "plain"},
        {"/auth_components/tokenRequest": {"method": "PUT"}},
        {"/auth_components/clientID": 3},
        {"/endpoints/GET/~1me": []},
        {"/actions/1/actionFields/3/fields/0/required": "yes"},
    ],
)
def test_faulty_definitions_are_not(changes: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(changed(changes))


def test_every_member_is_described() -> None:
    nameless = [
        f"{name}.{member}"
        for name, each in {**SCHEMA["$defs"], "Definition": SCHEMA}.items()
        for member, schema in each.get("properties", {}).items()
        if "description" not in schema
    ]

    assert nameless == []
