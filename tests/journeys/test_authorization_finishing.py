"""Who may finish an authorization, at both servers: only the caller who started, in one browser."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.journeys.calendar import LOOPBACK, Journey, answer, prepared
from tests.journeys.installation import Installation, installed
from tests.servers.good import GoodServer

from connectsmith.sandbox.driver import Arrival, Browser

APP = "http://app.localhost:9"
"""An origin the administrator allowed; nobody listens there, and browsers are stopped before."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way on which the completion value reaches whoever waits."""

    name: str
    return_to: str | None = field(repr=False)


WAYS = [
    Way("loopback listener", LOOPBACK),
    Way("allowed return address", f"{APP}/connected"),
    Way("typed characters", None),
]


@pytest.fixture
def journey(tmp_path: Path, authorization_server: GoodServer) -> Iterator[Journey]:
    with installed(tmp_path, authorization_server.port, return_origins=(APP,)) as running:
        yield prepared(running, authorization_server)


def left(journey: Journey, start_url: str) -> Arrival:
    """Press the button, and stop where the authorization server is asked."""
    with Browser(stop_at=journey.server.issuer) as browser:
        return browser.submit(browser.open(start_url))


def nothing_came_of_it(journey: Journey, authorization: str) -> None:
    for _ in range(6):
        refused = journey.api.problem(
            f"/v1/authorizations/{authorization}/complete", {"completion": "ABCD-EFGH"}
        )
        assert refused["code"] in {
            "completion_refused",
            "authorization_waiting",
            "authorization_ended",
        }
    kept = journey.api.problem(f"/v1/authorizations/{authorization}/keep")
    assert kept["code"] in {"authorization_waiting", "authorization_ended"}
    assert journey.server.token_requests() == {}
    assert journey.api.get("/v1/connections")["items"] == []


@pytest.mark.row("T-11", "C-23")
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_start_link_sent_to_somebody_else_connects_nobody(journey: Journey, way: Way) -> None:
    """The value is given to the browser of whoever consented, which is not where it was started."""
    started = journey.start(return_to=way.return_to)

    victims = journey.consent(started["start_url"], stop_at=way.return_to or LOOPBACK)

    if way.return_to is None:
        assert re.search(r"<output>[A-Z2-9]{4}-[A-Z2-9]{4}</output>", victims.html)
        assert "Give them to nobody." in victims.html
    else:
        assert victims.url.startswith(way.return_to)
        assert parse_qs(urlsplit(victims.url).query)["authorization"] == [started["id"]]
    nothing_came_of_it(journey, started["id"])
    shown = journey.api.get(f"/v1/authorizations/{started['id']}")
    assert (shown["status"], shown["error"]["code"]) == ("failed", "completion_refused")


@pytest.mark.row("T-11", "C-23")
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_authorization_request_sent_to_somebody_else_connects_nobody(
    journey: Journey, way: Way
) -> None:
    """The thief pressed the button, so the cookie is in the thief's browser and nowhere else."""
    started = journey.start(return_to=way.return_to)
    request = left(journey, started["start_url"])

    with Browser() as victim:
        arrival = answer(victim, victim.open(request.url))

    assert arrival.url.endswith("/refused")
    assert arrival.status == 400
    nothing_came_of_it(journey, started["id"])
    assert journey.api.get(f"/v1/authorizations/{started['id']}")["status"] == "started"


@pytest.mark.row("T-11")
def test_link_that_a_bot_looked_at_still_works(journey: Journey) -> None:
    started = journey.start()

    with Browser() as bot:
        bot.open(started["start_url"])
        bot.open(started["start_url"])
    done = journey.complete(started, journey.consent(started["start_url"]))
    with Browser() as late:
        again = late.open(started["start_url"])

    assert done["status"] == "completed"
    assert again.status == 410


def test_value_brought_by_another_caller_is_refused(
    installation: Installation, authorization_server: GoodServer
) -> None:
    journey = prepared(installation, authorization_server)
    started = journey.start()
    arrival = journey.consent(started["start_url"])
    completion = parse_qs(urlsplit(arrival.url).query)["completion"][0]
    path = f"/v1/authorizations/{started['id']}"

    other = installation.another_token().problem(f"{path}/complete", {"completion": completion})

    assert other["status"] == 404
    assert authorization_server.token_requests() == {}
    assert journey.api.get(path)["status"] == "returned"


def test_typed_characters_connect_whoever_started(journey: Journey) -> None:
    started = journey.start(return_to=None)
    page = journey.consent(started["start_url"])
    typed = re.search(r"<output>(.*?)</output>", page.html)
    assert typed is not None

    done = journey.api.post(
        f"/v1/authorizations/{started['id']}/complete", {"completion": typed[1].lower()}
    )
    kept = journey.api.post(f"/v1/authorizations/{started['id']}/keep")

    assert done["connection"]["status"] == "unconfirmed"
    assert kept["status"] == "active"


def test_denied_consent_comes_back_as_an_error(journey: Journey) -> None:
    started = journey.start()

    arrival = journey.consent(started["start_url"], allow=False)

    assert parse_qs(urlsplit(arrival.url).query)["error"] == ["consent_denied"]
    shown = journey.api.get(f"/v1/authorizations/{started['id']}")
    assert shown["error"]["code"] == "consent_denied"
    assert "access_denied" in shown["error"]["message"]
    assert journey.server.token_requests() == {}


@pytest.mark.row("T-15", "C-06")
async def test_fifty_callbacks_and_twenty_completions_are_one_token_request(
    journey: Journey,
) -> None:
    """A second request with the code would make an honest server revoke everything."""
    started = await asyncio.to_thread(journey.start)
    async with httpx.AsyncClient(trust_env=False, timeout=30) as browser:
        request = (await browser.post(started["start_url"])).headers["location"]
        (callback,) = parse_qs(urlsplit(request).query)["redirect_uri"]
        back = await asyncio.to_thread(_consented, request, callback)
        answers = await asyncio.gather(*(browser.get(back.url) for _ in range(50)))
        later = await browser.get(back.url, follow_redirects=True)
    brought = {
        value
        for each in answers
        for value in parse_qs(urlsplit(each.headers["location"]).query).get("completion", ())
    }
    path = f"/v1/authorizations/{started['id']}/complete"
    async with httpx.AsyncClient(
        base_url=journey.api.address,
        headers={"Authorization": f"Bearer {journey.api.token}"},
        trust_env=False,
        timeout=30,
    ) as caller:
        (completion,) = brought
        completed = await asyncio.gather(
            *(caller.post(path, json={"completion": completion}) for _ in range(20))
        )
        last = await caller.post(path, json={"completion": completion})

    assert {each.status_code for each in answers} == {303}
    assert "was received" in later.text
    assert {each.status_code for each in completed} <= {200, 409}
    assert last.json()["status"] == "completed"
    assert journey.server.token_requests() == {"authorization_code": 1}
    assert len(journey.api.get("/v1/connections")["items"]) == 1


def _consented(request: str, callback: str) -> Arrival:
    """Answer the consent page in a browser that is stopped before the callback."""
    with Browser(stop_at=callback) as browser:
        return answer(browser, browser.open(request))


@pytest.mark.row("T-14", "C-24")
def test_stolen_code_in_the_thiefs_own_authorization_makes_no_connection(
    journey: Journey,
) -> None:
    victims, thiefs = journey.start(), journey.start()
    victims_request = left(journey, victims["start_url"]).url
    callback = parse_qs(urlsplit(victims_request).query)["redirect_uri"][0]
    stolen = parse_qs(urlsplit(_consented(victims_request, callback).url).query)["code"][0]

    with httpx.Client(trust_env=False) as thief:
        request = thief.post(thiefs["start_url"]).headers["location"]
        (state,) = parse_qs(urlsplit(request).query)["state"]
        back = thief.get(callback, params={"code": stolen, "state": state})
    completion = parse_qs(urlsplit(back.headers["location"]).query)["completion"][0]
    refused = journey.api.problem(
        f"/v1/authorizations/{thiefs['id']}/complete", {"completion": completion}
    )

    assert refused["code"] == "grant_rejected"
    assert journey.server.token_requests() == {"authorization_code": 1}
    assert journey.server.token_errors() == {"invalid_grant": 1}
    assert journey.api.get("/v1/connections")["items"] == []


@pytest.mark.row("T-10", "C-13")
def test_thiefs_own_callback_planted_in_a_victims_browser_is_refused(
    journey: Journey,
) -> None:
    """Otherwise the victim would go on with the thief's account."""
    victims, thiefs = journey.start(), journey.start()
    request = left(journey, thiefs["start_url"]).url
    callback = parse_qs(urlsplit(request).query)["redirect_uri"][0]
    planted = _consented(request, callback).url

    with Browser(stop_at=LOOPBACK) as victim:
        page = victim.submit(victim.open(victims["start_url"]))
        refused = victim.open(planted)
        own = answer(victim, page)

    assert (refused.status, refused.url.endswith("/refused")) == (400, True)
    assert journey.server.token_requests() == {}
    assert parse_qs(urlsplit(own.url).query)["authorization"] == [victims["id"]]
    assert journey.api.get(f"/v1/authorizations/{thiefs['id']}")["status"] == "started"
