"""Clients that register themselves, at servers that give what was not asked for."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from tests.service.standing import ISSUER, Standing, answered, granting

from connectsmith.core.message import HttpRequest, HttpResponse

REGISTER = f"{ISSUER}/register"
MANAGE = f"{ISSUER}/register/one"
REGISTERED: dict[str, Any] = {
    "client_id": "registered-client",
    "client_secret": "registered-secret",
    "client_secret_expires_at": 0,
    "registration_access_token": "registration-token",
    "registration_client_uri": MANAGE,
}
SELF: dict[str, Any] = {
    "grant": "client_credentials",
    "authorizationURL": None,
    "registrationURL": REGISTER,
    "clientID": None,
    "clientSecret": None,
    "clientAuth": "body",
}


class Server:
    """A server that registers by script, and grants whatever is asked."""

    def __init__(self, installation: Standing, *answers: dict[str, Any]) -> None:
        self.asked: list[HttpRequest] = []
        self._answers = list(answers)
        installation.sender.reply(*[self] * 200)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.url.startswith(REGISTER):
            return granting(request)
        self.asked.append(request)
        said = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return answered(said, 400 if "error" in said else 201)


def form(request: HttpRequest) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.body.decode()).items()}


async def connect(installation: Standing, connector: str) -> dict[str, Any]:
    made: dict[str, Any] = await installation.caller.post(f"/v1/connectors/{connector}/connections")
    return made


@pytest.mark.row("C-47")
async def test_client_registers_once_and_is_used_from_then_on(installation: Standing) -> None:
    connector = await installation.connector(**SELF)
    server = Server(installation, REGISTERED)

    made = await connect(installation, connector)
    await installation.caller.post(f"/v1/connections/{made['id']}/refresh")

    (asked,) = server.asked
    metadata = json.loads(asked.body)
    assert metadata["redirect_uris"] == [f"http://127.0.0.1:8400/oauth/callback/{connector}"]
    assert metadata["token_endpoint_auth_method"] == "client_secret_post"
    assert [form(each)["client_id"] for each in installation.token_requests] == [
        "registered-client"
    ] * 2
    assert form(installation.token_requests[0])["client_secret"] == "registered-secret"


@pytest.mark.row("C-47")
@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uris": ["https://evil.example.net/"]},
        {"redirect_uris": []},
        {"redirect_uris": ["http://127.0.0.1:8400/oauth/callback/x", "https://evil.example.net/"]},
        {"token_endpoint_auth_method": "none"},
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"client_id": None},
        {"client_id": {"a": "b"}},
        {"client_id": "a\nb"},
        {"client_secret": None},
        {"error": "invalid_redirect_uri"},
    ],
)
async def test_another_client_than_was_asked_for_is_not_used(
    installation: Standing, changed: dict[str, Any]
) -> None:
    connector = await installation.connector(**SELF)
    Server(installation, REGISTERED | changed)

    refused = await installation.caller.problem(f"/v1/connectors/{connector}/connections")

    assert refused["code"] == "registration_refused"
    assert installation.token_requests == []
    assert not await installation.storage.client_records.of_connector("default", connector)


@pytest.mark.row("C-47")
async def test_secret_that_ends_is_renewed_a_day_before(installation: Standing) -> None:
    connector = await installation.connector(**SELF)
    ends = installation.clock.now() + timedelta(days=30)
    later = ends + timedelta(days=30)
    server = Server(
        installation,
        REGISTERED | {"client_secret_expires_at": int(ends.timestamp())},
        REGISTERED
        | {
            "client_secret": "second-secret",
            "client_secret_expires_at": int(later.timestamp()),
            "registration_access_token": "second-token",
        },
    )
    made = await connect(installation, connector)

    installation.clock.advance(timedelta(days=28, hours=23))
    await installation.application.chores.seldom()
    early = len(server.asked)
    installation.clock.advance(timedelta(hours=2))
    await installation.application.chores.seldom()
    await installation.caller.post(f"/v1/connections/{made['id']}/refresh")

    renewal = server.asked[-1]
    assert (early, len(server.asked)) == (1, 2)
    assert (renewal.method, renewal.url) == ("PUT", MANAGE)
    assert dict(renewal.headers)["Authorization"] == "Bearer registration-token"
    assert form(installation.token_requests[-1])["client_secret"] == "second-secret"


@pytest.mark.row("C-47")
async def test_renewal_that_brings_another_client_changes_nothing(installation: Standing) -> None:
    connector = await installation.connector(**SELF)
    ends = int((installation.clock.now() + timedelta(days=30)).timestamp())
    first = REGISTERED | {"client_secret_expires_at": ends}
    Server(installation, first, first | {"client_id": "another", "client_secret": "b"})
    made = await connect(installation, connector)

    installation.clock.advance(timedelta(days=29, hours=1))
    await installation.application.chores.seldom()
    await installation.caller.post(f"/v1/connections/{made['id']}/refresh")

    assert form(installation.token_requests[-1])["client_id"] == "registered-client"
    assert await installation.events("registration_not_renewed")


@pytest.mark.row("C-47")
async def test_registration_token_goes_to_no_other_server(installation: Standing) -> None:
    connector = await installation.connector(**SELF)
    ends = int((installation.clock.now() + timedelta(days=30)).timestamp())
    elsewhere = {"registration_client_uri": "https://evil.example.net/manage"}
    server = Server(installation, REGISTERED | elsewhere | {"client_secret_expires_at": ends})
    await connect(installation, connector)

    installation.clock.advance(timedelta(days=29, hours=1))
    await installation.application.chores.seldom()

    assert len(server.asked) == 1
    assert not any("evil" in each.url for each in installation.sender.requests)


@pytest.mark.row("C-47")
async def test_what_was_registered_is_sealed(installation: Standing) -> None:
    connector = await installation.connector(**SELF)
    Server(installation, REGISTERED)
    await connect(installation, connector)

    (row,) = await installation.storage.client_records.of_connector("default", connector)

    stored = row.content.encode() + (row.sealed or b"")
    assert row.sealed
    for secret in ("registered-secret", "registration-token"):
        assert secret.encode() not in stored


async def test_registered_secret_goes_only_where_sign_in_led_then(installation: Standing) -> None:
    connector = await installation.connector(**SELF)
    Server(installation, REGISTERED)
    made = await connect(installation, connector)
    draft = (await installation.caller.get(f"/v1/connectors/{connector}/draft"))["text"]
    moved = draft.replace(f"{ISSUER}/token", "https://thief.example.net/token")
    await installation.caller.client.put(
        f"/v1/connectors/{connector}/draft", json={"text": moved}, headers={"If-Match": "*"}
    )
    await installation.caller.post(f"/v1/connectors/{connector}/publish")

    refused = await installation.caller.problem(f"/v1/connections/{made['id']}/refresh")

    assert refused["code"] == "secret_destination_denied"
