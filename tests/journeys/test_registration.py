"""Registration endpoints that answer as none should: no client of theirs is used, nothing leaks."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.calendar import definition
from tests.journeys.installation import Installation, installed
from tests.servers.hostile import Hostile, start_hostile
from tests.servers.replies import (
    Reply,
    dripping,
    endless_body,
    gzip_bomb,
    hang_up,
    html_reply,
    json_reply,
    redirect,
    reply,
    silent,
)

REGISTERED = {
    "client_id": "registered-client",
    "client_secret": "canary-secret-1",
    "client_secret_expires_at": 0,
    "registration_access_token": "canary-management-1",
}
TOKENS = {"access_token": "canary-access-1", "token_type": "Bearer", "expires_in": 3600}


@pytest.fixture
def canary() -> Iterator[Hostile]:
    """Serve what nobody may be led to."""
    with start_hostile() as server:
        yield server


@pytest.fixture
def running(tmp_path: Path, hostile: Hostile, canary: Hostile) -> Iterator[Installation]:
    with installed(
        tmp_path, hostile.port, canary.port, chores=False, token_timeout_seconds=1.0
    ) as one:
        yield one


@pytest.fixture
def connector(running: Installation, hostile: Hostile) -> str:
    """Publish a connector that registers itself, with an initial access token."""
    described = definition(
        hostile.origin,
        grant="client_credentials",
        authorizationURL=None,
        registrationURL=f"{hostile.origin}/register",
        registrationToken="{{registrationToken}}",
        clientAuth="body",
        clientID=None,
        clientSecret=None,
    )
    hostile.on("/token", json_reply(TOKENS))
    hostile.on("/me", json_reply({"id": "ada", "email": "ada@example.com"}))
    made: str = running.api.post(
        "/v1/connectors", {"definition": json.dumps(described), "publish": True}
    )["id"]
    pairs = [{"name": "registrationToken", "value": "canary-initial-1"}]
    running.api.post(f"/v1/connectors/{made}/secrets", {"secrets": pairs})
    return made


def answers(canary: Hostile) -> dict[str, tuple[Reply, str]]:
    """Return what a registration endpoint may answer, and the code it leads to."""
    elsewhere = f"{canary.origin}/register"
    large = b'{"client_id": "' + b"a" * (10 << 20) + b'"}'
    return {
        **{
            f"redirects by {status}": (redirect(elsewhere, status), "token_endpoint_redirected")
            for status in (301, 302, 303, 307, 308)
        },
        "a page": (html_reply(), "registration_refused"),
        "an empty body": (reply(201), "registration_refused"),
        "a list": (json_reply([], 201), "registration_refused"),
        "deeper than can be read": (reply(201, b"[" * 100_000), "registration_refused"),
        "10 MB": (reply(201, large, content_type="application/json"), "response_too_large"),
        "a bomb": (gzip_bomb(1 << 25), "response_too_large"),
        "a body without end": (endless_body(), "response_too_large"),
        "says nothing": (silent(), "timed_out"),
        "a byte at a time": (dripping(json_reply(REGISTERED), every=1.0), "timed_out"),
        "hangs up": (hang_up(), "connection_failed"),
        "an error of its own": (json_reply({"error": "server_error"}, 500), "registration_refused"),
    }


CASES = (
    "redirects by 301", "redirects by 302", "redirects by 303", "redirects by 307",
    "redirects by 308", "a page", "an empty body", "a list", "deeper than can be read", "10 MB",
    "a bomb", "a body without end", "says nothing", "a byte at a time", "hangs up",
    "an error of its own",
)  # fmt: skip


@pytest.mark.row("C-47")
@pytest.mark.parametrize("case", CASES)
def test_registration_that_is_none_is_named_and_leads_nowhere(
    *, running: Installation, hostile: Hostile, canary: Hostile, connector: str, case: str
) -> None:
    answer, code = answers(canary)[case]
    hostile.on("/register", answer)

    refused = running.api.problem(f"/v1/connectors/{connector}/connections")

    assert refused["code"] == code
    assert (hostile.at("/token"), canary.connections) == ([], 0)
    assert "canary-" not in json.dumps(refused)


@pytest.mark.row("C-47")
@pytest.mark.row("C-33")
def test_redirect_of_a_deletion_takes_the_registration_token_nowhere(
    running: Installation, hostile: Hostile, canary: Hostile, connector: str
) -> None:
    manage = {"registration_client_uri": f"{hostile.origin}/manage"}
    hostile.on("/register", json_reply(REGISTERED | manage, 201))
    hostile.on("/manage", redirect(f"{canary.origin}/manage", 307))
    running.api.post(f"/v1/connectors/{connector}/connections")

    path = f"/v1/connectors/{connector}?force=true"
    deleted = running.api.ask("DELETE", path, headers={"If-Match": "*"})
    running.loop.run(running.inside.chores.seldom())

    assert deleted.is_success
    assert len(hostile.at("/manage")) == 1
    assert canary.connections == 0


@pytest.mark.row("C-47")
def test_secrets_of_a_registration_are_in_no_event_answer_or_file(
    *,
    running: Installation,
    hostile: Hostile,
    connector: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    manage = {"registration_client_uri": f"{hostile.origin}/manage"}
    hostile.on("/register", json_reply(REGISTERED | manage, 201))
    hostile.on("/manage", json_reply({"error": "canary-management-1"}, 503))
    running.api.post(f"/v1/connectors/{connector}/connections")
    seen = everything_of(running, connector)

    path = f"/v1/connectors/{connector}?force=true"
    running.api.ask("DELETE", path, headers={"If-Match": "*"})
    running.loop.run(running.inside.chores.seldom())

    said = capfd.readouterr()
    files = b"".join(each.read_bytes() for each in tmp_path.rglob("*") if each.is_file())
    for secret in ("canary-initial-1", "canary-secret-1", "canary-management-1"):
        assert secret not in seen + caplog.text + said.out + said.err
        assert secret.encode() not in files


def everything_of(running: Installation, connector: str) -> str:
    """Return all that the API shows of a connector, its calls and its token requests."""
    get = running.api.get
    calls: list[Any] = [*get("/v1/calls")["items"], *get("/v1/calls?kind=token")["items"]]
    shown = [get(f"/v1/calls/{each['id']}/transcript") for each in calls]
    events = running.loop.run(running.inside.parts.storage.events.recent("default", 1000))
    shown += [get(f"/v1/connectors/{connector}"), get(f"/v1/connectors/{connector}/secrets")]
    return json.dumps([calls, shown]) + repr(events)
