import json

import pytest

from connectsmith.core.definition.facts import browser_names_of, origins_of_auth, secret_names_of
from connectsmith.core.definition.outline import Outline, outline_of
from connectsmith.core.definition.reading import read
from connectsmith.samples import samples

SAMPLES = {each.name: each.text for each in samples()}


@pytest.mark.parametrize("text", SAMPLES.values(), ids=SAMPLES.keys())
def test_outline_of_a_good_text_says_what_its_definition_says(text: str) -> None:
    definition = read(text).definition
    assert definition is not None

    found = outline_of(text)

    assert [each.name for each in found.actions] == [each.name for each in definition.actions]
    assert {each.name for each in found.secrets} == secret_names_of(definition)
    assert {each.name for each in found.secrets if each.browser} == browser_names_of(definition)
    assert found.origins == origins_of_auth(definition)


def test_places_are_utf_16_offsets_behind_characters_of_two_units() -> None:
    text = '{"name": "😀é", "actions": [{"modelId": "m", "actionId": "a", "method": "GET"}]}'

    action = outline_of(text).actions[0]

    assert text.encode("utf-16-le")[action.start * 2 :].decode("utf-16-le").startswith('{"modelId"')


def test_text_that_is_no_json_yet_still_has_an_outline() -> None:
    text = """{
      "auth_components": {"type": "oauth2", tokenURL: "https://t.example.com/token",
        "client_id": "{{id}}", "clientSecret": "{{ key }}", "tokenParams": {"a": "{{id}}"},
        "revocationURL": "not a url", "capture": {"token": {"instance": "/i"}},
      },
      "requiredSettings": {"authFields": [{"key": "shop"}, {"label": "no key"}, 7]},
      "endpoints": {"GET": {"/a": {}}, "POST": 1},
      "actions": [{"modelId": "m", "label": "L", "endpoint": "/a", "method": "GET"}, 3,
    """

    found = outline_of(text)

    assert [(each.name, each.label, each.method) for each in found.actions] == [("m.?", "L", "GET")]
    assert [(each.name, each.browser) for each in found.secrets] == [("id", False), ("key", False)]
    assert text[found.secrets[0].start :].startswith('"{{id}}"')
    assert found.fields == ("shop",)
    assert found.captured == ("instance",)
    assert found.endpoints == (("GET", ("/a",)),)
    assert found.origins == ("https://t.example.com",)


@pytest.mark.parametrize("text", ["", "7", "[]", "nonsense", "{" * 100, '"\ud800"'])
def test_text_that_says_nothing_has_an_empty_outline(text: str) -> None:
    assert outline_of(text) == Outline()


def test_text_over_the_limit_is_not_looked_at() -> None:
    assert outline_of(json.dumps({"actions": [{}], "name": "é" * 600_000})) == Outline()


def test_any_host_is_no_destination_of_a_secret() -> None:
    text = json.dumps(
        {
            "allowedHosts": ["*"],
            "requiredSettings": {"authFields": [{"key": "base"}]},
            "auth_components": {"type": "oauth2", "tokenURL": "{{authFields.base}}/token"},
        }
    )

    assert outline_of(text).origins == ()
