"""Every quirk rule warns of a definition that breaks it, and not of one that does not."""

import json
from pathlib import Path
from typing import Any

import pytest

from connectsmith.core.definition.quirk_rules import QuirkRule
from connectsmith.core.definition.reading import Diagnostic, apply_edits, read
from connectsmith.presets import definition_text, presets, quirk_rules, refresh_token_rules
from connectsmith.samples import samples

EXAMPLES: dict[str, dict[str, dict[str, Any] | None]] = json.loads(
    (Path(__file__).parent / "quirk_examples.json").read_text("utf-8")
)
RULES = quirk_rules().all
WARNINGS = [each for each in RULES if each.when]
NOTES = [each for each in RULES if not each.when]


def example(rule: QuirkRule, which: str) -> tuple[str, str | None]:
    """Return a definition that does, or does not, break a rule, and the callback URL."""
    auth = dict(EXAMPLES[rule.id][which] or {})
    callback = auth.pop("callback", None)
    definition = {
        "schema": "1.0",
        "name": "Example",
        "auth_components": {
            "type": "oauth2",
            "scope": "example",
            **auth,
            "clientID": "{{clientID}}",
            "clientSecret": "{{clientSecret}}",
        },
        "requiredSettings": {"authFields": [{"key": "shop", "label": "Shop", "required": True}]},
        "endpoints": {},
        "actions": [],
    }
    return json.dumps(definition, indent=2), callback


def warned(text: str, callback: str | None = None) -> dict[str, Diagnostic]:
    """Return the warnings of quirk rules, by code."""
    found = read(text, quirks=quirk_rules(), callback_url=callback).diagnostics
    return {each.code: each for each in found if each.code.startswith("quirk_")}


def test_there_are_forty_rules_and_an_example_for_each() -> None:
    assert len(WARNINGS) >= 40
    assert [each.id for each in RULES] == list(EXAMPLES)
    assert len({each.id for each in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", WARNINGS, ids=lambda rule: rule.id)
def test_a_definition_that_breaks_a_rule_is_warned_of_with_place_and_link(rule: QuirkRule) -> None:
    text, callback = example(rule, "warns")

    found = warned(text, callback)

    assert rule.code in found
    assert found[rule.code].message == rule.message
    assert found[rule.code].link == rule.link
    assert found[rule.code].pointer.startswith("/auth_components/")
    assert found[rule.code].start.line > 4


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_definition_that_keeps_all_rules_of_its_hosts_is_not(rule: QuirkRule) -> None:
    text, callback = example(rule, "quiet")

    assert not read(text, quirks=quirk_rules(), callback_url=callback).errors
    assert warned(text, callback) == {}


@pytest.mark.parametrize("rule", WARNINGS, ids=lambda rule: rule.id)
def test_a_fix_mends_what_it_is_offered_for(rule: QuirkRule) -> None:
    text, callback = example(rule, "warns")
    fix = warned(text, callback)[rule.code].fix
    unmendable = {"scope_has", "member_present", "callback_is_http", "callback_host_is"}

    if rule.when[0].kind in unmendable:
        assert fix is None
    else:
        assert fix is not None
        assert rule.code not in warned(apply_edits(text, fix.edits), callback)


@pytest.mark.parametrize("rule", NOTES, ids=lambda rule: rule.id)
def test_a_note_is_known_of_a_definition_but_never_a_warning(rule: QuirkRule) -> None:
    text, _ = example(rule, "quiet")
    definition = read(text).definition

    assert definition is not None
    assert rule in refresh_token_rules(definition)


@pytest.mark.parametrize(
    "rule", [each for each in WARNINGS if each.about == "refresh_token"], ids=lambda rule: rule.id
)
def test_a_broken_rule_about_refresh_tokens_is_found_for_the_definition(rule: QuirkRule) -> None:
    broken, kept = (read(example(rule, each)[0]).definition for each in ("warns", "quiet"))

    assert broken is not None
    assert kept is not None
    assert rule in refresh_token_rules(broken)
    assert rule not in refresh_token_rules(kept)


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_no_sample_breaks_a_rule(sample: Any) -> None:
    assert warned(sample.text) == {}


@pytest.mark.parametrize("each", presets(), ids=lambda each: each.id)
def test_no_preset_breaks_a_rule(each: Any) -> None:
    assert warned(definition_text(each)) == {}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_where_it_was_read(rule: QuirkRule) -> None:
    assert rule.source
    assert rule.read_on.year >= 2026
    assert rule.message.endswith(".")
