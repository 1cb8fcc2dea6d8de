import asyncio
import gzip
import ssl

import httpx
import pytest
import trustme
from tests.servers.hostile import Hostile, start_hostile
from tests.servers.loop import Gate
from tests.servers.replies import (
    after,
    cut_off,
    dripping,
    endless_body,
    endless_headers,
    gzip_bomb,
    hang_up,
    json_reply,
    raw,
    redirect,
    silent,
    with_headers,
)


def test_replies_come_in_order_and_the_last_one_stays(hostile: Hostile) -> None:
    hostile.on("/token", json_reply({"n": 1}), json_reply({"n": 2}, 503))

    answers = [httpx.post(f"{hostile.origin}/token") for _ in range(3)]

    assert [(each.status_code, each.json()["n"]) for each in answers] == [
        (200, 1),
        (503, 2),
        (503, 2),
    ]


def test_requests_are_recorded_as_they_came(hostile: Hostile) -> None:
    httpx.post(f"{hostile.origin}/token?a=1&a=2", data={"b": "ü"}, headers={"X-Odd": "Yes"})

    (request,) = hostile.at("/token")
    assert request.method == "POST"
    assert request.query == (("a", "1"), ("a", "2"))
    assert request.form == (("b", "ü"),)
    assert request.header("x-odd") == "Yes"
    assert b"X-Odd: Yes\r\n" in request.raw_head
    assert hostile.connections == 1


def test_a_reply_may_depend_on_its_request(hostile: Hostile) -> None:
    hostile.on("/echo", lambda request: json_reply({"path": request.path}))

    assert httpx.get(f"{hostile.origin}/echo").json() == {"path": "/echo"}


def test_repeated_headers_and_redirects_are_sent_as_written(hostile: Hostile) -> None:
    moved = redirect("//elsewhere.example", 307)
    hostile.on("/", with_headers(moved, (("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))))

    answer = httpx.get(hostile.origin)

    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert (answer.status_code, answer.headers["location"]) == (307, "//elsewhere.example")


async def test_a_gate_holds_the_answer_until_it_is_opened(hostile: Hostile) -> None:
    gate = Gate()
    hostile.on("/slow", after(gate, json_reply({})))

    async with httpx.AsyncClient() as client, asyncio.TaskGroup() as tasks:
        asked = tasks.create_task(client.get(f"{hostile.origin}/slow"))
        await gate.reached()
        early = asked.done()
        gate.open()

    assert not early
    assert asked.result().status_code == 200


def test_a_dripping_answer_arrives_whole(hostile: Hostile) -> None:
    hostile.on("/", dripping(json_reply({"a": 1}), every=0))

    assert httpx.get(hostile.origin).json() == {"a": 1}


@pytest.mark.parametrize(
    "broken",
    [
        hang_up(),
        hang_up(reset=True),
        raw(b"SSH-2.0-OpenSSH\r\n"),
        cut_off(json_reply({"access_token": "half"}), after_bytes=90),
    ],
)
def test_a_broken_answer_is_no_answer(hostile: Hostile, broken: object) -> None:
    hostile.on("/", broken)  # type: ignore[arg-type]  # parametrize loses the type

    with pytest.raises(httpx.TransportError):
        httpx.get(hostile.origin)


@pytest.mark.parametrize("never", [silent(), endless_body(every=0.01), endless_headers(every=0.01)])
async def test_an_endless_answer_ends_when_the_client_leaves(
    hostile: Hostile, never: object
) -> None:
    hostile.on("/", never)  # type: ignore[arg-type]  # parametrize loses the type

    async with httpx.AsyncClient() as client:
        asked = asyncio.create_task(client.get(hostile.origin))
        await hostile.arrived(1)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked


def test_a_bomb_is_small_on_the_wire(hostile: Hostile) -> None:
    bomb = gzip_bomb(5_000_000)

    packed = bomb.content.partition(b"\r\n\r\n")[2]

    assert len(packed) < 10_000
    assert len(gzip.decompress(packed)) == 5_000_000


def test_a_client_that_refuses_the_certificate_is_counted_and_sends_nothing() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)

    with start_hostile(tls=context) as hostile:
        with pytest.raises(httpx.ConnectError):
            httpx.get(hostile.origin)

        assert hostile.connections == 1
        assert hostile.received == []
