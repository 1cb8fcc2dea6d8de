"""The extended family at `oidc-provider`: each from the definition to a call after a refresh."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.journeys.calendar import Journey, prepared
from tests.journeys.installation import Api, Installation, installed
from tests.servers.oidc_provider import OidcServer

from connectsmith.service.holdings import opened
from connectsmith.testing.system import FixedClock


@pytest.fixture
def running(tmp_path: Path, oidc: OidcServer) -> Iterator[Installation]:
    with installed(tmp_path, oidc.port) as one:
        yield one


def works(journey: Journey, connection: str) -> list[Any]:
    """Call, refresh, call again."""
    first = journey.call(connection, "calendars.list")
    refreshed = journey.api.post(f"/v1/connections/{connection}/refresh")
    again = journey.call(connection, "calendars.list")
    return [first["ok"], refreshed["status"], again["ok"]]


WORKED = [True, "active", True]
DISCOVERED = {"authorizationURL": None, "tokenURL": None, "revocationURL": None}


@pytest.mark.row("C-30")
def test_issuer_alone_is_enough(running: Installation, oidc: OidcServer) -> None:
    journey = prepared(running, oidc, issuer=oidc.issuer, **DISCOVERED)

    connection = journey.connect()

    assert works(journey, connection) == WORKED
    assert oidc.token_requests() == {"authorization_code": 1, "refresh_token": 1}


DEVICE = {"grant": "device_code", "authorizationURL": None}


@pytest.mark.row("C-46")
def test_device_code_outlives_a_restart_and_ends_in_a_connection(
    tmp_path: Path, oidc: OidcServer
) -> None:
    at_device = {**DEVICE, "deviceAuthorizationURL": f"{oidc.issuer}/device/auth"}
    clock = FixedClock(datetime.now(UTC))
    with installed(tmp_path, oidc.port, clock=clock) as first:
        journey = prepared(first, oidc, **at_device)
        started = journey.start()
        clock.advance(timedelta(seconds=6))
        first.do_chores()
        pending = first.api.get(f"/v1/authorizations/{started['id']}")
        port, token = first.settings.port, first.api.token

    oidc.answer_device(started["device"]["user_code"])
    with installed(tmp_path, oidc.port, clock=clock, port=port) as second:
        api = Api(second.address, token)
        clock.advance(timedelta(seconds=6))
        second.do_chores()
        done = api.get(f"/v1/authorizations/{started['id']}")
        kept = api.post(f"/v1/authorizations/{started['id']}/keep")
        again = Journey(api, oidc, journey.connector, journey.client)

        assert (pending["status"], done["status"], kept["status"]) == (
            "polling",
            "completed",
            "active",
        )
        assert works(again, kept["id"]) == WORKED


@pytest.mark.row("C-46")
def test_device_code_that_is_refused_says_so(tmp_path: Path, oidc: OidcServer) -> None:
    at_device = {**DEVICE, "deviceAuthorizationURL": f"{oidc.issuer}/device/auth"}
    clock = FixedClock(datetime.now(UTC))
    with installed(tmp_path, oidc.port, clock=clock) as running:
        journey = prepared(running, oidc, **at_device)
        started = journey.start()
        oidc.answer_device(started["device"]["user_code"], allow=False)
        clock.advance(timedelta(seconds=6))
        running.do_chores()

        done = running.api.get(f"/v1/authorizations/{started['id']}")

        assert (done["status"], done["error"]["code"]) == ("failed", "consent_denied")


def departure(journey: Journey) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Start, press the button, and return what the browser takes to the server."""
    started = journey.start()
    with httpx.Client(trust_env=False) as browser:
        left = browser.post(started["start_url"])
    return started, parse_qs(urlsplit(left.headers["location"]).query)


@pytest.mark.row("C-40")
def test_pushed_request_leaves_the_browser_nothing_but_a_reference(
    running: Installation, oidc: OidcServer
) -> None:
    journey = prepared(running, oidc, parURL=f"{oidc.issuer}/par")

    _, shown = departure(journey)
    connection = journey.connect()

    assert set(shown) == {"client_id", "request_uri"}
    assert works(journey, connection) == WORKED


@pytest.mark.row("C-40")
def test_request_uri_is_good_for_one_browser_once(running: Installation, oidc: OidcServer) -> None:
    journey = prepared(running, oidc, parURL=f"{oidc.issuer}/par")
    started = journey.start()
    with httpx.Client(trust_env=False) as browser:
        left = browser.post(started["start_url"]).headers["location"]
        again = browser.post(started["start_url"])

    assert urlsplit(left).path == "/authorize"
    assert again.status_code == 410


@pytest.mark.row("C-41")
@pytest.mark.parametrize("through", ["the browser", "a push"])
def test_signed_request_is_taken_in_the_place_of_its_parameters(
    running: Installation, oidc: OidcServer, through: str
) -> None:
    pushed = through == "a push"
    journey = prepared(
        running,
        oidc,
        signedRequest=True,
        issuer=oidc.issuer,
        assertion={"alg": "ES256"},
        parURL=f"{oidc.issuer}/par" if pushed else None,
    )
    key = running.api.post(f"/v1/connectors/{journey.connector}/keys")
    oidc.change(
        journey.client.client_id,
        jwks={"keys": [key["jwk"]]},
        request_object_signing_alg="ES256",
        require_signed_request_object=True,
    )

    _, shown = departure(journey)
    connection = journey.connect()

    assert set(shown) == {"client_id", "request_uri" if pushed else "request"}
    assert works(journey, connection) == WORKED


@pytest.mark.row("C-45")
def test_token_is_for_the_resource_in_every_request(
    running: Installation, oidc: OidcServer
) -> None:
    journey = prepared(running, oidc, resource="https://api.example.com/")

    connection = journey.connect()

    assert works(journey, connection) == WORKED


@pytest.mark.row("C-45")
def test_resource_that_the_server_does_not_know_is_the_definitions_fault(
    running: Installation, oidc: OidcServer
) -> None:
    unattended = {"grant": "client_credentials", "authorizationURL": None}
    journey = prepared(running, oidc, resource="https://nobody.example.com/", **unattended)

    refused = running.api.problem(f"/v1/connectors/{journey.connector}/connections", {})

    assert (refused["code"], refused["fault"]) == ("authorization_request_rejected", "definition")
    assert "invalid_target" in refused["detail"]


@pytest.mark.row("C-42")
@pytest.mark.parametrize("nonces", ["no nonces", "nonces"])
def test_token_is_bound_to_a_key_of_the_connection(
    running: Installation, oidc: OidcServer, nonces: str
) -> None:
    oidc.set(dpopNonce=nonces == "nonces")
    journey = prepared(running, oidc, dpop=True)

    connection = journey.connect()

    assert works(journey, connection) == WORKED
    wanted = {"use_dpop_nonce": 1} if nonces == "nonces" else {}
    assert oidc.token_errors() == wanted
    assert oidc.token_requests()["authorization_code"] == 1 + len(wanted)


@pytest.mark.row("C-42")
def test_follow_up_request_shows_a_bound_token_with_its_proof(
    running: Installation, oidc: OidcServer
) -> None:
    oidc.set(dpopNonce=True)
    look = {
        "url": f"{oidc.issuer}/calendar/v1/calendars",
        "on": ["exchange", "refresh"],
        "capture": {"calendar": "/items/0/id"},
    }
    journey = prepared(running, oidc, dpop=True, followUp=[look])

    connection = journey.connect()

    assert works(journey, connection) == WORKED


@pytest.mark.row("C-42")
def test_bound_token_is_no_use_without_its_key(running: Installation, oidc: OidcServer) -> None:
    journey = prepared(running, oidc, dpop=True)
    connection = journey.connect()
    inside = running.inside
    row = running.loop.run(inside.desks.connections.row("default", connection))
    held = opened(inside.parts.sealer, row)
    assert held.tokens is not None
    token = held.tokens.access_token.reveal()

    stolen = [
        httpx.get(
            f"{oidc.issuer}/calendar/v1/calendars",
            headers={"Authorization": f"{scheme} {token}"},
            trust_env=False,
        ).status_code
        for scheme in ("Bearer", "DPoP")
    ]

    assert stolen == [401, 401]
    assert held.tokens.token_type == "DPoP"
    assert journey.call(connection, "calendars.list")["ok"]


@pytest.mark.row("C-42")
def test_server_whose_clock_is_off_takes_proofs_by_its_own_clock(
    running: Installation, oidc: OidcServer
) -> None:
    unattended = {"grant": "client_credentials", "authorizationURL": None}
    journey = prepared(running, oidc, dpop=True, **unattended)
    oidc.advance(400)

    made = running.api.post(f"/v1/connectors/{journey.connector}/connections", {"fields": {}})

    assert works(journey, made["id"]) == WORKED


SELF = {"clientID": None, "clientSecret": None}


@pytest.mark.row("C-47")
@pytest.mark.parametrize("how", ["none", "basic", "body", "private_key_jwt"])
def test_client_registers_itself(running: Installation, oidc: OidcServer, how: str) -> None:
    journey = prepared(
        running,
        oidc,
        clientAuth=how,
        registrationURL=f"{oidc.issuer}/register",
        issuer=oidc.issuer,
        assertion={"alg": "ES256"},
        **SELF,
    )

    connection = journey.connect()

    assert works(journey, connection) == WORKED


@pytest.mark.row("C-47")
def test_issuer_alone_finds_and_registers_everything(
    running: Installation, oidc: OidcServer
) -> None:
    journey = prepared(running, oidc, issuer=oidc.issuer, **DISCOVERED, **SELF)

    connection = journey.connect()

    assert works(journey, connection) == WORKED


@pytest.mark.row("C-47")
def test_client_goes_with_its_connector(running: Installation, oidc: OidcServer) -> None:
    journey = prepared(running, oidc, registrationURL=f"{oidc.issuer}/register", **SELF)
    journey.connect()

    path = f"/v1/connectors/{journey.connector}?force=true"
    deleted = running.api.ask("DELETE", path, headers={"If-Match": "*"})
    running.loop.run(running.inside.chores.seldom())

    recorded = running.loop.run(running.inside.parts.storage.events.recent("default", 100))
    told = {each.what: each.message for each in recorded}
    assert deleted.is_success
    assert told["client_deregistered"] == "status 204"
