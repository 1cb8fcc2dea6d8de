from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.definition.samples import definition_of

from connectsmith.core.definition.authority import HostRules
from connectsmith.core.definition.hosts import (
    UrlTemplate,
    compile_endpoint,
    compile_url,
    compile_with,
    join_with,
    path_names,
)
from connectsmith.core.secret.destinations import Destinations
from connectsmith.errors import FieldInvalid, UrlInvalid, ValueMissing

RULES = HostRules(
    {"authFields.dc": ("com", "com.au"), "authFields.stage": ("api", "test.api")},
    ("*.example.org", "a.example.net:8443", "127.0.0.1:8401"),
)


def compiled(text: str) -> UrlTemplate:
    return compile_with(text, RULES)


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("https://API.Example.com/x", ("https://api.example.com",)),
        ("https://api.example.com:443/x", ("https://api.example.com",)),
        ("https://api.example.com:8443", ("https://api.example.com:8443",)),
        ("http://127.0.0.1:8401/a", ("http://127.0.0.1:8401",)),
        ("https://{{authFields.shop}}.myshopify.com", ("https://{}.myshopify.com",)),
        ("https://x-{{authFields.shop}}.a.example.com:81", ("https://x-{}.a.example.com:81",)),
        ("https://zoho.{{authFields.dc}}/x", ("https://zoho.com", "https://zoho.com.au")),
        ("https://{{connection.h}}/x", ("https://*.example.org", "https://a.example.net:8443", "https://127.0.0.1:8401")),
        ("https://{{connection.h}}:8443/x", ("https://a.example.net:8443",)),
        (
            "{{connection.url}}/services",
            (
                "https://*.example.org",
                "https://a.example.net:8443",
                "https://127.0.0.1:8401",
                "http://127.0.0.1:8401",
            ),
        ),
    ],
)  # fmt: skip
def test_origins_are_all_that_the_url_may_become(text: str, origins: tuple[str, ...]) -> None:
    assert compiled(text).origins == origins


@pytest.mark.parametrize(
    "text",
    [
        "https://0x7f.1/", "https://2130706433/", "https://0177.0.0.1/", "https://127.1/",
        "https://user@example.com/", "https://user:pw@example.com/", "https://a@b@example.com/",
        "https://example.com\\@evil.com/", "https://example.com%2eevil.com/",
        "https://ex ample.com/",
        "https://example.com./", "https://example..com/", "https://-a.example.com/",
        "https://\uff45xample.com/", "https://例え.jp/", "https://[::1", "https://[::1%25eth0]/",
        "https://example.com:/", "https://example.com:0/", "https://example.com:65536/",
        "https://example.com:8a/", "https:///path", "https://", "//example.com", "example.com",
        "javascript:alert(1)", "file:///etc/passwd", "ftp://example.com", "https://a_b.example.com",
        "https://example.com/\n", "https://example.com/\x00", "https://example.com/a b",
        "https://example.com/a/../b", "https://example.com/./b", "https://example.com/%2e%2E/b",
        "https://256.1.1.1/", "https://example.com/\ue000", "https://example.com/\ud800",
    ],
)  # fmt: skip
def test_what_parsers_could_read_differently_is_refused(text: str) -> None:
    with pytest.raises(UrlInvalid):
        compiled(text)


@pytest.mark.row("T-52")
@pytest.mark.parametrize(
    "text",
    [
        "https://{{authFields.shop}}.com/", "https://{{authFields.h}}:{{authFields.p}}/",
        "https://{{authFields.a}}.{{authFields.b}}.example.com/", "https://example.com:{{authFields.p}}/",
        "https://api.{{authFields.host}}/", "{{authFields.scheme}}://example.com/",
        "https://{{authFields.u}}@example.com/", "https://example.{{authFields.tld}}/",
        "{{connection.url}}.evil.com/", "https{{authFields.s}}://example.com",
        "https://example.com/#{{authFields.x}}",
    ],
)  # fmt: skip
def test_placeholders_may_not_choose_the_host_freely(text: str) -> None:
    with pytest.raises(UrlInvalid):
        compiled(text)


def test_a_whole_host_needs_allowed_hosts() -> None:
    with pytest.raises(UrlInvalid, match="allowedHosts"):
        compile_with("https://{{connection.h}}/", HostRules({}, ()))


@given(st.text(min_size=1), st.text(min_size=1))
def test_any_values_keep_scheme_host_port_and_segments(first: str, second: str) -> None:
    template = compiled("https://api.example.com:8443/a/{{authFields.x}}/b?c={{authFields.y}}&d=1")

    try:
        url = template.render({"authFields.x": first, "authFields.y": second})
    except FieldInvalid:
        return

    parts = urlsplit(url)
    assert (parts.scheme, parts.hostname, parts.port) == ("https", "api.example.com", 8443)
    assert len(parts.path.split("/")) == 4
    assert parts.query.count("&") == 1
    assert parts.query.count("=") == 2
    assert not parts.fragment
    assert url.isascii()


@given(
    st.text(min_size=1),
    st.sampled_from(
        [
            "https://{{a}}.my.example.com/x",
            "https://h.{{authFields.dc}}/",
            "https://{{connection.h}}/x",
            "{{connection.u}}/x",
        ]
    ),
)
def test_whatever_a_host_becomes_is_one_of_its_origins(value: str, text: str) -> None:
    template = compiled(text)

    try:
        url = template.render(dict.fromkeys(template.names, value))
    except FieldInvalid:
        return

    assert Destinations.of(template.origins).permits(url)


@pytest.mark.row("T-52")
@pytest.mark.parametrize(
    "value",
    [
        "https://evil.com/.example.org", "https://a.example.org@evil.com", "http://a.example.org",
        "https://example.org", "https://a.example.org.evil.com", "https://a.example.org:444",
        "https://a.example.org\\.evil.com", "https://evil.com#.example.org", "//a.example.org",
        "https://evil.com?.example.org", "https://a.example.org/../x", "javascript://a.example.org",
        "https://a.example.org/?x=1", "https://a.example.org/%2e%2e/",
    ],
)  # fmt: skip
def test_a_base_url_outside_allowed_hosts_is_refused(value: str) -> None:
    template = compiled("{{connection.u}}/x")

    with pytest.raises(FieldInvalid):
        template.render({"connection.u": value})


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("https://a.example.org", "https://a.example.org/x"),
        ("https://A.b.Example.org/", "https://a.b.example.org/x"),
        ("https://a.example.net:8443/v1/", "https://a.example.net:8443/v1/x"),
        ("http://127.0.0.1:8401", "http://127.0.0.1:8401/x"),
    ],
)
def test_a_base_url_among_allowed_hosts_is_joined(value: str, url: str) -> None:
    assert compiled("{{connection.u}}/x").render({"connection.u": value}) == url


def test_any_host_takes_every_https_host_but_no_http() -> None:
    template = compile_with("{{connection.u}}/x", HostRules({}, ("*",)))

    assert template.origins == ("*",)
    assert template.render({"connection.u": "https://x.example"}) == "https://x.example/x"
    with pytest.raises(FieldInvalid):
        template.render({"connection.u": "http://x.example"})


@pytest.mark.parametrize("value", ["net", "com.au.evil", "com/", "COM", "com:1", "com@evil.com"])
def test_a_field_with_choices_takes_only_its_choices(value: str) -> None:
    with pytest.raises(FieldInvalid):
        compiled("https://zoho.{{authFields.dc}}/x").render({"authFields.dc": value})


@pytest.mark.parametrize("value", [None, ""])
def test_a_url_never_goes_out_with_a_hole(value: str | None) -> None:
    with pytest.raises(ValueMissing, match=r"authFields\.x"):
        compiled("https://example.com/{{authFields.x}}").render({"authFields.x": value})


def test_a_percent_sign_before_a_placeholder_cannot_become_an_escape() -> None:
    url = compiled("https://example.com/a%{{authFields.x}}").render({"authFields.x": "2f"})

    assert url == "https://example.com/a%252f"


def test_fragment_is_kept_aside() -> None:
    template = compiled("https://example.com/a?b=1#/login")

    assert template.render({}) == "https://example.com/a?b=1"
    assert template.fragment == "/login"


@pytest.mark.parametrize(
    ("base", "path", "url"),
    [
        ("https://x.example/v1/", "/a", "https://x.example/v1/a"),
        ("https://x.example/v1", "a", "https://x.example/v1/a"),
        ("https://x.example", "/", "https://x.example/"),
        ("https://x.example/?k=1", "/a?z=2", "https://x.example/a?k=1&z=2"),
        ("https://x.example", "/items('{id}')", "https://x.example/items('1%2F2')"),
        ("https://x.example", "/{{urlFields.id}}/{{ urlFields.id }}", "https://x.example/1%2F2/1%2F2"),
        ("https://x.example", "/:id/files:copy/:other", "https://x.example/1%2F2/files:copy/:other"),
        ("https://x.example", "/a?q={id}", "https://x.example/a?q=1%2F2"),
        ("https://{{authFields.shop}}.my.example.com", "/{id}", "https://acme.my.example.com/1%2F2"),
    ],
)  # fmt: skip
def test_endpoints_are_joined_by_one_slash_and_filled(base: str, path: str, url: str) -> None:
    template = join_with(base, path, RULES, url_fields=frozenset({"id"}))

    assert template.render({"path.id": "1/2", "authFields.shop": "acme"}) == url


def test_names_of_a_path_are_found_in_their_order() -> None:
    assert path_names("/:b/{a}/{{urlFields.c}}/:d", frozenset({"b"})) == ("b", "a", "c")


def test_definitions_are_compiled_with_their_own_rules() -> None:
    definition = definition_of({})

    url = compile_url("https://login.example.{{authFields.dc}}/token", definition)
    endpoint = compile_endpoint(
        "{{connection.instance_url}}/api", "/me", definition, url_fields=frozenset()
    )

    assert url.origins == ("https://login.example.com", "https://login.example.com.au")
    assert endpoint.render({"connection.instance_url": "https://q.example.org"}) == (
        "https://q.example.org/api/me"
    )
