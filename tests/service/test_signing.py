"""What is signed, for whom, and where signatures may go."""

import base64
import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from tests.service.standing import ISSUER, TOKENS, Standing, answered

from connectsmith.core.message import HttpRequest

SIGNING: dict[str, Any] = {
    "grant": "client_credentials",
    "authorizationURL": None,
    "clientAuth": "private_key_jwt",
    "clientSecret": None,
    "issuer": "https://honest.example.com",
    "assertion": {"alg": "ES256"},
}


def assertion_of(request: HttpRequest) -> dict[str, Any]:
    """Return the claims of a request's client assertion."""
    (jwt,) = parse_qs(request.body.decode())["client_assertion"]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(jwt.split(".")[1] + "=="))
    return claims


async def connect(installation: Standing, connector: str) -> dict[str, Any]:
    made: dict[str, Any] = await installation.caller.post(
        f"/v1/connectors/{connector}/connections", {}
    )
    return made


@pytest.mark.row("T-19")
@pytest.mark.row("C-43")
async def test_assertion_names_the_issuer_alone_and_is_used_once_and_briefly(
    installation: Standing,
) -> None:
    """A server that lends another's name gets nothing that the other would take."""
    connector = await installation.connector(**SIGNING)
    installation.grants()

    made = await connect(installation, connector)
    await installation.caller.post(f"/v1/connections/{made['id']}/refresh")

    first, second = map(assertion_of, installation.token_requests)
    assert first["aud"] == second["aud"] == "https://honest.example.com"
    assert first["iss"] == first["sub"] == "the-client"
    assert first["jti"] != second["jti"]
    assert 0 < first["exp"] - first["iat"] <= 300


@pytest.mark.row("C-43")
async def test_signatures_go_only_where_sign_in_led_when_the_key_was_made(
    installation: Standing,
) -> None:
    connector = await installation.connector(**SIGNING)
    await installation.caller.post(f"/v1/connectors/{connector}/keys")
    draft = (await installation.caller.get(f"/v1/connectors/{connector}/draft"))["text"]
    elsewhere = draft.replace(f"{ISSUER}/token", "https://thief.example.net/token")
    await installation.caller.client.put(
        f"/v1/connectors/{connector}/draft", json={"text": elsewhere}, headers={"If-Match": "*"}
    )
    await installation.caller.post(f"/v1/connectors/{connector}/publish")
    secrets = (await installation.caller.get(f"/v1/connectors/{connector}/secrets"))["items"]
    for each in secrets:
        await installation.caller.post(
            f"/v1/connectors/{connector}/secrets/{each['id']}/confirm",
            {"origins": ["https://thief.example.net"]},
        )
    installation.grants()

    refused = await installation.caller.problem(f"/v1/connectors/{connector}/connections")

    assert refused["code"] == "secret_destination_denied"
    assert "what the private key signed" in refused["detail"].lower()
    assert await installation.events("secret_destination_denied")


async def test_new_key_signs_once_the_overlap_is_over_and_the_old_one_is_shredded_after_another(
    installation: Standing,
) -> None:
    connector = await installation.connector(**SIGNING)
    path = f"/v1/connectors/{connector}/keys"
    old = await installation.caller.post(path)
    new = await installation.caller.post(path)
    installation.grants()
    signed_by = []

    for _ in range(3):
        await connect(installation, connector)
        (jwt,) = parse_qs(installation.token_requests[-1].body.decode())["client_assertion"]
        signed_by.append(json.loads(base64.urlsafe_b64decode(jwt.split(".")[0] + "=="))["kid"])
        await installation.application.chores.seldom()
        installation.clock.advance(timedelta(hours=1))

    assert signed_by == [old["id"], new["id"], new["id"]]
    left = await installation.storage.client_records.of_connector("default", connector)
    assert [row.id for row in left] == [new["id"]]


async def test_key_is_made_only_for_a_definition_that_signs_with_one(
    installation: Standing,
) -> None:
    connector = await installation.connector()

    refused = await installation.caller.problem(f"/v1/connectors/{connector}/keys")

    assert refused["code"] == "request_invalid"


@pytest.mark.row("C-25")
async def test_password_that_the_server_refuses_ends_nothing_but_the_attempt(
    installation: Standing,
) -> None:
    """A refresh token that has died is no end where the password may be sent again."""
    connector = await installation.connector(
        grant="password",
        authorizationURL=None,
        tokenParams={"username": "{{authFields.user}}", "password": "{{authFields.word}}"},
        fields=[{"key": "user"}, {"key": "word", "masked": True}],
    )
    path = f"/v1/connectors/{connector}/connections"
    account = answered({"id": "ada"})
    refused = answered({"error": "invalid_grant"}, 400)
    installation.sender.reply(answered(TOKENS), account, refused, answered(TOKENS))

    made = await installation.caller.post(path, {"fields": {"user": "ada", "word": "secret"}})
    renewed = await installation.caller.post(f"/v1/connections/{made['id']}/refresh")

    kinds = [parse_qs(each.body.decode())["grant_type"][0] for each in installation.token_requests]
    assert kinds == ["password", "refresh_token", "password"]
    assert renewed["status"] == "active"
