"""The examples of follow-up requests are definitions without a fault, and connect as they say."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from tests.docs.demo import DOCS
from tests.service.standing import Standing, answered, returned, standing

from connectsmith.core.definition.reading import read
from connectsmith.core.message import HttpRequest, HttpResponse

PAGE = (DOCS / "how-to" / "follow-up-requests.md").read_text()
_EXAMPLE = re.compile(r"<!-- with: (\w+) -->\n+```json\n(.*?)```", re.DOTALL)
EXAMPLES = dict(_EXAMPLE.findall(PAGE))

TOKENS = {"access_token": "first-token", "token_type": "Bearer", "expires_in": 3600}
SITES = [{"id": "site-1", "name": "Berlin"}, {"id": "site-2", "name": "Vienna"}]
TENANTS = [
    {"tenantId": "tenant-1", "tenantName": "Berlin"},
    {"tenantId": "tenant-2", "tenantName": "Vienna"},
]
ANSWERS: Mapping[str, Any] = {
    "/oauth/token": TOKENS,
    "/connect/token": TOKENS,
    "/token": TOKENS,
    "/oauth/token/accessible-resources": SITES,
    "/connections": TENANTS,
    "/exchange": {"session_token": "second-token", "expires_in": 600},
}
"""What the services' documentation says they answer."""


@pytest.fixture
async def installation() -> AsyncIterator[Standing]:
    async with standing() as one:
        yield one


def completed(example: str) -> dict[str, Any]:
    """Return an example with the members that go without saying."""
    made: dict[str, Any] = json.loads(EXAMPLES[example])
    made["auth_components"] |= {
        "type": "oauth2",
        "clientID": "{{clientID}}",
        "clientSecret": "{{clientSecret}}",
    }
    (path,) = made["endpoints"]["GET"]
    action = {"modelId": "thing", "actionId": "list", "method": "GET", "endpoint": path}
    rest = {"schema": "1.0", "name": "Example", "requiredSettings": {"authFields": []}}
    return {**rest, **made, "actions": [action]}


def answer(request: HttpRequest) -> HttpResponse:
    path = re.sub(r"^https://[^/]+|\?.*$", "", request.url)
    return answered(ANSWERS.get(path, {"ok": True}))


async def called(installation: Standing, example: str, choice: str | None) -> HttpRequest:
    """Connect, choose, call; return what the API was asked."""
    installation.sender.reply(*[answer] * 20)
    caller = installation.caller
    text = json.dumps(completed(example))
    made = await caller.post("/v1/connectors", {"definition": text, "publish": True})
    pairs = [{"name": name, "value": f"the-{name}"} for name in ("clientID", "clientSecret")]
    await caller.post(f"/v1/connectors/{made['id']}/secrets", {"secrets": pairs})
    started = await caller.start(made["id"])
    browser = installation.browser()
    asked = await browser.depart(started["start_url"])
    back = await browser.come_back(asked.callback, code="the-code", state=asked["state"])
    await caller.complete(started, returned(back)["completion"])
    body = {} if choice is None else {"choice": choice}
    kept = await caller.post(f"/v1/authorizations/{started['id']}/keep", body)
    outcome = await caller.post(f"/v1/connections/{kept['id']}/calls", {"action": "thing.list"})
    assert outcome["ok"]
    return installation.sender.requests[-1]


@pytest.mark.parametrize("example", EXAMPLES)
def test_example_is_read_without_a_fault(example: str) -> None:
    reading = read(json.dumps(completed(example)))

    assert [each.code for each in reading.diagnostics] == []


async def test_jira_is_called_at_the_chosen_site(installation: Standing) -> None:
    request = await called(installation, "jira", "Vienna")

    assert request.url == "https://api.atlassian.com/ex/jira/site-2/rest/api/3/project/search"


async def test_xero_is_called_with_the_chosen_tenant(installation: Standing) -> None:
    request = await called(installation, "xero", "Vienna")

    assert dict(request.headers)["xero-tenant-id"] == "tenant-2"


async def test_token_that_was_exchanged_is_the_one_that_calls_carry(
    installation: Standing,
) -> None:
    request = await called(installation, "exchange", None)

    assert dict(request.headers)["Authorization"] == "Bearer second-token"
