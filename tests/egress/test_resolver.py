import asyncio
import socket
import threading
from collections import deque
from collections.abc import Sequence
from datetime import timedelta

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from tests.egress.servers import get, sending, serving

from connectsmith.egress.limits import Limits
from connectsmith.egress.policy import EgressPolicy
from connectsmith.errors import EgressDenied, NameNotResolved, TimedOut

ELSEWHERE = "127.0.0.2"
"""Loopback as well, and not allowed: stands for whatever is private."""


class Flipping:
    """Answers each look-up with the next of its answers, and the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.asked = 0
        self._answers = deque(answers)

    def __call__(self, _: str) -> Sequence[str]:
        self.asked += 1
        return self._answers.popleft() if len(self._answers) > 1 else self._answers[0]


class Trusting(AbstractResolver):
    """What a client does that checks a name and then lets the connector look it up again."""

    def __init__(self, lookup: Flipping) -> None:
        self._lookup = lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        (address,) = self._lookup(host)
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
        ]

    async def close(self) -> None:
        """Nothing to let go of."""


async def test_checking_first_and_connecting_later_reaches_the_private_side() -> None:
    """The control: without the guard, a name that flips gets through."""
    async with serving() as public, serving(host=ELSEWHERE, port=public.port) as private:
        lookup = Flipping(["127.0.0.1"], [ELSEWHERE])
        policy = EgressPolicy.of([f"127.0.0.1:{public.port}"])
        connector = aiohttp.TCPConnector(resolver=Trusting(lookup))
        async with aiohttp.ClientSession(connector=connector) as naive:
            assert policy.permits(lookup("rebinding.test")[0], public.port)
            await (await naive.get(public.url(host="rebinding.test"))).read()

    assert private.connections == 1


@pytest.mark.row("T-02")
async def test_a_name_that_flips_to_a_private_address_never_gets_there() -> None:
    async with serving() as public, serving(host=ELSEWHERE, port=public.port) as private:
        lookup = Flipping(["127.0.0.1"], [ELSEWHERE])
        async with sending(public, lookup=lookup, limits=Limits()) as sender:
            await sender.send(get(public.url(host="rebinding.test")))
            assert lookup.asked == 1
            with pytest.raises(EgressDenied):
                async with sender.stream(get(public.url(host="again.rebinding.test"))):
                    pass

    assert private.connections == 0


@pytest.mark.row("T-02")
@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1", ELSEWHERE],
        [ELSEWHERE, "127.0.0.1"],
        ["127.0.0.1", "::1"],
        ["127.0.0.1", "::ffff:127.0.0.2"],
        ["127.0.0.1", "64:ff9b::7f00:2"],
        ["127.0.0.1", "fe80::1%lo"],
    ],
)
async def test_one_private_address_among_the_answers_spoils_them_all(answers: list[str]) -> None:
    async with serving() as public, sending(public, lookup=lambda _: answers) as sender:
        with pytest.raises(EgressDenied) as denied:
            await sender.send(get(public.url(host="mixed.test")))

    assert denied.value.sent is False
    assert public.connections == 0


async def test_localhost_is_dialled_at_the_address_that_is_allowed() -> None:
    async with serving() as api, sending(api, lookup=lambda _: ["::1", "127.0.0.1"]) as sender:
        response = await sender.send(get(api.url(host="localhost")))

    assert response.status == 200


async def test_localhost_is_denied_where_only_the_other_family_is_allowed() -> None:
    async with serving() as api, sending(api, lookup=lambda _: ["::1"]) as sender:
        with pytest.raises(EgressDenied):
            await sender.send(get(api.url(host="localhost")))


async def test_nothing_is_remembered_from_one_request_to_the_next() -> None:
    closing = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    lookup = Flipping(["127.0.0.1"])
    async with serving(closing) as api, sending(api, lookup=lookup) as sender:
        await sender.send(get(api.url(host="api.test")))
        await sender.send(get(api.url(host="api.test")))

    assert lookup.asked == 2


async def test_an_unknown_name_is_named_as_written() -> None:
    def unknown(_: str) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    async with sending(lookup=unknown) as sender:
        with pytest.raises(NameNotResolved) as failed:
            await sender.send(get("https://Api.Exmaple.test/"))

    assert "Api.Exmaple.test" in failed.value.message
    assert failed.value.sent is False


async def test_a_name_without_addresses_is_unknown() -> None:
    async with sending(lookup=lambda _: ()) as sender:
        with pytest.raises(NameNotResolved):
            await sender.send(get("https://api.test/"))


async def test_dns_that_never_answers_holds_up_nobody_else() -> None:
    release = threading.Event()
    limits = Limits(lookup=timedelta(seconds=0.3))

    def lookup(host: str) -> Sequence[str]:
        if host.endswith("stalled.test"):
            release.wait()
        return ["127.0.0.1"]

    async with serving() as api, sending(api, lookup=lookup, limits=limits) as sender:
        stalled = [
            asyncio.ensure_future(sender.send(get(f"https://n{number}.stalled.test/")))
            for number in range(200)
        ]
        try:
            await asyncio.sleep(0)
            for number in range(20):
                response = await sender.send(get(api.url(host=f"n{number}.lively.test")))
                assert response.status == 200
            endings = await asyncio.gather(*stalled, return_exceptions=True)
        finally:
            release.set()

    assert {type(ending) for ending in endings} == {TimedOut}
    assert not any(ending.sent for ending in endings if isinstance(ending, TimedOut))
