import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectsmith.core.secret.destinations import Destinations, origin_of
from connectsmith.errors import Bug, UrlInvalid

CONFIRMED = Destinations.of(
    ["https://api.example.com", "https://{}.shops.example.com", "https://*.example.org:8443"]
)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com", "https://API.example.com:443/x?y#z", "https://a-1.shops.example.com/",
        "https://a.example.org:8443", "https://a.b.example.org:8443/x",
    ],
)  # fmt: skip
def test_confirmed_origins_are_permitted(url: str) -> None:
    assert CONFIRMED.permits(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com", "https://api.example.com:444", "https://api.example.com.",
        "https://evil.com/api.example.com", "https://api.example.com@evil.com", "https://evil.com",
        "https://api.example.com.evil.com", "https://x.api.example.com", "https://example.org:8443",
        "https://a.b.shops.example.com", "https://shops.example.com", "https://.shops.example.com",
        "https://a.example.org", "https://evil.com\\.example.org:8443", "https://a..example.org:8443",
        "https://{}.shops.example.com", "https://*.example.org:8443", "//api.example.com", "", "*",
    ],
)  # fmt: skip
def test_everything_else_is_not(url: str) -> None:
    assert not CONFIRMED.permits(url)


def test_any_host_permits_nothing() -> None:
    anywhere = Destinations.of(["*"])

    assert not anywhere.permits("https://example.com")
    assert anywhere.missing(["*"]) == ("*",)


@pytest.mark.parametrize(
    ("confirmed", "wanted"),
    [
        ("https://{}.x.example", "https://a-{}.x.example"),
        ("https://*.x.example", "https://{}.x.example"),
        ("https://*.x.example", "https://{}.y.x.example"),
        ("https://*.x.example", "https://*.y.x.example"),
        ("https://{}.x.example", "https://a.x.example"),
    ],
)
def test_a_wider_pattern_covers_a_narrower_one_and_not_the_reverse(
    confirmed: str, wanted: str
) -> None:
    assert Destinations.of([confirmed]).missing([wanted]) == ()
    assert Destinations.of([wanted]).missing([confirmed]) == (confirmed,)


@pytest.mark.parametrize(
    ("confirmed", "wanted"),
    [
        ("https://{}a.x.example", "https://b{}.x.example"),
        ("https://a.x.example", "https://{}.x.example"),
        ("https://{}.x.example", "https://*.x.example"),
        ("https://{}.x.example", "https://{}.y.x.example"),
    ],
)
def test_patterns_that_only_overlap_do_not_cover(confirmed: str, wanted: str) -> None:
    assert Destinations.of([confirmed]).missing([wanted]) == (wanted,)


def test_missing_are_sorted_and_each_once() -> None:
    wanted = [
        "https://z.example",
        "https://b.example",
        "https://z.example",
        "https://api.example.com",
    ]

    assert CONFIRMED.missing(wanted) == ("https://b.example", "https://z.example")


@pytest.mark.parametrize(
    "text",
    [
        "example.com",
        "https://example.com/",
        "https://EXAMPLE.com",
        "",
        "https://a@b.example",
        "https://*.*.example.com",
    ],
)
def test_what_is_no_origin_cannot_be_confirmed(text: str) -> None:
    with pytest.raises(Bug):
        Destinations.of([text])


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("HTTPS://Example.COM:443/a", "https://example.com"),
        ("http://example.com:80", "http://example.com"),
        ("http://example.com:443", "http://example.com:443"),
        ("https://[0:0::1]:8443/x", "https://[::1]:8443"),
        ("https://192.0.2.1", "https://192.0.2.1"),
    ],
)
def test_origin_leaves_the_default_port_out(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@given(st.text())
def test_no_text_breaks_it(url: str) -> None:
    try:
        origin = origin_of(url)
    except UrlInvalid:
        assert not CONFIRMED.permits(url)
    else:
        assert origin_of(origin) == origin
