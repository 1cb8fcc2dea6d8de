"""The quirk rules that ship, and what they say about one definition's refresh tokens."""

from functools import cache
from importlib.resources import files
from typing import Final

from pydantic import TypeAdapter

from connectsmith.core.definition.model import Definition
from connectsmith.core.definition.quirk_rules import QuirkRule, QuirkRules
from connectsmith.core.definition.quirks import matching

FILE_NAME: Final = "quirks.json"

_RULES: Final = TypeAdapter(list[QuirkRule])


@cache
def quirk_rules() -> QuirkRules:
    """Return every rule, in the order of the file."""
    return QuirkRules(read_rules((files("connectsmith.presets") / FILE_NAME).read_text("utf-8")))


def read_rules(text: str) -> list[QuirkRule]:
    """Read rules.

    Raises:
        ValueError: one of them is not as the model says.
    """
    return _RULES.validate_json(text)


def refresh_token_rules(definition: Definition) -> tuple[QuirkRule, ...]:
    """Return what is known about refresh tokens where a definition signs in.

    A rule with conditions is there because the definition breaks it: its message says what to
    change. One without is what is true at that server whatever the definition says.
    """
    return matching(definition, quirk_rules(), "refresh_token")
