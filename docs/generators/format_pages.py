"""Every member of the connector format, from its models."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from docs.generators.markdown import code, document, one_line, table

from connectsmith.core.definition.effect import WITHOUT_EFFECT
from connectsmith.core.definition.meanings import MEANINGS
from connectsmith.core.definition.model import Definition

INTRODUCTION = """\
A connector definition is one JSON document. This page lists its members;
[the explanation](../explanation/claris-connect.md) says which are Claris Connect's and which are
ours. Unknown members are kept, with a warning (none for names that begin with `x-`). A member that
this release does not carry out says so here, and gets the warning `member_without_effect`. The same
in machine form is the JSON Schema, which the server gives at `/v1/schema`.

`{{ path }}` stands for a value: `{{authFields.key}}` for what the connection owner supplied,
`{{connection.name}}` for what was captured, `{{oauth.name}}` for values of the protocol, and
`{{Secret Name}}` for a secret of the connector. Nothing is evaluated; values are encoded for the
place where they stand."""

SCHEMA = Definition.model_json_schema(by_alias=True)
OBJECTS: Mapping[str, Mapping[str, Any]] = {"Definition": SCHEMA, **SCHEMA["$defs"]}


def page() -> str:
    """Return the page."""
    blocks = [INTRODUCTION]
    for name in _in_reading_order():
        described = OBJECTS[name]
        blocks += [
            f"## {name}",
            one_line(described.get("description")),
            table(("member", "type", "default", "meaning"), _members(name)),
        ]
    return document("The connector format", *blocks)


def _in_reading_order() -> list[str]:
    """Return each object after the first one that mentions it."""
    order = ["Definition"]
    for name in order:
        mentioned = _mentioned(OBJECTS[name].get("properties", {}))
        order += [each for each in dict.fromkeys(mentioned) if each not in order]
    return order


def _mentioned(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"].rpartition("/")[2]
        for value in part.values():
            yield from _mentioned(value)
    elif isinstance(part, list):
        for value in part:
            yield from _mentioned(value)


def _members(name: str) -> Iterator[tuple[str, ...]]:
    required = OBJECTS[name].get("required", ())
    for member, shape in OBJECTS[name]["properties"].items():
        default = "required" if member in required else _default(shape)
        yield code(member), _type(shape), default, MEANINGS[name][member] + _effect(name, member)


def _effect(name: str, member: str) -> str:
    """Return what happens instead, for a member that this release does not carry out."""
    unused = WITHOUT_EFFECT.get(name, {}).get(member)
    if unused is None:
        return ""
    values = "".join(f" {code(value)}" for value in sorted(unused.values or ()))
    return f" *Not carried out yet{f' (for{values})' if values else ''}: {unused.instead}.*"


def _default(shape: Mapping[str, Any]) -> str:
    value = shape.get("default")
    if isinstance(value, dict | list) or value is None:
        return ""
    return code(json.dumps(value))


def _type(shape: Mapping[str, Any]) -> str:
    """Return a type as a person reads it."""
    match shape:
        case {"$ref": reference}:
            name = str(reference).rpartition("/")[2]
            text = f"[{name}](#{name.lower()})"
        case {"anyOf": shapes}:
            text = " or ".join(_type(each) for each in shapes if each != {"type": "null"})
        case {"enum": values}:
            text = ", ".join(code(value) for value in values)
        case {"const": value}:
            text = code(json.dumps(value))
        case {"type": "array", "items": items}:
            text = f"list of {_type(items)}"
        case {"type": "object", "additionalProperties": dict(values)} if values:
            text = f"map to {_type(values)}"
        case {"type": "string", "description": about} if "RFC 6901" in about:
            text = "pointer"
        case _:
            kind = str(shape.get("type", "any"))
            text = "text" if kind == "string" else kind
    return text
