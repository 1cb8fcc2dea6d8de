import struct
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPConnection
from socket import SO_LINGER, SOL_SOCKET, create_connection
from urllib.parse import urlsplit

import pytest

from connectsmith.cli.loopback import Listener, patience
from connectsmith.errors import AuthorizationEnded, CompletionRefused


def visit(url: str, query: str) -> tuple[int, dict[str, str]]:
    parts = urlsplit(url)
    browser = HTTPConnection(parts.hostname or "", parts.port or 0, timeout=10)
    browser.request("GET", f"{parts.path}?{query}")
    answer = browser.getresponse()
    answer.read()
    browser.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}


@pytest.mark.row("C-48")
def test_the_browser_that_comes_back_brings_the_completion_value_and_nobody_else_can() -> None:
    with Listener() as listener, ThreadPoolExecutor() as pool:
        waiting = pool.submit(listener.wait, "aut_1", seconds=10)
        root = listener.return_to.rsplit("/", 1)[0]

        strangers = [
            visit(f"{root}/guessed", "authorization=aut_1&completion=evil")[0],
            visit(listener.return_to, "authorization=aut_2&completion=evil")[0],
        ]
        status, headers = visit(listener.return_to, "authorization=aut_1&completion=abc")

        assert strangers == [404, 404]
        assert (status, waiting.result(10)) == (200, "abc")
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"


@pytest.mark.row("C-48")
def test_the_listener_is_on_a_literal_loopback_address_and_gone_after_one_arrival() -> None:
    with Listener() as listener, ThreadPoolExecutor() as pool:
        waiting = pool.submit(listener.wait, "aut_1", seconds=10)
        visit(listener.return_to, "authorization=aut_1&completion=abc")
        waiting.result(10)

        assert urlsplit(listener.return_to).hostname == "127.0.0.1"
        with pytest.raises(ConnectionRefusedError):
            visit(listener.return_to, "authorization=aut_1&completion=abc")


@pytest.mark.row("C-48")
def test_the_path_is_another_each_time_and_cannot_be_guessed() -> None:
    with Listener() as one, Listener() as other:
        paths = [urlsplit(each.return_to).path for each in (one, other)]

    assert paths[0] != paths[1]
    assert min(map(len, paths)) > 32


def test_a_refusal_ends_the_wait_with_its_code() -> None:
    with Listener() as listener, ThreadPoolExecutor() as pool:
        waiting = pool.submit(listener.wait, "aut_1", seconds=10)
        visit(listener.return_to, "authorization=aut_1&error=consent_denied")

        with pytest.raises(AuthorizationEnded, match="consent_denied"):
            waiting.result(10)


def test_an_arrival_without_a_value_is_no_completion() -> None:
    with Listener() as listener, ThreadPoolExecutor() as pool:
        waiting = pool.submit(listener.wait, "aut_1", seconds=10)
        visit(listener.return_to, "authorization=aut_1")

        with pytest.raises(CompletionRefused):
            waiting.result(10)


@pytest.mark.row("C-48")
def test_nobody_is_waited_for_longer_than_the_authorization_lives() -> None:
    with Listener() as listener, pytest.raises(AuthorizationEnded, match="in time"):
        listener.wait("aut_1", seconds=0)


def test_visitor_that_never_ends_its_request_keeps_no_browser_waiting() -> None:
    with Listener() as listener, ThreadPoolExecutor() as pool, ExitStack() as visitors:
        parts = urlsplit(listener.return_to)
        for _ in range(4):
            slow = visitors.enter_context(create_connection((parts.hostname, parts.port)))
            slow.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        waiting = pool.submit(listener.wait, "aut_1", seconds=30)

        status, _ = visit(listener.return_to, "authorization=aut_1&completion=abc")

        assert (status, waiting.result(3)) == (200, "abc")


def test_a_visitor_that_hangs_up_leaves_nothing_on_the_terminal(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with Listener() as listener, ThreadPoolExecutor() as pool:
        parts = urlsplit(listener.return_to)
        waiting = pool.submit(listener.wait, "aut_1", seconds=30)
        for _ in range(8):
            with create_connection((parts.hostname, parts.port)) as visitor:
                visitor.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
                visitor.sendall(b"GET / HTTP/1.1\r\n\r\n")

        visit(listener.return_to, "authorization=aut_1&completion=abc")

        assert waiting.result(10) == "abc"
    assert capfd.readouterr().err == ""


@pytest.mark.row("C-48")
@pytest.mark.parametrize(("lives", "waits"), [(-5, 0), (90, 90), (600, 600), (86400, 600)])
def test_a_port_is_held_for_ten_minutes_at_most_whatever_the_server_says(
    lives: float, waits: float
) -> None:
    assert patience(lives) == waits
