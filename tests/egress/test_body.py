import asyncio
import gzip
import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from tests.egress.servers import Received, Server, get, post_for_token, reply, sending, serving

from connectsmith.core.message import HttpRequest, Purpose
from connectsmith.egress.body import Inflater
from connectsmith.egress.limits import KIB, MIB, Limits
from connectsmith.errors import ConnectionFailed, ResponseTooLarge, ResponseUnreadable

SMALL = Limits(credential_bytes=4 * KIB, action_bytes=64 * KIB, download_bytes=128 * KIB)
TEXT = b'{"a long, but not very repetitive": "text"}' + os.urandom(2000)


def raw_deflate(content: bytes) -> bytes:
    return zlib.compress(content, wbits=-zlib.MAX_WBITS)


def encoded(coding: str, body: bytes) -> bytes:
    return reply(200, body, Content_Encoding=coding)


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(TEXT)),
        ("GZIP", gzip.compress(TEXT)),
        ("x-gzip", gzip.compress(TEXT)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", raw_deflate(TEXT)),
        ("identity", TEXT),
        ("gzip", gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:])),
    ],
)
async def test_a_compressed_body_is_decompressed(coding: str, body: bytes) -> None:
    async with serving(encoded(coding, body)) as api, sending(api) as sender:
        response = await sender.send(get(api.url()))

    assert response.body == TEXT
    assert response.truncated is False


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 1000])
def test_a_body_is_decompressed_alike_however_it_is_cut(size: int) -> None:
    packed = gzip.compress(TEXT)
    inflater = Inflater("gzip", ratio=100)
    cuts = [packed[at : at + (size or 1)] for at in range(0, len(packed), size or 1)]

    content = b"".join(piece for cut in cuts for piece in inflater.feed(cut))
    inflater.end()

    assert content == TEXT


@pytest.mark.parametrize("status", [204, 304])
async def test_an_empty_body_may_claim_any_coding(status: int) -> None:
    raw = b"HTTP/1.1 %d Empty\r\nContent-Encoding: br\r\n\r\n" % status
    async with serving(raw) as api, sending(api) as sender:
        response = await sender.send(get(api.url()))
        head = await sender.send(HttpRequest("HEAD", api.url()))

    assert (response.status, response.body, head.body) == (status, b"", b"")


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("br", b"\x0b\x02\x80hello\x03"),
        ("zstd", b"\x28\xb5\x2f\xfd"),
        ("compress", b"\x1f\x9d"),
        ("gzip, gzip", gzip.compress(gzip.compress(TEXT))),
        ("gzip", b"not gzip at all"),
        ("gzip", gzip.compress(TEXT)[:-10]),
        ("gzip", gzip.compress(TEXT) + b"trailing"),
        ("gzip", gzip.compress(b"x") * 1000),
        ("deflate", b"\xff\xff\xff\xff"),
        ("deflate", zlib.compress(TEXT) * 2),
    ],
)
async def test_a_body_in_another_or_a_broken_coding_is_unreadable(coding: str, body: bytes) -> None:
    async with serving(encoded(coding, body)) as api, sending(api) as sender:
        with pytest.raises(ResponseUnreadable):
            await sender.send(get(api.url()))


@pytest.mark.row("T-61")
@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_bomb_is_dropped_long_before_it_has_grown(coding: str, purpose: Purpose) -> None:
    zeros = bytes(20 * MIB)
    bomb = gzip.compress(zeros) if coding == "gzip" else zlib.compress(zeros)
    limits = Limits(credential_bytes=64 * MIB, action_bytes=64 * MIB)
    async with serving(encoded(coding, bomb)) as api, sending(api, limits=limits) as sender:
        with pytest.raises(ResponseTooLarge):
            await sender.send(HttpRequest("GET", api.url(), purpose=purpose))


BOMBS = {
    "gzip": "gzip.compress(bytes(400 << 20), 9)",
    "deflate": "zlib.compress(bytes(400 << 20), 9)",
    "gzip, gzip": "gzip.compress(gzip.compress(bytes(400 << 20), 9), 9)",
    "identity": "bytes(400 << 20)",
}


@pytest.mark.row("T-61")
@pytest.mark.parametrize("coding", BOMBS)
def test_a_bomb_does_not_grow_the_process(coding: str, tmp_path: Path) -> None:
    """400 MiB of zeros cost less than 32 MiB of memory at the peak."""
    bomb = tmp_path / "bomb"
    make = f"import gzip, zlib; open({str(bomb)!r}, 'wb').write({BOMBS[coding]})"
    subprocess.run([sys.executable, "-c", make], check=True, timeout=120)

    done = subprocess.run(
        [sys.executable, "-m", "tests.egress.defuse", bomb, coding],
        cwd=Path(__file__).parents[2],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )

    ending, grown = done.stdout.split()
    assert ending in {"ResponseTooLarge", "ResponseUnreadable", "truncated"}
    assert int(grown) < 32 * MIB


@pytest.mark.row("T-62")
async def test_an_actions_answer_is_cut_at_its_budget_and_the_connection_closed() -> None:
    gone = asyncio.Event()

    async def endless(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 4096)
                await writer.drain()
        finally:
            gone.set()

    async with serving(endless) as api, sending(api, limits=SMALL) as sender:
        response = await sender.send(get(api.url()))
        await asyncio.wait_for(gone.wait(), 10)

    assert response.truncated is True
    assert response.body == b"x" * SMALL.action_bytes
    assert response.header("content-type") == "text/plain"


@pytest.mark.row("T-62")
@pytest.mark.parametrize("purpose", [Purpose.TOKEN, Purpose.REVOCATION])
async def test_a_token_endpoints_answer_over_its_budget_is_an_error(purpose: Purpose) -> None:
    answer = reply(200, b"x" * (SMALL.credential_bytes + 1))
    async with serving(answer) as server, sending(server, limits=SMALL) as sender:
        with pytest.raises(ResponseTooLarge):
            await sender.send(HttpRequest("POST", server.url(), purpose=purpose))


@pytest.mark.parametrize("extra", [0, 1])
async def test_the_budget_itself_is_not_too_much(extra: int) -> None:
    body = os.urandom(SMALL.action_bytes + extra)
    answer = encoded("gzip", gzip.compress(body))
    async with serving(answer) as api, sending(api, limits=SMALL) as sender:
        response = await sender.send(get(api.url()))

    assert response.truncated is bool(extra)
    assert response.body == body[: SMALL.action_bytes]


async def test_a_download_over_its_budget_breaks_off() -> None:
    async with (
        serving(reply(200, bytes(SMALL.download_bytes + 1))) as api,
        sending(api, limits=SMALL) as sender,
        sender.stream(get(api.url())) as stream,
    ):
        with pytest.raises(ResponseTooLarge):
            [_ async for _ in stream.chunks()]


@pytest.mark.row("T-62")
async def test_a_declared_length_is_not_believed() -> None:
    async def lie(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
        for _piece in range(64):
            writer.write(b"x" * 4096)
            await writer.drain()

    async with serving(lie) as api, sending(api, limits=SMALL) as sender:
        response = await sender.send(get(api.url()))

    assert response.truncated is True
    assert len(response.body) == SMALL.action_bytes


async def test_a_body_shorter_than_declared_is_a_broken_connection() -> None:
    async def lie(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        writer.close()

    async with serving(lie) as api, sending(api) as sender:
        with pytest.raises(ConnectionFailed) as failed:
            await sender.send(HttpRequest("POST", api.url(), body=b"x"))

    assert failed.value.sent is True


async def test_bytes_beyond_the_declared_length_are_no_part_of_any_answer() -> None:
    async def smuggle(request: Received, writer: asyncio.StreamWriter) -> None:
        first = reply(200, b"first")
        writer.write(first + reply(200, b"smuggled") if request.target == "/1" else reply())

    async with serving(smuggle) as api, sending(api) as sender:
        first = await sender.send(get(api.url("/1")))
        second = await sender.send(get(api.url("/2")))

    assert (first.body, second.body) == (b"first", b"")


@pytest.mark.parametrize(
    "raw",
    [
        b"nonsense\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nbytes",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 70000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Many: 1\r\n" * 5000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"Set-Cookie: a=b\r\n" * 5000 + b"\r\n",
        b"HTTP/1.1 200 " + b"x" * 70000 + b"\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 100000,
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 6 + reply(200),
    ],
)
async def test_an_answer_that_is_no_reasonable_http_is_unreadable(raw: bytes) -> None:
    async with serving(raw) as api, sending(api) as sender:
        with pytest.raises(ResponseUnreadable):
            await sender.send(HttpRequest("POST", api.url(), body=b"x"))


async def test_a_few_interim_answers_are_skipped() -> None:
    answer = b"HTTP/1.1 100 Continue\r\n\r\n" * 5 + reply(200, b"then")
    async with serving(answer) as api, sending(api) as sender:
        for _ in range(3):
            response = await sender.send(get(api.url()))

    assert response.body == b"then"
    assert api.connections == 1


async def test_a_broken_answer_does_not_spoil_the_next_one() -> None:
    async def first_broken(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(encoded("gzip", b"broken") if len(api.requests) == 1 else reply(200, b"fine"))

    api: Server
    async with serving(first_broken) as api, sending(api) as sender:
        with pytest.raises(ResponseUnreadable):
            await sender.send(post_for_token(api.url()))
        response = await sender.send(get(api.url()))

    assert response.body == b"fine"
