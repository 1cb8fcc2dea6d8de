"""Grants that need nobody in a browser: from the definition to a call after a renewal."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.journeys.grants import called, connected, published, store
from tests.journeys.installation import Installation, installed
from tests.servers.oidc_provider import OidcServer

from connectsmith.core.secret.secret import Secret
from connectsmith.keys.signer import JoseSigner

UNUSED = "https://app.example.com/callback"
PASSWORD_FIELDS = [{"key": "username"}, {"key": "password", "masked": True}]
PASSWORD = {
    "grant": "password",
    "authorizationURL": None,
    "tokenParams": {
        "username": "{{authFields.username}}",
        "password": "{{authFields.password}}",
    },
}


@pytest.fixture
def running(tmp_path: Path, oidc: OidcServer) -> Iterator[Installation]:
    with installed(tmp_path, oidc.port) as one:
        yield one


@pytest.mark.row("C-25")
def test_password_grant_asks_again_with_the_owners_password_when_its_token_ends(
    running: Installation, oidc: OidcServer
) -> None:
    connector = published(running, oidc, fields=PASSWORD_FIELDS, **PASSWORD)
    client = oidc.register(redirect_uris=[UNUSED])
    store(running, connector, clientID=client.client_id, clientSecret=client.client_secret)

    wrong = running.api.problem(
        f"/v1/connectors/{connector}/connections",
        {"fields": {"username": "ada", "password": "wrong"}},
    )
    made = connected(running, connector, username="ada", password="correct horse")
    first = called(running, made["id"])
    oidc.advance(6)
    again = called(running, made["id"])

    assert wrong["code"] == "grant_rejected"
    assert (made["status"], made["health"]) == ("active", "renews itself")
    assert (first["ok"], again["ok"]) == (True, True)
    assert oidc.token_requests() == {"password": 3}


def _own_key(running: Installation, connector: str, **body: Any) -> Any:
    return running.api.post(f"/v1/connectors/{connector}/keys", body)


@pytest.mark.row("C-43")
@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_client_proves_itself_with_a_key_that_we_made_and_publish(
    running: Installation, oidc: OidcServer, algorithm: str
) -> None:
    connector = published(
        running,
        oidc,
        grant="client_credentials",
        clientAuth="private_key_jwt",
        clientSecret=None,
        authorizationURL=None,
        issuer=oidc.issuer,
        assertion={"alg": algorithm},
    )
    made = _own_key(running, connector)
    listed = running.api.get(f"/v1/connectors/{connector}/keys")
    client = oidc.register(
        redirect_uris=[UNUSED],
        auth_method="private_key_jwt",
        jwks_uri=listed["jwks_url"],
        token_endpoint_auth_signing_alg=algorithm,
    )
    store(running, connector, clientID=client.client_id)

    connection = connected(running, connector)
    oidc.advance(6)
    outcome = called(running, connection["id"])

    keys = httpx.get(listed["jwks_url"], trust_env=False)
    assert [each["kid"] for each in keys.json()["keys"]] == [made["id"]]
    assert not set(keys.json()["keys"][0]) & {"d", "p", "q", "dp", "dq", "qi", "k"}
    assert keys.headers["cache-control"] == "public, max-age=300"
    assert outcome["ok"]
    assert oidc.token_requests() == {"client_credentials": 2}
    assert oidc.token_errors() == {}


@pytest.mark.row("C-43")
def test_signing_key_is_rotated_with_overlap_and_the_old_one_is_withdrawn_later(
    running: Installation, oidc: OidcServer
) -> None:
    connector = published(
        running,
        oidc,
        grant="client_credentials",
        clientAuth="private_key_jwt",
        clientSecret=None,
        authorizationURL=None,
        issuer=oidc.issuer,
        assertion={"alg": "ES256"},
    )
    first = _own_key(running, connector)
    listed = running.api.get(f"/v1/connectors/{connector}/keys")
    client = oidc.register(
        redirect_uris=[UNUSED],
        auth_method="private_key_jwt",
        jwks_uri=listed["jwks_url"],
        token_endpoint_auth_signing_alg="ES256",
    )
    store(running, connector, clientID=client.client_id)

    second = _own_key(running, connector)
    in_overlap = connected(running, connector)
    both = [each["kid"] for each in httpx.get(listed["jwks_url"]).json()["keys"]]
    third = _own_key(running, connector, at_once=True)
    at_once = [each["kid"] for each in httpx.get(listed["jwks_url"]).json()["keys"]]

    assert first["signs_from"] < second["signs_from"]
    assert both == [first["id"], second["id"]]
    assert at_once == [third["id"]]
    assert in_overlap["status"] == "active"


@pytest.mark.row("C-43")
def test_assertion_grant_signs_with_the_authors_key_and_asks_again(
    running: Installation, oidc: OidcServer
) -> None:
    signer = JoseSigner()
    key = signer.new_key("PS256")
    connector = published(
        running,
        oidc,
        grant="jwt_bearer",
        clientSecret=None,
        authorizationURL=None,
        issuer=oidc.issuer,
        privateKey="{{serviceKey}}",
        keyID="one",
        assertion={"alg": "PS256", "claims": {"extra": "{{authFields.account}}"}},
        fields=[{"key": "account"}],
    )
    client = oidc.register(
        redirect_uris=[UNUSED],
        auth_method="none",
        jwks={"keys": [{**signer.public(key), "kid": "one", "alg": "PS256"}]},
    )
    store(running, connector, clientID=client.client_id, serviceKey=key.reveal())

    connection = connected(running, connector, account="acme")
    oidc.advance(6)
    outcome = called(running, connection["id"])

    assert (connection["health"], outcome["ok"]) == ("renews itself", True)
    assert sum(oidc.token_requests().values()) == 2
    assert oidc.token_errors() == {}
    stored = json.dumps(running.api.get(f"/v1/connectors/{connector}/secrets"))
    assert Secret(stored) != key
    assert key.reveal()[:40] not in stored


@pytest.mark.row("C-43")
def test_server_whose_clock_is_off_is_signed_for_by_its_own_clock(
    running: Installation, oidc: OidcServer
) -> None:
    signer = JoseSigner()
    key = signer.new_key("ES256")
    connector = published(
        running,
        oidc,
        grant="client_credentials",
        clientAuth="private_key_jwt",
        clientSecret=None,
        authorizationURL=None,
        issuer=oidc.issuer,
        privateKey="{{serviceKey}}",
        assertion={"alg": "ES256", "lifetime": 60},
    )
    client = oidc.register(
        redirect_uris=[UNUSED],
        auth_method="private_key_jwt",
        token_endpoint_auth_signing_alg="ES256",
        jwks={"keys": [signer.public(key)]},
    )
    store(running, connector, clientID=client.client_id, serviceKey=key.reveal())
    oidc.advance(300)  # what we sign has ended there before it comes

    connection = connected(running, connector)
    running.api.post(f"/v1/connections/{connection['id']}/refresh")

    assert oidc.token_errors() == {"invalid_client": 1}
    assert connection["status"] == "active"
