"""Answers that come from elsewhere: mixed-up servers, swapped contexts, altered issuers."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from tests.journeys.calendar import LOOPBACK, Journey, answer, definition, prepared, returned
from tests.journeys.installation import installed
from tests.servers.good import GoodServer
from tests.servers.hostile import Hostile
from tests.servers.proxy import ChangePairs, FaultProxy
from tests.servers.replies import Reply, json_reply, redirect
from tests.servers.wire import Pairs, Received

from connectsmith.sandbox.driver import Browser

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@dataclass(frozen=True, slots=True)
class Both:
    """A connector of an honest server, and one of a malicious server, in one installation."""

    honest: Journey
    malicious: Journey
    evil: Hostile


@pytest.fixture
def both(tmp_path: Path, authorization_server: GoodServer, hostile: Hostile) -> Iterator[Both]:
    with installed(tmp_path, authorization_server.port, hostile.port) as running:
        honest = prepared(running, authorization_server)
        malicious = prepared(
            running,
            authorization_server,
            authorizationURL=f"{hostile.origin}/authorize",
            tokenURL=f"{hostile.origin}/token",
            revocationURL=None,
        )
        hostile.on("/token", json_reply({"access_token": "a", "token_type": "Bearer"}))
        yield Both(honest, malicious, hostile)


def callback_of(journey: Journey) -> str:
    url: str = journey.api.get(f"/v1/connectors/{journey.connector}")["callback_url"]
    return url


@pytest.mark.row("T-12", "C-21", "C-22")
def test_code_of_an_honest_server_never_reaches_a_malicious_one(both: Both) -> None:
    """The malicious server passes the browser on with the honest client's id and callback."""

    def pass_on(request: Received) -> Reply:
        query = {
            "response_type": "code",
            "client_id": both.honest.client.client_id,
            "redirect_uri": callback_of_honest,
            "scope": "calendar.read",
            "state": dict(request.query)["state"],
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return redirect(f"{both.honest.server.issuer}/authorize?{urlencode(query)}")

    callback_of_honest = callback_of(both.honest)
    both.evil.on("/authorize", pass_on)
    started = both.malicious.start()

    with Browser(stop_at=LOOPBACK) as browser:
        arrival = answer(browser, browser.submit(browser.open(started["start_url"])))

    assert arrival.url == f"{callback_of_honest}/refused"
    assert both.evil.at("/token") == []
    assert both.honest.server.token_requests() == {}
    assert both.honest.api.get("/v1/connections")["items"] == []
    problem = both.malicious.api.problem(
        f"/v1/authorizations/{started['id']}/complete", {"completion": "x"}
    )
    assert problem["code"] == "authorization_waiting"


@pytest.mark.row("T-12", "T-13", "C-22")
def test_honest_state_at_the_malicious_connectors_callback_is_refused(both: Both) -> None:
    both.evil.on("/authorize", json_reply({}))
    honest, malicious = both.honest.start(), both.malicious.start()

    with Browser(stop_at=callback_of(both.honest)) as browser:
        browser.submit(browser.open(malicious["start_url"]))
        arrival = answer(browser, browser.submit(browser.open(honest["start_url"])))
        query = urlsplit(arrival.url).query
        swapped = browser.open(f"{callback_of(both.malicious)}?{query}")

    assert swapped.status == 400
    assert both.evil.at("/token") == []
    assert both.honest.server.token_requests() == {}
    for each in (honest, malicious):
        shown = both.honest.api.get(f"/v1/authorizations/{each['id']}")
        assert shown["status"] == "started"


@pytest.mark.row("T-12", "C-21")
def test_token_endpoint_published_after_the_start_gets_nothing(both: Both) -> None:
    journey = both.honest
    started = journey.start()
    arrival = journey.consent(started["start_url"])
    moved = definition(journey.server.issuer, tokenURL=f"{both.evil.origin}/token")
    path = f"/v1/connectors/{journey.connector}"
    etag = journey.api.ask("GET", f"{path}/draft").headers["etag"]
    saved = journey.api.ask(
        "PUT", f"{path}/draft", json={"text": json.dumps(moved)}, headers={"If-Match": etag}
    )
    published = journey.api.post(f"{path}/publish")

    journey.complete(started, arrival)

    assert saved.is_success
    assert published["number"] == 2
    assert both.evil.connections == 0
    assert journey.server.token_requests() == {"authorization_code": 1}


# -- the issuer ------------------------------------------------------------------------------------


def without_iss(pairs: Pairs) -> Pairs:
    return tuple(pair for pair in pairs if pair[0] != "iss")


def foreign_iss(pairs: Pairs) -> Pairs:
    return (*without_iss(pairs), ("iss", "https://evil.example"))


def altered_iss(pairs: Pairs) -> Pairs:
    return tuple((name, value + "/" if name == "iss" else value) for name, value in pairs)


def doubled_iss(pairs: Pairs) -> Pairs:
    return (*pairs, *(pair for pair in pairs if pair[0] == "iss"))


@pytest.fixture
def proxied(
    tmp_path: Path, authorization_server: GoodServer, fault_proxy: FaultProxy
) -> Iterator[Journey]:
    """The honest server behind a proxy; the definition writes who it is."""
    with installed(tmp_path, authorization_server.port, fault_proxy.port) as running:
        yield prepared(
            running,
            authorization_server,
            authorizationURL=f"{fault_proxy.origin}/authorize",
            tokenURL=f"{fault_proxy.origin}/token",
            issuer=authorization_server.issuer,
        )


@pytest.mark.row("C-19")
@pytest.mark.parametrize("allow", [True, False], ids=["code", "error"])
@pytest.mark.parametrize("change", [foreign_iss, altered_iss, doubled_iss])
def test_answer_of_another_issuer_than_the_written_one_is_discarded(
    proxied: Journey, fault_proxy: FaultProxy, change: ChangePairs, *, allow: bool
) -> None:
    fault_proxy.change_callback(change)
    started = proxied.start()

    arrival = proxied.consent(started["start_url"], allow=allow)

    error = "callback_refused" if change is doubled_iss else "issuer_unexpected"
    assert returned(arrival) == {"authorization": started["id"], "error": error}
    assert fault_proxy.at("/token") == []
    assert proxied.api.get("/v1/connections")["items"] == []


def test_right_issuer_is_recorded(proxied: Journey) -> None:
    started = proxied.start()

    proxied.complete(started, proxied.consent(started["start_url"]))

    shown = proxied.api.get(f"/v1/authorizations/{started['id']}")
    assert shown["issuer"] == proxied.server.issuer


@pytest.mark.row("C-20")
def test_issuer_nobody_wrote_must_be_on_an_endpoints_origin(
    tmp_path: Path, authorization_server: GoodServer, fault_proxy: FaultProxy
) -> None:
    """The honest server's own name is foreign to a definition that knows the proxy only."""
    with installed(tmp_path, authorization_server.port, fault_proxy.port) as running:
        journey = prepared(
            running,
            authorization_server,
            authorizationURL=f"{fault_proxy.origin}/authorize",
            tokenURL=f"{fault_proxy.origin}/token",
        )
        started = journey.start()

        arrival = journey.consent(started["start_url"])

        assert returned(arrival)["error"] == "issuer_unexpected"
        assert fault_proxy.at("/token") == []


# -- the redirect URI ------------------------------------------------------------------------------


@pytest.mark.row("C-03")
def test_redirect_uri_changed_on_the_way_is_a_fault_the_server_names(
    proxied: Journey, fault_proxy: FaultProxy
) -> None:
    fault_proxy.change_form(
        "/token", lambda form: tuple((k, v + "x" * (k == "redirect_uri")) for k, v in form)
    )
    started = proxied.start()
    arrival = proxied.consent(started["start_url"])

    refused = proxied.api.problem(
        f"/v1/authorizations/{started['id']}/complete",
        {"completion": parse_qs(urlsplit(arrival.url).query)["completion"][0]},
    )

    sent = [dict(each.form)["redirect_uri"] for each in fault_proxy.at("/token")]
    assert sent == [callback_of(proxied)]
    assert refused["code"] in {"grant_rejected", "authorization_request_rejected"}
    assert proxied.api.get("/v1/connections")["items"] == []
