import base64
from typing import Any

import pytest

from connectsmith.web.exchange_view import body_bytes, exchange_view, image_type


def step(content: str | None, *, encoding: str = "text", **more: Any) -> dict[str, Any]:
    body = {"size": more.pop("size", 9), "content": content, "encoding": encoding, "cut": False}
    response = {
        "status": 200,
        "url": None,
        "headers": [["Content-Type", "application/json"]],
        "body": body | more,
        "truncated": False,
        "first_byte_ms": 1.2,
        "total_ms": 1234.5,
    }
    request = {
        "method": "GET",
        "url": "https://api.example.com/me",
        "headers": [],
        "body": {"size": 0, "content": None, "encoding": "text", "cut": False},
    }
    return {"purpose": "action", "request": request, "response": response, "failure": None}


def shown(content: str | None, **more: Any) -> Any:
    view = exchange_view("cal_a", {"steps": [step(content, **more)]})
    assert view.steps[0].response is not None
    return view.steps[0].response.body


def test_json_is_indented_and_anything_else_is_text() -> None:
    pretty, plain, broken = shown('{"a":[1]}'), shown("hello"), shown('{"a":')

    assert (pretty.kind, pretty.text) == ("json", '{\n  "a": [\n    1\n  ]\n}')
    assert (plain.kind, plain.text) == ("text", "hello")
    assert (broken.kind, broken.text) == ("text", '{"a":')


def test_part_of_json_is_shown_as_it_came() -> None:
    body = shown('{"a":1}', cut=True)

    assert (body.kind, body.text, body.cut) == ("text", '{"a":1}', True)


def test_bytes_are_hexadecimal_with_what_can_be_read_of_them() -> None:
    body = shown(base64.b64encode(b"\x00\x01AB\xff").decode(), encoding="base64")

    assert body.kind == "hex"
    assert body.text.startswith("00000000  00 01 41 42 ff")
    assert body.text.endswith("..AB.")


def test_bodies_that_are_none_or_were_not_kept_are_told_apart() -> None:
    assert shown(None, size=0).kind == "none"
    assert shown(None, size=5).kind == "unkept"


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\n...", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBP", "image/webp"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (b"", None),
    ],
)
def test_only_raster_images_are_images(content: bytes, media_type: str | None) -> None:
    assert image_type(content) == media_type


def test_line_and_timing_say_what_was_asked_and_how_long_it_took() -> None:
    (only,) = exchange_view("cal_a", {"steps": [step("{}")]}).steps

    assert only.request is not None
    assert only.response is not None
    assert (only.title, only.request.line) == ("Call", "GET https://api.example.com/me")
    assert only.response.line == "200 OK"
    assert only.timing == "first byte after 1 ms, all after 1,234 ms"
    assert only.curl.startswith("curl --request GET")


def test_kept_body_is_returned_byte_by_byte() -> None:
    binary = step(base64.b64encode(b"\xff\x00").decode(), encoding="base64")

    assert body_bytes(binary) == b"\xff\x00"
    assert body_bytes(step("é")) == "é".encode()
    assert body_bytes({"response": None}) == b""
