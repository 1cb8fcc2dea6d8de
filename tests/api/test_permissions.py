"""Who may do what: every route needs an API token with one scope, but for the named few."""

import re
from collections.abc import Mapping
from datetime import timedelta

import pytest
from starlette.routing import Route
from tests.api.conftest import SCOPES, Served

from connectsmith.web import site

NEEDED: Mapping[tuple[str, str], str] = {
    ("GET", "/v1/samples"): "connectors:read",
    ("GET", "/v1/presets"): "connectors:read",
    ("GET", "/v1/presets/{preset}"): "connectors:read",
    ("POST", "/v1/connectors"): "connectors:write",
    ("GET", "/v1/connectors"): "connectors:read",
    ("GET", "/v1/connectors/{connector}"): "connectors:read",
    ("DELETE", "/v1/connectors/{connector}"): "connectors:write",
    ("GET", "/v1/connectors/{connector}/draft"): "connectors:read",
    ("PUT", "/v1/connectors/{connector}/draft"): "connectors:write",
    ("POST", "/v1/connectors/{connector}/publish"): "connectors:write",
    ("GET", "/v1/connectors/{connector}/revisions"): "connectors:read",
    ("GET", "/v1/connectors/{connector}/revisions/{number}"): "connectors:read",
    ("GET", "/v1/connectors/{connector}/secrets"): "connectors:read",
    ("POST", "/v1/connectors/{connector}/secrets"): "secrets:write",
    ("POST", "/v1/connectors/{connector}/secrets/{secret}/confirm"): "secrets:write",
    ("DELETE", "/v1/connectors/{connector}/secrets/{secret}"): "secrets:write",
    ("GET", "/v1/connectors/{connector}/keys"): "connectors:read",
    ("POST", "/v1/connectors/{connector}/keys"): "secrets:write",
    ("GET", "/v1/connectors/{connector}/metadata"): "connectors:read",
    ("POST", "/v1/connectors/{connector}/metadata/approve"): "secrets:write",
    ("POST", "/v1/connectors/{connector}/authorizations"): "connections:write",
    ("GET", "/v1/connectors/{connector}/authorizations"): "connections:read",
    ("GET", "/v1/authorizations/{authorization}"): "connections:read",
    ("POST", "/v1/authorizations/{authorization}/complete"): "connections:write",
    ("POST", "/v1/authorizations/{authorization}/keep"): "connections:write",
    ("POST", "/v1/connectors/{connector}/connections"): "connections:write",
    ("GET", "/v1/connectors/{connector}/connections"): "connections:read",
    ("GET", "/v1/connections"): "connections:read",
    ("GET", "/v1/connections/{connection}"): "connections:read",
    ("DELETE", "/v1/connections/{connection}"): "connections:write",
    ("POST", "/v1/connections/{connection}/refresh"): "connections:write",
    ("POST", "/v1/connections/{connection}/test"): "connections:write",
    ("POST", "/v1/connections/{connection}/survive"): "connections:write",
    ("POST", "/v1/connections/{connection}/revoke"): "connections:write",
    ("POST", "/v1/connections/{connection}/confirm"): "connections:write",
    ("POST", "/v1/connections/{connection}/calls"): "calls:write",
    ("POST", "/v1/connectors/{connector}/calls"): "calls:write",
    ("GET", "/v1/calls"): "calls:read",
    ("GET", "/v1/calls/{call}"): "calls:read",
    ("GET", "/v1/calls/{call}/transcript"): "calls:read",
    ("GET", "/v1/calls/{call}/body"): "calls:read",
    ("GET", "/v1/tokens"): "tokens:write",
    ("POST", "/v1/tokens"): "tokens:write",
    ("DELETE", "/v1/tokens/{token}"): "tokens:write",
}
PUBLIC = {("GET", "/health"), ("GET", "/v1/schema"), ("GET", "/v1/openapi.json")}
REFUSED = {401, 403}


def filled(path: str) -> str:
    """Put something into the placeholders of a path."""
    return re.sub(r"\{(\w+)\}", "1", path)


async def test_table_names_every_operation_of_the_document_with_its_scope(served: Served) -> None:
    document = served.application.app.openapi()

    said = {
        (method.upper(), path): operation["security"]
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }

    assert said == {
        **{operation: [{"apiToken": [scope]}] for operation, scope in NEEDED.items()},
        ("GET", "/health"): [],
        ("GET", "/v1/schema"): [],
    }


async def test_no_address_is_served_that_the_table_does_not_name(served: Served) -> None:
    known = {path for _, path in (*NEEDED, *PUBLIC)}

    served_paths: set[str] = set()
    for route in served.application.app.routes:
        inner = getattr(route, "original_router", None)
        for each in [route] if inner is None else inner.routes:
            served_paths.add(getattr(each, "path", ""))

    pages = {each.path for each in site.routes if isinstance(each, Route)}
    assert served_paths - known - pages == set()


@pytest.mark.parametrize("operation", NEEDED, ids=" ".join)
async def test_nothing_is_reachable_without_an_api_token(
    operation: tuple[str, str], served: Served
) -> None:
    method, path = operation
    stranger = served.with_token(None)

    nothing = await stranger.problem(method, filled(path), json={})
    unreadable = await stranger.problem(
        method, filled(path), content="{", headers={"Authorization": "Bearer cst_none"}
    )

    assert [nothing["status"], unreadable["status"]] == [401, 401]
    assert nothing["code"] == "api_token_required"


@pytest.mark.parametrize("operation", NEEDED, ids=" ".join)
async def test_an_operation_needs_its_own_scope_and_no_other(
    operation: tuple[str, str], served: Served
) -> None:
    method, path = operation
    scope = NEEDED[operation]
    without = await served.limited(*(each for each in SCOPES if each != scope))
    only = await served.limited(scope)

    refused = await without.problem(method, filled(path), content="{")
    answered = await only.ask(method, filled(path), json={})

    assert refused["status"] == 403
    assert refused["scope"] == scope
    assert answered.status_code not in REFUSED


@pytest.mark.parametrize("operation", sorted(PUBLIC), ids=" ".join)
async def test_public_addresses_need_no_api_token(
    operation: tuple[str, str], served: Served
) -> None:
    answer = await served.with_token(None).ask(*operation)

    assert answer.status_code == 200


async def test_an_api_token_ends_when_it_is_revoked_or_over(served: Served) -> None:
    body = {"name": "short", "scopes": ["calls:read"], "expires_in_days": 1}
    issued = await served.operator.post("/v1/tokens", body)
    holder = served.with_token(issued["token"])
    other = await served.operator.post("/v1/tokens", {"name": "b", "scopes": ["calls:read"]})
    revoked = served.with_token(other["token"])

    before = await holder.ask("GET", "/v1/calls")
    await served.operator.ask("DELETE", f"/v1/tokens/{other['id']}")
    served.clock.advance(timedelta(days=2))

    assert before.status_code == 200
    assert (await holder.problem("GET", "/v1/calls"))["status"] == 401
    assert (await revoked.problem("GET", "/v1/calls"))["status"] == 401


async def test_nobody_passes_on_a_scope_that_they_lack(served: Served) -> None:
    holder = await served.limited("tokens:write", "calls:read")

    refused = await holder.problem(
        "POST", "/v1/tokens", json={"name": "more", "scopes": ["calls:read", "secrets:write"]}
    )

    assert refused["code"] == "api_scope_missing"
    assert "secrets:write" in refused["detail"]


async def test_a_token_outlives_no_token_that_made_it(served: Served) -> None:
    body = {"name": "short", "scopes": ["tokens:write", "calls:read"], "expires_in_days": 1}
    short = served.with_token((await served.operator.post("/v1/tokens", body))["token"])
    child = {"name": "child", "scopes": ["calls:read"]}
    tokens = [
        (await short.post("/v1/tokens", child | more))["token"]
        for more in ({}, {"expires_in_days": 365})
    ]

    served.clock.advance(timedelta(days=1))

    for token in tokens:
        assert (await served.with_token(token).ask("GET", "/v1/calls")).status_code == 401


async def test_connections_are_revoked_with_their_connector_by_who_may_revoke_them(
    served: Served,
) -> None:
    connector = await served.connector()
    editor = await served.limited("connectors:read", "connectors:write", "secrets:write")
    both = await served.limited("connectors:write", "connections:write")

    refused = await editor.problem("DELETE", f"/v1/connectors/{connector}?force=true")
    kept = await served.operator.ask("GET", f"/v1/connectors/{connector}")
    gone = await both.ask("DELETE", f"/v1/connectors/{connector}?force=true")

    assert (refused["status"], refused["scope"]) == (403, "connections:write")
    assert (kept.status_code, gone.status_code) == (200, 204)
