"""A transcript as pages show it: every text stays text, whatever a service sent."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Literal

from connectsmith.core.result.content import parse_json
from connectsmith.core.result.curl import curl_command

HEX_BYTES: Final = 512
HEX_LINE: Final = 16
_IMAGES: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)
_PURPOSES: Final = {
    "action": "Call",
    "auth_test": "Test of the sign-in",
    "token": "Token request",
    "revocation": "Revocation",
    "refresh": "Renewal of the access token",
}
BodyKind = Literal["none", "unkept", "json", "text", "image", "hex"]


@dataclass(frozen=True, slots=True)
class BodyView:
    """A body: `text` is what is shown of it."""

    kind: BodyKind
    size: int
    text: str = ""
    cut: bool = False
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class MessageView:
    """A request or an answer."""

    line: str
    headers: Sequence[tuple[str, str]]
    body: BodyView
    note: str = ""


@dataclass(frozen=True, slots=True)
class StepView:
    """One request and what came of it."""

    number: int
    title: str
    request: MessageView | None
    response: MessageView | None
    failure: str | None
    timing: str
    curl: str
    good: bool


@dataclass(frozen=True, slots=True)
class ExchangeView:
    """All steps of one call, with its id."""

    call: str
    steps: Sequence[StepView]
    has_body: bool
    message: str | None = None


def exchange_view(call: str, transcript: Mapping[str, Any]) -> ExchangeView:
    """Return what a page shows of a transcript."""
    steps = [_step(number, each) for number, each in enumerate(transcript["steps"])]
    last = steps[-1].response if steps else None
    return ExchangeView(
        call=call,
        steps=steps,
        has_body=last is not None and last.body.kind not in ("none", "unkept"),
        message=transcript.get("message"),
    )


def image_type(content: bytes) -> str | None:
    """Return the media type of an image that pages show, by its first bytes; never SVG."""
    for magic, media_type in _IMAGES:
        if content.startswith(magic):
            return media_type
    return "image/webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else None


def body_bytes(step: Mapping[str, Any]) -> bytes:
    """Return the answer's body as a step keeps it."""
    body = (step.get("response") or {}).get("body") or {}
    content = body.get("content") or ""
    if body.get("encoding") == "base64":
        return base64.b64decode(content)
    return bytes(content.encode("utf-8", "replace"))


def _step(number: int, step: Mapping[str, Any]) -> StepView:
    request, response, failure = step["request"], step["response"], step["failure"]
    return StepView(
        number=number,
        title=_PURPOSES.get(step["purpose"], step["purpose"]),
        request=_request(request) if request else None,
        response=_response(response) if response else None,
        failure=failure["message"] if failure else None,
        timing=_timing(response) if response else "",
        curl=curl_command(request) if request else "",
        good=failure is None and (response is None or response["status"] < HTTPStatus.BAD_REQUEST),
    )


def _request(request: Mapping[str, Any]) -> MessageView:
    headers = [(str(name), str(value)) for name, value in request["headers"]]
    return MessageView(
        f"{request['method']} {request['url']}", headers, _body(request["body"], headers)
    )


def _response(response: Mapping[str, Any]) -> MessageView:
    headers = [(str(name), str(value)) for name, value in response["headers"]]
    note = f"It came from {response['url']}, after redirects." if response["url"] else ""
    if response["truncated"]:
        note = f"{note} It was longer than is read, and was cut off.".strip()
    line = f"{response['status']} {_phrase(response['status'])}".strip()
    return MessageView(line, headers, _body(response["body"], headers), note)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _timing(response: Mapping[str, Any]) -> str:
    first, total = response["first_byte_ms"], response["total_ms"]
    return f"first byte after {first:,.0f} ms, all after {total:,.0f} ms"


def _body(body: Mapping[str, Any], headers: Sequence[tuple[str, str]]) -> BodyView:
    size, cut = int(body["size"]), bool(body["cut"])
    media = next((value for name, value in headers if name.lower() == "content-type"), "")
    if not size:
        return BodyView("none", 0)
    if body["content"] is None:
        return BodyView("unkept", size)
    if body["encoding"] == "base64":
        return _binary(body["content"], size, cut=cut, media=media)
    pretty = None if cut else _pretty(body["content"])
    kind: BodyKind = "text" if pretty is None else "json"
    return BodyView(kind, size, body["content"] if pretty is None else pretty, cut, media)


def _binary(content: str, size: int, *, cut: bool, media: str) -> BodyView:
    try:
        raw = base64.b64decode(content)
    except binascii.Error:
        raw = b""
    if not cut and image_type(raw) is not None:
        return BodyView("image", size, "", cut, image_type(raw) or "")
    return BodyView("hex", size, _hex(raw[:HEX_BYTES]), cut or len(raw) > HEX_BYTES, media)


def _pretty(text: str) -> str | None:
    """Return JSON with its lines indented; None for what is none."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.dumps(parse_json(text.encode()), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return None


def _hex(content: bytes) -> str:
    """Return bytes as offset, hexadecimal digits and what can be read of them."""
    lines = []
    for start in range(0, len(content), HEX_LINE):
        part = content[start : start + HEX_LINE]
        read = "".join(each if each.isprintable() else "." for each in part.decode("latin-1"))
        read = "".join(each if each.isascii() else "." for each in read)
        lines.append(f"{start:08x}  {part.hex(' '):<{HEX_LINE * 3 - 1}}  {read}")
    return "\n".join(lines)
