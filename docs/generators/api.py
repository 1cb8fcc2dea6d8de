"""The REST API, from the OpenAPI document that the server itself gives out."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from docs.generators.json_shapes import default_of, in_reading_order, references, type_of
from docs.generators.markdown import code, document, one_line, table

from connectsmith.api.app import create_app
from connectsmith.service.desks import Desks

INTRODUCTION = """\
The server gives the same as OpenAPI 3.1 at `/v1/openapi.json`, and the connector format as JSON
Schema at `/v1/schema`.

Every request carries `Authorization: Bearer` and an API token, but for `/health`, the two schema
documents, and the pages that browsers visit. An API token has scopes; each operation needs one, and
a request without it is answered with `api_scope_missing`. Bodies are JSON and say so.

Errors are problem documents (RFC 9457): [errors](errors.md). Times are RFC 3339 with `Z`. Lists
answer `items` and `next`; hand `next` back as `after` to go on. Drafts and connectors have an
`ETag`; changing a draft and deleting need it in `If-Match`. `Idempotency-Key` on a call replays the
outcome that is stored for it, for 24 hours."""

NOBODY = cast("Desks", None)
"""The document does not depend on who serves it."""


def page() -> str:
    """Return the page."""
    described = create_app(NOBODY).openapi()
    blocks = [INTRODUCTION]
    for tag, rows in _operations(described["paths"]).items():
        head = ("request", "what it does", "query and headers", "body", "answer", "scope")
        blocks += [f"## {tag.capitalize()}", table(head, rows)]
    objects: Mapping[str, Mapping[str, Any]] = described["components"]["schemas"]
    wanted = list(dict.fromkeys(references(described["paths"])))
    blocks.append("## Objects")
    for name in in_reading_order(objects, wanted):
        blocks += _object(name, objects[name])
    return document("REST API", *blocks)


def openapi() -> str:
    """Return the document itself."""
    return json.dumps(create_app(NOBODY).openapi(), indent=2, ensure_ascii=False) + "\n"


def _operations(paths: Mapping[str, Any]) -> dict[str, list[tuple[str, ...]]]:
    """Return a row for each operation, by tag."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for path, operations in paths.items():
        for method, operation in operations.items():
            row = (
                code(f"{method.upper()} {path}"),
                one_line(operation.get("description") or operation.get("summary")),
                ", ".join(_parameters(operation)),
                _content(operation.get("requestBody", {})),
                ", ".join(_answers(operation["responses"])),
                ", ".join(code(scope) for each in operation["security"] for scope in _scopes(each)),
            )
            found.setdefault(operation["tags"][0], []).append(row)
    return found


def _scopes(requirement: Mapping[str, Any]) -> Iterator[str]:
    for scopes in requirement.values():
        yield from scopes


def _parameters(operation: Mapping[str, Any]) -> Iterator[str]:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] != "path":
            yield code(parameter["name"])


def _answers(responses: Mapping[str, Any]) -> Iterator[str]:
    for status, response in responses.items():
        if status.startswith("2"):
            yield f"{status} {_content(response)}".strip()


def _content(holder: Mapping[str, Any]) -> str:
    shape = holder.get("content", {}).get("application/json", {}).get("schema", {})
    return type_of(shape) if shape else ""


def _object(name: str, shape: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {name}"
    yield one_line(shape.get("description"))
    required = shape.get("required", ())
    rows = [
        (
            code(member),
            type_of(inner),
            "required" if member in required else default_of(inner),
            one_line(inner.get("description")),
        )
        for member, inner in shape.get("properties", {}).items()
    ]
    if rows:
        yield table(("member", "type", "default", "meaning"), rows)
