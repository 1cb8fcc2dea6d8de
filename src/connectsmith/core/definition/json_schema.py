"""The connector format as JSON Schema 2020-12, generated from the models.

Editors use it to complete and explain members. It says less than reading does: rules that span
several members are not in it, and it accepts what reading only warns of.
"""

import json
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from connectsmith.core.definition.meanings import MEANINGS
from connectsmith.core.definition.model import Definition
from connectsmith.core.definition.spelling import SPELLINGS

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
FILE_NAME: Final = "format-1.0.schema.json"


def format_schema() -> dict[str, Any]:
    """Generate the JSON Schema."""
    schema = Definition.model_json_schema(by_alias=True, schema_generator=_Generator)
    for name, each in {**schema["$defs"], "Definition": schema}.items():
        _describe(each, MEANINGS.get(name, {}))
    _add_spellings(schema["$defs"]["AuthComponents"])
    return {"$schema": DIALECT, "title": "Connectsmith connector definition, format 1.0"} | {
        key: value for key, value in schema.items() if key != "title"
    }


def schema_text() -> str:
    """Return the text of the committed file."""
    return json.dumps(format_schema(), indent=2, ensure_ascii=False) + "\n"


class _Generator(GenerateJsonSchema):
    """Leaves out what only Pydantic wants to know, and tells kinds of a member apart by names."""

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        """Write what differs between exchange and refresh as if, then and else."""
        once, by_request = super().tagged_union_schema(schema)["oneOf"]
        named = [{"required": [name]} for name in ("exchange", "refresh")]
        return {"if": {"anyOf": named}, "then": by_request, "else": once}

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the base class's
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Leave out defaults of whole objects, and null where it only means absence."""
        inner = schema["schema"]
        if schema.get("default", ...) is None and inner["type"] == "nullable":
            return self.generate_inner(inner["schema"])
        found = super().default_schema(schema)
        if isinstance(found.get("default"), (dict, list)):
            found.pop("default")
        return found


def _describe(schema: dict[str, Any], meanings: Any) -> None:
    schema.pop("title", None)
    for name, member in schema.get("properties", {}).items():
        if name in meanings:
            member["description"] = meanings[name]


def _add_spellings(auth: dict[str, Any]) -> None:
    for spelling, preferred in SPELLINGS.items():
        auth["properties"][spelling] = {
            **auth["properties"][preferred],
            "description": f'Another spelling of "{preferred}".',
            "deprecated": True,
        }


if __name__ == "__main__":
    print(schema_text(), end="")  # noqa: T201 - the way to write the committed file anew
