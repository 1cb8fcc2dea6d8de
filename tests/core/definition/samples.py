"""Definitions to start from, and small ways to change and read them."""

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connectsmith.core.definition.model import Definition
from connectsmith.core.definition.reading import Diagnostic, Reading, read

FOLDER = Path(__file__).parents[2] / "definitions"
TEXTS = {each.stem: each.read_text() for each in sorted(FOLDER.glob("*.json"))}


def plain(name: str = "full") -> dict[str, Any]:
    """Return a definition as a JSON value of one's own."""
    value: dict[str, Any] = json.loads(TEXTS[name])
    return value


def changed(changes: Mapping[str, Any], name: str = "full") -> dict[str, Any]:
    """Return a definition with the members at these JSON Pointers set (or taken out by ...)."""
    value = copy.deepcopy(plain(name))
    for pointer, new in changes.items():
        *path, last = [
            each.replace("~1", "/").replace("~0", "~") for each in pointer.split("/")[1:]
        ]
        here: Any = value
        for part in path:
            here = here[int(part)] if isinstance(here, list) else here.setdefault(part, {})
        if isinstance(here, list):
            here[int(last) :] = [new, *here[int(last) + 1 :]]
        elif new is ...:
            del here[last]
        else:
            here[last] = new
    return value


def reading_of(value: Any, secret_names: frozenset[str] | None = None) -> Reading:
    """Read a JSON value."""
    return read(json.dumps(value, indent=2), secret_names=secret_names)


def found(changes: Mapping[str, Any], name: str = "full") -> list[tuple[str, str]]:
    """Return code and pointer of every diagnostic of a changed definition."""
    return [(each.code, each.pointer) for each in reading_of(changed(changes, name)).diagnostics]


def only(value: Any) -> Diagnostic:
    """Return the one diagnostic of a JSON value."""
    (diagnostic,) = reading_of(value).diagnostics
    return diagnostic


def definition_of(changes: Mapping[str, Any], name: str = "full") -> Definition:
    """Return a changed definition, which must be without error."""
    reading = reading_of(changed(changes, name))
    assert reading.definition is not None, reading.errors
    return reading.definition
