"""Access tokens that are refused, grants that are withdrawn, and sign-ins that are renewed."""

from pathlib import Path

import httpx
import pytest
from tests.journeys.calendar import Journey, prepared
from tests.journeys.installation import Installation, installed
from tests.servers.good import GoodServer
from tests.servers.hostile import Hostile
from tests.servers.oidc_provider import OidcServer
from tests.servers.proxy import start_proxy
from tests.servers.replies import redirect, reply

from connectsmith.service.holdings import opened

CALENDARS = "/calendar/v1/calendars"
INVALID_TOKEN = [("WWW-Authenticate", 'Bearer error="invalid_token"')]


@pytest.mark.row("C-28")
def test_refused_access_token_is_renewed_once_and_the_call_repeated(
    installation: Installation, authorization_server: GoodServer
) -> None:
    journey = prepared(installation, authorization_server)
    connection = journey.connect()
    before = journey.call(connection, "calendars.list")

    authorization_server.advance(6)  # its tokens live for five seconds; we do not know yet
    outcome = journey.call(connection, "calendars.list")

    shown = journey.api.get(f"/v1/connections/{connection}")
    assert (before["ok"], outcome["ok"], outcome["status"]) == (True, True, 200)
    assert authorization_server.token_requests()["refresh_token"] == 1
    assert (shown["status"], shown["health"]) == ("active", "renews itself")


@pytest.mark.row("C-28")
def test_access_token_that_stays_refused_is_renewed_no_second_time(
    oidc: OidcServer, tmp_path: Path
) -> None:
    with start_proxy(oidc.issuer) as proxy, installed(tmp_path, oidc.port, proxy.port) as running:
        journey = prepared(running, oidc, api=proxy.origin)
        connection = journey.connect()
        proxy.answer_instead(CALENDARS, *[reply(401, headers=INVALID_TOKEN)] * 5)

        outcome = journey.call(connection, "calendars.list")

        assert (outcome["ok"], outcome["status"], outcome["fault"]) == (False, 401, "credentials")
        assert len(proxy.at(CALENDARS)) == 2
        assert oidc.token_requests()["refresh_token"] == 1


@pytest.mark.row("C-28")
@pytest.mark.parametrize("back", [False, True])
def test_stranger_behind_a_redirect_refuses_no_access_token(
    oidc: OidcServer, hostile: Hostile, tmp_path: Path, *, back: bool
) -> None:
    """Whoever answers last was not shown it, at the API that a stranger leads back to either."""
    private = (oidc.port, hostile.port)
    with start_proxy(oidc.issuer) as proxy, installed(tmp_path, *private, proxy.port) as running:
        journey = prepared(running, oidc, api=proxy.origin)
        connection = journey.connect()
        refusal = reply(401, headers=INVALID_TOKEN)
        hostile.otherwise(redirect(proxy.origin + CALENDARS) if back else refusal)
        proxy.answer_instead(CALENDARS, redirect(hostile.origin), *[refusal] * back)

        outcome = journey.call(connection, "calendars.list")

        assert (outcome["ok"], outcome["status"], outcome["fault"]) == (False, 401, "remote")
        assert outcome["code"] == "service_refused"
        assert len(proxy.at(CALENDARS)) == 1 + back
        assert oidc.token_requests()["refresh_token"] == 0
        assert journey.call(connection, "calendars.list")["ok"]


def test_withdrawn_grant_is_renewed_by_its_owner_and_keeps_its_id(
    installation: Installation, authorization_server: GoodServer
) -> None:
    journey = prepared(installation, authorization_server)
    connection = journey.connect()
    withdraw(installation, journey, connection)
    refused = journey.api.problem(f"/v1/connections/{connection}/refresh")
    broken = journey.api.get(f"/v1/connections/{connection}")
    uncallable = journey.api.problem(
        f"/v1/connections/{connection}/calls", {"action": "calendars.list"}
    )

    started = journey.start(connection=connection)
    journey.complete(started, journey.consent(started["start_url"]))
    kept = journey.api.post(f"/v1/authorizations/{started['id']}/keep")
    again = journey.api.post(f"/v1/authorizations/{started['id']}/keep")

    assert (refused["code"], refused["fault"]) == ("grant_rejected", "credentials")
    assert broken["status"] == "needs_authorization"
    assert broken["health"] == "needs you: access was withdrawn, authorize again"
    assert uncallable["code"] == "grant_rejected"
    assert (kept["id"], kept["status"]) == (connection, "active")
    assert again["id"] == connection
    assert [each["id"] for each in journey.api.get("/v1/connections")["items"]] == [connection]
    assert journey.call(connection, "calendars.list")["ok"]
    assert journey.api.post(f"/v1/connections/{connection}/refresh")["status"] == "active"


def withdraw(installation: Installation, journey: Journey, connection: str) -> None:
    """End a grant at its server behind our back, as its owner may at any time."""
    inside = installation.inside
    row = installation.loop.run(inside.desks.connections.row("default", connection))
    tokens = opened(inside.parts.sealer, row).tokens
    assert tokens is not None
    assert tokens.refresh_token is not None
    form = {
        "token": tokens.refresh_token.reveal(),
        "client_id": journey.client.client_id,
        "client_secret": journey.client.client_secret,
    }
    httpx.post(f"{journey.server.issuer}/revoke", data=form, trust_env=False).raise_for_status()


@pytest.mark.row("T-35")
def test_connector_made_again_inherits_nothing_from_a_deleted_one(
    installation: Installation, authorization_server: GoodServer
) -> None:
    old = prepared(installation, authorization_server)
    connection = old.connect()
    waiting = old.start()
    old_callback = old.api.get(f"/v1/connectors/{old.connector}")["callback_url"]

    forced = f"/v1/connectors/{old.connector}?force=true"
    deleted = old.api.ask("DELETE", forced, headers={"If-Match": "*"})
    new = prepared(installation, authorization_server)
    made = new.api.get(f"/v1/connectors/{new.connector}")
    with httpx.Client(follow_redirects=True, trust_env=False) as browser:
        late = browser.get(old_callback, params={"code": "c", "state": "s"})
    stale = httpx.post(waiting["start_url"], trust_env=False)

    assert deleted.status_code == 204
    assert new.connector != old.connector
    assert made["callback_url"] != old_callback
    assert new.api.get(f"/v1/connectors/{new.connector}/connections")["items"] == []
    for gone in (f"/v1/connectors/{old.connector}", f"/v1/connections/{connection}"):
        assert new.api.ask("GET", gone).status_code == 404
    assert late.status_code >= 400
    assert stale.status_code >= 400
    assert authorization_server.token_requests() == {"authorization_code": 1}
