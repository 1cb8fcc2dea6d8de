from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectsmith.core.authorization.return_address import (
    LONGEST,
    check_return_address,
    returning_url,
)
from connectsmith.errors import CallerError

ALLOWED = ("https://app.example.com", "https://other.example.com:8443", "http://[fd00::1]:81")

GOOD = [
    "http://127.0.0.1:8123/abc",
    "http://127.0.0.1:1",
    "http://127.0.0.1:65535/?tab=2",
    "http://[::1]:8123/abc",
    "https://app.example.com",
    "https://app.example.com/back?tab=2&x=%2F%2Fevil.example",
    "https://APP.example.com:443/back",
    "https://app.example.com//evil.example/",
    "https://other.example.com:8443/",
    "http://[fd00::1]:81/",
]

DISGUISED = [
    # no origin at all, or that of whoever resolves it
    "", "/", "/back", "//evil.example", "///evil.example", "////evil.example", "/\\evil.example",
    "\\\\evil.example", "\\/evil.example", "/\\/evil.example", "back", "?x=1", "#x", ".", "..",
    "/%2f%2fevil.example", "/%5cevil.example", "%2f%2fevil.example", "evil.example",
    # white space and control characters, where parsers disagree
    " https://app.example.com", "https://app.example.com ", "\thttps://app.example.com",
    "https://app.example.com/\t", "/\t/evil.example", "/\n/evil.example", "/\r/evil.example",
    "ht\ttps://app.example.com", "https:/\n/app.example.com", "https://app.example.com\n.evil.example",
    "https://app.example.com/a b", "http://127.0.0.1:8123/\r\nSet-Cookie: a=b",
    "http://127.0.0.1:8123/%0d%0a\r", "http://127.0.0.1:8123/\x00", "http://127.0.0.1:8123/\x7f",
    "http://127.0.0.1:8123/\u2028", "http://127.0.0.1:8123/ä",
    # user info
    "https://app.example.com@evil.example", "https://app.example.com:443@evil.example/",
    "http://127.0.0.1:8123@evil.example/", "http://127.0.0.1:@evil.example/",
    "http://@127.0.0.1:8123/", "http://user@127.0.0.1:8123/", "http://[::1]:8123@evil.example/",
    "https://app.example.com%40evil.example/", "https://evil.example%40app.example.com/",
    # backslashes and encoded delimiters in the host
    "https://app.example.com\\@evil.example", "https://app.example.com\\.evil.example",
    "https:\\\\app.example.com", "http://127.0.0.1:8123\\@evil.example/",
    "http://127.0.0.1%2f:8123/", "http://127.0.0.1:8123%2f@evil.example/",
    "https://app.example.com%2f.evil.example/", "https://app.example.com%00.evil.example/",
    "https://app.example.com%09.evil.example/",
    # hosts that only look alike
    "https://app.example.com.evil.example", "https://evilapp.example.com", "https://example.com",
    "https://app.example.com./", "https://xapp.example.com", "https://app.example.co",
    "https://app-example.com", "https://\u0430pp.example.com", "https://\uff41\uff50\uff50.example.com",
    # other schemes and ports of an allowed host
    "http://app.example.com", "https://app.example.com:8443", "https://app.example.com:80",
    "https://app.example.com:0443:1/", "https://other.example.com", "https://app.example.com:",
    "https://app.example.com:99999/", "https://app.example.com:x/",
    # loopback by other names, without a port, or over another scheme
    "http://127.0.0.1", "http://127.0.0.1/", "http://[::1]/", "http://localhost:8123/",
    "https://127.0.0.1:8123/", "http://127.0.0.2:8123/", "http://127.1:8123/",
    "http://2130706433:8123/", "http://0x7f000001:8123/", "http://0177.0.0.1:8123/",
    "http://127.0.0.1.:8123/", "http://127.0.0.1:abc/", "http://127.0.0.1:0/",
    "http://127.0.0.1:65536/", "http://127.0.0.1:-1/", "http://127.0.0.1:+80/",
    "http://127.0.0.1:\uff18\uff10/", "http://①②⑦.0.0.1:8123/", "http://127。0。0。1:8123/",
    "http://127.0.0.1.evil.example:8123/", "http://127.0.0.1evil:8123/", "HTTP://127.0.0.1:8123/",
    "http:127.0.0.1:8123", "http:/127.0.0.1:8123", "http:///127.0.0.1:8123",
    "http://[::1:8123/", "http://::1:8123/", "http://[::1]x:8123/", "http://[::1%25lo]:8123/",
    "http://[::ffff:127.0.0.1]:8123/", "http://[::127.0.0.1]:8123/", "http://[::]:8123/",
    "http://[0:0:0:0:0:0:0:1]:8123/", "http://[::1]:8123x/", "http://[evil.example]:8123/",
    "http://[", "http://]", "http://[v1.x]:8123/",
    # schemes that are no place on the web
    "javascript:alert(1)", "javascript://127.0.0.1:8123/%0aalert(1)", "data:text/html,x",
    "vbscript:x", "file:///etc/passwd", "ftp://127.0.0.1:8123/", "ws://127.0.0.1:8123/",
    "JaVaScRiPt://app.example.com/", "blob:https://app.example.com/1", "about:blank",
    "intent://127.0.0.1:8123/", "http+unix://127.0.0.1:8123/", "://127.0.0.1:8123/",
    # what we add would be lost, or be there twice
    "http://127.0.0.1:8123/#", "http://127.0.0.1:8123/#here", "https://app.example.com/?a#b",
    "http://127.0.0.1:8123/?completion=x", "http://127.0.0.1:8123/?a=b&authorization=x",
    "https://app.example.com/?error=x", "https://app.example.com/?%65rror=x",
    "http://127.0.0.1:8123/" + "a" * LONGEST,
]  # fmt: skip


@pytest.mark.parametrize("address", GOOD)
def test_loopback_listener_and_allowed_origin_may_be_returned_to(address: str) -> None:
    check_return_address(address, ALLOWED)


@pytest.mark.row("T-17", "C-15")
@pytest.mark.parametrize("address", DISGUISED)
def test_every_disguise_of_another_address_is_refused(address: str) -> None:
    with pytest.raises(CallerError) as refused:
        check_return_address(address, ALLOWED)

    assert refused.value.place == "/return_to"


@pytest.mark.row("T-17", "C-15")
@given(text=st.text(st.sampled_from("htps:/\\@[]127.0.1:8#?&%2f5c\t\n app.exmlcvi"), max_size=60))
def test_whatever_passes_leads_to_this_machine_or_an_allowed_origin(text: str) -> None:
    try:
        check_return_address(text, ALLOWED)
    except CallerError:
        return

    parts = urlsplit(text)
    assert parts.username is None
    assert parts.hostname in {"127.0.0.1", "::1", "app.example.com", "other.example.com", "fd00::1"}
    assert parts.scheme in {"http", "https"}


@pytest.mark.row("T-17", "C-15")
def test_nothing_but_loopback_is_allowed_by_itself() -> None:
    check_return_address("http://127.0.0.1:8123/", ())
    with pytest.raises(CallerError):
        check_return_address("https://app.example.com", ())


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/a", "http://127.0.0.1:1/a?tab=2"])
def test_what_is_added_stands_behind_the_address_encoded(address: str) -> None:
    url = returning_url(address, authorization="aut_1", error="a&b")

    assert url.startswith(address)
    added = parse_qs(urlsplit(url).query)
    assert (added["authorization"], added["error"]) == (["aut_1"], ["a&b"])
