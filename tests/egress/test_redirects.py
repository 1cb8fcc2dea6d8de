import asyncio
import base64
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.egress.servers import Received, Server, get, post_for_token, reply, sending, serving

from connectsmith.core.message import Carried, Headers, HttpRequest, Purpose
from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.secret import Secret
from connectsmith.egress.policy import EgressPolicy
from connectsmith.egress.sender import HttpSender
from connectsmith.errors import EgressDenied, RedirectRefused, TokenEndpointRedirected

VECTORS = tomllib.loads(
    (Path(__file__).parents[1] / "vectors/egress-redirects.toml").read_text("utf-8")
)
STATUSES = [301, 302, 303, 307, 308]
CANARY = "canary-of-a-credential"


@asynccontextmanager
async def two_origins(
    status: int, target: str = "/"
) -> AsyncIterator[tuple[Server, Server, HttpSender]]:
    """Run a service that redirects to a stranger; both may be reached."""
    async with (
        serving() as stranger,
        serving(reply(status, Location=stranger.url(target))) as api,
        sending(api, stranger) as sender,
    ):
        yield api, stranger, sender


def carrying(*origins: str) -> tuple[Carried, ...]:
    return (Carried("the connection's access token", Secret(CANARY), Destinations.of(origins)),)


@pytest.mark.row("T-03")
@pytest.mark.parametrize("status", STATUSES)
async def test_no_redirect_leads_where_a_request_may_not_go(status: int) -> None:
    location = ""

    async def redirect(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 %d Moved\r\nContent-Length: 0\r\nLocation: %s\r\n\r\n"
            % (status, location.encode())
        )

    async with serving() as canary, serving(redirect) as api:
        policy = EgressPolicy.of([f"127.0.0.1:{api.port}", f"127.9.9.9:{canary.port}"])
        async with sending(policy=policy) as sender:
            for template in VECTORS["refused"]:
                location = template.replace("{port}", str(canary.port))
                with pytest.raises((RedirectRefused, EgressDenied)):
                    await sender.send(get(api.url()))

    assert canary.connections == 0
    assert len(api.requests) == len(VECTORS["refused"])


@pytest.mark.row("T-03")
async def test_a_denied_redirect_says_that_a_request_was_sent() -> None:
    async with serving() as canary, serving(reply(302, Location=canary.url())) as api:
        policy = EgressPolicy.of([f"127.0.0.1:{api.port}", f"127.9.9.9:{canary.port}"])
        async with sending(policy=policy) as sender:
            with pytest.raises(EgressDenied) as denied:
                await sender.send(get(api.url()))

    assert denied.value.sent is True
    assert canary.connections == 0


@pytest.mark.row("C-33")
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("purpose", [Purpose.TOKEN, Purpose.REVOCATION])
async def test_a_token_endpoints_redirect_is_an_error(status: int, purpose: Purpose) -> None:
    async with two_origins(status) as (server, target, sender):
        request = HttpRequest("POST", server.url(), body=b"code=1", purpose=purpose)
        with pytest.raises(TokenEndpointRedirected):
            await sender.send(request)

    assert target.connections == 0


async def test_a_token_endpoints_redirect_to_itself_is_an_error_too() -> None:
    async with serving(reply(307, Location="/elsewhere")) as server, sending(server) as sender:
        with pytest.raises(TokenEndpointRedirected):
            await sender.send(post_for_token(server.url()))

    assert len(server.requests) == 1


@pytest.mark.row("T-03")
async def test_three_redirects_are_followed_and_a_fourth_is_refused() -> None:
    async def count_down(request: Received, writer: asyncio.StreamWriter) -> None:
        left = int(request.target[1:])
        writer.write(reply(302, Location=f"/{left - 1}") if left else reply(200, b"there"))

    async with serving(count_down) as api, sending(api) as sender:
        arrived = await sender.send(get(api.url("/3")))
        api.requests.clear()
        with pytest.raises(RedirectRefused):
            await sender.send(get(api.url("/9")))

    assert arrived.body == b"there"
    assert arrived.url == api.url("/0")
    assert len(api.requests) == 4


@pytest.mark.parametrize(
    ("status", "method", "then", "body"),
    [
        (301, "POST", "GET", b""),
        (302, "POST", "GET", b""),
        (303, "POST", "GET", b""),
        (303, "PUT", "GET", b""),
        (301, "PUT", "PUT", b"body"),
        (302, "DELETE", "DELETE", b"body"),
        (307, "POST", "POST", b"body"),
        (308, "PATCH", "PATCH", b"body"),
    ],
)
async def test_within_an_origin_method_and_body_follow_the_status(
    status: int, method: str, then: str, body: bytes
) -> None:
    async def once(request: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(status, Location="/b") if request.target == "/a" else reply())

    async with serving(once) as api, sending(api) as sender:
        await sender.send(
            HttpRequest(
                method,
                api.url("/a"),
                headers=(("Content-Type", "text/x"), ("X-Api-Key", CANARY)),
                body=b"body",
                carries=carrying(f"http://127.0.0.1:{api.port}"),
            )
        )

    second = api.requests[1]
    assert (second.method, second.body) == (then, body)
    assert ("content-type" in second.headers) == bool(body)
    assert second.headers["x-api-key"] == CANARY


async def test_head_stays_head() -> None:
    async def once(request: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(303, Location="/b") if request.target == "/a" else reply())

    async with serving(once) as api, sending(api) as sender:
        await sender.send(HttpRequest("HEAD", api.url("/a")))

    assert [request.method for request in api.requests] == ["HEAD", "HEAD"]


@pytest.mark.row("T-68")
@pytest.mark.parametrize("status", [301, 302, 303])
@pytest.mark.parametrize(
    "headers",
    [
        (("Authorization", f"Bearer {CANARY}"),),
        (("X-Api-Key", CANARY),),
        (("Cookie", f"session={CANARY}"),),
        (("Proxy-Token", CANARY), ("Referer", f"https://x/{CANARY}")),
        (("User-Agent", f"calendar {CANARY}"),),
        (("Accept", f"text/x; key={CANARY}"),),
    ],
)
async def test_no_header_of_a_request_follows_to_another_origin(
    status: int, headers: Headers
) -> None:
    async with two_origins(status) as (api, stranger, sender):
        response = await sender.send(
            get(
                api.url(),
                headers=(*headers, ("Accept", "text/x")),
                carries=carrying(f"http://127.0.0.1:{api.port}"),
            )
        )

    assert response.status == 200
    assert CANARY.encode() not in stranger.received
    assert set(stranger.requests[0].headers) == {"host", "accept", "user-agent", "accept-encoding"}


@pytest.mark.row("T-68")
async def test_a_credential_in_a_body_stays_when_a_post_becomes_a_get_elsewhere() -> None:
    async with two_origins(302) as (api, stranger, sender):
        await sender.send(
            HttpRequest(
                "POST",
                api.url(),
                body=f"key={CANARY}".encode(),
                carries=carrying(f"http://127.0.0.1:{api.port}"),
            )
        )

    assert (stranger.requests[0].method, stranger.requests[0].body) == ("GET", b"")


@pytest.mark.row("T-68")
@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize("body", [b"", b"a body"])
async def test_a_redirect_that_keeps_the_request_takes_no_credentials_elsewhere(
    status: int, body: bytes
) -> None:
    async with two_origins(status) as (api, stranger, sender):
        request = HttpRequest(
            "POST", api.url(), body=body, carries=carrying(f"http://127.0.0.1:{api.port}")
        )
        with pytest.raises(RedirectRefused):
            await sender.send(request)

    assert stranger.connections == 0


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_body_does_not_follow_to_another_origin_even_without_credentials(
    status: int,
) -> None:
    async with two_origins(status) as (api, stranger, sender):
        with pytest.raises(RedirectRefused):
            await sender.send(HttpRequest("PUT", api.url(), body=b"a body"))

    assert stranger.connections == 0


@pytest.mark.row("T-68")
@pytest.mark.parametrize(
    "target",
    [
        f"/?key={CANARY}",
        f"/{CANARY}/x",
        f"/?{CANARY}",
        "/?k=%63" + CANARY[1:],
        f"/?back=%2Fa%3Fkey%3D{CANARY}%26page%3D2",
        f"/?authorization=Bearer+{CANARY}",
        f"/?k={base64.urlsafe_b64encode(b'user:' + CANARY.encode()).decode()}",
    ],
)
async def test_a_service_that_echoes_a_credential_into_its_redirect_is_not_followed(
    target: str,
) -> None:
    async with two_origins(302, target) as (api, stranger, sender):
        request = get(api.url(f"/?key={CANARY}"), carries=carrying(f"http://127.0.0.1:{api.port}"))
        with pytest.raises(RedirectRefused):
            await sender.send(request)

    assert stranger.connections == 0


async def test_another_port_is_another_origin_even_if_the_credential_may_go_there() -> None:
    async with two_origins(302) as (api, other, sender):
        both = carrying(f"http://127.0.0.1:{api.port}", f"http://127.0.0.1:{other.port}")
        await sender.send(get(api.url(), headers=(("X-Api-Key", CANARY),), carries=both))

    assert CANARY.encode() not in other.received


async def test_a_redirect_without_a_target_is_the_answer() -> None:
    async with serving(reply(302, b"where to?")) as api, sending(api) as sender:
        response = await sender.send(get(api.url()))

    assert (response.status, response.body) == (302, b"where to?")


@pytest.mark.parametrize("status", [300, 304, 305, 399])
async def test_other_statuses_are_answers_whatever_their_location(status: int) -> None:
    async with serving(reply(status, Location="/b")) as api, sending(api) as sender:
        response = await sender.send(get(api.url("/a")))

    assert response.status == status
    assert len(api.requests) == 1


async def test_two_targets_are_refused() -> None:
    twice = b"HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"
    async with serving(twice) as api, sending(api) as sender:
        with pytest.raises(RedirectRefused):
            await sender.send(get(api.url()))


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("next", "/dir/next"),
        ("?page=2", "/dir/start?page=2"),
        ("../up#fragment", "/up"),
        ("/caf\u00e9", "/caf%C3%A9"),
        ("", "/dir/start"),
    ],
)
async def test_relative_targets_are_resolved(location: str, target: str) -> None:
    async def once(request: Received, writer: asyncio.StreamWriter) -> None:
        first = len(api.requests) == 1
        writer.write(reply(302, Location=location) if first else reply())

    async with serving(once) as api, sending(api) as sender:
        await sender.send(get(api.url("/dir/start")))

    assert api.requests[1].target == target


@pytest.mark.row("C-42")
@pytest.mark.parametrize("status", STATUSES)
async def test_proof_of_possession_is_not_used_again_at_another_address(status: int) -> None:
    async with serving(reply(status, Location="/elsewhere")) as api, sending(api) as sender:
        request = HttpRequest("GET", api.url(), headers=(("DPoP", CANARY),))

        with pytest.raises(RedirectRefused, match="proof of possession"):
            await sender.send(request)

    assert len(api.requests) == 1
