"""The known facts of real services, to begin a connector with: data, reviewed and sourced."""

from connectsmith.presets.catalogue import preset, presets, search
from connectsmith.presets.model import Preset
from connectsmith.presets.rules import quirk_rules, refresh_token_rules
from connectsmith.presets.sentences import callback_sentence, next_steps, refresh_sentence
from connectsmith.presets.starting import definition_text

__all__ = [
    "Preset",
    "callback_sentence",
    "definition_text",
    "next_steps",
    "preset",
    "presets",
    "quirk_rules",
    "refresh_sentence",
    "refresh_token_rules",
    "search",
]
