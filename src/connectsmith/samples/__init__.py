"""Definitions that ship with the product: complete, preferred spellings, secrets left out."""

import json
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

_ORDER = (
    "google-calendar", "github", "slack", "openai", "shopify", "google-maps", "stripe",
    "sandbox-calendar",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sample:
    """A definition to start from. `name` identifies it; `text` is what would be stored."""

    name: str
    title: str
    description: str
    text: str = field(repr=False)


@cache
def samples() -> tuple[Sample, ...]:
    """Return every sample, the most instructive first."""
    return tuple(_read(name) for name in _ORDER)


def _read(name: str) -> Sample:
    text = (files(__name__) / f"{name}.json").read_text("utf-8")
    definition = json.loads(text)
    return Sample(name, definition["name"], definition["description"], text)
