import asyncio
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.servers.good import GoodServer, Registered
from tests.servers.loop import Gate
from tests.servers.proxy import FaultProxy
from tests.servers.replies import json_reply

from connectsmith.sandbox.driver import Browser

CALLBACK = "http://127.0.0.1:9/cb"
# The pair of RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.fixture
def client(authorization_server: GoodServer) -> Registered:
    return authorization_server.register(redirect_uris=[CALLBACK])


def authorize(proxy: FaultProxy, client: Registered) -> dict[str, list[str]]:
    url = httpx.URL(
        f"{proxy.origin}/authorize",
        params={
            "response_type": "code",
            "client_id": client.client_id,
            "redirect_uri": CALLBACK,
            "scope": "calendar.read",
            "state": "s",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        },
    )
    with Browser(stop_at=CALLBACK) as browser:
        arrived = browser.submit(browser.open(str(url)), button="allow")
    return parse_qs(urlsplit(arrived.url).query)


def exchange(proxy: FaultProxy, client: Registered, code: str) -> httpx.Response:
    return httpx.post(
        f"{proxy.origin}/token",
        data={
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
            "client_id": client.client_id,
            "client_secret": client.client_secret,
        },
    )


def refresh(proxy: FaultProxy, client: Registered, refresh_token: str) -> httpx.Response:
    return httpx.post(
        f"{proxy.origin}/token",
        data={
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "client_id": client.client_id,
            "client_secret": client.client_secret,
        },
    )


def test_without_a_fault_the_whole_flow_passes_through(
    fault_proxy: FaultProxy, client: Registered
) -> None:
    answer = authorize(fault_proxy, client)
    token = exchange(fault_proxy, client, answer["code"][0])

    assert token.status_code == 200
    assert fault_proxy.counts()["/token"] == 1


def test_the_authorization_response_can_be_changed(
    fault_proxy: FaultProxy, client: Registered
) -> None:
    fault_proxy.change_callback(
        lambda pairs: tuple((name, value) for name, value in pairs if name != "iss")
    )

    assert set(authorize(fault_proxy, client)) == {"code", "state"}


def test_a_redirect_uri_changed_on_the_way_is_refused(
    fault_proxy: FaultProxy, client: Registered
) -> None:
    code = authorize(fault_proxy, client)["code"][0]
    fault_proxy.change_form(
        "/token", lambda form: tuple((k, v + "x" * (k == "redirect_uri")) for k, v in form)
    )

    assert exchange(fault_proxy, client, code).json()["error"] == "invalid_grant"


def test_an_answer_dropped_after_rotation_loses_the_grant(
    fault_proxy: FaultProxy, client: Registered
) -> None:
    code = authorize(fault_proxy, client)["code"][0]
    held = exchange(fault_proxy, client, code).json()["refresh_token"]
    fault_proxy.drop_answer("/token")

    with pytest.raises(httpx.TransportError):
        refresh(fault_proxy, client, held)

    assert refresh(fault_proxy, client, held).json()["error"] == "invalid_grant"


def test_an_answer_given_in_place_reaches_no_server(
    fault_proxy: FaultProxy, client: Registered
) -> None:
    fault_proxy.answer_instead("/token", json_reply({"error": "slow_down"}, 429))

    answer = refresh(fault_proxy, client, "any")

    assert answer.status_code == 429
    assert fault_proxy.forwarded == []


def test_members_of_an_answer_can_be_changed(fault_proxy: FaultProxy, client: Registered) -> None:
    code = authorize(fault_proxy, client)["code"][0]
    fault_proxy.change_json("/token", lambda members: {**members, "token_type": "mac"})

    assert exchange(fault_proxy, client, code).json()["token_type"] == "mac"


async def test_an_answer_can_be_held_after_the_server_gave_it(
    fault_proxy: FaultProxy, client: Registered, authorization_server: GoodServer
) -> None:
    gate = Gate()
    fault_proxy.hold_answer("/token", gate)

    async with asyncio.TaskGroup() as tasks:
        asked = tasks.create_task(asyncio.to_thread(refresh, fault_proxy, client, "unknown"))
        await gate.reached()
        seen = dict(authorization_server.token_requests())
        gate.open()

    assert seen == {"refresh_token": 1}
    assert asked.result().json()["error"] == "invalid_grant"
