import asyncio
import os
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from tests.egress.servers import (
    Received,
    Server,
    conversing,
    get,
    post_for_token,
    reply,
    sending,
    serving,
)

from connectsmith.core.message import Carried, HttpRequest, Purpose
from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.secret import Secret
from connectsmith.egress.limits import Limits
from connectsmith.egress.policy import EgressPolicy
from connectsmith.errors import (
    ConnectionFailed,
    EgressDenied,
    SecretDestinationDenied,
)

VECTORS = tomllib.loads((Path(__file__).parents[1] / "vectors/egress-urls.toml").read_text("utf-8"))
EVERY_PURPOSE = list(Purpose)
NEVER_IN_USE = "127.9.9.9"


def everything_but(port: int) -> EgressPolicy:
    """Allow the canary's port on an address nobody has, so that the address alone decides."""
    return EgressPolicy.of([f"{NEVER_IN_USE}:{port}"])


# -- addresses and forms of URLs -----------------------------------------------------------------


@pytest.mark.row("T-01")
@pytest.mark.parametrize("purpose", EVERY_PURPOSE)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_no_form_of_a_private_url_opens_a_connection(purpose: Purpose, scheme: str) -> None:
    async with serving() as canary, sending(policy=everything_but(canary.port)) as sender:
        for template in VECTORS["loopback"]:
            url = template.replace("{port}", str(canary.port)).replace("http:", f"{scheme}:", 1)

            with pytest.raises(EgressDenied) as denied:
                await sender.send(HttpRequest("GET", url, purpose=purpose))

            assert denied.value.sent is False
    assert canary.connections == 0


async def test_the_canary_can_be_reached_with_many_of_these_forms_without_a_guard() -> None:
    async with serving() as canary, aiohttp.ClientSession() as unguarded:
        for template in VECTORS["loopback"]:
            url = template.replace("{port}", str(canary.port))
            try:
                async with unguarded.get(url) as response:
                    await response.read()
            except (aiohttp.ClientError, ValueError, OSError):
                continue
    assert len(canary.requests) >= 10


@pytest.mark.parametrize("template", VECTORS["elsewhere"] + VECTORS["schemes"])
async def test_urls_of_other_networks_and_schemes_are_denied(template: str) -> None:
    async with sending() as sender:
        with pytest.raises(EgressDenied):
            await sender.send(get(template.replace("{port}", "8080")))


@pytest.mark.row("T-01")
async def test_open_closed_and_silent_ports_are_denied_alike() -> None:
    silent = await asyncio.start_server(lambda *_: asyncio.sleep(0), "127.0.0.1", 0)
    closed = await asyncio.start_server(lambda *_: asyncio.sleep(0), "127.0.0.1", 0)
    closed_port = closed.sockets[0].getsockname()[1]
    closed.close()
    await closed.wait_closed()
    async with serving() as canary:
        denials = set()
        for port in (canary.port, closed_port, silent.sockets[0].getsockname()[1]):
            async with sending(policy=everything_but(port)) as sender:
                with pytest.raises(EgressDenied) as denied:
                    await sender.send(get(f"http://127.0.0.1:{port}/"))
                error = denied.value
            message = error.message.replace(str(port), "PORT")
            denials.add((type(error), error.code, message, str(error.details), error.sent))
    silent.close()
    assert len(denials) == 1
    assert canary.connections == 0


async def test_a_denial_names_the_host_as_written_and_the_setting_but_no_address() -> None:
    async with serving() as canary, sending(policy=everything_but(canary.port)) as sender:
        with pytest.raises(EgressDenied) as denied:
            await sender.send(get(canary.url(host="Internal.Example.com")))

    assert "Internal.Example.com" in denied.value.message
    assert "allow_private" in denied.value.message
    assert "127.0.0.1" not in denied.value.message


@pytest.mark.row("T-06")
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_port_of_another_service_is_denied_before_its_name_is_looked_up(
    scheme: str,
) -> None:
    asked: list[str] = []

    def lookup(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    async with sending(lookup=lookup) as sender:
        for port in (22, 25, 6379, 8080):
            with pytest.raises(EgressDenied):
                await sender.send(get(f"{scheme}://queue.example.com:{port}/"))
    assert asked == []


@pytest.mark.row("T-06")
async def test_address_that_this_installation_has_by_now_is_denied() -> None:
    own: set[tuple[str, int]] = set()
    async with sending(is_ours=lambda host, port: (host, port) in own) as sender:
        own.add(("connect.example.com", 443))

        with pytest.raises(EgressDenied):
            await sender.send(get("https://connect.example.com/v1/connectors"))


# -- what the environment and earlier answers must not change ------------------------------------


@pytest.fixture
def hostile_environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Set proxies and a .netrc file for the block; the proxy's address is filled in by the test."""
    before = dict(os.environ)
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login stolen password canary-of-netrc\n")
    netrc.chmod(0o600)
    os.environ["NETRC"] = str(netrc)
    yield os.environ  # type: ignore[misc]  # os.environ is a mapping of texts
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.row("T-06")
async def test_proxies_and_netrc_of_the_environment_have_no_influence(
    hostile_environment: dict[str, str],
) -> None:
    async with serving() as proxy, serving() as api, sending(api, proxy) as sender:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            hostile_environment[name] = proxy.url()
        hostile_environment["no_proxy"] = hostile_environment["NO_PROXY"] = ""

        await sender.send(get(api.url()))

    assert proxy.connections == 0
    assert "authorization" not in api.requests[0].headers
    assert b"canary-of-netrc" not in api.received


@pytest.mark.row("T-66")
async def test_a_cookie_that_a_service_sets_is_not_sent_again() -> None:
    answer = reply(Set_Cookie="session=of-another; Path=/")
    async with serving(answer) as api, sending(api) as sender:
        first = await sender.send(get(api.url(host="localhost")))
        await sender.send(get(api.url(host="localhost")))
        await sender.send(get(api.url()))

    assert first.header("set-cookie") == "session=of-another; Path=/"
    assert all("cookie" not in request.headers for request in api.requests)


@pytest.mark.row("T-67")
async def test_a_warm_connection_is_not_used_under_another_policy() -> None:
    async with (
        serving() as api,
        sending(api) as permissive,
        sending(policy=everything_but(api.port)) as strict,
    ):
        await permissive.send(get(api.url()))
        with pytest.raises(EgressDenied):
            await strict.send(get(api.url()))
        await permissive.send(get(api.url()))

    assert len(api.requests) == 2
    assert api.connections == 1


# -- credentials and their destinations ----------------------------------------------------------


def carrying(name: str, *origins: str) -> tuple[Carried, ...]:
    return (Carried(name, Secret("canary-of-a-credential"), Destinations.of(origins)),)


@pytest.mark.row("T-30")
async def test_a_secret_bound_elsewhere_is_not_sent_and_opens_no_connection() -> None:
    async with serving() as stranger, sending(stranger) as sender:
        request = HttpRequest(
            "POST",
            stranger.url("/token"),
            body=b"client_secret=canary-of-a-credential",
            carries=carrying('the secret "clientSecret"', "https://auth.example.com"),
            purpose=Purpose.TOKEN,
        )
        with pytest.raises(SecretDestinationDenied) as denied:
            await sender.send(request)

    assert stranger.connections == 0
    assert 'The secret "clientSecret"' in denied.value.message
    assert f"http://127.0.0.1:{stranger.port}" in denied.value.message
    assert "canary-of-a-credential" not in denied.value.message


@pytest.mark.row("T-31")
async def test_an_access_token_bound_elsewhere_opens_no_connection() -> None:
    async with serving() as stranger, sending(stranger) as sender:
        request = get(
            stranger.url(),
            headers=(("Authorization", "Bearer canary-of-a-credential"),),
            carries=carrying("the connection's access token", "https://api.example.com"),
        )
        with pytest.raises(SecretDestinationDenied):
            await sender.send(request)
        with pytest.raises(SecretDestinationDenied):
            await sender.stream(request).__aenter__()

    assert stranger.connections == 0


async def test_every_credential_of_a_request_must_be_permitted() -> None:
    async with serving() as api, sending(api) as sender:
        origin = f"http://127.0.0.1:{api.port}"
        one = carrying("the first", origin)
        other = carrying("the second", "https://api.example.com")
        with pytest.raises(SecretDestinationDenied) as denied:
            await sender.send(get(api.url(), carries=one + other))
        await sender.send(get(api.url(), carries=one))

    assert "The second" in denied.value.message
    assert len(api.requests) == 1


# -- what goes out and what comes back -----------------------------------------------------------


async def test_a_request_goes_out_as_it_is_with_framing_and_user_agent() -> None:
    async with serving() as api, sending(api, user_agent="Connectsmith/1") as sender:
        await sender.send(
            HttpRequest(
                "PATCH",
                api.url("/a%2Fb?c=%7E&d={}"),
                headers=(("Content-Type", "text/x"), ("X-Twice", "1"), ("X-Twice", "2")),
                body=b"body",
            )
        )

    assert api.received == (
        b"PATCH /a%2Fb?c=%7E&d={} HTTP/1.1\r\n"
        + f"Host: 127.0.0.1:{api.port}\r\n".encode()
        + b"Content-Type: text/x\r\nX-Twice: 1\r\nX-Twice: 2\r\n"
        b"User-Agent: Connectsmith/1\r\nAccept-Encoding: gzip, deflate\r\n"
        b"Content-Length: 4\r\n\r\nbody"
    )


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "QUERY"])
@pytest.mark.parametrize("body", [b"", b"body"])
async def test_nothing_else_is_added_to_a_request(method: str, body: bytes) -> None:
    async with serving() as api, sending(api) as sender:
        await sender.send(HttpRequest(method, api.url(), body=body))

    added = set(api.requests[0].headers) - {"content-length"}
    assert added == {"host", "user-agent", "accept-encoding"}
    assert api.requests[0].body == body


async def test_a_large_body_is_sent_whole() -> None:
    body = os.urandom(3 << 20)
    async with serving() as api, sending(api) as sender:
        await sender.send(HttpRequest("PUT", api.url(), body=body))

    assert api.requests[0].body == body


async def test_a_server_that_is_slow_to_take_a_body_is_not_silent() -> None:
    body = bytes(32 << 20)  # more than the system keeps for a connection

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(1)
        await reader.readexactly(len(body))
        writer.write(reply(200, b"taken"))

    limits = Limits(silence=timedelta(seconds=0.5))
    async with conversing(converse, limit=1 << 16) as port:
        api = Server(port)
        async with sending(api, limits=limits) as sender:
            answer = await sender.send(HttpRequest("PUT", api.url(), body=body))

    assert answer.body == b"taken"


async def test_a_connection_with_unsent_bytes_is_not_used_again() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(reply(413))
        await asyncio.Event().wait()

    connections: list[bytes] = []
    async with conversing(refuse, limit=1 << 16) as port:
        api = Server(port)
        request = HttpRequest("PUT", api.url(), body=bytes(64 << 20))
        async with sending(api) as sender:
            answers = [await sender.send(request) for _ in range(2)]

    assert [answer.status for answer in answers] == [413, 413]
    assert len(connections) == 2


@pytest.mark.parametrize(("method", "times"), [("GET", 2), ("DELETE", 2), ("POST", 1)])
async def test_what_may_be_repeated_is_when_its_idle_connection_was_closed(
    method: str, times: int
) -> None:
    async def answer_first(request: Received, writer: asyncio.StreamWriter) -> None:
        if request.target == "/first":
            writer.write(reply(200))
        else:
            writer.close()

    async with serving(answer_first) as api, sending(api) as sender:
        await sender.send(get(api.url("/first")))
        with pytest.raises(ConnectionFailed):
            await sender.send(HttpRequest(method, api.url("/second")))

    assert [each.target for each in api.requests] == ["/first", *["/second"] * times]


@pytest.mark.row("C-42")
async def test_proof_of_possession_does_not_go_out_twice_when_an_idle_connection_was_closed() -> (
    None
):
    async def answer_first(request: Received, writer: asyncio.StreamWriter) -> None:
        if len(api.requests) == 1:
            writer.write(reply(200))
        else:
            writer.close()

    async with serving(answer_first) as api, sending(api) as sender:
        await sender.send(get(api.url()))
        with pytest.raises(ConnectionFailed) as failed:
            await sender.send(get(api.url(), headers=(("DPoP", "a proof"),)))

    assert failed.value.unanswered
    assert len(api.requests) == 2


@pytest.mark.row("T-67")
@pytest.mark.parametrize("head", [reply(200, b"first"), b"HTTP/1.1 204 No Content\r\n\r\n"])
async def test_what_comes_unasked_on_an_idle_connection_answers_no_request(head: bytes) -> None:
    idle, late = asyncio.Event(), asyncio.Event()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        if b"/second" in request:
            writer.write(reply(200, b"second"))
            return
        writer.write(head)
        await idle.wait()
        writer.write(reply(200, b"meant for somebody else"))
        await writer.drain()
        late.set()
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply(200, b"second"))

    async with conversing(converse) as port:
        api = Server(port)
        async with sending(api) as sender:
            await sender.send(get(api.url("/first")))
            idle.set()
            await late.wait()
            for _ in range(10):
                await asyncio.sleep(0)  # the loop takes what has arrived
            second = await sender.send(get(api.url("/second")))

    assert second.body == b"second"


async def test_an_answer_has_lower_case_headers_timings_and_its_url() -> None:
    answer = reply(201, b"made", X_Request_Id="7", Link="<a>; rel=next")
    async with serving(answer) as api, sending(api) as sender:
        response = await sender.send(get(api.url("/x")))

    assert response.status == 201
    assert response.body == b"made"
    assert response.header("x-request-id") == "7"
    assert {name for name, _ in response.headers} == {"content-length", "x-request-id", "link"}
    assert response.url == f"http://127.0.0.1:{api.port}/x"
    assert timedelta() < response.timings.first_byte <= response.timings.total


async def test_a_header_with_stray_bytes_stays_readable_text() -> None:
    raw = b"HTTP/1.1 200 OK\r\nX-Name: caf\xe9 \xc3\xa9\r\nContent-Length: 0\r\n\r\n"
    async with serving(raw) as api, sending(api) as sender:
        response = await sender.send(get(api.url()))

    assert response.header("x-name") == "caf\ufffd é"


@pytest.mark.parametrize(
    "name", ["Host", "Content-Length", "Transfer-Encoding", "Connection", "Expect", "Upgrade", "TE"]
)
async def test_framing_is_not_for_requests_to_choose(name: str) -> None:
    async with serving() as api, sending(api) as sender:
        with pytest.raises(EgressDenied):
            await sender.send(get(api.url(), headers=((name, "chunked"),)))
    assert api.connections == 0


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "get", "GET /x HTTP/1.1", "G\r\n", ""])
async def test_a_method_that_is_none_is_refused(method: str) -> None:
    async with serving() as api, sending(api) as sender:
        with pytest.raises(EgressDenied):
            await sender.send(HttpRequest(method, api.url()))
    assert api.connections == 0


@pytest.mark.parametrize(
    "header",
    [
        ("X-A", "\ud800"),
        ("X-A", "1\r\nX-B: 2"),
        ("X-A\r\nX-B", "2"),
        ("X-A", "\x00"),
        ("X A", "1"),
        ("X-A:", "1"),
    ],
)
async def test_a_header_that_would_split_the_request_is_refused(header: tuple[str, str]) -> None:
    async with serving() as api, sending(api) as sender:
        with pytest.raises(EgressDenied):
            await sender.send(get(api.url(), headers=(header,)))
    assert api.requests == []


async def test_a_token_request_never_rides_on_an_idle_connection() -> None:
    async with serving() as server, sending(server) as sender:
        await sender.send(get(server.url()))
        await sender.send(post_for_token(server.url()))
        await sender.send(post_for_token(server.url()))
        await sender.send(get(server.url()))

    assert server.connections == 3


async def test_a_token_request_is_never_repeated_by_itself() -> None:
    async def hang_up(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with serving(hang_up) as server, sending(server) as sender:
        with pytest.raises(ConnectionFailed) as failed:
            await sender.send(HttpRequest("GET", server.url(), purpose=Purpose.TOKEN))

    assert failed.value.sent is True
    assert len(server.requests) == 1


async def test_a_streamed_body_arrives_in_pieces_under_the_same_checks() -> None:
    body = os.urandom(1 << 20)
    async with serving(reply(200, body)) as api, sending(api) as sender:
        async with sender.stream(get(api.url())) as stream:
            pieces = [piece async for piece in stream.chunks()]
        with pytest.raises(EgressDenied):
            async with sender.stream(get("http://127.0.0.2/")):
                pass

    assert stream.head.status == 200
    assert stream.head.body == b""
    assert b"".join(pieces) == body
    assert len(pieces) > 1


async def test_a_stream_left_early_closes_its_connection() -> None:
    gone = asyncio.Event()

    async def endless(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
        finally:
            gone.set()

    async with serving(endless) as api, sending(api) as sender:
        async with sender.stream(get(api.url())) as stream:
            async for _ in stream.chunks():
                break
        await asyncio.wait_for(gone.wait(), 10)


async def test_a_closed_sender_opens_anew() -> None:
    async with serving() as api, sending(api) as sender:
        await sender.send(get(api.url()))
        await sender.close()
        await sender.send(get(api.url()))

    assert api.connections == 2
