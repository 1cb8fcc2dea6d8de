import base64
import hashlib
import html
import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectsmith.core.secret.redaction import PieceMask, Redactor
from connectsmith.core.secret.secret import Secret

SECRET = "s3cr/et+Täg \"quoted\" & <'odd'>~" + "x9Z"
MASK = re.compile(rb"\[masked:[0-9a-f]{8}\]")


def fingerprint(value: bytes) -> str:
    return hashlib.sha256(b"key" + value).hexdigest()[:8]


def lower_percent(text: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), text)


def aligned(before: int) -> Callable[[str], str]:
    return lambda text: base64.b64encode(b"#" * before + text.encode() + b"##").decode()


ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "URL": lambda text: quote(text, safe=""),
    "URL in lower case": lambda text: lower_percent(quote(text, safe="")),
    "form": quote_plus,
    "HTML": html.escape,
    "hex": lambda text: text.encode().hex(),
    "base64 at offset 0": aligned(0),
    "base64 at offset 1": aligned(1),
    "base64url at offset 2": lambda text: base64.urlsafe_b64encode(b"##" + text.encode()).decode(),
}
MORE_ENCODINGS: dict[str, Callable[[str], str]] = {
    "JSON unescaped": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON with slashes escaped": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "URL with slashes": lambda text: quote(text, safe="/"),
    "encodeURIComponent": lambda text: quote(text, safe="!'()*"),
    "hex in upper case": lambda text: text.encode().hex().upper(),
    "HTML text": lambda text: html.escape(text, quote=False),
    "HTML with decimal quotes": lambda text: (
        html.escape(text).replace("&quot;", "&#34;").replace("&#x27;", "&#39;")
    ),
    "base64 alone": lambda text: base64.b64encode(text.encode()).decode(),
}
ALL_ENCODINGS = ENCODINGS | MORE_ENCODINGS


def redactor(*secrets: str) -> Redactor:
    return Redactor([Secret(each) for each in secrets], fingerprint)


@pytest.mark.row("T-37")
def test_an_echo_in_ten_encodings_is_masked_in_each() -> None:
    echoes = {name: f'{{"you sent": "{encode(SECRET)}"}}' for name, encode in ENCODINGS.items()}

    masked = {name: redactor(SECRET).body(echo.encode()) for name, echo in echoes.items()}

    caught = {name for name, body in masked.items() if MASK.search(body)}
    assert caught == set(ENCODINGS)
    assert all(ENCODINGS[name](SECRET).encode() not in body for name, body in masked.items())


@pytest.mark.parametrize("encoding", ALL_ENCODINGS)
def test_nothing_of_a_value_is_left_beside_its_mask(encoding: str) -> None:
    encoded = ALL_ENCODINGS[encoding]("tok_4f9a8b7c6d5e4f3a2b1c")

    masked = redactor("tok_4f9a8b7c6d5e4f3a2b1c").known(b"<" + encoded.encode() + b">")

    assert len(MASK.sub(b"", masked)) <= 2 + 3


def test_text_without_a_known_value_is_returned_as_it_is() -> None:
    body = b'{"a": [1, 2, 3]}'

    assert redactor(SECRET).known(body) is body


def test_one_value_has_one_fingerprint_in_every_form() -> None:
    value = "tok_4f9a8b7c6d5e"
    masked = redactor(value)

    seen = {
        masked.text(value),
        masked.text(value.encode().hex()),
        masked.url(f"?access_token={value}").removeprefix("?access_token="),
        masked.headers((("Authorization", f"Bearer {value}"),))[0][1].removeprefix("Bearer "),
        masked.body(f'{{"access_token":"{value}"}}'.encode()).decode()[17:-2],
    }

    assert seen == {f"[masked:{fingerprint(value.encode())}]"}


def test_longer_values_go_before_the_shorter_ones_they_hold() -> None:
    masked = redactor("abcd", "abcdefgh").text("abcdefgh")

    assert masked == f"[masked:{fingerprint(b'abcdefgh')}]"


def test_only_what_was_seen_is_compiled() -> None:
    redactor = Redactor([Secret(SECRET), Secret("another value")], fingerprint)

    masked = redactor.known(b"client_id=another value&more")

    assert MASK.search(masked)
    assert [sighting.owners for sighting in redactor._sightings.values()] == [(b"another value",)]


def test_values_of_three_characters_are_masked_only_where_they_stand() -> None:
    masked = redactor("abc")

    assert masked.text("abc") == "abc"
    assert masked.headers((("X-Api-Key", "abc"),)) == (
        ("X-Api-Key", f"[masked:{fingerprint(b'abc')}]"),
    )


@pytest.mark.parametrize(
    "name",
    [
        "Authorization", "authorization", "Proxy-Authorization", "Cookie", "Set-Cookie",
        "X-Api-Key", "X-Auth-Token", "X-Shopify-Access-Token", "X-Amz-Security-Token", "Apikey",
        "DPoP",
    ],
)  # fmt: skip
def test_headers_that_hold_credentials_are_masked_unknown_values_too(name: str) -> None:
    masked = redactor().headers(((name, "never-seen-before"),))

    assert masked == ((name, f"[masked:{fingerprint(b'never-seen-before')}]"),)


def test_the_scheme_of_an_authorization_header_is_kept() -> None:
    masked = redactor().headers((("Authorization", "Bearer abc.def"),))

    assert masked == (("Authorization", f"Bearer [masked:{fingerprint(b'abc.def')}]"),)


def test_harmless_headers_are_kept() -> None:
    headers = (
        ("content-type", "application/json"),
        ("www-authenticate", 'Bearer error="invalid_token"'),
        ("access-control-allow-credentials", "true"),
        ("etag", 'W/"5"'),
        ("dpop-nonce", "n-5"),
    )

    assert redactor(SECRET).headers(headers) == headers


def test_a_header_of_the_connector_s_own_is_masked() -> None:
    masked = Redactor([], fingerprint, headers=frozenset({"x-mine"})).headers((("X-Mine", "v"),))

    assert masked == (("X-Mine", f"[masked:{fingerprint(b'v')}]"),)


def test_parameters_of_urls_are_masked_by_name() -> None:
    masked = Redactor([], fingerprint, parameters=frozenset({"key"})).url(
        "https://a.example/x?q=hello&key=k1&code=c1&client_secret=c%2F2#access_token=t"
    )

    assert masked == (
        "https://a.example/x?q=hello"
        f"&key=[masked:{fingerprint(b'k1')}]"
        f"&code=[masked:{fingerprint(b'c1')}]"
        f"&client_secret=[masked:{fingerprint(b'c/2')}]"
        f"#access_token=[masked:{fingerprint(b't')}]"
    )


def test_a_redirect_s_location_is_masked() -> None:
    ((_, masked),) = redactor().headers((("location", "https://a.example/cb?code=abcdef"),))

    assert masked == f"https://a.example/cb?code=[masked:{fingerprint(b'abcdef')}]"


MEMBERS = (
    "access_token", "refresh_token", "id_token", "client_secret", "code", "code_verifier",
    "assertion", "password", "accessToken", "client_assertion", "session", "session_id",
    "sessionToken", "user_code", "verification_uri_complete",
)  # fmt: skip


@pytest.mark.parametrize("name", MEMBERS)
def test_members_of_token_answers_are_masked_by_name(name: str) -> None:
    body = f'{{"ok": true, "{name}" : "unseen\\"value", "n": 1}}'.encode()

    masked = redactor().body(body, grant=True)

    assert b"unseen" not in masked
    assert json.loads(masked).keys() == {"ok", name, "n"}


@pytest.mark.parametrize("name", MEMBERS)
def test_members_of_token_requests_are_masked_by_name(name: str) -> None:
    masked = redactor().body(f"grant_type=x&{name}=unseen&z=1".encode(), grant=True)

    assert masked == f"grant_type=x&{name}=[masked:{fingerprint(b'unseen')}]&z=1".encode()


def test_a_member_cut_off_in_its_value_is_masked() -> None:
    masked = redactor().body(b'{"access_token": "unseen-and-unfini')

    assert b"unseen" not in masked


def test_json_inside_a_json_text_is_masked() -> None:
    inner = json.dumps({"access_token": "unseen", "n": 1})

    masked = redactor().body(json.dumps({"log": inner}).encode())

    assert b"unseen" not in masked
    assert json.loads(json.loads(masked)["log"])["n"] == 1


def test_a_code_that_is_a_number_is_masked_in_token_answers_only() -> None:
    assert b"48151623" not in redactor().body(b'{"code": 48151623}', grant=True)
    assert redactor().body(b'{"code": 404}') == b'{"code": 404}'


@pytest.mark.parametrize("text", ["mask", "masked", "masked:"])
def test_a_value_that_is_part_of_the_mask_does_not_multiply(text: str) -> None:
    assert redactor(text, "abcdef").text("abcdef") == f"[masked:{fingerprint(b'abcdef')}]"


def test_added_secrets_are_masked_as_well() -> None:
    masked = redactor("first-value").adding([Secret("second-value")])

    assert "value" not in masked.text("first-value second-value")


def test_nothing_is_known_of_a_redactor_by_its_repr() -> None:
    assert "s3cr" not in repr(redactor(SECRET))


WHAT_ESCAPES: dict[str, Callable[[str], str]] = {
    "reversal": lambda text: text[::-1],
    "change of case": str.swapcase,
    "split": lambda text: text[:10] + "\n" + text[10:],
    "double encoding": lambda text: base64.b64encode(text.encode().hex().encode()).decode(),
}


@pytest.mark.parametrize("how", WHAT_ESCAPES)
def test_what_masking_cannot_catch_is_known(how: str) -> None:
    echo = WHAT_ESCAPES[how]("tok_4f9a8b7c6d5e4f3a2b1c").encode()

    assert redactor("tok_4f9a8b7c6d5e4f3a2b1c").known(echo) == echo


texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(
    secret=st.text(st.characters(exclude_categories=["Cs"]), min_size=4, max_size=60),
    before=texts,
    after=texts,
    encoding=st.sampled_from(sorted(ALL_ENCODINGS)),
)
def test_no_occurrence_survives(secret: str, before: str, after: str, encoding: str) -> None:
    encoded = ALL_ENCODINGS[encoding](secret)
    echo = (before + encoded + after).encode()
    masked = redactor(secret)

    pieces = MASK.split(masked.known(echo))

    if secret in "[masked:":
        return
    needle = encoded if "offset" not in encoding else secret
    assert all(needle.encode() not in piece for piece in pieces)
    assert masked.finds(echo)


@given(content=st.binary(max_size=500), grant=st.booleans(), form=st.booleans())
def test_any_bytes_are_masked_without_error(content: bytes, *, grant: bool, form: bool) -> None:
    redactor(SECRET).body(content, grant=grant, form=form)


@pytest.mark.parametrize("size", [1, 3, 7, 64, 1000])
def test_value_that_pieces_share_is_masked(size: int) -> None:
    value = b"canary/7f3a9c51"
    known = Redactor([Secret(value.decode())], lambda _: "0" * 8)
    encoded = base64.b64encode(value)
    whole = b"a %b, %b and canary%%2F7f3a9c51 in one body" % (value, encoded) * 3
    mask = PieceMask(known)

    pieces = [mask.take(whole[start : start + size]) for start in range(0, len(whole), size)]
    passed = b"".join(pieces) + mask.rest()

    assert b"7f3a9c51" not in passed
    assert encoded[:8] not in passed
    assert passed.endswith(b" in one body")
