"""Every member of the connector format, from its models."""

from collections.abc import Iterator, Mapping
from typing import Any

from docs.generators.json_shapes import default_of, in_reading_order, type_of
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
    for name in in_reading_order(OBJECTS, ["Definition"]):
        described = OBJECTS[name]
        blocks += [
            f"## {name}",
            one_line(described.get("description")),
            table(("member", "type", "default", "meaning"), _members(name)),
        ]
    return document("The connector format", *blocks)


def _members(name: str) -> Iterator[tuple[str, ...]]:
    required = OBJECTS[name].get("required", ())
    for member, shape in OBJECTS[name]["properties"].items():
        default = "required" if member in required else default_of(shape)
        yield code(member), type_of(shape), default, MEANINGS[name][member] + _effect(name, member)


def _effect(name: str, member: str) -> str:
    """Return what happens instead, for a member that this release does not carry out."""
    unused = WITHOUT_EFFECT.get(name, {}).get(member)
    if unused is None:
        return ""
    values = "".join(f" {code(value)}" for value in sorted(unused.values or ()))
    return f" *Not carried out yet{f' (for{values})' if values else ''}: {unused.instead}.*"
