"""No address gives a secret's value, a token or a field of a connection back."""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import pytest
from tests.api.conftest import Served
from tests.journeys.calendar import definition
from tests.service.standing import answered

CANARIES = {
    "client secret": 'canary/secret+"7a9e&=',
    "access token": "canary-access-b2d8",
    "refresh token": "canary-refresh-55e0",
    "captured": "canary-captured-c3aa",
    "masked field": "canary-field-90bd",
}
"""Values that no answer may hold, whatever it is the answer to."""


def forms(value: str) -> Iterator[bytes]:
    """Yield what a value may look like in an answer."""
    plain = value.encode()
    yield plain
    yield quote(value, safe="").encode()
    yield json.dumps(value)[1:-1].encode()
    yield plain.hex().encode()
    for before in range(3):
        encoded = base64.b64encode(b"\x00" * before + plain)
        yield encoded[4 : len(encoded) // 4 * 4 - 4]


def found_in(content: bytes) -> list[str]:
    """Return which of the values an answer holds."""
    return [name for name, value in CANARIES.items() if any(f in content for f in forms(value))]


def test_the_search_finds_a_value_in_every_form() -> None:
    for name, value in CANARIES.items():
        for each in forms(value):
            assert name in found_in(b"..." + each + b"...")


@pytest.mark.row("T-36")
async def test_no_operation_answers_with_a_stored_value(served: Served) -> None:
    known = await furnished(served)
    document = await served.operator.get("/v1/openapi.json")
    answers: dict[str, int] = {}
    leaks: dict[str, list[str]] = {}

    for path, methods in sorted(document["paths"].items(), key=_deletes_last):
        for method in sorted(methods, key=lambda each: each == "delete"):
            address = path
            for name, value in known.items():
                address = address.replace(name, value)
            answer = await served.operator.ask(method.upper(), address, json=_body(path))
            answers[f"{method} {path}"] = answer.status_code
            head = str(answer.headers.multi_items()).encode()
            if leak := found_in(answer.content + head):
                leaks[f"{method} {path}"] = leak

    assert leaks == {}
    reads = {status for name, status in answers.items() if name.startswith("get ")}
    assert reads <= {200, 404}
    assert sum(status < 300 for status in answers.values()) > len(answers) * 0.6, answers


def _deletes_last(each: tuple[str, Mapping[str, Any]]) -> bool:
    return "delete" in each[1]


def _body(path: str) -> Any:
    bodies: dict[str, Any] = {
        "/v1/connectors": {"sample": "github"},
        "/draft": {"text": "{}"},
        "/secrets": {"secrets": [{"name": "another", "value": "x"}]},
        "/confirm": {"browser": False} if "secrets" in path else {"api": []},
        "/complete": {"completion": "x"},
        "/calls": {"action": "me.get"},
        "/tokens": {"name": "another", "scopes": ["calls:read"]},
    }
    return next((body for end, body in bodies.items() if path.endswith(end)), {})


async def furnished(served: Served) -> dict[str, str]:
    """Store every canary where it belongs, and let the API repeat what it is sent."""
    echo = {"id": "ada", "echo": [each for name, each in CANARIES.items() if "secret" not in name]}
    text = definition(
        "https://auth.example.com",
        grant="client_credentials",
        authorizationURL=None,
        capture={"token": {"tenant": {"from": "/tenant", "masked": True}}},
    )
    text["requiredSettings"]["authFields"] = [{"key": "key", "masked": True, "required": True}]
    text["auth_request"] = {
        "type": "oauth2",
        "headers": {
            "X-Key": "{{authFields.key}}",
            "X-Tenant": "{{connection.tenant}}",
        },
    }
    made = await served.operator.post("/v1/connectors", {"definition": text, "publish": True})
    path = f"/v1/connectors/{made['id']}"
    pairs = [
        {"name": "clientID", "value": "a-client"},
        {"name": "clientSecret", "value": CANARIES["client secret"]},
    ]
    stored = await served.operator.post(f"{path}/secrets", {"secrets": pairs})
    tokens = {
        "access_token": CANARIES["access token"],
        "refresh_token": CANARIES["refresh token"],
        "tenant": CANARIES["captured"],
        "token_type": "Bearer",
        "expires_in": 3600,
    }

    def service(request: Any) -> Any:
        return answered(tokens if request.url.endswith("/token") else echo)

    served.sender.reply(*[service] * 100)
    fields = {"fields": {"key": CANARIES["masked field"]}, "test": True}
    connection = await served.operator.post(f"{path}/connections", fields)
    call = await served.operator.post(
        f"/v1/connections/{connection['id']}/calls", {"action": "me.get"}
    )
    return {
        "{connector}": made["id"],
        "{number}": "1",
        "{secret}": stored["items"][0]["id"],
        "{connection}": connection["id"],
        "{call}": call["call"],
        "{token}": (await served.operator.get("/v1/tokens"))["items"][0]["id"],
    }
