from typing import Any

import pytest

from connectsmith.presets import callback_of, next_steps, preset, presets, refresh_of
from connectsmith.presets.model import CallbackRule, RefreshRule
from connectsmith.presets.sentences import callback_sentence, refresh_sentence


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ({}, ""),
        ({"http": True}, "The callback URL may be http."),
        ({"loopback_http": True}, "The callback URL must be https, or http on this machine."),
        (
            {"loopback_http": False, "match": "exact"},
            (
                "The callback URL must be https, also on this machine. It must equal the "
                "registered one to the letter."
            ),
        ),
        ({"http": False, "note": "One only."}, "The callback URL must be https. One only."),
    ],
)
def test_a_callback_rule_is_said_in_a_sentence(rule: dict[str, Any], sentence: str) -> None:
    assert callback_sentence(CallbackRule(**rule)) == sentence


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ({"issued": "never"}, "No refresh token is issued."),
        (
            {"issued": "on_request", "switch": "the scope x"},
            "A refresh token comes only when asked for: the scope x.",
        ),
        (
            {"issued": "always", "access_token_seconds": 3600, "rotates": True},
            (
                "A refresh token always comes. An access token lives 1 hour. Each refresh issues "
                "another refresh token."
            ),
        ),
        (
            {"issued": "always", "refresh_token_seconds": 5184000, "rotates": False},
            (
                "A refresh token always comes. A refresh token lives 60 days. The refresh token "
                "stays the same."
            ),
        ),
    ],
)
def test_a_refresh_rule_is_said_in_sentences(rule: dict[str, Any], sentence: str) -> None:
    assert refresh_sentence(RefreshRule(**rule)) == sentence


def test_the_first_step_is_to_register_an_app() -> None:
    slack = next(each for each in presets() if each.id == "slack")

    assert next_steps(slack).startswith(
        "Register an OAuth app at https://api.slack.com/apps. The callback URL must be https"
    )


def test_what_is_hearsay_says_so() -> None:
    known, heard = preset("spotify"), preset("zoom")

    assert known is not None
    assert heard is not None
    assert callback_of(known).startswith("The callback URL must be https")
    assert heard.read["refresh"].how == "unconfirmed"
    assert refresh_of(heard).startswith("Unconfirmed: a refresh token always comes.")
