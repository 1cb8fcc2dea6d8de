"""Clients whose registration no longer is what a sign-in needs, at servers of all manners."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from tests.journeys.calendar import definition
from tests.service.standing import ISSUER, PUBLIC, Request, Standing, answered, granting, returned

from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.errors import NetworkError
from connectsmith.service.registration_records import KIND, Record

SELF: dict[str, Any] = {
    "registrationURL": f"{ISSUER}/register",
    "clientID": None,
    "clientSecret": None,
    "clientAuth": "body",
}
NEW = "https://new.example.org"

Answer = Callable[[HttpRequest], HttpResponse]


class Authority:
    """An authorization server that registers clients and lets them be changed (RFC 7592).

    It gives a new registration token with each change, as `oidc-provider` does, and takes the old
    one no more. `on_change` answers changes in its place.
    """

    def __init__(self, installation: Standing, *, manages: bool = True) -> None:
        self.clients: dict[str, dict[str, Any]] = {}
        self.registrations: list[HttpRequest] = []
        self.changes: list[HttpRequest] = []
        self.deletions: list[HttpRequest] = []
        self.on_change: Answer | None = None
        self._manages = manages
        self._issued = 0
        installation.sender.reply(*[self] * 400)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "/register" not in request.url:
            return granting(request)
        if request.method == "POST":
            self.registrations.append(request)
            return self._registered(json.loads(request.body))
        if request.method == "DELETE":
            self.deletions.append(request)
            return HttpResponse(204)
        self.changes.append(request)
        return (self.on_change or self.changed)(request)

    def _registered(self, metadata: dict[str, Any]) -> HttpResponse:
        name = f"client-{len(self.clients) + 1}"
        self.clients[name] = {
            **metadata,
            "client_id": name,
            "client_secret": f"secret-of-{name}",
            "client_secret_expires_at": 0,
        }
        if self._manages:
            self.clients[name] |= {
                "registration_client_uri": f"{ISSUER}/register/{name}",
                "registration_access_token": self._token(),
            }
        return answered(self.clients[name], 201)

    def changed(self, request: HttpRequest, **other: Any) -> HttpResponse:
        """Change a client as it asks; `other` is changed besides."""
        body = json.loads(request.body)
        client = self.clients[body["client_id"]]
        given = dict(request.headers)["Authorization"]
        if given != f"Bearer {client['registration_access_token']}":
            return answered({"error": "invalid_token"}, 401)
        if body.get("client_secret", client["client_secret"]) != client["client_secret"]:
            return answered({"error": "invalid_request"}, 400)
        client |= body | {"registration_access_token": self._token()} | other
        return answered(client)

    def _token(self) -> str:
        self._issued += 1
        return f"registration-token-{self._issued}"

    def takes(self, request: Request) -> bool:
        """Tell whether an authorization request is its client's."""
        client = self.clients[request["client_id"]]
        return request["redirect_uri"] in client["redirect_uris"] and set(
            request["scope"].split()
        ) <= set(client["scope"].split())


async def move(installation: Standing, url: str = NEW) -> None:
    """Choose another public URL."""
    settings = installation.application.desks.settings
    await settings.note()
    await settings.choose(("default", "tester"), {"public_url": url}, seen={})
    installation.caller = installation.as_holder_of(
        installation.caller.client.headers["Authorization"].removeprefix("Bearer ")
    )


async def depart(installation: Standing, connector: str, **asked: Any) -> Request:
    """Begin to sign in; return what the browser is to ask."""
    started = await installation.caller.start(connector, **asked)
    return await installation.browser().depart(started["start_url"])


async def sign_in(installation: Standing, connector: str, **asked: Any) -> str:
    """Sign in and keep the connection; return its id."""
    started, browser = await installation.caller.start(connector, **asked), installation.browser()
    request = await browser.depart(started["start_url"])
    back = await browser.come_back(request.callback, code="the-code", state=request["state"])
    done = await installation.caller.complete(started, returned(back)["completion"])
    await installation.caller.post(f"/v1/authorizations/{started['id']}/keep")
    connection: str = done["connection"]["id"]
    return connection


async def refreshed_as(installation: Standing, connection: str) -> str:
    """Refresh a connection; return the client that asked."""
    await installation.caller.post(f"/v1/connections/{connection}/refresh")
    return form(installation.token_requests[-1])["client_id"]


def form(request: HttpRequest) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.body.decode()).items()}


async def draft(
    installation: Standing, connector: str, *, publish: bool = False, **auth: Any
) -> None:
    """Save a draft of the connector with other members of its sign-in."""
    name = auth.pop("name", "Calendar")
    text = json.dumps(definition(ISSUER, **{**SELF, **auth}) | {"name": name})
    path = f"/v1/connectors/{connector}"
    headers = {"If-Match": "*"}
    saved = await installation.caller.client.put(
        f"{path}/draft", json={"text": text}, headers=headers
    )
    assert saved.is_success, saved.text
    if publish:
        await installation.caller.post(f"{path}/publish")


async def records(installation: Standing, connector: str) -> list[Record]:
    rows = await installation.storage.client_records.of_connector("default", connector)
    return [Record.read(row) for row in rows if row.kind == KIND]


def asked_of(request: HttpRequest) -> dict[str, Any]:
    asked: dict[str, Any] = json.loads(request.body)
    return asked


# -- another address ------------------------------------------------------------------------------


@pytest.mark.row("C-47")
async def test_client_follows_to_another_public_url(installation: Standing) -> None:
    connector = await installation.connector(**SELF)
    authority = Authority(installation)
    before = await depart(installation, connector)

    await move(installation)
    after = await depart(installation, connector)
    again = await depart(installation, connector)

    (change,) = authority.changes
    assert authority.takes(before), "a sign-in under way lost its redirect URI"
    assert authority.takes(after)
    assert [each["client_id"] for each in (before, after, again)] == ["client-1"] * 3
    assert asked_of(change)["redirect_uris"][0] == f"{NEW}/oauth/callback/{connector}"


@pytest.mark.row("C-47")
async def test_former_address_is_taken_back_once_it_is_not_answered_any_more(
    installation: Standing,
) -> None:
    connector = await installation.connector(**SELF)
    authority = Authority(installation)
    await depart(installation, connector)
    await move(installation)
    await depart(installation, connector)

    installation.clock.advance(timedelta(days=9))
    await installation.application.desks.settings.look()
    await installation.application.chores.seldom()

    (client,) = authority.clients.values()
    assert client["redirect_uris"] == [f"{NEW}/oauth/callback/{connector}"]


@pytest.mark.row("C-47")
async def test_address_that_no_sign_in_was_begun_at_is_registered_nowhere(
    installation: Standing,
) -> None:
    connector = await installation.connector(**SELF)
    authority = Authority(installation)
    await depart(installation, connector)

    await move(installation, "https://mistyped.example.net")
    await move(installation)
    await depart(installation, connector)

    (client,) = authority.clients.values()
    assert client["redirect_uris"] == [f"{url}/oauth/callback/{connector}" for url in (NEW, PUBLIC)]


@pytest.mark.row("C-47")
async def test_calls_and_refreshes_change_no_client(installation: Standing) -> None:
    connector = await installation.connector(**SELF)
    authority = Authority(installation)
    connection = await sign_in(installation, connector)
    await move(installation)

    client = await refreshed_as(installation, connection)
    await installation.application.chores.seldom()

    assert (client, authority.changes) == ("client-1", [])


@pytest.mark.row("C-47")
async def test_key_set_is_registered_at_its_new_address_for_refreshes_too(
    installation: Standing,
) -> None:
    connector = await installation.connector(
        **{**SELF, "clientAuth": "private_key_jwt", "assertion": {"alg": "ES256"}}
    )
    authority = Authority(installation)
    connection = await sign_in(installation, connector)
    await move(installation)

    await installation.caller.post(f"/v1/connections/{connection}/refresh")
    await installation.application.chores.seldom()
    await installation.caller.post(f"/v1/connections/{connection}/refresh")
    await installation.application.chores.seldom()

    (change,) = authority.changes
    assert asked_of(change)["jwks_uri"] == f"{NEW}/oauth/jwks/{connector}"


# -- another definition ---------------------------------------------------------------------------


@pytest.mark.row("C-47")
async def test_revision_that_asks_for_more_changes_the_client_once(installation: Standing) -> None:
    connector = await installation.connector(**SELF)
    authority = Authority(installation)
    old = await sign_in(installation, connector)

    await draft(installation, connector, publish=True, scope="calendar.read calendar.admin")
    request = await depart(installation, connector)
    await depart(installation, connector)

    (change,) = authority.changes
    assert authority.takes(request)
    assert asked_of(change)["scope"] == "calendar.read calendar.write calendar.admin"
    assert await refreshed_as(installation, old) == "client-1"


@pytest.mark.row("C-47")
async def test_draft_and_revision_that_ask_in_turn_change_the_client_once(
    installation: Standing,
) -> None:
    connector = await installation.connector(**SELF)
    authority = Authority(installation)
    await depart(installation, connector)
    await draft(installation, connector, scope="other.scope", name="Draft's name")

    requests = [await depart(installation, connector, test=test) for test in (True, False) * 3]

    (change,) = authority.changes
    assert all(map(authority.takes, requests))
    assert asked_of(change)["client_name"] == "Calendar"


@pytest.mark.row("C-47")
async def test_draft_that_authenticates_otherwise_leaves_the_published_client_alone(
    installation: Standing,
) -> None:
    connector = await installation.connector(**SELF)
    authority = Authority(installation)
    connection = await sign_in(installation, connector)
    await draft(installation, connector, clientAuth="basic")

    requests = [await depart(installation, connector, test=test) for test in (True, False) * 3]

    assert [each["client_id"] for each in requests] == ["client-2", "client-1"] * 3
    assert authority.changes == []
    assert await refreshed_as(installation, connection) == "client-1"


@pytest.mark.row("C-47")
async def test_published_way_to_authenticate_reaches_the_client_of_older_connections(
    installation: Standing,
) -> None:
    connector = await installation.connector(**SELF)
    authority = Authority(installation)
    connection = await sign_in(installation, connector)
    await draft(installation, connector, clientAuth="basic")
    await depart(installation, connector, test=True)

    await installation.caller.post(f"/v1/connectors/{connector}/publish")
    request = await depart(installation, connector)
    await installation.caller.post(f"/v1/connections/{connection}/refresh")

    assert request["client_id"] == "client-1"
    assert authority.clients["client-1"]["token_endpoint_auth_method"] == "client_secret_basic"


@pytest.mark.row("C-47")
async def test_client_of_a_draft_becomes_the_published_one(installation: Standing) -> None:
    described = json.dumps(definition(ISSUER, **SELF))
    made = await installation.caller.post("/v1/connectors", {"definition": described})
    authority = Authority(installation)
    tested = await depart(installation, made["id"], test=True)

    await installation.caller.post(f"/v1/connectors/{made['id']}/publish")
    published = await depart(installation, made["id"])

    assert tested["client_id"] == published["client_id"]
    assert len(authority.registrations) == 1


@pytest.mark.row("C-47")
async def test_new_name_is_told_when_it_is_published(installation: Standing) -> None:
    connector = await installation.connector(**SELF)
    authority = Authority(installation)
    await depart(installation, connector)

    await draft(installation, connector, name="Diary")
    await depart(installation, connector, test=True)
    untold = len(authority.changes)
    await installation.caller.post(f"/v1/connectors/{connector}/publish")
    await depart(installation, connector)
    await depart(installation, connector)

    assert (untold, len(authority.changes)) == (0, 1)
    assert authority.clients["client-1"]["client_name"] == "Diary"


# -- servers that refuse --------------------------------------------------------------------------


@pytest.mark.row("C-47")
@pytest.mark.parametrize("status", [400, 401, 403, 404, 405])
async def test_refused_change_leaves_the_client_to_its_grants_and_registers_another(
    installation: Standing, status: int
) -> None:
    connector = await installation.connector(**SELF)
    authority = Authority(installation)
    old = await sign_in(installation, connector)
    authority.on_change = lambda _: answered({"error": "invalid_request"}, status)
    await move(installation)

    new = await sign_in(installation, connector)
    tried = len(authority.changes)
    newer = await sign_in(installation, connector)

    assert [await refreshed_as(installation, each) for each in (old, new, newer)] == [
        "client-1",
        "client-2",
        "client-2",
    ]
    assert len(authority.changes) == tried
    assert await installation.events("registration_not_changed")


@pytest.mark.row("C-47")
async def test_without_management_another_client_is_registered_beside_the_first(
    installation: Standing,
) -> None:
    connector = await installation.connector(**SELF)
    authority = Authority(installation, manages=False)
    old = await sign_in(installation, connector)
    await move(installation)

    new = await sign_in(installation, connector)
    await move(installation, PUBLIC)
    third = await depart(installation, connector)

    assert await refreshed_as(installation, old) == "client-1"
    assert await refreshed_as(installation, new) == "client-2"
    assert third["client_id"] == "client-1", "the address is the first client's again"
    assert len(authority.registrations) == 2


@pytest.mark.row("C-47")
async def test_code_is_redeemed_by_the_client_that_it_was_asked_for_with(
    installation: Standing,
) -> None:
    connector = await installation.connector(**SELF)
    Authority(installation, manages=False)
    started, browser = await installation.caller.start(connector), installation.browser()
    request = await browser.depart(started["start_url"])
    await move(installation)
    await depart(installation, connector)

    back = await browser.come_back(request.callback, code="the-code", state=request["state"])
    await installation.caller.complete(started, returned(back)["completion"])

    assert form(installation.token_requests[-1])["client_id"] == request["client_id"] == "client-1"


@pytest.mark.row("C-47")
async def test_connection_is_revoked_by_the_client_that_it_was_granted_to(
    installation: Standing,
) -> None:
    connector = await installation.connector(**SELF)
    Authority(installation, manages=False)
    await sign_in(installation, connector)
    await move(installation)
    new = await sign_in(installation, connector)

    await installation.caller.post(f"/v1/connections/{new}/revoke")
    await installation.application.chores.often()
    await installation.application.chores.seldom()

    revocations = [each for each in installation.sender.requests if each.url.endswith("/revoke")]
    assert {form(each)["client_id"] for each in revocations} == {"client-2"}


@pytest.mark.row("C-47")
async def test_all_clients_are_given_up_with_their_connector(installation: Standing) -> None:
    connector = await installation.connector(**SELF)
    authority = Authority(installation)
    await depart(installation, connector)
    authority.on_change = lambda _: HttpResponse(405)
    await move(installation)
    await depart(installation, connector)

    path = f"/v1/connectors/{connector}?force=true"
    await installation.caller.ask("DELETE", path)
    await installation.application.chores.seldom()

    assert {each.url for each in authority.deletions} == {
        f"{ISSUER}/register/client-1",
        f"{ISSUER}/register/client-2",
    }


@pytest.mark.row("C-47")
@pytest.mark.parametrize("secret_is_taken", [True, False])
async def test_server_that_takes_a_client_secret_and_one_that_does_not_are_both_asked_rightly(
    installation: Standing, *, secret_is_taken: bool
) -> None:
    connector = await installation.connector(**SELF)
    authority = Authority(installation)

    def strict(request: HttpRequest) -> HttpResponse:
        if ("client_secret" in asked_of(request)) != secret_is_taken:
            return answered({"error": "invalid_client_metadata"}, 400)
        return authority.changed(request)

    authority.on_change = strict
    await depart(installation, connector)
    await move(installation)

    request = await depart(installation, connector)

    assert authority.takes(request)
    assert len(authority.registrations) == 1


# -- servers that answer otherwise ----------------------------------------------------------------


@pytest.mark.row("C-47")
async def test_new_secret_and_registration_token_of_a_change_are_used_from_then_on(
    installation: Standing,
) -> None:
    connector = await installation.connector(**SELF)
    authority = Authority(installation)
    old = await sign_in(installation, connector)
    authority.on_change = lambda request: authority.changed(request, client_secret="rotated")
    await move(installation)
    await depart(installation, connector)

    await installation.caller.post(f"/v1/connections/{old}/refresh")
    await draft(installation, connector, publish=True, scope="more")
    request = await depart(installation, connector)

    assert form(installation.token_requests[-1])["client_secret"] == "rotated"
    assert authority.takes(request)
    assert request["client_id"] == "client-1"


@pytest.mark.row("C-47")
@pytest.mark.parametrize(
    "other",
    [
        {"redirect_uris": ["https://evil.example.net/"]},
        {"redirect_uris": []},
        {"redirect_uris": "https://evil.example.net/"},
        {"redirect_uris": [7]},
        {"token_endpoint_auth_method": "none"},
    ],
)
async def test_change_into_something_else_is_used_by_no_new_sign_in_and_loses_nothing(
    installation: Standing, other: dict[str, Any]
) -> None:
    connector = await installation.connector(**SELF)
    authority = Authority(installation)
    old = await sign_in(installation, connector)
    authority.on_change = lambda request: authority.changed(
        request, client_secret="rotated", **other
    )
    await move(installation)

    requests = [await depart(installation, connector)]
    tried = len(authority.changes)
    requests.append(await depart(installation, connector))
    client = await refreshed_as(installation, old)

    assert [each["client_id"] for each in requests] == ["client-2"] * 2
    assert len(authority.changes) == tried
    assert (client, form(installation.token_requests[-1])["client_secret"]) == (
        "client-1",
        "rotated",
    )


@pytest.mark.row("C-47")
@pytest.mark.parametrize(
    "answer",
    [
        answered({"client_id": "another", "client_secret": "b", "registration_access_token": "c"}),
        answered({"client_secret": "b", "registration_access_token": "c"}),
        HttpResponse(200, (), b"<html>"),
        HttpResponse(204),
        HttpResponse(302, (("location", "https://evil.example.net/"),)),
    ],
)
async def test_answer_about_no_client_of_ours_is_not_taken_over(
    installation: Standing, answer: HttpResponse
) -> None:
    connector = await installation.connector(**SELF)
    authority = Authority(installation)
    old = await sign_in(installation, connector)
    authority.on_change = lambda _: answer
    await move(installation)

    request = await depart(installation, connector)
    client = await refreshed_as(installation, old)

    assert (client, request["client_id"]) == ("client-1", "client-2")
    assert form(installation.token_requests[-1])["client_secret"] == "secret-of-client-1"


@pytest.mark.row("C-47")
@pytest.mark.parametrize("status", [429, 500, 503])
async def test_server_that_cannot_change_it_now_is_asked_again_by_the_next_sign_in(
    installation: Standing, status: int
) -> None:
    connector = await installation.connector(**SELF)
    authority = Authority(installation)
    old = await sign_in(installation, connector)
    authority.on_change = lambda _: HttpResponse(status)
    await move(installation)

    refused = await installation.caller.problem(f"/v1/connectors/{connector}/authorizations")
    client = await refreshed_as(installation, old)
    authority.on_change = None
    request = await depart(installation, connector)

    assert (refused["code"], client) == ("registration_refused", "client-1")
    assert authority.takes(request)
    assert len(authority.registrations) == 1


# -- answers that are lost ------------------------------------------------------------------------


def lost(authority: Authority, **other: Any) -> Answer:
    """Carry a change out, and lose its answer."""

    def answer(request: HttpRequest) -> HttpResponse:
        authority.changed(request, **other)
        raise NetworkError("The connection broke off.")

    return answer


@pytest.mark.row("C-47")
async def test_change_whose_answer_is_lost_costs_no_grant_and_no_sign_in(
    installation: Standing,
) -> None:
    connector = await installation.connector(**SELF)
    authority = Authority(installation)
    old = await sign_in(installation, connector)
    authority.on_change = lost(authority)
    await move(installation)

    await installation.caller.problem(f"/v1/connectors/{connector}/authorizations")
    authority.on_change = None
    request = await depart(installation, connector)

    assert authority.takes(request)
    assert await refreshed_as(installation, old) == "client-1"


@pytest.mark.row("C-47")
async def test_change_is_repeated_where_the_registration_token_stays(
    installation: Standing,
) -> None:
    connector = await installation.connector(**SELF)
    authority = Authority(installation)
    await depart(installation, connector)
    same = authority.clients["client-1"]["registration_access_token"]
    authority.on_change = lost(authority, client_secret="new", registration_access_token=same)
    await move(installation)

    await installation.caller.problem(f"/v1/connectors/{connector}/authorizations")
    authority.on_change = None
    connection = await sign_in(installation, connector)

    await installation.caller.post(f"/v1/connections/{connection}/refresh")
    assert form(installation.token_requests[-1])["client_secret"] == "new"
    assert len(authority.registrations) == 1
