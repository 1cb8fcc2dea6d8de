"""Tell a person what a JSON Schema says: types, defaults, the order in which to read objects."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from docs.generators.markdown import code

Shape = Mapping[str, Any]


def type_of(shape: Shape) -> str:
    """Return a type as a person reads it, objects as links."""
    match shape:
        case {"$ref": reference}:
            name = name_of(reference)
            text = f"[{name}](#{name.lower()})"
        case {"anyOf": shapes}:
            text = " or ".join(type_of(each) for each in shapes if each != {"type": "null"})
        case {"enum": values}:
            text = ", ".join(code(value) for value in values)
        case {"const": value}:
            text = code(json.dumps(value))
        case {"type": "array", "items": items}:
            text = f"list of {type_of(items)}"
        case {"type": "object", "additionalProperties": dict(values)} if values:
            text = f"map to {type_of(values)}"
        case {"type": "string", "description": about} if "RFC 6901" in about:
            text = "pointer"
        case {"type": "string", "format": "date-time"}:
            text = "time"
        case _:
            text = _plain(shape.get("type", "any"))
    return text


def _plain(kind: object) -> str:
    kinds = kind if isinstance(kind, list) else [kind]
    return " or ".join(
        "text" if each == "string" else str(each) for each in kinds if each != "null"
    )


def default_of(shape: Shape) -> str:
    """Return a default worth showing."""
    value = shape.get("default")
    if isinstance(value, dict | list) or value is None:
        return ""
    return code(json.dumps(value))


def in_reading_order(objects: Mapping[str, Shape], first: list[str]) -> list[str]:
    """Return the names of objects, each after the first one that mentions it."""
    order = list(first)
    for name in order:
        mentioned = references(objects[name].get("properties", {}))
        order += [each for each in dict.fromkeys(mentioned) if each not in order]
    return order


def references(part: object) -> Iterator[str]:
    """Yield the name of every object mentioned."""
    if isinstance(part, dict):
        if "$ref" in part:
            yield name_of(part["$ref"])
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def name_of(reference: str) -> str:
    """Return the name at the end of a reference."""
    return str(reference).rpartition("/")[2]
