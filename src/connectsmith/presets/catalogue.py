"""The presets that ship, to look up and to search."""

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final

from connectsmith.errors import FieldInvalid
from connectsmith.presets.model import Preset

FOLDER: Final = "services"
FIRST_FILE: Final = "first.json"


@cache
def presets() -> tuple[Preset, ...]:
    """Return every preset, by name."""
    folder = files("connectsmith.presets") / FOLDER
    texts = [each.read_text("utf-8") for each in folder.iterdir() if each.name.endswith(".json")]
    return tuple(sorted(map(read_preset, texts), key=lambda each: each.name.casefold()))


def read_preset(text: str) -> Preset:
    """Read one preset.

    Raises:
        ValueError: it is not as its JSON Schema says, or an address has no source.
    """
    return Preset.model_validate_json(text, by_alias=True)


def preset(name: str) -> Preset | None:
    """Return the preset with an id."""
    return next((each for each in presets() if each.id == name), None)


@cache
def first() -> tuple[str, ...]:
    """Return the ids of the presets that are looked for most, to be shown where nobody asked."""
    text = (files("connectsmith.presets") / FIRST_FILE).read_text("utf-8")
    return tuple(json.loads(text))


def search(text: str) -> tuple[Preset, ...]:
    """Return the presets that a text may mean, those whose name begins with it first.

    For no text these are all of them, those that are looked for most first.
    """
    wanted = text.casefold().split()
    if not wanted:
        return tuple(sorted(presets(), key=_prominence))
    found = [each for each in presets() if all(word in _searched(each) for word in wanted)]
    return tuple(sorted(found, key=lambda each: _rank(each, text.strip().casefold())))


def page(text: str, *, limit: int, after: str | None) -> tuple[Sequence[Preset], str | None]:
    """Return some of what `search` finds, and after which id to go on if there are more.

    Raises:
        FieldInvalid: `after` is the id of nothing that is found.
    """
    found = search(text)
    ids = [each.id for each in found]
    if after is not None and after not in ids:
        raise FieldInvalid("The cursor is none that a list here returned.", place="after")
    start = 0 if after is None else ids.index(after) + 1
    items = found[start : start + limit]
    return items, items[-1].id if start + limit < len(found) else None


def _prominence(each: Preset) -> int:
    return first().index(each.id) if each.id in first() else len(first())


def _searched(each: Preset) -> str:
    return " ".join((each.id, each.name, *each.keywords)).casefold()


def _rank(each: Preset, text: str) -> int:
    named = (each.id, each.name.casefold())
    if text in named:
        return 0
    if any(name.startswith(text) for name in named):
        return 1
    return 2 if any(text in name for name in named) else 3
