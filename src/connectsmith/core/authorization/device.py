"""The device grant (RFC 8628): somebody types a short code elsewhere, and we ask meanwhile."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final

from connectsmith.core.authorization.client import OAuthClient
from connectsmith.core.authorization.grant import token_request
from connectsmith.core.authorization.token_answer import find, lifetime_of, read_body, scalar_text
from connectsmith.core.authorization.token_error import accepted_body
from connectsmith.core.authorization.token_set import TokenSet, read_token_answer
from connectsmith.core.authorization.values import Values
from connectsmith.core.definition.model import ErrorTest
from connectsmith.core.message import Carried, HttpRequest, HttpResponse
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import (
    AuthorizationEnded,
    Bug,
    ConsentDenied,
    TokenAnswerInvalid,
)

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:device_code"
INTERVAL: Final = timedelta(seconds=5)
"""Between polls, when the server does not say (RFC 8628 section 3.2)."""
SLOWER: Final = timedelta(seconds=5)
"""What `slow_down` adds, for this and all following polls (RFC 8628 section 3.5)."""
LONGEST_INTERVAL: Final = timedelta(minutes=5)
LIFETIME: Final = timedelta(minutes=10)
"""Of a code whose server does not say."""

_USER_CODE = re.compile(r"[ -~]{1,64}")
_LINK = re.compile(r"https?://[!#-;=?-\[\]_a-z~]{1,500}")


class Poll(Enum):
    """What a poll brought, when no tokens."""

    PENDING = "authorization_pending"
    SLOW_DOWN = "slow_down"


@dataclass(frozen=True, slots=True)
class DeviceGrant:
    """What a device authorization endpoint gives (RFC 8628 section 3.2).

    `complete` is the address with the code in it: to be shown or offered, never opened unasked, as
    whoever opens it approves what somebody else may have begun.
    """

    device_code: Secret
    user_code: str
    verification_uri: str
    complete: str | None
    lifetime: timedelta
    interval: timedelta


def device_request(client: OAuthClient, *, values: Values) -> HttpRequest:
    """Write the request for a pair of codes (RFC 8628 section 3.1)."""
    if client.device is None:
        raise Bug("A client without a device authorization endpoint was asked for codes.")
    ours = {"scope": (Secret(client.scope),)}
    return token_request(client, client.device, ours, [], values=values)


def read_device_answer(
    client: OAuthClient, response: HttpResponse, *, received_at: datetime, sent: HttpRequest
) -> DeviceGrant:
    """Read the pair of codes; addresses and code are a stranger's words, and plain text.

    Raises:
        ClientRejected, AuthorizationRequestRejected, TokenEndpointBusy: refused.
        TokenAnswerInvalid: no such answer.
    """
    body = accepted_body(client, response, received_at=received_at, sent=sent)
    device_code, user_code = _text(body, "/device_code"), _text(body, "/user_code")
    address = _text(body, "/verification_uri") or _text(body, "/verification_url")
    complete = _text(body, "/verification_uri_complete")
    if not device_code or not _USER_CODE.fullmatch(user_code) or not _LINK.fullmatch(address):
        raise TokenAnswerInvalid(
            "The device authorization endpoint answered without a code, or without an address at "
            "which somebody could type it.",
            place="/auth_components/deviceAuthorizationURL",
        )
    interval = lifetime_of(find(body, "/interval"), "s") or INTERVAL
    return DeviceGrant(
        device_code=Secret(device_code),
        user_code=user_code,
        verification_uri=address,
        complete=complete if _LINK.fullmatch(complete) else None,
        lifetime=lifetime_of(find(body, "/expires_in"), "s") or LIFETIME,
        interval=min(max(interval, timedelta(seconds=1)), LONGEST_INTERVAL),
    )


def poll_request(client: OAuthClient, *, device_code: Secret, values: Values) -> HttpRequest:
    """Write the request that asks whether somebody said yes (RFC 8628 section 3.4)."""
    ours = {"grant_type": (Secret(GRANT_TYPE),), "device_code": (device_code,)}
    held = [Carried("the device code", device_code, values.destinations)]
    return token_request(client, client.exchange, ours, held, values=values)


def read_poll(
    client: OAuthClient, response: HttpResponse, *, received_at: datetime, sent: HttpRequest
) -> TokenSet | Poll:
    """Read the answer to a poll (RFC 8628 section 3.5).

    Raises:
        ConsentDenied: somebody said no.
        AuthorizationEnded: nobody said anything in time.
        And what `read_token_answer` raises.
    """
    match _code(client, response):
        case "authorization_pending":
            return Poll.PENDING
        case "slow_down":
            return Poll.SLOW_DOWN
        case "access_denied" | "authorization_declined":
            raise ConsentDenied("Access was not granted. Start again to ask once more.")
        case "expired_token" | "code_expired":
            raise AuthorizationEnded("The code ran out before anybody typed it. Start again.")
        case _:
            return read_token_answer(
                client, response, received_at=received_at, refreshing=None, sent=sent
            )


def slower(interval: timedelta, poll: Poll | None) -> timedelta:
    """Return the pause after a poll: five seconds more when told so, twice as long after a failure.

    It never gets shorter again (RFC 8628 section 3.5).
    """
    if poll is Poll.PENDING:
        return interval
    longer = interval + SLOWER if poll is Poll.SLOW_DOWN else 2 * interval
    return min(longer, LONGEST_INTERVAL)


def _code(client: OAuthClient, response: HttpResponse) -> str:
    answer = client.exchange.answer
    try:
        body = read_body(response, "auto")
    except TokenAnswerInvalid:
        return ""
    pointer = "/error" if isinstance(answer.error, ErrorTest) else answer.error
    return (scalar_text(find(body, pointer)) or "").lower()


def _text(body: Any, pointer: str) -> str:
    return scalar_text(find(body, pointer)) or ""
