"""What was sent and received, masked when it is captured: a transcript never holds a credential.

Masking is by place first and by known value second (`core.secret.redaction`, which says what it
cannot catch); nothing unmasked is ever in a `Step`.
"""

import base64
from dataclasses import dataclass, field
from typing import Any, Final

from connectsmith.core.message import Headers, HttpRequest, HttpResponse, Purpose, Timings
from connectsmith.core.result.media_type import decode, read_media_type
from connectsmith.core.secret.redaction import Redactor
from connectsmith.errors import ConnectsmithError
from connectsmith.values import value_class

PREVIEW: Final = 256 * 1024
"""Bytes of a body that are kept, after masking."""
_GRANTS: Final = frozenset({Purpose.TOKEN, Purpose.REVOCATION})
_REFUSED: Final = 400


@value_class(frozen=True, slots=True)
class Preview:
    """A masked body, or its beginning; None for one that was not kept.

    `size` counts the bytes that were sent or read. Bytes that are no text are in base64.
    """

    size: int
    content: str | None = field(default=None, repr=False)
    encoding: str = "text"
    cut: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return it as transcripts show it."""
        return {
            "size": self.size,
            "content": self.content,
            "encoding": self.encoding,
            "cut": self.cut,
        }


@value_class(frozen=True, slots=True)
class Sent:
    """A request, masked."""

    method: str
    url: str
    headers: Headers
    body: Preview

    def to_json(self) -> dict[str, Any]:
        """Return it as transcripts show it."""
        return {
            "method": self.method,
            "url": self.url,
            "headers": [list(each) for each in self.headers],
            "body": self.body.to_json(),
        }


@value_class(frozen=True, slots=True)
class Received:
    """An answer, masked. `url` is where it came from, if redirects led elsewhere."""

    status: int
    headers: Headers
    body: Preview
    truncated: bool
    timings: Timings
    url: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as transcripts show it; times in milliseconds."""
        return {
            "status": self.status,
            "url": self.url,
            "headers": [list(each) for each in self.headers],
            "body": self.body.to_json(),
            "truncated": self.truncated,
            "first_byte_ms": round(self.timings.first_byte.total_seconds() * 1000, 3),
            "total_ms": round(self.timings.total.total_seconds() * 1000, 3),
        }


@dataclass(frozen=True, slots=True)
class Failed:
    """Why there was no answer."""

    code: str
    message: str

    def to_json(self) -> dict[str, Any]:
        """Return it as transcripts show it."""
        return {"code": self.code, "message": self.message}


@value_class(frozen=True, slots=True)
class Step:
    """One request with what came of it.

    `purpose` is that of the request, or `refresh` for a step without one: the access token was
    renewed, or could not be.
    """

    purpose: str
    sent: Sent | None = None
    received: Received | None = None
    failed: Failed | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as transcripts show it."""
        return {
            "purpose": self.purpose,
            "request": self.sent.to_json() if self.sent else None,
            "response": self.received.to_json() if self.received else None,
            "failure": self.failed.to_json() if self.failed else None,
        }


@value_class(frozen=True, slots=True)
class Transcript:
    """All steps of one call or authorization, in order."""

    steps: tuple[Step, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as it is stored and shown: JSON values only."""
        return {"steps": [step.to_json() for step in self.steps]}


def capture(
    request: HttpRequest,
    ending: HttpResponse | ConnectsmithError,
    redactor: Redactor,
    *,
    whole: bool,
) -> Step:
    """Return one step, masked. `whole` keeps the bodies; otherwise their sizes only."""
    grant = request.purpose in _GRANTS
    sent = Sent(
        method=request.method,
        url=redactor.url(request.url),
        headers=redactor.headers(request.headers),
        body=_sent_body(request, redactor, grant=grant, whole=whole),
    )
    if isinstance(ending, ConnectsmithError):
        return Step(request.purpose.value, sent, failed=failure(ending, redactor))
    return Step(
        request.purpose.value, sent, _received(request, ending, redactor, grant=grant, whole=whole)
    )


def refreshed(error: ConnectsmithError | None, redactor: Redactor) -> Step:
    """Return the step that says a refresh was asked for, and why it failed if it did."""
    return Step("refresh", failed=failure(error, redactor) if error else None)


def failure(error: ConnectsmithError, redactor: Redactor) -> Failed:
    """Return an error as a step's ending."""
    return Failed(error.code, redactor.text(error.message))


def _received(
    request: HttpRequest, response: HttpResponse, redactor: Redactor, *, grant: bool, whole: bool
) -> Received:
    moved = response.url and response.url != request.url
    return Received(
        status=response.status,
        headers=redactor.headers(response.headers),
        body=_received_body(response, redactor, grant=grant, whole=whole),
        truncated=response.truncated,
        timings=response.timings,
        url=redactor.url(response.url) if moved else None,
    )


def _sent_body(request: HttpRequest, redactor: Redactor, *, grant: bool, whole: bool) -> Preview:
    if not whole or not request.body:
        return Preview(len(request.body))
    header = next((text for name, text in request.headers if name.lower() == "content-type"), None)
    return _preview(request.body, header, redactor, grant=grant, unfinished=False)


def _received_body(
    response: HttpResponse, redactor: Redactor, *, grant: bool, whole: bool
) -> Preview:
    if not whole or not response.body:
        return Preview(len(response.body))
    if grant and response.status < _REFUSED and _may_be_token(response.body):
        return Preview(len(response.body), redactor.mask(response.body.strip()))
    header = response.header("content-type")
    return _preview(response.body, header, redactor, grant=grant, unfinished=response.truncated)


def _may_be_token(body: bytes) -> bool:
    """Tell whether a good token answer is neither JSON, form nor page: then it is the token."""
    return body.lstrip()[:1] not in {b"{", b"[", b"<"} and b"=" not in body.rstrip(b"= \r\n")


def _preview(
    content: bytes, header: str | None, redactor: Redactor, *, grant: bool, unfinished: bool
) -> Preview:
    """Mask, then cut: a value that the cut would halve is masked, or cut off with what is near."""
    media = read_media_type(header)
    margin = redactor.margin
    part = content[: PREVIEW + margin]
    masked = redactor.body(part, grant=grant, form=media.essence.endswith("form-urlencoded"))
    if unfinished or len(part) < len(content):
        masked = masked[: max(0, len(masked) - margin)]
    kept = masked[:PREVIEW]
    text = _as_text(kept, media.charset)
    cut = unfinished or len(kept) < len(masked) or len(part) < len(content)
    if text is None:
        return Preview(len(content), base64.b64encode(kept).decode(), "base64", cut)
    return Preview(len(content), text, "text", cut)


def _as_text(content: bytes, charset: str | None) -> str | None:
    """Return bytes as text if they are text; a character halved by the cut is dropped."""
    if b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        if error.start >= len(content) - 3:
            return content[: error.start].decode()
    return decode(content, charset) if charset else None
