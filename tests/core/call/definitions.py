"""Small definitions for tests of calls."""

from collections.abc import Mapping
from typing import Any

from connectsmith.core.call.arguments import check_arguments
from connectsmith.core.call.plan import ActionPlan, plans_of
from connectsmith.core.call.prepare import prepare
from connectsmith.core.connection.apply import apply, auth_plan
from connectsmith.core.connection.credentials import Credentials
from connectsmith.core.definition.model import Definition
from connectsmith.core.message import HttpRequest
from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.secret import Secret

CALL = "cal_abcdefghijklmnopqrstuvwxyz"
ORIGIN = "https://api.example.com"


def define(
    fields: list[dict[str, Any]] | None = None,
    *,
    url_fields: list[dict[str, Any]] | None = None,
    method: str = "POST",
    path: str = "/things",
    endpoint: Mapping[str, Any] | None = None,
    action: Mapping[str, Any] | None = None,
    **root: Any,
) -> Definition:
    """Return a definition with one action, `thing.do`."""
    text = {
        "schema": "1.0",
        "name": "Example",
        "auth_components": {"type": "none"},
        "requiredSettings": {"authFields": []},
        "endpoints": {method: {path: {"url": f"{ORIGIN}/v1", **(endpoint or {})}}},
        "actions": [
            {
                "modelId": "thing",
                "actionId": "do",
                "endpoint": path,
                "method": method,
                "actionFields": fields or [],
                "urlFields": url_fields or [],
                **(action or {}),
            }
        ],
        **root,
    }
    return Definition.model_validate(text)


def plan(fields: list[dict[str, Any]] | None = None, **options: Any) -> ActionPlan:
    """Return the plan of the one action."""
    return plans_of(define(fields, **options))["thing.do"]


def request(
    definition: Definition,
    given: Mapping[str, object],
    owner: Mapping[str, str] | None = None,
    *,
    credentials: Credentials | None = None,
) -> HttpRequest:
    """Return the request of one call of the one action."""
    compiled = plans_of(definition)["thing.do"]
    held = {key: Secret(value) for key, value in (owner or {}).items()}
    return apply(
        auth_plan(definition),
        prepare(compiled, check_arguments(compiled, given)),
        credentials or Credentials(fields=held),
        Destinations.of([ORIGIN]),
        call_id=CALL,
    )
