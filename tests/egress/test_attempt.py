import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.egress.servers import get, sending, serving
from yarl import URL

from connectsmith.egress.attempt import Attempt, current, guarded_socket
from connectsmith.egress.policy import EgressPolicy
from connectsmith.egress.url import check_url

ROOT = Path(__file__).parents[2]


def factory_call(url: str, address: str, port: int, policy: EgressPolicy) -> None:
    token = current.set(Attempt(check_url(url).origin))
    try:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        info = (family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))
        guarded_socket(policy)(info).close()
    finally:
        current.reset(token)


@pytest.mark.row("T-02")
@pytest.mark.parametrize("address", ["127.0.0.2", "::1", "::ffff:127.0.0.2", "169.254.169.254"])
def test_the_socket_is_judged_even_if_everything_before_it_was_fooled(address: str) -> None:
    policy = EgressPolicy.of(["127.0.0.1:8401"])

    with pytest.raises(PermissionError):
        factory_call("http://127.0.0.1:8401/", address, 8401, policy)


@pytest.mark.row("C-12")
def test_the_socket_is_not_made_for_plain_http_to_a_public_address() -> None:
    with pytest.raises(PermissionError):
        factory_call("http://api.example.com/", "8.8.8.8", 80, EgressPolicy())


def test_a_permitted_address_gets_its_socket() -> None:
    factory_call("http://127.0.0.1:8401/", "127.0.0.1", 8401, EgressPolicy.of(["127.0.0.1:8401"]))


@pytest.mark.row("T-05")
@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:{port}/a?b", "http://localhost:{port}", "HTTP://LOCALHOST:{port}/"],
)
async def test_the_host_that_was_judged_is_the_host_that_is_asked_for(url: str) -> None:
    async with serving() as api, sending(api) as sender:
        asked = url.replace("{port}", str(api.port))
        await sender.send(get(asked))

    judged = check_url(asked).origin
    assert api.requests[0].headers["host"] == f"{judged.host}:{judged.port}"
    assert URL(check_url(asked).text).host == judged.host


OUTSIDE = """
import asyncio, json, socket, sys
from tests.egress.servers import get, post_for_token, reply, sending, serving

connects = []

def watch(event, arguments):
    if event == "socket.connect":
        frame, files = sys._getframe(), []
        while frame is not None:
            files.append(frame.f_code.co_filename)
            frame = frame.f_back
        connects.append(any("/connectsmith/egress/" in file for file in files))

async def main():
    async with serving() as end, serving(reply(302, Location=end.url())) as api:
        async with sending(api, end) as sender:
            sys.addaudithook(watch)
            await sender.send(get(api.url(host="api.test")))
            await sender.send(post_for_token(end.url()))
            async with sender.stream(get(end.url(host="localhost"))) as stream:
                [_ async for _ in stream.chunks()]
        inside = list(connects)
        connects.clear()
        socket.create_connection(("127.0.0.1", end.port)).close()
    print(json.dumps({"inside": inside, "control": connects}))

asyncio.run(main())
"""


def test_every_connection_is_made_by_the_door() -> None:
    """An audit hook sees each connect of the process; the control is one that goes around."""
    done = subprocess.run(
        [sys.executable, "-c", OUTSIDE],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )

    seen = json.loads(done.stdout)
    assert len(seen["inside"]) >= 3
    assert all(seen["inside"])
    assert seen["control"] == [False]
