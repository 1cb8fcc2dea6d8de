"""Refusals of a token endpoint: whose fault they are, in the server's own words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from connectsmith.core.authorization.client import OAuthClient
from connectsmith.core.authorization.token_answer import (
    ABSENT,
    find,
    matches,
    read_body,
    scalar_text,
)
from connectsmith.core.authorization.words import one_line
from connectsmith.core.definition.model import ErrorTest, TokenResponse
from connectsmith.core.message import Carried, HttpRequest, HttpResponse
from connectsmith.core.secret.redaction import Redactor
from connectsmith.errors import (
    AuthorizationRequestRejected,
    ClientRejected,
    ConnectsmithError,
    GrantRejected,
    RemoteError,
    TokenAnswerInvalid,
    TokenEndpointBusy,
    TokenEndpointRedirected,
)

LONGEST_CODE: Final = 64
LONGEST_WAIT: Final = 3600.0
"""Seconds that a `Retry-After` may ask for."""

_BUSY: Final = frozenset({408, 425, 429})

KINDS: Final[Mapping[str, type[ConnectsmithError]]] = {
    # RFC 6749 section 5.2
    "invalid_grant": GrantRejected,
    "invalid_client": ClientRejected,
    "unauthorized_client": ClientRejected,
    "invalid_request": AuthorizationRequestRejected,
    "invalid_scope": AuthorizationRequestRejected,
    "unsupported_grant_type": AuthorizationRequestRejected,
    # RFC 8707 section 2
    "invalid_target": AuthorizationRequestRejected,
    # what services say instead: GitHub, Slack, Google, Facebook's descendants
    "bad_verification_code": GrantRejected,
    "bad_refresh_token": GrantRejected,
    "invalid_refresh_token": GrantRejected,
    "invalid_code": GrantRejected,
    "code_already_used": GrantRejected,
    "token_revoked": GrantRejected,
    "incorrect_client_credentials": ClientRejected,
    "invalid_client_id": ClientRejected,
    "bad_client_secret": ClientRejected,
    "redirect_uri_mismatch": AuthorizationRequestRejected,
    "bad_redirect_uri": AuthorizationRequestRejected,
    # RFC 6749 section 4.1.2.1, which some send from here too
    "server_error": TokenEndpointBusy,
    "temporarily_unavailable": TokenEndpointBusy,
    "slow_down": TokenEndpointBusy,
}

_WHAT_TO_DO: Final[Mapping[type[ConnectsmithError], str]] = {
    GrantRejected: "The connection's owner must authorize again.",
    ClientRejected: "Check the client id, the client secret and clientAuth.",
    AuthorizationRequestRejected: "Check scope, callback URL and parameters of the definition.",
    TokenEndpointBusy: "It is tried again later.",
    TokenAnswerInvalid: "Check the tokenURL and tokenRequest of the definition.",
}


def accepted_body(
    client: OAuthClient, response: HttpResponse, *, received_at: datetime, sent: HttpRequest
) -> Any:
    """Return what an endpoint beside the token endpoint answers, where refusals are the same.

    Raises:
        ClientRejected, AuthorizationRequestRejected, TokenEndpointBusy: refused.
        TokenAnswerInvalid: it cannot be read.
    """
    check_status(response, received_at)
    body = read_body(response, "auto")
    refusal = refusal_of(
        body,
        response,
        client.exchange.answer,
        received_at=received_at,
        carried=sent.carries,
        refreshing=False,
    )
    if refusal:
        raise refusal
    return body


def check_status(response: HttpResponse, received_at: datetime) -> None:
    """Raise for statuses whose body does not matter.

    Raises:
        TokenEndpointRedirected, TokenEndpointBusy: 3xx; 429, 5xx and their like.
    """
    status = response.status
    if status in range(300, 400):
        raise TokenEndpointRedirected(
            f"The token endpoint answered {status} and wants to send the request elsewhere. That "
            "is never followed, as it holds credentials: write the right address as tokenURL.",
            place="/auth_components/tokenURL",
            details={"status": status},
        )
    if status in _BUSY or status >= 500:  # noqa: PLR2004 - RFC 9110 section 15.6
        raise _waiting(
            TokenEndpointBusy(
                f"The token endpoint answered {status}; it is tried again later.",
                details={"status": status},
            ),
            response,
            received_at,
        )


def refusal_of(
    body: Any,
    response: HttpResponse,
    answer: TokenResponse,
    *,
    received_at: datetime,
    carried: Sequence[Carried],
    refreshing: bool,
) -> ConnectsmithError | None:
    """Return the error that an answer stands for; None when it is a grant."""
    error = _code(body, answer)
    if error is None and response.status in range(200, 300):
        return None
    echoes = Redactor((each.value for each in carried), lambda _: "sent")
    code = one_line(echoes.text(error or ""), LONGEST_CODE)
    description = one_line(echoes.text(_description(body, answer)))
    kind = _kind(code, description, response.status, refreshing=refreshing)
    said = (code, description.rstrip("."))
    words = ": ".join(each for each in said if each) or f"{response.status}"
    refusal = kind(
        f"The token endpoint refused ({words}). {_WHAT_TO_DO[kind]}",
        details={"status": response.status, "error": code, "description": description},
    )
    return _waiting(refusal, response, received_at)


def _code(body: Any, answer: TokenResponse) -> str | None:
    """Return the error's code, None when there is no error, "" when it has none."""
    if isinstance(answer.error, ErrorTest):
        if not matches(answer.error, body):
            return None
        found = find(body, "/error")
    else:
        found = find(body, answer.error)
        if found is ABSENT or not found:
            return None
    if isinstance(found, dict):
        found = found.get("type") or found.get("code") or found.get("status") or ""
    return scalar_text(found) or ""


def _description(body: Any, answer: TokenResponse) -> str:
    """Return what the server says, also where it says it in places of its own."""
    for pointer in (answer.error_description, "/error/message", "/message", "/detail"):
        text = scalar_text(find(body, pointer))
        if text:
            return text
    return ""


def _kind(code: str, description: str, status: int, *, refreshing: bool) -> type[ConnectsmithError]:
    kind = KINDS.get(code.lower())
    if kind is GrantRejected and not refreshing and "redirect" in description.lower():
        return AuthorizationRequestRejected  # RFC 6749 section 5.2 calls that invalid_grant too
    if kind is None and status == 401:  # noqa: PLR2004 - RFC 6749 section 5.2: the client failed
        return ClientRejected
    return kind or TokenAnswerInvalid


def _waiting(
    error: ConnectsmithError, response: HttpResponse, received_at: datetime
) -> ConnectsmithError:
    if isinstance(error, RemoteError):
        error.retry_after_seconds = retry_after(response, received_at)
    return error


def retry_after(response: HttpResponse, received_at: datetime) -> float | None:
    """Return the seconds that `Retry-After` asks for (RFC 9110 section 10.2.3), up to an hour."""
    written = (response.header("retry-after") or "").strip()
    if written.isascii() and written.isdigit():
        return min(float(written[:9]), LONGEST_WAIT)
    try:
        seconds = (parsedate_to_datetime(written) - received_at).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)
