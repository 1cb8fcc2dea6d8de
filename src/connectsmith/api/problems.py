"""Errors as RFC 9457 problem documents; the one table from faults and codes to HTTP status."""

import json
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

import structlog
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from connectsmith.errors import (
    AccessError,
    BodyTooLarge,
    BodyUnreadable,
    Bug,
    CallerError,
    ConnectsmithError,
    Fault,
    MethodNotAllowed,
    NotFound,
)

STATUS_OF_FAULT: Mapping[Fault, int] = {
    Fault.DEFINITION: 422,
    Fault.CALLER: 400,
    Fault.ACCESS: 403,
    Fault.CREDENTIALS: 409,
    Fault.REMOTE: 502,
    Fault.NETWORK: 504,
    Fault.UNAVAILABLE: 503,
    Fault.OURS: 500,
}

STATUS_OF_CODE: Mapping[str, int] = {
    "api_token_required": 401,
    "not_found": 404,
    "method_not_allowed": 405,
    "conflict": 409,
    "name_taken": 409,
    "connector_in_use": 409,
    "connection_not_usable": 409,
    "authorization_ended": 409,
    "authorization_waiting": 409,
    "choice_needed": 409,
    "completion_refused": 409,
    "other_account": 409,
    "idempotency_mismatch": 409,
    "version_conflict": 412,
    "body_too_large": 413,
    "media_type_unsupported": 415,
    "host_unknown": 421,
    "precondition_required": 428,
    "too_many": 429,
}
"""Where a code says more than its fault."""

REFUSALS: Mapping[int, tuple[type[ConnectsmithError], str]] = {
    400: (BodyUnreadable, "The request's body could not be read as JSON."),
    404: (NotFound, "Nothing has this address: it is mistyped, or what it led to was deleted."),
    405: (MethodNotAllowed, "This address does not take that method."),
    413: (BodyTooLarge, "The request's body is too large."),
}
"""What the framework itself refuses, in our words."""

MEDIA_TYPE = "application/problem+json"
logger = structlog.get_logger("connectsmith.api")


def status_of(error: ConnectsmithError) -> int:
    """Return the HTTP status of an error."""
    return STATUS_OF_CODE.get(error.code, STATUS_OF_FAULT[error.fault])


def problem_json(error: ConnectsmithError) -> dict[str, object]:
    """Return the members of a problem document."""
    status = status_of(error)
    return {
        **error.details,
        "type": f"urn:connectsmith:error:{error.code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": error.code,
        "fault": error.fault.value,
        "detail": error.message,
        "place": error.place,
    }


def problem(error: ConnectsmithError) -> Response:
    """Return a problem document as a response."""
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    retry_after = getattr(error, "retry_after_seconds", None)
    if retry_after is not None and not isinstance(error, AccessError):
        headers["Retry-After"] = str(max(1, round(retry_after)))
    if error.code == "api_token_required":
        headers["WWW-Authenticate"] = "Bearer"
    return Response(
        json.dumps(problem_json(error), ensure_ascii=False),
        status_code=status_of(error),
        media_type=MEDIA_TYPE,
        headers=headers,
    )


Answer = Callable[[Request, Exception], Awaitable[ConnectsmithError]]
ProblemPage = Callable[[Request, ConnectsmithError], Response]
"""What makes a page of an error."""


def for_readers(
    meaning: Answer, page: ProblemPage | None
) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Answer with a problem document, or with a page where a person asked for one."""

    async def answer(request: Request, error: Exception) -> Response:
        known = await meaning(request, error)
        if page is None or not _is_for_a_person(request):
            return problem(known)
        return page(request, known)

    return answer


def _is_for_a_person(request: Request) -> bool:
    accepted = request.headers.get("accept", "")
    return "text/html" in accepted and not request.url.path.startswith("/v1/")


async def on_known(_: Request, error: Exception) -> ConnectsmithError:
    """Answer one of our own errors."""
    if not isinstance(error, ConnectsmithError):
        return await on_unknown(_, error)
    if error.fault is Fault.OURS:
        logger.error("request_failed", code=error.code, message=error.message)
    return error


async def on_unknown(_: Request, error: Exception) -> ConnectsmithError:
    """Answer a bug: a correlation id for whoever asks, the class of the error in our log."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
    logger.error("request_broke", kind=type(error).__name__, at=place)
    return Bug("Something broke on our side. The server's log says where.")


async def on_invalid(_: Request, error: Exception) -> Response:
    """Answer a body or parameter that is not of the documented shape; never echo its values."""
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    if any(each["type"] == "json_invalid" for each in faults):
        return problem(BodyUnreadable("The request's body is not valid JSON."))
    places = [_place(each["loc"]) for each in faults]
    wrong = "; ".join(
        f"{place or 'the body'}: {each['msg']}" for place, each in zip(places, faults, strict=True)
    )
    return problem(
        CallerError(
            f"The request is not of the documented shape: {wrong}.",
            place=places[0] if places else None,
        )
    )


def _place(location: tuple[int | str, ...]) -> str:
    return "/".join(["", *(str(each) for each in location[1:])])


async def on_http(_: Request, error: Exception) -> ConnectsmithError:
    """Answer what the framework refuses: unknown addresses, methods, bodies."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    kind, message = REFUSALS.get(status, (Bug, "Something broke on our side."))
    return kind(message)
