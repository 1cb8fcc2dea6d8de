import pytest

from connectsmith.core.result.media_type import decode, read_media_type


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("application/json", "json"),
        ("application/vnd.api+json; charset=utf-8", "json"),
        ("APPLICATION/PROBLEM+JSON", "json"),
        ("application/x-ndjson", "text"),
        ("text/html; charset=latin-1", "text"),
        ("application/atom+xml", "text"),
        ("application/x-www-form-urlencoded", "text"),
        ("image/png", "bytes"),
        ("application/octet-stream", "bytes"),
        ("nonsense", "bytes"),
        (None, "bytes"),
    ],
)
def test_a_header_says_json_text_or_bytes(header: str | None, kind: str) -> None:
    media = read_media_type(header)

    assert (media.is_json, media.is_text) == (kind == "json", kind == "text")


@pytest.mark.parametrize(
    ("header", "charset"),
    [
        ('text/plain; charset="ISO-8859-1"', "iso8859-1"),
        ("text/plain;charset=windows-1252", "cp1252"),
        ("text/plain; charset=rot13", None),
        ("text/plain; charset=idna", None),
        ("text/plain; charset=unheard-of", None),
        ("text/plain", None),
    ],
)
def test_only_charsets_of_text_count(header: str, charset: str | None) -> None:
    assert read_media_type(header).charset == charset


def test_utf_8_goes_before_a_wrong_label() -> None:
    assert decode("Köln".encode(), "iso8859-1") == "Köln"
    assert decode("Köln".encode("latin-1"), "iso8859-1") == "Köln"
    assert decode(b"K\xf6ln", None) == "K\ufffdln"
    assert decode(b"\xef\xbb\xbfa", None) == "a"
