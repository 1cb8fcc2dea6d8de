"""The form of a preset's file as JSON Schema 2020-12, generated from the model."""

import json
from typing import Any, Final

from connectsmith.presets.model import Preset

FILE_NAME: Final = "preset.schema.json"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def preset_schema() -> dict[str, Any]:
    """Generate the JSON Schema."""
    return {"$schema": DIALECT} | Preset.model_json_schema(by_alias=True)


def schema_text() -> str:
    """Return the text of the committed file."""
    return json.dumps(preset_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(schema_text(), end="")  # noqa: T201 - the way to write the committed file anew
