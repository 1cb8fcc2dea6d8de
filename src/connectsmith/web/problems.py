"""What a page says when something did not work: what happened, to what, and what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import structlog

from connectsmith.errors import ConnectsmithError, Fault

logger = structlog.get_logger("connectsmith.web")

_STATUS_OF_FAULT: Final = {
    Fault.DEFINITION: HTTPStatus.UNPROCESSABLE_ENTITY,
    Fault.CALLER: HTTPStatus.BAD_REQUEST,
    Fault.ACCESS: HTTPStatus.FORBIDDEN,
    Fault.CREDENTIALS: HTTPStatus.CONFLICT,
    Fault.REMOTE: HTTPStatus.BAD_GATEWAY,
    Fault.NETWORK: HTTPStatus.GATEWAY_TIMEOUT,
    Fault.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Fault.OURS: HTTPStatus.INTERNAL_SERVER_ERROR,
}
_STATUS_OF_CODE: Final = {
    "not_found": HTTPStatus.NOT_FOUND,
    "link_ended": HTTPStatus.GONE,
    "conflict": HTTPStatus.CONFLICT,
    "name_taken": HTTPStatus.CONFLICT,
    "connector_in_use": HTTPStatus.CONFLICT,
    "version_conflict": HTTPStatus.CONFLICT,
    "body_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "too_many": HTTPStatus.TOO_MANY_REQUESTS,
    "too_many_attempts": HTTPStatus.TOO_MANY_REQUESTS,
    "media_type_unsupported": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "method_not_allowed": HTTPStatus.METHOD_NOT_ALLOWED,
    "sign_in_refused": HTTPStatus.UNPROCESSABLE_ENTITY,
    "field_invalid": HTTPStatus.UNPROCESSABLE_ENTITY,
}
_TITLES: Final = {
    "not_found": "There is nothing here",
    "link_ended": "This link no longer works",
    "cross_site_request": "This was not done",
    "version_conflict": "Somebody else changed it",
    "connector_in_use": "This connector is in use",
    "too_many": "Too much at once",
    "too_many_attempts": "Too many attempts",
    "method_not_allowed": "There is nothing here",
    "storage_busy": "The database is busy",
    "storage_full": "The disk is full",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, as pages and notices show it."""

    title: str
    message: str
    code: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)


def status_of(error: ConnectsmithError) -> int:
    """Return the HTTP status of an error on a page."""
    return _STATUS_OF_CODE.get(error.code, _STATUS_OF_FAULT[error.fault])


def failed(error: ConnectsmithError) -> Problem:
    """Return what a page says about an error; a bug is logged, and said to be one."""
    if error.fault is Fault.OURS:
        logger.error("page_failed", code=error.code, message=error.message)
    wait = getattr(error, "retry_after_seconds", None)
    return Problem(
        title=_TITLES.get(error.code, "This did not work"),
        message=error.message,
        code=error.code,
        status=status_of(error),
        headers={} if wait is None else {"Retry-After": str(max(1, round(wait)))},
    )
