"""Registered clients at `oidc-provider` when our address or the definition changes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.calendar import Journey, prepared
from tests.journeys.installation import Installation, installed
from tests.servers.oidc_provider import OidcServer

SELF = {"clientID": None, "clientSecret": None}


@pytest.fixture
def running(tmp_path: Path, oidc: OidcServer) -> Iterator[Installation]:
    with installed(tmp_path, oidc.port) as one:
        yield one


def registered(running: Installation, oidc: OidcServer, **changes: Any) -> Journey:
    """Publish a connector that registers itself."""
    return prepared(
        running, oidc, **{"registrationURL": f"{oidc.issuer}/register", **SELF} | changes
    )


def clients_of(oidc: OidcServer) -> set[str | None]:
    """Return the clients that were granted tokens."""
    return {each.client_id for each in oidc.events() if each.name == "grant.success"}


def move(running: Installation, host: str) -> None:
    """Choose another public URL: the same server under another of its names."""
    settings = running.inside.desks.settings
    chosen = {"public_url": f"http://{host}:{running.settings.port}"}
    running.loop.run(settings.choose(("default", "tester"), chosen, seen={}))


def refreshed(journey: Journey, connection: str) -> str:
    """Refresh a connection; return its status."""
    status: str = journey.api.post(f"/v1/connections/{connection}/refresh")["status"]
    return status


@pytest.mark.row("C-47")
@pytest.mark.parametrize("how", ["none", "basic", "body", "private_key_jwt"])
def test_client_follows_to_another_public_url_and_its_grants_live_on(
    running: Installation, oidc: OidcServer, how: str
) -> None:
    more = {"clientAuth": how, "assertion": {"alg": "ES256"}, "issuer": oidc.issuer}
    journey = registered(running, oidc, **more)
    before = journey.connect()

    move(running, "localhost")
    after = journey.connect()

    assert [refreshed(journey, each) for each in (before, after)] == ["active", "active"]
    assert len(clients_of(oidc)) == 1
    assert journey.call(after, "calendars.list")["ok"]
