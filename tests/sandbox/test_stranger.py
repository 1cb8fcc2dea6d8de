"""A client that knows nothing of us goes the whole way, at the sandbox and at `oidc-provider`."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from tests.servers.good import GoodServer

from connectsmith.sandbox.driver import Browser

CALLBACK = "http://127.0.0.1:9/oauth/callback/stranger"
SCOPE = "calendar.read calendar.write"
LIFETIME = 600


class Stranger:
    """Authlib's client, signed in to one server as Ada."""

    def __init__(self, server: GoodServer) -> None:
        self.server = server
        registered = server.register(redirect_uris=[CALLBACK], access_token_seconds=LIFETIME)
        self.client = OAuth2Client(
            registered.client_id,
            registered.client_secret,
            redirect_uri=CALLBACK,
            scope=SCOPE,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_post",
            trust_env=False,
        )
        self.verifier = generate_token(64)

    def authorize(self, *, person: str = "ada", allow: bool = True) -> str:
        """Return where the browser is sent with the answer."""
        url, _ = self.client.create_authorization_url(
            f"{self.server.issuer}/authorize", code_verifier=self.verifier
        )
        with Browser(stop_at=CALLBACK) as browser:
            button = "allow" if allow else "deny"
            return browser.submit(browser.open(url), {"person": person}, button=button).url

    def exchange(self, response: str, *, verifier: str | None = None) -> None:
        self.client.fetch_token(
            f"{self.server.issuer}/token",
            authorization_response=response,
            code_verifier=verifier or self.verifier,
        )

    def refresh(self, refresh_token: str | None = None) -> None:
        held = refresh_token or self.client.token["refresh_token"]
        self.client.refresh_token(f"{self.server.issuer}/token", refresh_token=held)

    def me(self, access_token: str | None = None) -> httpx.Response:
        held = access_token or self.client.token["access_token"]
        return httpx.get(f"{self.server.issuer}/me", headers={"Authorization": f"Bearer {held}"})


@pytest.fixture
def stranger(authorization_server: GoodServer) -> Iterator[Stranger]:
    it = Stranger(authorization_server)
    yield it
    it.client.close()


def test_a_stranger_signs_in_and_calls_as_the_chosen_person(stranger: Stranger) -> None:
    stranger.exchange(stranger.authorize(person="bram"))

    assert stranger.me().json()["id"] == "bram"
    assert stranger.client.token["scope"] == SCOPE
    assert stranger.client.token["expires_in"] == LIFETIME


def test_the_answer_names_the_issuer_and_returns_the_state(stranger: Stranger) -> None:
    answer = parse_qs(urlsplit(stranger.authorize()).query)

    assert answer["iss"] == [stranger.server.issuer]
    assert set(answer) == {"code", "state", "iss"}


def test_saying_no_is_reported_with_state_and_issuer(stranger: Stranger) -> None:
    answer = parse_qs(urlsplit(stranger.authorize(allow=False)).query)

    assert answer["error"] == ["access_denied"]
    assert set(answer) == {"error", "error_description", "state", "iss"}


def test_an_event_is_added_seen_and_removed(stranger: Stranger) -> None:
    stranger.exchange(stranger.authorize())
    events = f"{stranger.server.issuer}/calendar/v1/calendars/team/events"

    added = stranger.client.post(
        events, json={"title": "Tea", "starts_at": "2027-01-01T15:00:00Z"}
    ).json()
    listed = stranger.client.get(events).json()["items"]
    removed = stranger.client.delete(f"{events}/{added['id']}")
    left = stranger.client.get(events).json()["items"]

    assert added["id"] in [event["id"] for event in listed]
    assert removed.status_code == 204
    assert added["id"] not in [event["id"] for event in left]


def test_a_refresh_rotates_both_tokens(stranger: Stranger) -> None:
    stranger.exchange(stranger.authorize())
    before = dict(stranger.client.token)

    stranger.refresh()

    assert stranger.client.token["access_token"] != before["access_token"]
    assert stranger.client.token["refresh_token"] != before["refresh_token"]
    assert stranger.me().status_code == 200


def test_a_used_refresh_token_takes_the_whole_family_along(stranger: Stranger) -> None:
    stranger.exchange(stranger.authorize())
    used = stranger.client.token["refresh_token"]
    stranger.refresh()
    newest = stranger.client.token["access_token"]

    with pytest.raises(OAuthError, match="invalid_grant"):
        stranger.refresh(used)

    assert stranger.me(newest).status_code == 401
    assert stranger.server.token_errors() == {"invalid_grant": 1}


def test_a_used_code_takes_the_tokens_it_gave_along(stranger: Stranger) -> None:
    response = stranger.authorize()
    stranger.exchange(response)
    access_token = stranger.client.token["access_token"]

    with pytest.raises(OAuthError, match="invalid_grant"):
        stranger.exchange(response)

    assert stranger.me(access_token).status_code == 401


def test_a_wrong_verifier_gets_nothing(stranger: Stranger) -> None:
    response = stranger.authorize()

    with pytest.raises(OAuthError, match="invalid_grant"):
        stranger.exchange(response, verifier=generate_token(64))

    assert stranger.server.token_requests() == {"authorization_code": 1}


def test_an_expired_access_token_is_refused_as_invalid_and_a_refresh_mends_it(
    stranger: Stranger,
) -> None:
    stranger.exchange(stranger.authorize())

    stranger.server.advance(LIFETIME + 1)
    refused = stranger.me()
    stranger.refresh()

    assert refused.status_code == 401
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]
    assert stranger.me().status_code == 200


def test_revoking_the_refresh_token_ends_the_access_token_too(stranger: Stranger) -> None:
    stranger.exchange(stranger.authorize())
    token = dict(stranger.client.token)

    answer = stranger.client.revoke_token(
        f"{stranger.server.issuer}/revoke",
        token=token["refresh_token"],
        token_type_hint="refresh_token",
    )

    assert answer.status_code == 200
    assert stranger.me(token["access_token"]).status_code == 401
    with pytest.raises(OAuthError, match="invalid_grant"):
        stranger.refresh(token["refresh_token"])


def test_revoking_a_token_nobody_knows_is_fine(stranger: Stranger) -> None:
    answer = stranger.client.revoke_token(f"{stranger.server.issuer}/revoke", token="unknown")

    assert answer.status_code == 200


def test_a_client_on_its_own_gets_no_refresh_token(stranger: Stranger) -> None:
    token = stranger.client.fetch_token(
        f"{stranger.server.issuer}/token", grant_type="client_credentials", scope="calendar.read"
    )

    assert "refresh_token" not in token
    assert stranger.me(token["access_token"]).json()["id"] == stranger.client.client_id


def test_an_unregistered_redirect_uri_is_answered_on_a_page(stranger: Stranger) -> None:
    url, _ = stranger.client.create_authorization_url(
        f"{stranger.server.issuer}/authorize",
        code_verifier=stranger.verifier,
        redirect_uri=f"{CALLBACK}/other",
    )

    answer = httpx.get(url)

    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_a_request_without_pkce_is_refused(stranger: Stranger) -> None:
    stranger.client.code_challenge_method = None
    url, _ = stranger.client.create_authorization_url(f"{stranger.server.issuer}/authorize")

    with Browser(stop_at=CALLBACK) as browser:
        arrived = browser.open(url)

    assert parse_qs(urlsplit(arrived.url).query)["error"] == ["invalid_request"]


def test_fewer_scopes_than_needed_are_named_in_a_403(authorization_server: GoodServer) -> None:
    stranger = Stranger(authorization_server)
    stranger.client.scope = "calendar.read"
    stranger.exchange(stranger.authorize())

    answer = stranger.client.post(
        f"{authorization_server.issuer}/calendar/v1/calendars/team/events", json={}
    )
    stranger.client.close()

    assert answer.status_code == 403
    challenge = answer.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert 'scope="calendar.write"' in challenge
