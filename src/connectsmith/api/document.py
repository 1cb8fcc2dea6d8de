"""The OpenAPI document: what the framework derives, and what it can't know."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from connectsmith.api.permissions import scope_of

JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"
STREAM: Final = "application/octet-stream"
LONGEST_KEY: Final = 200
"""Characters of an `Idempotency-Key`."""

_ASKED: Final[Mapping[str, Any]] = {
    "type": "object",
    "description": "An action and the values of its fields.",
    "additionalProperties": False,
    "required": ["action"],
    "properties": {
        "action": {"type": "string", "description": "modelId.actionId"},
        "fields": {"type": "object", "default": {}},
        "test": {
            "type": "boolean",
            "default": False,
            "description": "Without a connection: use the draft.",
        },
    },
}
_OUTCOME: Final[Mapping[str, Any]] = {
    "type": "object",
    "description": "What came of a call: the service answered.",
    "additionalProperties": False,
    "required": [
        "call",
        "ok",
        "status",
        "fault",
        "code",
        "message",
        "value",
        "truncated",
        "content_type",
    ],
    "properties": {
        "call": {"type": "string"},
        "ok": {"type": "boolean"},
        "status": {"type": ["integer", "null"], "description": "The service's HTTP status."},
        "fault": {"type": ["string", "null"]},
        "code": {"type": ["string", "null"]},
        "message": {"type": ["string", "null"]},
        "value": {"description": "The useful part of the answer."},
        "truncated": {"type": "boolean", "description": "The body was cut at its budget."},
        "content_type": {"type": ["string", "null"]},
        "body": {
            "type": "object",
            "description": "Where a binary or large body can be fetched.",
            "additionalProperties": False,
            "required": ["size", "content_type", "url"],
            "properties": {
                "size": {"type": "integer"},
                "content_type": {"type": ["string", "null"]},
                "url": {"type": "string"},
            },
        },
    },
}
_PROBLEM: Final[Mapping[str, Any]] = {
    "type": "object",
    "description": "A problem document (RFC 9457); members beyond these belong to its code.",
    "required": ["type", "title", "status", "code", "fault", "detail", "place"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable; listed in the error reference."},
        "fault": {"type": "string", "description": "Who has to act."},
        "detail": {"type": "string"},
        "place": {"type": ["string", "null"], "description": "Where in the request it is."},
    },
}
_SECURITY: Final[Mapping[str, Any]] = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API token. The scope that it needs is named with each operation.",
}
_REFUSED: Final[Mapping[str, Any]] = {
    "description": "A problem document.",
    "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_OF_THE_FRAMEWORK: Final = ("HTTPValidationError", "ValidationError")
"""Its own shapes of errors, which are never sent."""


def describing(app: FastAPI, routers: Sequence[APIRouter]) -> Callable[[], dict[str, Any]]:
    """Return what makes the whole document of an application of these routers, once."""
    generate = app.openapi
    scopes = scopes_of(routers)

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = completed(generate(), scopes)
        return app.openapi_schema

    return document


def scopes_of(routers: Sequence[APIRouter]) -> dict[tuple[str, str], str | None]:
    """Return the scope that each operation needs, by path and method; None: no API token."""
    return {
        (route.path, method.lower()): scope_of(route)
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }


def completed(
    document: dict[str, Any], scopes: Mapping[tuple[str, str], str | None]
) -> dict[str, Any]:
    """Add the hot routes, the problem documents and the scopes."""
    for kind, summary in (
        ("connection", "Call an action with a connection."),
        ("connector", "Call an action of an API that needs no sign-in."),
    ):
        path = f"/v1/{kind}s/{{{kind}}}/calls"
        document["paths"].setdefault(path, {})["post"] = _hot(kind, summary)
        scopes = {**scopes, (path, "post"): "calls:write"}
    schemas = document["components"]["schemas"]
    for name in _OF_THE_FRAMEWORK:
        schemas.pop(name, None)
    schemas |= {"Call": dict(_ASKED), "Outcome": dict(_OUTCOME), "Problem": dict(_PROBLEM)}
    document["components"]["securitySchemes"] = {"apiToken": dict(_SECURITY)}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = dict(_REFUSED)
            scope = scopes[path, method]
            operation["security"] = [] if scope is None else [{"apiToken": [scope]}]
    return document


def _hot(kind: str, summary: str) -> dict[str, Any]:
    """Describe one of the two routes that the framework does not know."""
    return {
        "tags": ["calls"],
        "summary": summary,
        "operationId": f"call_{kind}",
        "parameters": [
            {"name": kind, "in": "path", "required": True, "schema": {"type": "string"}},
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
                "description": "Repetitions within 24 hours get the same outcome.",
            },
        ],
        "requestBody": {
            "required": True,
            "content": {JSON: {"schema": {"$ref": "#/components/schemas/Call"}}},
        },
        "responses": {
            "200": {
                "description": "The service answered, whatever its status.",
                "headers": {"X-Connectsmith-Call": {"schema": {"type": "string"}}},
                "content": {
                    JSON: {"schema": {"$ref": "#/components/schemas/Outcome"}},
                    STREAM: {"schema": {"type": "string", "format": "binary"}},
                },
            }
        },
    }
