"""Definitions that ship with the product: complete, preferred spellings, secrets left out."""

import json
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

_ORDER = (
    "google-calendar", "github", "slack", "openai", "shopify", "google-maps", "stripe",
    "sandbox-calendar",
)  # fmt: skip

PRACTICE_SAMPLE = "sandbox-calendar"
PRACTICE_ADDRESS = "http://localhost:8401"
"""Where that sample takes the sandbox to be."""
PRACTICE_CLIENT_ID = "practice-client"
PRACTICE_CLIENT_SECRET = "practice-secret-that-protects-nothing"  # noqa: S105 - public on purpose
PRACTICE_SECRETS = {"clientID": PRACTICE_CLIENT_ID, "clientSecret": PRACTICE_CLIENT_SECRET}
"""What the sandbox knows its first client by: public, as it guards nothing but made-up events."""


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


def sample(name: str) -> Sample | None:
    """Return the sample of that name."""
    return next((each for each in samples() if each.name == name), None)


def skeleton() -> str:
    """Return the least that is a definition: one sign-in, one action."""
    return (files(__name__) / "skeleton.json").read_text("utf-8")


def _read(name: str) -> Sample:
    text = (files(__name__) / f"{name}.json").read_text("utf-8")
    definition = json.loads(text)
    return Sample(name, definition["name"], definition["description"], text)
