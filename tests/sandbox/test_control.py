from typing import Any

import httpx
import pytest
from tests.servers.sandbox import SandboxServer

from connectsmith.samples import PRACTICE_CLIENT_ID


def tell(sandbox: SandboxServer, command: str, **members: Any) -> httpx.Response:
    return httpx.post(f"{sandbox.issuer}/sandbox/{command}", json=members)


def ask_for_token(sandbox: SandboxServer, client: dict[str, Any]) -> httpx.Response:
    return httpx.post(
        f"{sandbox.issuer}/token",
        data={
            "grant_type": "client_credentials",
            "client_id": client["client_id"],
            "client_secret": client["client_secret"],
        },
    )


@pytest.fixture
def client(sandbox: SandboxServer) -> dict[str, Any]:
    answer = tell(sandbox, "clients", name="Mine", redirect_uris=["https://a.example/cb"])
    assert answer.status_code == 201
    registered: dict[str, Any] = answer.json()
    return registered


def test_a_registered_client_gets_an_id_and_a_secret_that_work(
    sandbox: SandboxServer, client: dict[str, Any]
) -> None:
    assert client["redirect_uris"] == ["https://a.example/cb"]
    assert ask_for_token(sandbox, client).status_code == 200


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"name": " "},
        {"name": "a", "redirect_uris": "https://a.example/cb"},
        {"name": "a", "redirect_uris": ["/cb"]},
        {"name": "a", "redirect_uris": ["https://a.example/cb#f"]},
        {"name": "a", "redirect_uris": ["https://u@a.example/cb"]},
        {"name": "a", "redirect_uris": ["https://[a/cb"]},
        {"name": "a", "access_token_seconds": 0},
        {"name": "a", "access_token_seconds": "soon"},
    ],
)
def test_an_unacceptable_registration_is_refused(
    sandbox: SandboxServer, members: dict[str, Any]
) -> None:
    answer = tell(sandbox, "clients", **members)

    assert answer.status_code == 422
    assert answer.json()["error"]["message"]


def test_the_lifetime_of_access_tokens_can_be_chosen(
    sandbox: SandboxServer, client: dict[str, Any]
) -> None:
    tell(sandbox, "lifetime", client_id=client["client_id"], access_token_seconds=2)

    assert ask_for_token(sandbox, client).json()["expires_in"] == 2


def test_access_tokens_can_be_expired_now(sandbox: SandboxServer, client: dict[str, Any]) -> None:
    token = ask_for_token(sandbox, client).json()["access_token"]

    expired = tell(sandbox, "expire", client_id=client["client_id"]).json()["expired"]
    me = httpx.get(f"{sandbox.issuer}/me", headers={"Authorization": f"Bearer {token}"})

    assert expired == 1
    assert me.status_code == 401


def test_without_a_client_id_the_practice_client_is_meant(sandbox: SandboxServer) -> None:
    answer = tell(sandbox, "redirect-uris", redirect_uri="https://a.example/cb")

    assert answer.json()["redirect_uris"] == ["https://a.example/cb"]
    practice = sandbox.state.clients.find(PRACTICE_CLIENT_ID)
    assert practice is not None
    assert practice.redirect_uris == ("https://a.example/cb",)


def test_an_unknown_client_is_named(sandbox: SandboxServer) -> None:
    assert tell(sandbox, "expire", client_id="unknown").status_code == 422


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("server_error", (500, "application/json")),
        ("rate_limited", (429, "application/json")),
        ("html", (200, "text/html; charset=utf-8")),
    ],
)
def test_a_fault_hits_as_many_requests_as_asked_for(
    sandbox: SandboxServer, client: dict[str, Any], fault: str, expected: tuple[int, str]
) -> None:
    status, content_type = expected
    tell(sandbox, "faults", fault=fault, times=2, seconds=7)

    answers = [ask_for_token(sandbox, client) for _ in range(3)]

    assert [each.status_code for each in answers] == [status, status, 200]
    assert answers[0].headers["content-type"] == content_type
    assert answers[0].headers.get("retry-after") == ("7" if status == 429 else None)
    assert sandbox.token_errors() == {f"fault:{fault}": 2}


def test_a_dropped_answer_was_carried_out(sandbox: SandboxServer, client: dict[str, Any]) -> None:
    tell(sandbox, "faults", fault="drop_answer")

    with pytest.raises(httpx.RemoteProtocolError):
        ask_for_token(sandbox, client)

    assert tell(sandbox, "expire", client_id=client["client_id"]).json()["expired"] == 1


def test_a_slow_answer_is_the_right_one(sandbox: SandboxServer, client: dict[str, Any]) -> None:
    tell(sandbox, "faults", fault="slow", seconds=0.01)

    assert ask_for_token(sandbox, client).status_code == 200


def test_faults_can_be_called_off(sandbox: SandboxServer, client: dict[str, Any]) -> None:
    tell(sandbox, "faults", fault="server_error", times=1000)
    tell(sandbox, "faults", fault="none")

    assert ask_for_token(sandbox, client).status_code == 200


@pytest.mark.parametrize(
    "members",
    [{"fault": "fire"}, {"fault": "slow", "seconds": 301}, {"fault": "html", "times": 0}, {}],
)
def test_an_impossible_fault_is_refused(sandbox: SandboxServer, members: dict[str, Any]) -> None:
    assert tell(sandbox, "faults", **members).status_code == 422


def test_the_log_counts_and_holds_no_secret(sandbox: SandboxServer, client: dict[str, Any]) -> None:
    token = ask_for_token(sandbox, client).json()["access_token"]
    httpx.post(f"{sandbox.issuer}/token", data={"grant_type": token, "client_id": token})

    log = httpx.get(f"{sandbox.issuer}/sandbox/log")

    assert log.json()["by_grant_type"] == {"client_credentials": 1, "none": 1}
    assert log.json()["errors"] == {"invalid_client": 1}
    assert log.json()["entries"][0]["client_id"] == client["client_id"]
    assert token not in log.text
    assert client["client_secret"] not in log.text


def test_json_is_asked_for_so_that_no_form_of_another_page_gets_in(
    sandbox: SandboxServer,
) -> None:
    answer = httpx.post(f"{sandbox.issuer}/sandbox/expire", data={"client_id": "a"})

    assert answer.status_code == 415
