import asyncio
import datetime as dt
import os
import socket
import ssl
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.egress.servers import Received, Server, get, post_for_token, reply, sending, serving

from connectsmith.core.message import HttpRequest, Purpose
from connectsmith.egress.limits import Limits
from connectsmith.egress.policy import EgressPolicy
from connectsmith.errors import (
    ConnectionFailed,
    EgressDenied,
    RedirectRefused,
    TimedOut,
    TlsFailed,
)

HOST = "api.test"


# -- certificates and TLS ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def trusted(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of authorities that the senders here trust."""
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


def presenting(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def in_days(days: int) -> dt.datetime:
    return dt.datetime.now(dt.UTC) + timedelta(days=days)


def signed_by_itself(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(in_days(-1))
        .not_valid_after(in_days(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "self.pem"
    path.write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@contextmanager
def speaking(version: ssl.TLSVersion, certificate: trustme.LeafCert) -> Iterator[Server]:
    """Accept one connection in a thread, which sends the alert that asyncio's server drops."""
    context = presenting(certificate)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = version
        context.maximum_version = version

    def accept() -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError), context.wrap_socket(connection, server_side=True):
            pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept)
        thread.start()
        yield Server(port=listener.getsockname()[1])
        thread.join()


async def test_a_certificate_of_a_trusted_authority_for_the_host_is_accepted(
    authority: trustme.CA, trusted: Path
) -> None:
    tls = presenting(authority.issue_cert(HOST))
    async with serving(tls=tls) as api, sending(api, extra_ca_file=trusted) as sender:
        response = await sender.send(get(api.url(scheme="https", host=HOST)))
        again = await sender.send(post_for_token(api.url(scheme="https", host=HOST)))

    assert (response.status, again.status) == (200, 200)


@pytest.mark.row("T-69", "C-12")
@pytest.mark.parametrize(
    "cause",
    [
        "certificate_expired",
        "certificate_not_yet_valid",
        "certificate_wrong_host",
        "certificate_self_signed",
        "certificate_authority_unknown",
    ],
)
async def test_a_bad_certificate_is_refused_and_the_cause_is_told(
    cause: str, authority: trustme.CA, trusted: Path, tmp_path: Path
) -> None:
    match cause:
        case "certificate_expired":
            tls = presenting(authority.issue_cert(HOST, not_after=in_days(-1)))
        case "certificate_not_yet_valid":
            tls = presenting(
                authority.issue_cert(HOST, not_before=in_days(1), not_after=in_days(2))
            )
        case "certificate_wrong_host":
            tls = presenting(authority.issue_cert("other.test", "127.0.0.1"))
        case "certificate_self_signed":
            tls = signed_by_itself(tmp_path)
        case _:
            tls = presenting(trustme.CA().issue_cert(HOST))

    async with serving(tls=tls) as api, sending(api, extra_ca_file=trusted) as sender:
        with pytest.raises(TlsFailed) as failed:
            await sender.send(get(api.url(scheme="https", host=HOST)))

    assert failed.value.details["cause"] == cause
    assert failed.value.sent is False
    assert api.requests == []


@pytest.mark.row("T-69")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
async def test_tls_older_than_1_2_is_refused(
    version: ssl.TLSVersion, authority: trustme.CA, trusted: Path
) -> None:
    with speaking(version, authority.issue_cert(HOST)) as api:
        async with sending(api, extra_ca_file=trusted) as sender:
            with pytest.raises(TlsFailed) as failed:
                await sender.send(get(api.url(scheme="https", host=HOST)))

    assert failed.value.details["cause"] == "tls_version"


@pytest.mark.row("T-69")
async def test_the_least_tls_version_is_set_and_not_left_to_the_system(trusted: Path) -> None:
    async with sending(extra_ca_file=trusted) as sender:
        context = sender._tls

    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname is True


async def test_a_port_that_speaks_no_tls_is_named_as_such() -> None:
    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    listener = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    async with listener, sending(policy=EgressPolicy.of([f"127.0.0.1:{port}"])) as sender:
        with pytest.raises(TlsFailed) as failed:
            await sender.send(get(f"https://{HOST}:{port}/"))

    assert failed.value.details["cause"] == "tls_absent"
    assert failed.value.sent is False


async def test_a_handshake_that_is_broken_off_is_a_failure_of_tls() -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    listener = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    async with listener, sending(policy=EgressPolicy.of([f"127.0.0.1:{port}"])) as sender:
        with pytest.raises(TlsFailed) as failed:
            await sender.send(get(f"https://{HOST}:{port}/"))

    assert failed.value.details["cause"] == "tls_broken_off"
    assert failed.value.sent is False


async def test_the_environment_cannot_have_session_keys_written_down(
    authority: trustme.CA, trusted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys.log"))
    tls = presenting(authority.issue_cert(HOST))
    async with serving(tls=tls) as api, sending(api, extra_ca_file=trusted) as sender:
        await sender.send(get(api.url(scheme="https", host=HOST)))

    assert os.listdir(tmp_path) == []  # noqa: PTH208 - pathlib's way is as blocking


@pytest.mark.row("C-12")
async def test_plain_http_is_spoken_to_allowed_pairs_only() -> None:
    async with serving() as api, sending(policy=EgressPolicy.of(["127.0.0.9:80"])) as sender:
        with pytest.raises(EgressDenied):
            await sender.send(get("http://public.test/"))
        with pytest.raises(EgressDenied):
            await sender.send(get(api.url()))

    assert api.connections == 0


async def test_a_redirect_from_https_to_plain_http_is_refused(
    authority: trustme.CA, trusted: Path
) -> None:
    tls = presenting(authority.issue_cert(HOST))
    async with (
        serving() as plain,
        serving(reply(302, Location=plain.url()), tls=tls) as api,
        sending(api, plain, extra_ca_file=trusted) as sender,
    ):
        with pytest.raises(RedirectRefused):
            await sender.send(get(api.url(scheme="https", host=HOST)))

    assert plain.connections == 0


# -- deadlines -----------------------------------------------------------------------------------

SHORT = Limits(deadline=timedelta(seconds=0.4), download_deadline=timedelta(seconds=0.4))


PIECES = 80
"""Sent one every 50 ms: ten times longer than the deadline, and complete in the end."""


async def drip_body(_: Received, writer: asyncio.StreamWriter) -> None:
    await _drip(writer, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % PIECES, b"x", b"")


async def drip_header(_: Received, writer: asyncio.StreamWriter) -> None:
    await _drip(writer, b"HTTP/1.1 200 OK\r\nX: ", b"x", b"\r\nContent-Length: 0\r\n\r\n")


async def drip_chunks(_: Received, writer: asyncio.StreamWriter) -> None:
    start = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    await _drip(writer, start, b"1\r\nx\r\n", b"0\r\n\r\n")


async def _drip(writer: asyncio.StreamWriter, start: bytes, piece: bytes, end: bytes) -> None:
    writer.write(start)
    for _ in range(PIECES):
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.05)
    writer.write(end)


@pytest.mark.row("T-63")
@pytest.mark.parametrize("answer", [drip_body, drip_header, drip_chunks])
@pytest.mark.parametrize("purpose", [Purpose.ACTION, Purpose.TOKEN])
async def test_a_server_that_keeps_sending_cannot_stretch_the_deadline(
    answer: object, purpose: Purpose
) -> None:
    async with serving(answer) as api, sending(api, limits=SHORT) as sender:  # type: ignore[arg-type]  # one of the three above
        with pytest.raises(TimedOut) as failed:
            await sender.send(HttpRequest("POST", api.url(), purpose=purpose))

    assert failed.value.sent is True
    assert len(api.requests) == 1


@pytest.mark.row("T-63")
async def test_a_deadline_covers_all_redirects_together() -> None:
    async def slow_redirect(_: Received, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.25)
        writer.write(reply(302, Location="/again"))

    async with serving(slow_redirect) as api, sending(api, limits=SHORT) as sender:
        with pytest.raises(TimedOut):
            await sender.send(get(api.url()))

    assert len(api.requests) <= 2


async def test_a_streamed_body_has_a_deadline_too() -> None:
    async with (
        serving(drip_body) as api,
        sending(api, limits=SHORT) as sender,
        sender.stream(get(api.url())) as stream,
    ):
        with pytest.raises(TimedOut):
            [_ async for _ in stream.chunks()]


async def test_a_request_may_shorten_its_deadline() -> None:
    async with serving(drip_body) as api, sending(api) as sender:
        with pytest.raises(TimedOut):
            await sender.send(get(api.url(), timeout=timedelta(seconds=0.2)))


async def test_a_request_may_lengthen_its_deadline_up_to_a_limit() -> None:
    limits = Limits(
        deadline=timedelta(milliseconds=1),
        silence=timedelta(milliseconds=1),
        longest_deadline=timedelta(seconds=0.5),
    )

    async def late(request: Received, writer: asyncio.StreamWriter) -> None:
        if request.target == "/never":
            await drip_body(request, writer)
        await asyncio.sleep(0.05)
        writer.write(reply(200, b"late"))

    async with serving(late) as api, sending(api, limits=limits) as sender:
        response = await sender.send(get(api.url(), timeout=timedelta(hours=1)))
        with pytest.raises(TimedOut):
            await sender.send(get(api.url("/never"), timeout=timedelta(hours=1)))

    assert response.body == b"late"


async def test_silence_before_the_first_byte_has_a_limit_of_its_own() -> None:
    async def silent(_: Received, __: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    limits = Limits(silence=timedelta(seconds=0.2))
    async with serving(silent) as api, sending(api, limits=limits) as sender:
        with pytest.raises(TimedOut) as failed:
            await sender.send(HttpRequest("POST", api.url()))

    assert failed.value.sent is True


async def test_silence_is_counted_from_the_last_that_came() -> None:
    async def in_pieces(_: Received, writer: asyncio.StreamWriter) -> None:
        whole = reply(200, b"whole")
        for at in range(0, len(whole), 10):
            writer.write(whole[at : at + 10])
            await asyncio.sleep(0.1)

    limits = Limits(silence=timedelta(seconds=0.3))
    async with serving(in_pieces) as api, sending(api, limits=limits) as sender:
        answers = [await sender.send(get(api.url())) for _ in range(2)]

    assert [answer.body for answer in answers] == [b"whole", b"whole"]
    assert api.connections == 1


async def test_silence_is_noticed_on_a_connection_that_was_used_before() -> None:
    async def silent_then(request: Received, writer: asyncio.StreamWriter) -> None:
        if request.target == "/silent":
            await asyncio.Event().wait()
        writer.write(reply(200))

    limits = Limits(silence=timedelta(seconds=0.2))
    async with serving(silent_then) as api, sending(api, limits=limits) as sender:
        await sender.send(get(api.url(), timeout=timedelta(hours=1)))  # which may be silent longer
        await sender.send(get(api.url()))
        with pytest.raises(TimedOut):
            async with asyncio.timeout(10):
                await sender.send(get(api.url("/silent")))

    assert api.connections == 1


async def test_many_drips_hold_up_nobody_else() -> None:
    limits = Limits(deadline=timedelta(seconds=1.5))

    async with (
        serving(drip_body) as slow,
        serving() as api,
        sending(slow, api, limits=limits) as sender,
    ):
        drips = [asyncio.ensure_future(sender.send(get(slow.url()))) for _ in range(200)]
        await asyncio.sleep(0)
        for _ in range(20):
            assert (await sender.send(get(api.url()))).status == 200
        endings = await asyncio.gather(*drips, return_exceptions=True)

    assert {type(ending) for ending in endings} == {TimedOut}


# -- connections that fail -----------------------------------------------------------------------


async def test_a_refused_connection_sent_nothing_and_names_no_address() -> None:
    async with serving() as gone:
        pass
    async with sending(gone) as sender:
        with pytest.raises(ConnectionFailed) as failed:
            await sender.send(get(gone.url(host="api.test")))

    assert failed.value.sent is False
    assert "127.0.0.1" not in failed.value.message


async def test_a_connection_that_breaks_before_the_answer_may_have_sent_something() -> None:
    async def hang_up(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with serving(hang_up) as api, sending(api) as sender:
        with pytest.raises(ConnectionFailed) as failed:
            await sender.send(HttpRequest("POST", api.url(), body=b"x"))

    assert failed.value.sent is True
    assert len(api.requests) == 1


async def test_a_tls_handshake_that_never_comes_is_a_deadline_before_sending() -> None:
    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            writer.close()

    listener = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    limits = Limits(connect=timedelta(seconds=0.2))
    async with sending(policy=EgressPolicy.of([f"127.0.0.1:{port}"]), limits=limits) as sender:
        with pytest.raises(TimedOut) as failed:
            await sender.send(get(f"https://127.0.0.1:{port}/"))
    listener.close()

    assert failed.value.sent is False
