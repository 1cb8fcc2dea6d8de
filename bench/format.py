"""The connector format: reading a definition, rendering placeholders and URLs.

python -m bench.format
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bench.harness import Comparison, compare, cpu_each, show

from connectsmith.core.definition.hosts import compile_url
from connectsmith.core.definition.model import Definition
from connectsmith.core.definition.placeholders import Place, Template, compile_template
from connectsmith.core.definition.reading import read

ACTIONS = 200


def definition(actions: int) -> dict[str, Any]:
    """Return a definition of an OAuth connector with five fields to each action."""
    resources = [f"resource{number}" for number in range(actions)]
    url = "https://{{authFields.shop}}.api.example.com/v1/"
    return {
        "schema": "1.0",
        "name": "Two hundred actions",
        "auth_components": {
            "type": "oauth2",
            "authorizationURL": "https://login.example.com/authorize",
            "tokenURL": "https://login.example.com/token",
            "scope": "read write",
            "clientID": "{{clientID}}",
            "clientSecret": "{{clientSecret}}",
        },
        "requiredSettings": {"authFields": [{"key": "shop", "label": "Shop", "required": True}]},
        "endpoints": {"POST": {f"/{each}/{{id}}": {"url": url} for each in resources}},
        "actions": [action(each) for each in resources],
    }


def action(resource: str) -> dict[str, Any]:
    """Return one action."""
    return {
        "modelId": resource,
        "actionId": "update",
        "endpoint": f"/{resource}/{{id}}",
        "method": "POST",
        "label": f"Update {resource}",
        "helpText": "Changes what is given and leaves the rest as it is.",
        "urlFields": [{"key": "id", "label": "Id", "type": "string", "required": True}],
        "actionFields": [
            {"key": "name", "label": "Name", "type": "string", "required": True},
            {"key": "count", "label": "Count", "type": "integer", "minimum": 0},
            {"key": "kind", "label": "Kind", "choices": {"a": "A", "b": "B"}, "default": "a"},
            {"key": "due", "label": "Due", "type": "date", "description": "Last day"},
        ],
    }


def reading() -> Comparison:
    value = definition(ACTIONS)
    text = json.dumps(value, indent=2)
    remarked = json.dumps({**value, "remark": 1}, indent=2)
    return compare(
        f"Reading a definition of {ACTIONS} actions with all checks",
        {
            "json.loads": cpu_each(lambda: json.loads(text), 50),
            "read": cpu_each(lambda: read(text), 5),
            "read, with one warning placed": cpu_each(lambda: read(remarked), 5),
        },
        target="at most 80 times json.loads",
        limit=80.0,
        note=f"The text has {len(text):,} characters; diagnostics found: "
        f"{len(read(text).diagnostics)} and {len(read(remarked).diagnostics)}.",
    )


def rendering() -> Comparison:
    template = compile_template("Bearer {{authFields.key}} for {{authFields.shop}}")
    values = {"authFields.key": "4f0c2d9e81b7a635", "authFields.shop": "acme"}

    def interpolate() -> None:
        for _ in range(1000):
            f"Bearer {values['authFields.key']} for {values['authFields.shop']}"

    variants = {"f-string of two look-ups": cpu_each(interpolate, 50)}
    for place in (Place.TEXT, Place.HEADER, Place.QUERY, Place.PATH):
        variants[f"render two placeholders as {place}"] = cpu_each(
            _rendered(template, values, place), 50
        )
    return compare(
        "Rendering two placeholders, a thousand times",
        variants,
        target="at most 10 times the f-string",
        limit=10.0,
    )


def _rendered(template: Template, values: Mapping[str, Any], place: Place) -> Any:
    def work() -> None:
        for _ in range(1000):
            template.render(values, place)

    return work


def urls() -> Comparison:
    connector = Definition.model_validate(definition(1), by_alias=True, by_name=False)
    fixed = compile_url("https://api.example.com/a/{{authFields.shop}}", connector)
    opened = compile_url("https://{{authFields.shop}}.api.example.com/a", connector)
    values = {"authFields.shop": "acme"}
    return compare(
        "Rendering a URL",
        {
            "fixed host": cpu_each(lambda: fixed.render(values), 20_000),
            "open label, judged": cpu_each(lambda: opened.render(values), 20_000),
        },
    )


def measure() -> Iterator[Comparison]:
    """Compare reading and rendering with what Python does itself."""
    yield reading()
    yield rendering()
    yield urls()


def main() -> None:
    for result in measure():
        print(f"\n## {result.title}\n\n{show(result)}")


if __name__ == "__main__":
    main()
