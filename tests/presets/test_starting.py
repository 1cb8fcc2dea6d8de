import json
from typing import Any

import pytest

from connectsmith.core.definition.facts import secret_names_of
from connectsmith.core.definition.reading import read
from connectsmith.presets import Preset, definition_text, presets
from connectsmith.presets.model import Account
from connectsmith.presets.starting import definition_text as text_of


def expected_remarks(each: Preset) -> set[str]:
    """Return the warnings that the facts themselves bring: nothing else may be wrong."""
    auth = each.auth_components
    remarks = set()
    if auth.get("pkce") == "off":
        remarks.add("pkce_off")
    if "scope" not in auth:
        remarks.add("scope_missing")
    if auth.get("clientAuth") == "both":
        remarks.add("client_auth_both")
    return remarks


@pytest.mark.parametrize("each", presets(), ids=lambda each: each.id)
def test_a_preset_makes_a_definition_without_faults(each: Preset) -> None:
    reading = read(definition_text(each))

    assert reading.errors == ()
    assert {found.code for found in reading.diagnostics} - {"member_without_effect"} == (
        expected_remarks(each)
    )


@pytest.mark.parametrize("each", presets(), ids=lambda each: each.id)
def test_a_preset_needs_only_the_author_s_two_secrets(each: Preset) -> None:
    definition = read(definition_text(each)).definition

    assert definition is not None
    assert secret_names_of(definition) == {"clientID", "clientSecret"}


@pytest.mark.parametrize("each", presets(), ids=lambda each: each.id)
def test_what_an_owner_fills_in_is_named_and_used(each: Preset) -> None:
    text = definition_text(each)

    for field in each.auth_fields:
        assert field["label"]
        assert field["errorText"]
        assert f"authFields.{field['key']}}}}}" in text


@pytest.mark.parametrize("each", presets(), ids=lambda each: each.id)
def test_pkce_is_off_only_where_it_is_refused(each: Preset) -> None:
    assert (each.auth_components.get("pkce") == "off") == (each.pkce == "refused")


def test_a_request_for_the_account_becomes_the_first_action() -> None:
    each = next(each for each in presets() if each.id == "github")

    written = json.loads(definition_text(each))

    assert written["auth_test"] == {
        "method": "GET", "endpoint": "/user", "account": {"id": "/id", "label": "/login"},
    }  # fmt: skip
    assert written["endpoints"] == {"GET": {"/user": {"url": "https://api.github.com"}}}
    assert [action["actionId"] for action in written["actions"]] == ["get"]
    assert "https://github.com/settings/developers" in written["description"]


def without_account(each: Preset, **changes: Any) -> Preset:
    return each.model_copy(update={"account": None, **changes})


def test_without_one_there_is_no_action() -> None:
    each = without_account(next(each for each in presets() if each.id == "github"))

    written = json.loads(text_of(each))

    assert (written["endpoints"], written["actions"]) == ({}, [])
    assert "auth_test" not in written


def test_a_query_and_headers_of_the_account_request_are_kept() -> None:
    account = Account(url="https://api.example.com/v1/me?fields=id", headers={"X-Version": "2"})
    each = without_account(presets()[0], account=account)

    written = json.loads(text_of(each))

    assert written["endpoints"] == {
        "GET": {
            "/v1/me?fields=id": {"url": "https://api.example.com", "headers": {"X-Version": "2"}}
        }
    }
