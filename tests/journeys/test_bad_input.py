"""Token endpoints that answer as none should, and requests that mean nothing: named, harmless."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.journeys.calendar import LOOPBACK, definition, returned
from tests.journeys.installation import Api, installed
from tests.servers.hostile import Hostile, start_hostile
from tests.servers.replies import (
    Reply,
    dripping,
    hang_up,
    html_reply,
    json_reply,
    raw,
    redirect,
    reply,
    silent,
)
from tests.servers.wire import Received

from connectsmith.sandbox.driver import Browser

TOKENS = {
    "access_token": "canary-access-1",
    "refresh_token": "canary-refresh-1",
    "token_type": "Bearer",
    "expires_in": 3600,
}
PROFILE = {"id": "ada", "email": "ada@example.com"}


@pytest.fixture
def canary() -> Iterator[Hostile]:
    """Serve what nobody may be led to."""
    with start_hostile() as server:
        yield server


@pytest.fixture
def api(tmp_path: Path, hostile: Hostile, canary: Hostile) -> Iterator[Api]:
    """Run an installation with short deadlines that may reach both servers."""
    ports = (hostile.port, canary.port)
    with installed(
        tmp_path, *ports, token_timeout_seconds=1.0, refresh_lease_seconds=3.0
    ) as running:
        yield running.api


@pytest.fixture
def connector(api: Api, hostile: Hostile) -> str:
    """Publish a connector at a server that consents at once and grants tokens, so far."""
    hostile.on("/authorize", consenting)
    hostile.on("/token", json_reply(TOKENS))
    hostile.on("/me", json_reply(PROFILE))
    body = {"definition": json.dumps(definition(hostile.origin)), "publish": True}
    made: str = api.post("/v1/connectors", body)["id"]
    pairs = [{"name": name, "value": f"canary-{name}"} for name in ("clientID", "clientSecret")]
    api.post(f"/v1/connectors/{made}/secrets", {"secrets": pairs})
    return made


def consenting(request: Received) -> Reply:
    """Send the browser back with a code."""
    asked = dict(request.query)
    return redirect(f"{asked['redirect_uri']}?code=canary-code&state={asked['state']}", 303)


def back(api: Api, connector: str) -> tuple[str, str]:
    """Start, consent and return; return the authorization and its completion value."""
    body = {"return_to": LOOPBACK}
    started = api.post(f"/v1/connectors/{connector}/authorizations", body)
    with Browser(stop_at=LOOPBACK) as browser:
        arrival = browser.submit(browser.open(started["start_url"]))
    return started["id"], returned(arrival)["completion"]


def connected(api: Api, connector: str) -> str:
    """Connect, keep, and return the connection."""
    authorization, completion = back(api, connector)
    done = api.post(f"/v1/authorizations/{authorization}/complete", {"completion": completion})
    api.post(f"/v1/authorizations/{authorization}/keep")
    connection: str = done["connection"]["id"]
    return connection


def answers(canary: Hostile) -> dict[str, tuple[Reply, str]]:
    """Return what a token endpoint may answer, and the code it leads to."""
    elsewhere = f"{canary.origin}/token"
    large = b'{"access_token": "' + b"a" * (10 << 20) + b'"}'
    return {
        **{
            f"redirects by {status}": (redirect(elsewhere, status), "token_endpoint_redirected")
            for status in (301, 302, 303, 307, 308)
        },
        "a page": (html_reply(), "token_answer_invalid"),
        "an empty body": (reply(200), "token_answer_invalid"),
        "no token": (json_reply({"ok": True}), "token_answer_invalid"),
        "a list": (json_reply([]), "token_answer_invalid"),
        "hangs up": (hang_up(), "connection_failed"),
        "no HTTP": (raw(b"220 smtp ready\r\n\r\n"), "response_unreadable"),
        "10 MB": (reply(200, large, content_type="application/json"), "response_too_large"),
        "says nothing": (silent(), "timed_out"),
        "a byte at a time": (dripping(json_reply(TOKENS), every=1.0), "timed_out"),
        "an error of its own": (json_reply({"error": "server_error"}, 500), "token_endpoint_busy"),
        "a busy page": (html_reply("<h1>busy</h1>", 503), "token_endpoint_busy"),
    }


CASES = (
    "redirects by 301", "redirects by 302", "redirects by 303", "redirects by 307",
    "redirects by 308", "a page", "an empty body", "no token", "a list", "hangs up", "no HTTP",
    "10 MB", "says nothing", "a byte at a time", "an error of its own", "a busy page",
)  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_an_exchange_that_goes_wrong_is_named_and_makes_no_connection(
    *, case: str, api: Api, connector: str, hostile: Hostile, canary: Hostile
) -> None:
    planned, code = answers(canary)[case]
    authorization, completion = back(api, connector)
    hostile.on("/token", planned)
    path = f"/v1/authorizations/{authorization}"

    refused = api.problem(f"{path}/complete", {"completion": completion})
    after = api.get(path)
    again = api.problem(f"{path}/complete", {"completion": completion})

    assert refused["code"] == code
    assert (after["status"], after["error"]["code"]) == ("failed", code)
    assert again["code"] == "authorization_ended"
    assert api.get(f"/v1/connectors/{connector}/connections")["items"] == []
    assert hostile.counts()["/token"] == 1
    assert canary.connections == 0
    assert "canary-" not in json.dumps([refused, after, again])


@pytest.mark.parametrize("case", CASES)
def test_a_refresh_that_goes_wrong_is_named_and_keeps_the_grant(
    *, case: str, api: Api, connector: str, hostile: Hostile, canary: Hostile
) -> None:
    planned, code = answers(canary)[case]
    path = f"/v1/connections/{connected(api, connector)}"
    hostile.on("/token", planned)

    refused = api.problem(f"{path}/refresh")
    shown = api.get(path)
    called = api.post(f"{path}/calls", {"action": "me.get"})
    hostile.on("/token", json_reply({**TOKENS, "access_token": "canary-access-2"}))
    refreshed = api.post(f"{path}/refresh")

    assert refused["code"] == code
    assert shown["status"] == "degraded"
    assert shown["failure"]["code"] == code
    assert called["ok"]
    assert refreshed["status"] == "active"
    assert refreshed["failure"] is None
    assert dict(hostile.at("/token")[-1].form)["refresh_token"] == "canary-refresh-1"
    assert canary.connections == 0
    assert "canary-" not in json.dumps([refused, shown])


@pytest.mark.row("C-33")
def test_no_redirect_of_a_token_endpoint_is_followed(
    api: Api, connector: str, hostile: Hostile, canary: Hostile
) -> None:
    canary.otherwise(json_reply(TOKENS))
    connection = connected(api, connector)

    for status in (301, 302, 303, 307, 308):
        hostile.on("/token", redirect(f"{canary.origin}/token", status))
        hostile.on("/revoke", redirect(f"{canary.origin}/revoke", status))
        refused = api.problem(f"/v1/connections/{connection}/refresh")
        assert refused["code"] == "token_endpoint_redirected"
    gone = api.ask("DELETE", f"/v1/connections/{connection}", headers={"If-Match": "*"})

    assert gone.status_code == 204
    assert canary.connections == 0


# -- definitions ----------------------------------------------------------------------------------


def faulty(change: Any) -> str:
    """Return the calendar's text with something broken in it."""
    text = definition("https://auth.example.com")
    change(text)
    return json.dumps(text)


def deep(text: dict[str, Any]) -> None:
    """Nest something deeper than a definition may be."""
    inner: Any = 1
    for _ in range(40):
        inner = [inner]
    text["x-deep"] = inner


FAULTY: dict[str, str] = {
    "no JSON": '{"schema": "1.0",',
    "nothing": "",
    "a list": "[]",
    "too deep": faulty(deep),
    "a member twice": '{"schema": "1.0", "schema": "1.0"}',
    "a wrong type": faulty(lambda text: text.update(actions={})),
    "an unknown method": faulty(lambda text: text["actions"][0].update(method="FETCH")),
    "an action without an endpoint": faulty(
        lambda text: text["actions"][0].update(endpoint="/nowhere")
    ),
    "a placeholder nobody knows": faulty(
        lambda text: text["endpoints"]["GET"]["/me"].update(url="https://a.b/{{authFields.x}}")
    ),
    "a secret in an address": faulty(
        lambda text: text["endpoints"]["GET"]["/me"].update(url="https://a.b/{{clientSecret}}")
    ),
    "a secret in a scope": faulty(
        lambda text: text["auth_components"].update(scope="{{clientSecret}}")
    ),
    "a secret written out": faulty(
        lambda text: text["auth_components"].update(clientSecret="s3cr3t")
    ),
}


@pytest.mark.parametrize("fault", FAULTY)
def test_a_faulty_definition_is_kept_as_typed_and_never_published(
    fault: str, api: Api, connector: str
) -> None:
    path = f"/v1/connectors/{connector}"
    saved = api.ask(
        "PUT", f"{path}/draft", json={"text": FAULTY[fault]}, headers={"If-Match": "*"}
    ).json()

    refused = api.problem(f"{path}/publish")

    errors = [each for each in saved["diagnostics"] if each["severity"] == "error"]
    assert saved["text"] == FAULTY[fault]
    assert errors
    assert all(each["code"] and each["start"]["line"] >= 1 for each in errors)
    assert refused["code"] == "definition_invalid"
    assert refused["diagnostics"]
    assert [each["number"] for each in api.get(f"{path}/revisions")["items"]] == [1]
    assert api.get(path)["published"] == 1


def test_a_definition_that_is_too_large_changes_nothing(api: Api, connector: str) -> None:
    path = f"/v1/connectors/{connector}/draft"
    before = api.get(path)

    refused = api.ask("PUT", path, json={"text": " " * (1 << 20) + " "}, headers={"If-Match": "*"})

    assert (refused.status_code, refused.json()["code"]) == (413, "body_too_large")
    assert api.get(path) == before


def test_an_authorization_without_its_secrets_is_refused_with_their_names(
    api: Api, connector: str
) -> None:
    path = f"/v1/connectors/{connector}"
    [secret] = [
        each for each in api.get(f"{path}/secrets")["items"] if each["name"] == "clientSecret"
    ]
    api.ask("DELETE", f"{path}/secrets/{secret['id']}")

    refused = api.problem(f"{path}/authorizations", {"return_to": LOOPBACK})

    assert (refused["code"], refused["missing"]) == ("secret_missing", ["clientSecret"])
    assert api.get(f"{path}/authorizations")["items"] == []


@pytest.mark.parametrize(
    "address",
    ["https://evil.example.com/", "http://127.0.0.1.evil.com/", "javascript:alert(1)", "//x", "x"],
)
def test_nobody_is_sent_back_to_an_address_that_is_not_allowed(
    address: str, api: Api, connector: str
) -> None:
    path = f"/v1/connectors/{connector}/authorizations"

    refused = api.problem(path, {"return_to": address})

    assert refused["fault"] == "caller"
    assert api.get(path)["items"] == []


def test_ids_of_every_shape_are_not_found(api: Api, connector: str) -> None:
    for wrong in ("x", "con_", connector.upper(), connector + "a", quote("../tokens", safe="")):
        assert api.ask("GET", f"/v1/connectors/{wrong}").status_code == 404
