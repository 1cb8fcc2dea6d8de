"""Whatever is sent to any operation of the document, the answer is never a fault of ours."""

import json
import random
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from tests.api.conftest import Served
from tests.journeys.calendar import definition
from tests.service.standing import answered

ROUNDS = 12
"""Requests to each operation, each with other values."""

NASTY: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**31,
    2**63,
    2**64,
    10**400,
    1.5,
    1e308,
    "",
    " ",
    "\x00",
    "a\x00b",
    "\r\nX-Injected: 1",
    "\ud800",
    "\U0001f600",
    "\u202e\u0000\ufffe",
    "{{clientSecret}}",
    "{{authFields.x}}",
    "../../etc/passwd",
    "' OR 1=1 --",
    "https://169.254.169.254/",
    "http://[::1",
    "x" * 10_000,
    [],
    [[]],
    [None],
    {},
    {"": None},
    {"\x00": "\x00"},
    {"a": {"b": {"c": [1, "2", None]}}},
)
IN_ADDRESSES = (
    "%00", "%ff", "%ED%A0%80", "..%2f..", "%0d%0a", "con_x", "0", "-1", "9" * 30, "a" * 3000,
)  # fmt: skip
BODIES: Mapping[str, Any] = {
    "/v1/connectors": {"definition": {}, "sample": None, "publish": True},
    "/draft": {"text": "{}"},
    "/secrets": {"secrets": [{"name": "a", "value": "b", "origins": ["https://a.b"]}]},
    "/authorizations": {"fields": {"a": "b"}, "return_to": "http://127.0.0.1:1/", "test": True},
    "/complete": {"completion": "x"},
    "/connections": {"fields": {"a": "b"}, "test": True},
    "/confirm": {"origins": ["https://a.b"], "browser": True, "api": [], "auth": []},
    "/calls": {"action": "events.create", "fields": {"calendar": "a", "title": "b"}},
    "/tokens": {"name": "a", "scopes": ["calls:read"], "expires_in_days": 1},
}


def body_for(path: str) -> Any:
    """Return a body that the operation may take."""
    return next((body for end, body in BODIES.items() if path.endswith(end)), {})


def spoiled(value: Any, chance: random.Random) -> Any:
    """Return a value with something in it replaced."""
    if chance.random() < 0.3 or not isinstance(value, (dict, list)) or not value:
        return chance.choice(NASTY)
    if isinstance(value, list):
        return [spoiled(each, chance) for each in value] * chance.choice((1, 1, 2))
    chosen = chance.choice(list(value))
    return {**value, chosen: spoiled(value[chosen], chance)}


def addresses(path: str, known: Mapping[str, str], chance: random.Random) -> Iterator[str]:
    """Yield a path's parts with its placeholders filled."""
    for part in path.split("/"):
        if not part.startswith("{"):
            yield part
        elif chance.random() < 0.6:
            yield known.get(part, "x")
        else:
            yield chance.choice(IN_ADDRESSES)


@pytest.mark.parametrize("seed", range(2))
async def test_no_request_is_answered_with_a_fault_of_ours(seed: int, served: Served) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable is what counts
    served.sender.reply(*[lambda _: answered({"access_token": "a", "id": "x"})] * 10_000)
    known = await furnished(served)
    document = await served.operator.get("/v1/openapi.json")
    operations = [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    broken, good = [], 0

    for method, path, operation in sorted(operations, key=lambda each: each[0] == "delete"):
        for _ in range(ROUNDS):
            address = "/".join(addresses(path, known, chance))
            more = spoiled_request(path, operation, chance)
            answer = await served.operator.ask(method.upper(), address, **more)
            good += answer.is_success
            if answer.status_code == 500:
                broken.append((method, address[:80], more["content"][:200], answer.text))

    assert broken == []
    assert good > len(operations)


def spoiled_request(
    path: str, operation: Mapping[str, Any], chance: random.Random
) -> dict[str, Any]:
    """Return query, body and headers of a request with something wrong in them."""
    headers = {"If-Match": chance.choice(["*", '"1"', '"' + "9" * 30 + '"', "\x7f", ""])}
    if chance.random() < 0.2:
        headers["Idempotency-Key"] = chance.choice(["a", "", "b" * 300])
    query = {
        each["name"]: str(chance.choice(NASTY)).encode("utf-8", "replace")
        for each in operation.get("parameters", [])
        if each["in"] == "query" and chance.random() < 0.5
    }
    content = json.dumps(spoiled(body_for(path), chance))
    return {"params": query, "content": content, "headers": headers}


async def furnished(served: Served) -> dict[str, str]:
    """Make one of everything; return the ids by placeholder."""
    changes = {"grant": "client_credentials", "authorizationURL": None}
    text = definition("https://auth.example.com", **changes)
    made = await served.operator.post("/v1/connectors", {"definition": text, "publish": True})
    pairs = [{"name": name, "value": "v"} for name in ("clientID", "clientSecret")]
    path = f"/v1/connectors/{made['id']}"
    stored = await served.operator.post(f"{path}/secrets", {"secrets": pairs})
    connection = await served.operator.post(f"{path}/connections")
    call = await served.operator.post(
        f"/v1/connections/{connection['id']}/calls", {"action": "me.get"}
    )
    return {
        "{connector}": made["id"],
        "{number}": "1",
        "{secret}": stored["items"][0]["id"],
        "{connection}": connection["id"],
        "{call}": call["call"],
    }
