"""Where secrets and tokens may go, once a definition points elsewhere than its setter confirmed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.calendar import Journey, definition, prepared
from tests.journeys.installation import Installation, installed
from tests.servers.hostile import Hostile
from tests.servers.replies import json_reply
from tests.servers.sandbox import SandboxServer

DENIED = "secret_destination_denied"
TOKENS = {"access_token": "canary-a", "refresh_token": "canary-r", "token_type": "Bearer"}


@pytest.fixture
def reachable(tmp_path: Path, sandbox: SandboxServer, hostile: Hostile) -> Iterator[Installation]:
    """Run an installation that could reach the canary, if nothing but egress policy kept it."""
    with installed(tmp_path, sandbox.port, hostile.port) as running:
        yield running


@pytest.fixture
def journey(reachable: Installation, sandbox: SandboxServer) -> Journey:
    """A published connector with its secrets, at the sandbox."""
    return prepared(reachable, sandbox)


def edited(journey: Journey, text: dict[str, Any], *, publish: bool = True) -> None:
    """Save a definition, and publish it."""
    path = f"/v1/connectors/{journey.connector}"
    headers = {"If-Match": "*"}
    saved = journey.api.ask(
        "PUT", f"{path}/draft", json={"text": json.dumps(text)}, headers=headers
    )
    assert saved.is_success, saved.text
    if publish:
        journey.api.post(f"{path}/publish")


def confirmed_for(journey: Journey, *origins: str) -> None:
    """Confirm every secret of the connector for these origins."""
    path = f"/v1/connectors/{journey.connector}/secrets"
    for each in journey.api.get(path)["items"]:
        journey.api.post(f"{path}/{each['id']}/confirm", {"origins": list(origins)})


def events(reachable: Installation, what: str) -> list[str]:
    """Return the messages recorded under a name."""
    recent = reachable.loop.run(reachable.inside.parts.storage.events.recent("default", 100))
    return [each.message for each in recent if each.what == what]


@pytest.mark.row("T-30")
def test_a_secret_does_not_follow_a_token_url_that_somebody_edits(
    reachable: Installation, journey: Journey, sandbox: SandboxServer, hostile: Hostile
) -> None:
    hostile.otherwise(json_reply(TOKENS))
    changed = definition(sandbox.issuer, tokenURL=f"{hostile.origin}/token")
    edited(journey, changed)

    started = journey.start()
    arrival = journey.consent(started["start_url"])
    completion = arrival.url.partition("completion=")[2]
    path = f"/v1/authorizations/{started['id']}"
    refused = journey.api.problem(f"{path}/complete", {"completion": completion})
    after = journey.api.get(path)

    assert refused["code"] == DENIED
    assert refused["status"] == 422
    assert after["status"] == "failed"
    assert after["error"]["code"] == DENIED
    assert hostile.connections == 0
    assert len(events(reachable, DENIED)) == 1


def test_a_secret_follows_once_somebody_with_the_right_confirms(
    journey: Journey, sandbox: SandboxServer, hostile: Hostile
) -> None:
    hostile.otherwise(json_reply(TOKENS))
    edited(journey, definition(sandbox.issuer, tokenURL=f"{hostile.origin}/token"))
    confirmed_for(journey, sandbox.issuer, hostile.origin)

    started = journey.start()
    journey.complete(started, journey.consent(started["start_url"]))

    [request] = hostile.at("/token")
    assert dict(request.form)["client_secret"] == journey.client.client_secret


@pytest.mark.parametrize("member", ["tokenURL", "refreshURL"])
def test_neither_secret_nor_refresh_token_follows_an_edited_url(
    member: str,
    *,
    reachable: Installation,
    journey: Journey,
    sandbox: SandboxServer,
    hostile: Hostile,
) -> None:
    hostile.otherwise(json_reply(TOKENS))
    connection = journey.connect()
    edited(journey, definition(sandbox.issuer, **{member: f"{hostile.origin}/token"}))
    refresh = f"/v1/connections/{connection}/refresh"

    refused = journey.api.problem(refresh)
    confirmed_for(journey, sandbox.issuer, hostile.origin)
    still = journey.api.problem(refresh)
    shown = journey.api.get(f"/v1/connections/{connection}")
    sent = hostile.connections
    auth = [sandbox.issuer, hostile.origin]
    journey.api.post(f"/v1/connections/{connection}/confirm", {"auth": auth})
    refreshed = journey.api.post(refresh)

    assert [refused["code"], still["code"]] == [DENIED, DENIED]
    assert "refresh token" in still["detail"]
    assert shown["status"] != "revoked"
    assert sent == 0
    assert len(events(reachable, DENIED)) == 2
    assert refreshed["status"] == "active"
    assert hostile.counts() == {"/token": 1}


def test_revoking_sends_nothing_to_an_edited_revocation_url(
    reachable: Installation, journey: Journey, sandbox: SandboxServer, hostile: Hostile
) -> None:
    connection = journey.connect()
    edited(journey, definition(sandbox.issuer, revocationURL=f"{hostile.origin}/revoke"))

    gone = journey.api.ask("DELETE", f"/v1/connections/{connection}", headers={"If-Match": "*"})
    reachable.loop.run(reachable.inside.chores.often())

    assert gone.status_code == 204
    assert hostile.connections == 0
    assert events(reachable, DENIED)


@pytest.mark.row("T-31")
def test_no_token_follows_an_action_that_moved_until_its_connection_is_confirmed(
    journey: Journey, sandbox: SandboxServer, hostile: Hostile
) -> None:
    hostile.otherwise(json_reply({"items": []}))
    connections = [journey.connect() for _ in range(3)]
    changed = definition(sandbox.issuer)
    changed["endpoints"]["GET"]["/calendar/v1/calendars"]["url"] = hostile.origin
    edited(journey, changed)
    asked = {"action": "calendars.list"}

    refused = [
        journey.api.problem(f"/v1/connections/{each}/calls", asked)["code"] for each in connections
    ]
    sent = hostile.connections
    api = [sandbox.issuer, hostile.origin]
    journey.api.post(f"/v1/connections/{connections[0]}/confirm", {"api": api})
    outcome = journey.call(connections[0], "calendars.list")
    other = journey.api.problem(f"/v1/connections/{connections[1]}/calls", asked)

    assert refused == [DENIED] * 3
    assert sent == 0
    assert outcome["ok"]
    assert other["code"] == DENIED
    assert hostile.counts() == {"/calendar/v1/calendars": 1}


def test_approving_an_api_origin_approves_no_token_endpoint(
    journey: Journey, sandbox: SandboxServer, hostile: Hostile
) -> None:
    connection = journey.connect()
    edited(journey, definition(sandbox.issuer, tokenURL=f"{hostile.origin}/token"))
    confirmed_for(journey, sandbox.issuer, hostile.origin)

    shown = journey.api.post(f"/v1/connections/{connection}/confirm", {"api": [hostile.origin]})
    refused = journey.api.problem(f"/v1/connections/{connection}/refresh")

    assert shown["origins"] == {"api": [hostile.origin], "auth": [sandbox.issuer]}
    assert refused["code"] == DENIED
    assert hostile.connections == 0


def test_every_call_of_a_draft_that_moved_its_actions_is_refused_too(
    journey: Journey, sandbox: SandboxServer, hostile: Hostile
) -> None:
    edited(journey, definition(sandbox.issuer))
    started = journey.start(test=True)
    done = journey.complete(started, journey.consent(started["start_url"]))
    journey.api.post(f"/v1/authorizations/{started['id']}/keep")
    connection = done["connection"]["id"]
    changed = definition(sandbox.issuer)
    changed["endpoints"]["GET"]["/me"]["url"] = hostile.origin
    edited(journey, changed, publish=False)

    called = journey.api.problem(f"/v1/connections/{connection}/calls", {"action": "me.get"})
    tested = journey.api.problem(f"/v1/connections/{connection}/test")

    assert [called["code"], tested["code"]] == [DENIED, DENIED]
    assert hostile.connections == 0
