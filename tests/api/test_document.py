"""The OpenAPI document is valid, kept in the repository, and what the server serves."""

import json
from pathlib import Path
from typing import Any

import jsonschema
from openapi_spec_validator import OpenAPIV31SpecValidator
from tests.api.conftest import Served
from tests.service.standing import answered

from connectsmith.core.message import HttpResponse

KEPT = Path(__file__).resolve().parents[2] / "docs" / "reference" / "openapi.json"


def schema_of(document: dict[str, Any], name: str) -> jsonschema.Draft202012Validator:
    """Return a validator for one of the document's own shapes."""
    return jsonschema.Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    )


async def test_document_is_openapi_3_1(served: Served) -> None:
    document = await served.operator.get("/v1/openapi.json")

    assert document["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


async def test_document_that_is_served_is_the_one_in_the_repository(served: Served) -> None:
    assert await served.operator.get("/v1/openapi.json") == json.loads(KEPT.read_text())


async def test_format_is_served_as_json_schema(served: Served) -> None:
    schema = await served.operator.get("/v1/schema")

    jsonschema.Draft202012Validator.check_schema(schema)


async def test_outcomes_and_problems_of_calls_are_as_the_document_says(served: Served) -> None:
    document = await served.operator.get("/v1/openapi.json")
    outcome, problem = schema_of(document, "Outcome"), schema_of(document, "Problem")
    connector = await open_api(served)
    path = f"/v1/connectors/{connector}/calls"
    served.sender.reply(answered({"a": 1}), answered({"error": "no"}, 500), binary())

    good = await served.operator.post(path, {"action": "thing.get"})
    bad = await served.operator.post(path, {"action": "thing.get"})
    kept = await served.operator.post(path, {"action": "thing.get"})
    refused = await served.operator.problem("POST", path, json={"action": "no.such"})

    for each in (good, bad, kept):
        outcome.validate(each)
    problem.validate(refused)
    assert (good["ok"], good["value"]) == (True, {"a": 1})
    assert (bad["ok"], bad["status"], bad["fault"]) == (False, 500, "remote")
    assert kept["body"]["url"] == f"/v1/calls/{kept['call']}/body"


async def test_call_bodies_are_judged_as_the_document_says(served: Served) -> None:
    document = await served.operator.get("/v1/openapi.json")
    asked = schema_of(document, "Call")
    connector = await open_api(served)
    path = f"/v1/connectors/{connector}/calls"
    served.sender.reply(*[answered({})] * 3)

    bodies: tuple[Any, ...] = (
        {"action": "thing.get"},
        {"action": "thing.get", "fields": {}},
        {"action": "thing.get", "fields": {}, "test": False},
        {},
        {"action": 1},
        {"action": None},
        {"action": "thing.get", "fields": []},
        {"action": "thing.get", "fields": None},
        {"action": "thing.get", "test": "yes"},
        {"action": "thing.get", "more": 1},
        [],
        "thing.get",
    )
    for body in bodies:
        answer = await served.operator.ask("POST", path, json=body)
        assert (answer.status_code == 200) == asked.is_valid(body), body
        assert answer.status_code in {200, 400}


async def open_api(served: Served) -> str:
    """Publish a connector that needs no sign-in; return its id."""
    text = {
        "schema": "1.0",
        "name": "Things",
        "auth_components": {"type": "none"},
        "requiredSettings": {"authFields": []},
        "endpoints": {"GET": {"/thing": {"url": "https://api.example.com"}}},
        "actions": [
            {"modelId": "thing", "actionId": "get", "method": "GET", "endpoint": "/thing",
             "label": "Get it"}
        ],
    }  # fmt: skip
    made = await served.operator.post("/v1/connectors", {"definition": text, "publish": True})
    connector: str = made["id"]
    return connector


def binary() -> HttpResponse:
    """Return an answer that is no text."""
    return HttpResponse(200, (("content-type", "image/png"),), b"\x89PNG\x00\xff")
