"""Clients that register themselves, at servers that give what was not asked for."""

import asyncio
import json
from collections.abc import Callable
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
        self.deleting: Callable[[HttpRequest], HttpResponse] = lambda _: HttpResponse(204)
        self._answers = list(answers)
        installation.sender.reply(*[self] * 200)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "/register" not in request.url:
            return granting(request)
        self.asked.append(request)
        if request.method == "DELETE":
            return self.deleting(request)
        said = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return answered(said, 400 if "error" in said else 201)

    @property
    def deletions(self) -> list[HttpRequest]:
        """Clients that were given up."""
        return [each for each in self.asked if each.method == "DELETE"]


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


async def publish_with(installation: Standing, connector: str, old: str, new: str) -> None:
    """Put a text in the place of another in a definition, and publish that."""
    path = f"/v1/connectors/{connector}"
    draft = (await installation.caller.get(f"{path}/draft"))["text"].replace(old, new)
    headers = {"If-Match": "*"}
    await installation.caller.client.put(f"{path}/draft", json={"text": draft}, headers=headers)
    await installation.caller.post(f"{path}/publish")


async def test_registered_secret_goes_only_where_sign_in_led_then(installation: Standing) -> None:
    connector = await installation.connector(**SELF)
    Server(installation, REGISTERED)
    made = await connect(installation, connector)
    await publish_with(
        installation, connector, f"{ISSUER}/token", "https://thief.example.net/token"
    )

    refused = await installation.caller.problem(f"/v1/connections/{made['id']}/refresh")

    assert refused["code"] == "secret_destination_denied"


# -- one client, at one server --------------------------------------------------------------------


@pytest.mark.row("C-47")
async def test_connections_that_are_made_at_once_share_one_client(installation: Standing) -> None:
    connector = await installation.connector(**SELF)
    server = Server(installation, REGISTERED)

    installation.sender.hold()
    all_of_them = asyncio.gather(*(connect(installation, connector) for _ in range(16)))
    await installation.sender.reached()
    installation.sender.release()
    await all_of_them

    assert len(server.asked) == 1


@pytest.mark.row("C-47")
async def test_client_of_one_server_is_never_shown_to_another(installation: Standing) -> None:
    connector = await installation.connector(**SELF)
    Server(installation, REGISTERED, REGISTERED | {"client_id": "other-client"})
    await connect(installation, connector)
    await publish_with(installation, connector, ISSUER, "https://other.example.net")
    installation.sender.requests.clear()

    await installation.caller.post(f"/v1/connectors/{connector}/connections")

    shown = [each for each in installation.sender.requests if "other.example.net" in each.url]
    assert shown[0].url == "https://other.example.net/register"
    assert not any(b"registered-client" in each.body for each in shown)


@pytest.mark.row("C-47")
@pytest.mark.parametrize("member", ["token_endpoint", "registration_endpoint", "issuer"])
async def test_registration_that_names_other_endpoints_moves_none(
    installation: Standing, member: str
) -> None:
    connector = await installation.connector(**SELF)
    Server(installation, REGISTERED | {member: "https://evil.example.net/"})

    made = await connect(installation, connector)
    await installation.caller.post(f"/v1/connections/{made['id']}/refresh")

    assert len(installation.token_requests) == 2
    assert not any("evil" in each.url for each in installation.sender.requests)


@pytest.mark.row("C-47")
async def test_secret_that_is_over_when_it_comes_is_refused(installation: Standing) -> None:
    connector = await installation.connector(**SELF)
    Server(installation, REGISTERED | {"client_secret_expires_at": 1})

    refused = await installation.caller.problem(f"/v1/connectors/{connector}/connections")

    assert refused["code"] == "registration_refused"
    assert not await installation.storage.client_records.of_connector("default", connector)


# -- an initial access token ----------------------------------------------------------------------

ADMITTED = SELF | {"registrationToken": "{{registrationToken}}"}


async def admitted(installation: Standing) -> str:
    """Publish a connector with an initial access token."""
    connector = await installation.connector(**ADMITTED)
    pairs = [{"name": "registrationToken", "value": "initial-canary"}]
    await installation.caller.post(f"/v1/connectors/{connector}/secrets", {"secrets": pairs})
    return connector


@pytest.mark.row("C-47")
async def test_initial_access_token_is_shown_in_the_registration_and_nowhere_else(
    installation: Standing,
) -> None:
    connector = await admitted(installation)
    server = Server(installation, REGISTERED)

    await connect(installation, connector)

    (asked,) = server.asked
    holding = [
        each
        for each in installation.sender.requests
        if "initial-canary" in repr([*each.headers, each.body])
    ]
    assert dict(asked.headers)["Authorization"] == "Bearer initial-canary"
    assert holding == [asked]


@pytest.mark.row("C-47")
async def test_registration_waits_for_an_initial_access_token_that_is_not_stored(
    installation: Standing,
) -> None:
    connector = await installation.connector(**ADMITTED)
    server = Server(installation, REGISTERED)

    refused = await installation.caller.problem(f"/v1/connectors/{connector}/connections")

    assert refused["code"] == "secret_missing"
    assert server.asked == []


@pytest.mark.row("C-47")
async def test_secrets_of_a_registration_that_a_server_repeats_are_shown_nowhere(
    installation: Standing,
) -> None:
    connector = await admitted(installation)
    said = "who are you, initial-canary?"
    Server(installation, {"error": "initial-canary", "error_description": said})

    refused = await installation.caller.problem(f"/v1/connectors/{connector}/connections")

    recorded = await installation.storage.events.recent("default", 1000)
    assert refused["code"] == "registration_refused"
    assert "who are you" in refused["detail"]
    assert "initial-canary" not in json.dumps(refused) + repr(recorded)


# -- giving a client up ---------------------------------------------------------------------------


async def delete(installation: Standing, connector: str) -> None:
    path = f"/v1/connectors/{connector}?force=true"
    assert (await installation.caller.ask("DELETE", path)).is_success


@pytest.mark.row("C-47")
async def test_client_is_given_up_after_its_connector(installation: Standing) -> None:
    connector = await installation.connector(**SELF)
    server = Server(installation, REGISTERED)
    await connect(installation, connector)

    await delete(installation, connector)
    at_once = len(server.deletions)
    await installation.application.chores.seldom()
    await installation.application.chores.seldom()

    (deletion,) = server.deletions
    assert at_once == 0
    assert deletion.url == MANAGE
    assert dict(deletion.headers)["Authorization"] == "Bearer registration-token"
    assert [each.subject for each in await installation.events("client_deregistered")] == [
        connector
    ]


@pytest.mark.row("C-47")
async def test_server_that_is_down_is_asked_again_and_holds_nothing_up(
    installation: Standing,
) -> None:
    connector = await installation.connector(**SELF)
    server = Server(installation, REGISTERED)
    server.deleting = lambda _: HttpResponse(503)
    await connect(installation, connector)

    await delete(installation, connector)
    await installation.application.chores.seldom()
    server.deleting = lambda _: HttpResponse(204)
    installation.clock.advance(timedelta(minutes=1))
    await installation.application.chores.seldom()

    assert (await installation.caller.ask("GET", f"/v1/connectors/{connector}")).status_code == 404
    assert len(server.deletions) == 2
    assert await installation.events("client_deregistered")


@pytest.mark.row("C-47")
@pytest.mark.parametrize("status", [401, 403, 404, 405])
async def test_server_that_deletes_no_clients_is_asked_once(
    installation: Standing, status: int
) -> None:
    connector = await installation.connector(**SELF)
    server = Server(installation, REGISTERED)
    server.deleting = lambda _: HttpResponse(status)
    await connect(installation, connector)

    await delete(installation, connector)
    for _ in range(3):
        await installation.application.chores.seldom()
        installation.clock.advance(timedelta(hours=1))

    (given_up,) = await installation.events("deregistration_given_up")
    assert len(server.deletions) == 1
    assert given_up.message == f"status {status}"


@pytest.mark.row("C-47")
async def test_crash_before_the_connector_was_deleted_leaves_its_client_alone(
    installation: Standing,
) -> None:
    connector = await installation.connector(**SELF)
    server = Server(installation, REGISTERED)
    made = await connect(installation, connector)

    await installation.application.desks.connectors._deregistrar.enqueue("default", connector)
    for _ in range(20):
        installation.clock.advance(timedelta(minutes=10))
        await installation.application.chores.seldom()
    await installation.caller.post(f"/v1/connections/{made['id']}/refresh")

    assert server.deletions == []


@pytest.mark.row("C-47")
async def test_crash_after_the_connector_was_deleted_gives_its_client_up_all_the_same(
    installation: Standing,
) -> None:
    connector = await installation.connector(**SELF)
    server = Server(installation, REGISTERED)
    await connect(installation, connector)

    await installation.application.desks.connectors._deregistrar.enqueue("default", connector)
    await installation.storage.connectors.delete("default", connector, installation.clock.now())
    installation.clock.advance(timedelta(minutes=1))
    await installation.application.chores.seldom()

    assert len(server.deletions) == 1


@pytest.mark.row("C-47")
async def test_what_waits_to_give_a_client_up_is_sealed(installation: Standing) -> None:
    connector = await installation.connector(**SELF)
    Server(installation, REGISTERED)
    await connect(installation, connector)

    await delete(installation, connector)

    recorded = await installation.storage.events.recent("default", 1000)
    stored = repr(vars(installation.storage.jobs)) + repr(recorded)
    assert "registration-token" not in stored
    assert "registered-secret" not in stored
