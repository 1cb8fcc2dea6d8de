"""Endpoints that an issuer names: found, believed, and held on to."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.service.standing import ISSUER, Standing, answered, granting, returned

from connectsmith.core.message import HttpRequest, HttpResponse

EVIL = "https://evil.example.net"
HONEST: dict[str, Any] = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "revocation_endpoint": f"{ISSUER}/revoke",
    "authorization_response_iss_parameter_supported": True,
}
ISSUER_ALONE: dict[str, Any] = {
    "issuer": ISSUER,
    "authorizationURL": None,
    "tokenURL": None,
    "revocationURL": None,
}
WELL_KNOWN = f"{ISSUER}/.well-known/oauth-authorization-server"


class Server:
    """An honest token endpoint whose metadata may change."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.url == WELL_KNOWN:
            return answered(self.document)
        if "/.well-known/" in request.url:
            return answered({}, 404)
        return granting(request)


async def discovered(installation: Standing, **changes: Any) -> tuple[str, Server]:
    server = Server(HONEST)
    installation.sender.reply(*[server] * 200)
    return await installation.connector(**ISSUER_ALONE | changes), server


async def look_again(installation: Standing) -> None:
    installation.clock.advance(timedelta(hours=25))
    await installation.application.chores.seldom()


def asked(installation: Standing) -> list[str]:
    return [each.url for each in installation.sender.requests]


@pytest.mark.row("C-30")
async def test_definition_with_an_issuer_alone_signs_in_at_the_endpoints_it_names(
    installation: Standing,
) -> None:
    connector, _ = await discovered(installation)
    secrets = (await installation.caller.get(f"/v1/connectors/{connector}/secrets"))["items"]

    started = await installation.caller.start(connector)
    browser = installation.browser()
    request = await browser.depart(started["start_url"])
    back = await browser.come_back(
        request.callback, code="a-code", state=request["state"], iss=ISSUER
    )
    await installation.caller.complete(started, returned(back)["completion"])

    assert request.url.startswith(f"{ISSUER}/authorize?")
    assert [each.url for each in installation.token_requests] == [f"{ISSUER}/token"]
    assert asked(installation).count(WELL_KNOWN) == 1
    assert {origin for each in secrets for origin in each["origins"]} == {ISSUER}


@pytest.mark.row("C-19")
async def test_response_without_the_issuer_that_metadata_announces_is_refused(
    installation: Standing,
) -> None:
    connector, _ = await discovered(installation)
    started = await installation.caller.start(connector)
    browser = installation.browser()
    request = await browser.depart(started["start_url"])

    await browser.come_back(request.callback, code="a-code", state=request["state"])

    row = await installation.row(started["id"])
    assert (row.status, row.error_code) == ("failed", "issuer_unexpected")
    assert installation.token_requests == []


@pytest.mark.row("C-19")
async def test_issuer_is_demanded_of_a_definition_that_writes_every_endpoint_too(
    installation: Standing,
) -> None:
    installation.sender.reply(*[Server(HONEST)] * 200)
    connector = await installation.connector(issuer=ISSUER)
    started = await installation.caller.start(connector)
    browser = installation.browser()
    request = await browser.depart(started["start_url"])

    await browser.come_back(request.callback, code="a-code", state=request["state"])

    assert (await installation.row(started["id"])).error_code == "issuer_unexpected"


async def test_issuer_without_metadata_costs_a_complete_definition_nothing(
    installation: Standing,
) -> None:
    installation.sender.reply(*[answered({}, 404)] * 200)
    connector = await installation.connector(issuer=ISSUER)

    first = await installation.caller.start(connector)
    before = len(asked(installation))
    second = await installation.caller.start(connector)

    assert (first["status"], second["status"]) == ("created", "created")
    assert len(asked(installation)) == before > 0


@pytest.mark.row("T-23")
async def test_changed_document_is_held_back_until_it_is_approved(installation: Standing) -> None:
    connector, server = await discovered(installation, grant="client_credentials")
    made = await installation.caller.post(f"/v1/connectors/{connector}/connections")

    server.document = HONEST | {"token_endpoint": f"{EVIL}/token"}
    await look_again(installation)
    await installation.caller.post(f"/v1/connections/{made['id']}/refresh")
    waiting = await installation.caller.get(f"/v1/connectors/{connector}/metadata")

    assert {urlsplit(each.url).hostname for each in installation.token_requests} == {
        "auth.example.com"
    }
    assert waiting["items"][0]["endpoints"]["token_url"] == f"{ISSUER}/token"
    assert waiting["items"][0]["pending"]["token_url"] == f"{EVIL}/token"
    assert len(await installation.events("metadata_changed")) == 1


@pytest.mark.row("T-23")
async def test_approved_change_still_sends_nothing_where_nobody_confirmed_it(
    installation: Standing,
) -> None:
    connector, server = await discovered(installation, grant="client_credentials")
    made = await installation.caller.post(f"/v1/connectors/{connector}/connections")
    server.document = HONEST | {"token_endpoint": f"{EVIL}/token"}
    await look_again(installation)

    path = f"/v1/connectors/{connector}/metadata/approve"
    approved = await installation.caller.post(path, {"issuer": ISSUER})
    refused = await installation.caller.problem(f"/v1/connections/{made['id']}/refresh")

    assert approved["endpoints"]["token_url"] == f"{EVIL}/token"
    assert refused["code"] == "secret_destination_denied"
    assert EVIL not in {url[: len(EVIL)] for url in asked(installation)}


@pytest.mark.row("T-23")
@pytest.mark.parametrize(
    "document", [{}, {"issuer": EVIL}, HONEST | {"token_endpoint": "http://a.example.com/"}]
)
async def test_document_that_cannot_be_believed_changes_nothing(
    installation: Standing, document: dict[str, Any]
) -> None:
    connector, server = await discovered(installation, grant="client_credentials")

    server.document = document
    await look_again(installation)
    await installation.caller.post(f"/v1/connectors/{connector}/connections")

    known = await installation.caller.get(f"/v1/connectors/{connector}/metadata")
    assert known["items"][0]["endpoints"]["token_url"] == f"{ISSUER}/token"
    assert known["items"][0]["pending"] is None


async def test_document_is_fetched_again_after_a_day_and_not_before(
    installation: Standing,
) -> None:
    await discovered(installation, grant="client_credentials")

    await installation.application.chores.seldom()
    installation.clock.advance(timedelta(hours=23))
    await installation.application.chores.seldom()
    soon = asked(installation).count(WELL_KNOWN)
    installation.clock.advance(timedelta(hours=1))
    await installation.application.chores.seldom()

    assert (soon, asked(installation).count(WELL_KNOWN)) == (1, 2)


async def test_definition_whose_issuer_cannot_be_read_says_so(installation: Standing) -> None:
    installation.sender.reply(*[answered({"issuer": EVIL})] * 200)
    connector = await installation.connector(**ISSUER_ALONE)

    refused = await installation.caller.problem(
        f"/v1/connectors/{connector}/authorizations", {"return_to": "http://127.0.0.1:9/done"}
    )

    assert (refused["code"], refused["fault"]) == ("metadata_refused", "remote")
    assert EVIL not in json.dumps(refused)
