"""OAuth's wire forms as the sandbox speaks them: parameters in, errors out (RFC 6749)."""

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

BODY_LIMIT = 64 * 1024
NOT_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class ProtocolError(Exception):
    """An error answer of RFC 6749 section 5.2 or 4.1.2.1, in the server's own words."""

    def __init__(self, code: str, description: str, *, status: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.status = status


def read_parameters(encoded: str) -> dict[str, str]:
    """Return form-encoded parameters; those without a value count as absent (RFC 6749 section 3.1).

    Raises:
        ProtocolError: One is there twice, or the text is not UTF-8 behind its percent signs.
    """
    try:
        pairs = parse_qsl(encoded, encoding="utf-8", errors="strict", max_num_fields=100)
    except ValueError:
        raise ProtocolError(
            "invalid_request", "The parameters are not form-encoded UTF-8."
        ) from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise ProtocolError("invalid_request", f"The parameter {name} is there twice.")
        found[name] = value
    return found


async def read_body(request: Request) -> bytes:
    """Return the body, or raise `ProtocolError` when it is over the limit."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise ProtocolError("invalid_request", "The body is too large.", status=413)
    return bytes(body)


async def read_form(request: Request) -> dict[str, str]:
    """Return the parameters of a form-encoded body."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        raise ProtocolError(
            "invalid_request", "The body must be application/x-www-form-urlencoded."
        )
    try:
        return read_parameters((await read_body(request)).decode("ascii"))
    except UnicodeDecodeError:
        raise ProtocolError("invalid_request", "The body is not form-encoded ASCII.") from None


def token_answer(members: Mapping[str, object]) -> Response:
    """Return a successful answer of the token endpoint (RFC 6749 section 5.1)."""
    return JSONResponse(dict(members), headers=NOT_STORED)


def error_answer(error: ProtocolError) -> Response:
    """Return an error answer of the token endpoint (RFC 6749 section 5.2)."""
    headers = dict(NOT_STORED)
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Basic realm="sandbox"'
    members = {"error": error.code, "error_description": error.description}
    return JSONResponse(members, status_code=error.status, headers=headers)
