from base64 import b64encode
from urllib.parse import quote_plus

import httpx
import pytest
from tests.servers.good import Registered
from tests.servers.sandbox import SandboxServer

AWKWARD = "s3cr%t:+& /=~"
GRANT = {"grant_type": "client_credentials"}


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{client_id}:{secret}'.encode()).decode()}"}


@pytest.fixture
def client(sandbox: SandboxServer) -> Registered:
    return sandbox.register(redirect_uris=[], secret=AWKWARD)


def test_basic_credentials_are_form_decoded(sandbox: SandboxServer, client: Registered) -> None:
    encoded = basic(quote_plus(client.client_id), quote_plus(AWKWARD))
    raw = basic(client.client_id, AWKWARD)

    answers = [
        httpx.post(f"{sandbox.issuer}/token", data=GRANT, headers=headers)
        for headers in (encoded, raw)
    ]

    assert answers[0].status_code == 200
    assert answers[1].status_code == 401
    assert answers[1].headers["www-authenticate"] == 'Basic realm="sandbox"'


def test_credentials_in_the_body_work_as_well(sandbox: SandboxServer, client: Registered) -> None:
    body = {**GRANT, "client_id": client.client_id, "client_secret": AWKWARD}

    answer = httpx.post(f"{sandbox.issuer}/token", data=body)

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["token_type"] == "Bearer"


def test_two_ways_of_authenticating_at_once_are_refused(
    sandbox: SandboxServer, client: Registered
) -> None:
    body = {**GRANT, "client_id": client.client_id, "client_secret": AWKWARD}
    headers = basic(client.client_id, quote_plus(AWKWARD))

    answer = httpx.post(f"{sandbox.issuer}/token", data=body, headers=headers)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "headers",
    [
        basic("unknown", "secret"),
        {"Authorization": "Basic !!"},
        {"Authorization": "Basic bm9jb2xvbg=="},
        {"Authorization": "Bearer token"},
        {},
    ],
)
def test_a_client_that_does_not_prove_itself_is_refused(
    sandbox: SandboxServer, headers: dict[str, str]
) -> None:
    answer = httpx.post(f"{sandbox.issuer}/token", data=GRANT, headers=headers)

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "unknown"}, "invalid_grant"),
        ({"grant_type": "authorization_code", "redirect_uri": "x"}, "invalid_request"),
        (
            {"grant_type": "authorization_code", "code": "c", "redirect_uri": "x"},
            "invalid_grant",
        ),
        ({**GRANT, "scope": "calendar.delete"}, "invalid_scope"),
    ],
)
def test_errors_are_those_of_the_specification(
    sandbox: SandboxServer, client: Registered, form: dict[str, str], error: str
) -> None:
    headers = basic(client.client_id, quote_plus(AWKWARD))

    answer = httpx.post(f"{sandbox.issuer}/token", data=form, headers=headers)

    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("application/x-www-form-urlencoded", b"grant_type=a&grant_type=b"),
        ("application/x-www-form-urlencoded", b"a=%ff"),
        ("application/x-www-form-urlencoded", b"a=\xc3\xbc"),
    ],
)
def test_a_malformed_body_is_named(sandbox: SandboxServer, content_type: str, body: bytes) -> None:
    answer = httpx.post(
        f"{sandbox.issuer}/token", content=body, headers={"Content-Type": content_type}
    )

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_body_over_the_limit_is_cut_short(sandbox: SandboxServer) -> None:
    answer = httpx.post(f"{sandbox.issuer}/token", data={"a": "x" * 70_000})

    assert answer.status_code == 413


def test_only_post_is_answered(sandbox: SandboxServer) -> None:
    assert httpx.get(f"{sandbox.issuer}/token").status_code == 405


def test_a_token_of_another_client_is_not_revoked(
    sandbox: SandboxServer, client: Registered
) -> None:
    body = {**GRANT, "client_id": client.client_id, "client_secret": AWKWARD}
    token = httpx.post(f"{sandbox.issuer}/token", data=body).json()["access_token"]
    other = sandbox.register(redirect_uris=[])

    answer = httpx.post(
        f"{sandbox.issuer}/revoke",
        data={
            "token": token,
            "client_id": other.client_id,
            "client_secret": other.client_secret,
        },
    )
    me = httpx.get(f"{sandbox.issuer}/me", headers={"Authorization": f"Bearer {token}"})

    assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")
    assert me.status_code == 200


def test_metadata_names_the_endpoints_and_what_they_insist_on(sandbox: SandboxServer) -> None:
    told = httpx.get(f"{sandbox.issuer}/.well-known/oauth-authorization-server").json()

    assert told["issuer"] == sandbox.issuer
    assert told["token_endpoint"] == f"{sandbox.issuer}/token"
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["authorization_response_iss_parameter_supported"] is True
