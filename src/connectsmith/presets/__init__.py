"""The known facts of real services, to begin a connector with: data, reviewed and sourced."""

from connectsmith.presets.catalogue import page, preset, presets, search
from connectsmith.presets.model import Preset
from connectsmith.presets.rules import quirk_rules, refresh_token_rules
from connectsmith.presets.sentences import callback_of, next_steps, refresh_of
from connectsmith.presets.starting import definition_text

__all__ = [
    "Preset",
    "callback_of",
    "definition_text",
    "next_steps",
    "page",
    "preset",
    "presets",
    "quirk_rules",
    "refresh_of",
    "refresh_token_rules",
    "search",
]
