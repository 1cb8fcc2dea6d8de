import copy
import json
from importlib import resources
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import ValidationError

from connectsmith.presets.catalogue import FOLDER, presets, read_preset
from connectsmith.presets.json_schema import FILE_NAME, preset_schema, schema_text
from connectsmith.presets.model import ADDRESSES, ENDPOINTS

PACKAGE = resources.files("connectsmith.presets")
TEXTS = {
    each.name: each.read_text("utf-8")
    for each in (PACKAGE / FOLDER).iterdir()
    if each.name.endswith(".json")
}
VALIDATOR = Draft202012Validator(preset_schema(), format_checker=FormatChecker())
GOOD: dict[str, Any] = {
    "id": "example",
    "name": "Example",
    "documentation": "https://example.com/oauth",
    "auth_components": {
        "type": "oauth2",
        "authorizationURL": "https://example.com/authorize",
        "tokenURL": "https://example.com/token",
    },
    "refresh": {"issued": "unknown"},
    "references": [
        {
            "of": ["authorizationURL", "tokenURL", "documentation"],
            "source": "https://example.com/oauth",
            "read_on": "2026-11-24",
            "how": "document",
        }
    ],
}


def changed(**members: Any) -> str:
    return json.dumps(copy.deepcopy(GOOD) | members)


def test_the_committed_schema_is_the_generated_one() -> None:
    """Write it anew: `python -m connectsmith.presets.json_schema > FILE`."""
    assert (PACKAGE / FILE_NAME).read_text("utf-8") == schema_text()


def test_the_schema_is_one_of_draft_2020_12() -> None:
    Draft202012Validator.check_schema(preset_schema())


@pytest.mark.parametrize("name", TEXTS)
def test_every_file_is_as_its_schema_says(name: str) -> None:
    assert [each.message for each in VALIDATOR.iter_errors(json.loads(TEXTS[name]))] == []


@pytest.mark.parametrize("name", TEXTS)
def test_a_file_is_named_after_its_id(name: str) -> None:
    assert name == f"{read_preset(TEXTS[name]).id}.json"


@pytest.mark.parametrize("each", presets(), ids=lambda each: each.id)
def test_every_address_says_where_it_was_read_when_and_how_surely(each: Any) -> None:
    for member in (*ENDPOINTS, "documentation", *(set(ADDRESSES) & set(each.auth_components))):
        reference = each.read[member]
        assert reference.source
        assert reference.read_on.year >= 2026


def test_a_good_preset_is_read() -> None:
    found = read_preset(json.dumps(GOOD))

    assert found.how == "document"
    assert found.read["tokenURL"].source == "https://example.com/oauth"


@pytest.mark.row("T-77")
@pytest.mark.parametrize("member", ["authorizationURL", "tokenURL"])
def test_an_endpoint_without_source_is_refused(member: str) -> None:
    reference = GOOD["references"][0]
    others = {**reference, "of": [each for each in reference["of"] if each != member]}

    with pytest.raises(ValidationError, match=f"where these were read: {member}"):
        read_preset(changed(references=[others]))


@pytest.mark.row("T-77")
@pytest.mark.parametrize("member", ["tokenURL", "revocationURL"])
def test_an_address_of_the_sign_in_that_is_hearsay_is_refused(member: str) -> None:
    auth = {**GOOD["auth_components"], "revocationURL": "https://example.com/revoke"}
    heard = {**GOOD["references"][0], "of": [member], "how": "unconfirmed"}
    read = {**GOOD["references"][0], "of": [*GOOD["references"][0]["of"], "revocationURL"]}

    assert read_preset(changed(auth_components=auth, references=[read]))
    with pytest.raises(ValidationError, match=f"addresses that are hearsay: {member}"):
        read_preset(changed(auth_components=auth, references=[heard, read]))


@pytest.mark.parametrize("member", ["authorizationURL", "tokenURL"])
def test_a_preset_without_an_endpoint_is_refused(member: str) -> None:
    auth = {name: each for name, each in GOOD["auth_components"].items() if name != member}

    with pytest.raises(ValidationError, match=f"without {member}"):
        read_preset(changed(auth_components=auth))


@pytest.mark.parametrize(
    ("members", "fact"),
    [
        ({"registration": "https://example.com/apps"}, "registration"),
        ({"callback": {"http": False}}, "callback"),
        ({"refresh": {"issued": "always"}}, "refresh"),
        ({"pkce": "refused"}, "pkce"),
        ({"auth_request": {"type": "header"}}, "authentication"),
        ({"auth_components": {**GOOD["auth_components"], "clientAuth": "basic"}}, "authentication"),
        ({"auth_components": {**GOOD["auth_components"], "scopeSeparator": ","}}, "scopes"),
        ({"account": {"url": "https://api.example.com/me"}}, "account"),
    ],
)
def test_a_rule_without_source_is_refused(members: dict[str, Any], fact: str) -> None:
    with pytest.raises(ValidationError, match=f"where these were read: {fact}"):
        read_preset(changed(**members))


@pytest.mark.parametrize(
    "members",
    [
        {"id": "Not An Id"},
        {"documentation": "http://example.com"},
        {"pkce": "maybe"},
        {"refresh": {"issued": "sometimes"}},
        {"references": []},
        {"surprise": 1},
    ],
)
def test_what_is_not_as_the_model_says_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read_preset(changed(**members))
