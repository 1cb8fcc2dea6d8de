import tomllib
from pathlib import Path

import pytest
from yarl import URL

from connectsmith.egress.url import LONGEST_URL, check_url
from connectsmith.errors import EgressDenied

VECTORS = tomllib.loads((Path(__file__).parents[1] / "vectors/egress-urls.toml").read_text("utf-8"))

PLAIN_FORMS_OF_ADDRESSES = {
    "http://127.0.0.1:{port}/",
    "HTTP://127.0.0.1:{port}/",
    "http://127.0.0.2:{port}/",
    "http://0.0.0.0:{port}/",
    "http://localhost:{port}/",
    "http://LOCALHOST:{port}/",
    "http://[::]:{port}/",
    "http://[::1]:{port}/",
    "http://[0:0:0:0:0:0:0:1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[::FFFF:127.0.0.1]:{port}/",
    "http://[::127.0.0.1]:{port}/",
}
"""URLs that every parser reads alike: their addresses are for the policy to judge."""


@pytest.mark.row("T-05")
@pytest.mark.parametrize(
    "template",
    [each for each in VECTORS["loopback"] if each not in PLAIN_FORMS_OF_ADDRESSES],
)
def test_a_url_that_parsers_read_differently_is_refused(template: str) -> None:
    with pytest.raises(EgressDenied):
        check_url(template.replace("{port}", "8080"))


@pytest.mark.parametrize("template", VECTORS["schemes"])
def test_a_scheme_other_than_http_and_https_is_refused(template: str) -> None:
    with pytest.raises(EgressDenied):
        check_url(template.replace("{port}", "8080"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "https:///path",
        "https://.example.com/",
        "https://example..com/",
        "https://example.com:/",
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://example.com:4٣/",
        "https://-example.com/",
        "https://exam ple.com/",
        f"https://{'a' * 64}.com/",
        f"https://{'.'.join(['a' * 63] * 4)}.com/",
        "https://example.com/a b",
        "https://example.com/é",
        "https://example.com/\x7f",
        "https://example.com/?q=\x00",
        "https://bücher。example/",
        "https://a\u200db.example/",
        "https://1.2.3.4.5/",
        "https://1.2.3.256/",
        "https://example.0x10/",
        "https://[1::2::3]/",
        "https://example.com/" + "a" * LONGEST_URL,
    ],
)
def test_a_malformed_url_is_refused(url: str) -> None:
    with pytest.raises(EgressDenied):
        check_url(url)


@pytest.mark.parametrize(
    ("url", "origin", "target"),
    [
        ("https://api.example.com", "https://api.example.com", "/"),
        ("HTTPS://API.Example.COM:443/V1?a=B", "https://api.example.com", "/V1?a=B"),
        ("https://api.example.com?a=1", "https://api.example.com", "/?a=1"),
        ("http://127.0.0.1:80/", "http://127.0.0.1", "/"),
        ("http://127.0.0.1:8401/a/../b", "http://127.0.0.1:8401", "/a/../b"),
        ("https://[2606:4700:4700:0:0:0:0:1111]:8443/", "https://[2606:4700:4700::1111]:8443", "/"),
        ("https://bücher.example/", "https://xn--bcher-kva.example", "/"),
        ("https://BÜCHER.example/", "https://xn--bcher-kva.example", "/"),
        ("https://my_shop.example.com/%2F{x}|~", "https://my_shop.example.com", "/%2F{x}|~"),
        ("https://1password.com/", "https://1password.com", "/"),
        ("https://0x1.example.com/@a:b", "https://0x1.example.com", "/@a:b"),
    ],
)
def test_a_plain_url_is_read_into_origin_and_target(url: str, origin: str, target: str) -> None:
    parsed = check_url(url)

    assert (parsed.origin.text, parsed.target) == (origin, target)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com:8443/a%20b?c=%26&d",
        "https://[2606:4700:4700::1111]/",
        "http://127.0.0.1:8401//double//slashes",
        "https://bücher.example/x",
    ],
)
def test_the_client_reads_the_host_that_was_judged(url: str) -> None:
    parsed = check_url(url)

    handed_over = URL(parsed.text, encoded=True)

    assert handed_over.raw_host == parsed.origin.host
    assert handed_over.port == parsed.origin.port
    assert handed_over.raw_path_qs == parsed.target


def test_the_host_is_remembered_as_the_author_wrote_it() -> None:
    assert check_url("https://API.Example.com/").origin.written == "API.Example.com"
