"""The answers to follow-up requests; the requests are written in the next stage.

A token that a service issues is not always the one that calls need, and does not always say whose
it is: up to two requests after the token's exchange it, or look something up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from connectsmith.core.authorization.client import OAuthClient
from connectsmith.core.authorization.steps import Step
from connectsmith.core.authorization.token_answer import (
    ABSENT,
    LONGEST_VALUE,
    find,
    lifetime_of,
    lifetime_until,
    read_body,
    scalar_text,
    scopes_of,
    token_text,
)
from connectsmith.core.authorization.token_error import refusal_of, retry_after
from connectsmith.core.authorization.token_set import TokenSet, token_type
from connectsmith.core.authorization.words import one_line
from connectsmith.core.definition.model import (
    CaptureFrom,
    Choose,
    TokenResponse,
)
from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import (
    FollowUpFailed,
    TokenAnswerInvalid,
)

MOST_ITEMS: Final = 200
"""Items that an owner is offered."""
LONGEST_LABEL: Final = 200


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to choose: what the owner reads, and what is kept of it."""

    id: str
    label: str
    captured: Mapping[str, Secret] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Offer:
    """Several items, of which the connection's owner picks one; `step` numbers their request."""

    step: int
    items: tuple[Item, ...]


def read_follow_up(
    client: OAuthClient,
    step: Step,
    response: HttpResponse,
    *,
    tokens: TokenSet,
    received_at: datetime,
    sent: HttpRequest,
) -> TokenSet | Offer:
    """Return the tokens with what an answer brings, or what there is to choose from.

    Raises:
        FollowUpFailed: refused, unreadable, or without what the definition looks for in it.
        TokenNotBound: it brings an access token that is not bound to a key, as all are to be.
        GrantRejected, ClientRejected, ...: an error that `tokenResponse.error` recognises.
    """
    body = _body(step, response, received_at)
    if step.answer is not None and "error" in step.answer.model_fields_set:
        refusal = refusal_of(
            body,
            response,
            step.answer,
            received_at=received_at,
            carried=sent.carries,
            refreshing=False,
        )
        if refusal:
            raise refusal
    if step.answer is not None:
        tokens = _replaced(client, step, body, tokens, received_at=received_at)
    if step.choose is None:
        return captured_into(tokens, _captured(step, body, tokens))
    return _offer(step, step.choose, body, tokens)


def captured_into(tokens: TokenSet, captured: Mapping[str, Secret]) -> TokenSet:
    """Return tokens with captured values, which replace those of the same name."""
    return replace(tokens, captured={**tokens.captured, **captured})


def chosen_again(step: Step, offer: Offer, held: Mapping[str, Secret]) -> Item | None:
    """Return the item that was chosen before, by what was kept of it."""
    names = [name for name in step.capture if name in held]
    for wanted in (names, names[:1]):
        for item in offer.items:
            if wanted and all(item.captured.get(name) == held[name] for name in wanted):
                return item
    return None


# -- reading --------------------------------------------------------------------------------------


def _body(step: Step, response: HttpResponse, received_at: datetime) -> Any:
    good = response.status in range(200, 300)
    form = step.answer.format if step.answer and step.answer.format != "text" else "auto"
    if good:
        try:
            return read_body(response, form)
        except TokenAnswerInvalid as error:
            if not step.answer and not step.capture and not step.choose:
                return {}
            raise _failed(step, "answered with nothing that can be read") from error
    if step.answer is not None and "error" in step.answer.model_fields_set:
        try:
            return read_body(response, form)
        except TokenAnswerInvalid:
            pass
    failure = _failed(step, f"was answered with status {response.status}", response.status)
    failure.retry_after_seconds = retry_after(response, received_at)
    raise failure


def _replaced(
    client: OAuthClient, step: Step, body: Any, tokens: TokenSet, *, received_at: datetime
) -> TokenSet:
    """Return the tokens with what stands at the answer's pointers; absent ones change nothing."""
    answer = step.answer or TokenResponse()
    try:
        access = token_text(find(body, answer.access_token))
        refresh = token_text(find(body, answer.refresh_token))
    except TokenAnswerInvalid as error:
        raise _failed(step, "brought a token that is none") from error
    _check_found(step, body)
    lifetime = lifetime_of(find(body, answer.expires_in), answer.expires_unit)
    if lifetime is None and answer.expires_at:
        lifetime = lifetime_until(find(body, answer.expires_at), received_at)
    if access is not None or lifetime is not None:
        tokens = replace(
            tokens,
            access_token=tokens.access_token if access is None else Secret(access),
            lifetime=lifetime or client.refresh_lifetime,
            received_at=received_at,
        )
    if access is not None:
        tokens = replace(tokens, token_type=token_type(client, find(body, answer.token_type)))
    if refresh is not None:
        tokens = replace(tokens, refresh_token=Secret(refresh))
    granted = scopes_of(find(body, answer.scope), client.scope_separator, tokens.scopes)
    return replace(tokens, scopes=granted or tokens.scopes)


def _check_found(step: Step, body: Any) -> None:
    """Refuse an answer without a token or lifetime at a pointer that the author wrote."""
    answer = step.answer or TokenResponse()
    for name in ("access_token", "expires_in", "expires_at"):
        pointer = getattr(answer, name)
        if name in answer.model_fields_set and find(body, pointer) in (ABSENT, None, ""):
            raise _failed(step, f'brought nothing at "{pointer}"')


def _captured(step: Step, body: Any, tokens: TokenSet) -> dict[str, Secret]:
    found: dict[str, Secret] = {}
    for name, source in step.capture.items():
        pointer = source.from_ if isinstance(source, CaptureFrom) else source
        text = scalar_text(find(body, pointer))
        if not text and isinstance(source, CaptureFrom) and name not in tokens.captured:
            text = source.default
        if text and len(text) <= LONGEST_VALUE:
            found[name] = Secret(text)
    return found


def _offer(step: Step, choose: Choose, body: Any, tokens: TokenSet) -> TokenSet | Offer:
    """Return the offer; where there is one item, it is chosen."""
    found = find(body, choose.items)
    if not isinstance(found, list) or not found:
        raise _failed(step, f'offers nothing to choose from at "{choose.items}"')
    items = tuple(
        Item(str(number), _label(each, choose, number), _captured(step, each, tokens))
        for number, each in enumerate(found[:MOST_ITEMS], 1)
    )
    if len(items) == 1:
        return captured_into(tokens, items[0].captured)
    return Offer(step.number, items)


def _label(item: Any, choose: Choose, number: int) -> str:
    text = scalar_text(find(item, choose.label)) or ""
    return one_line(text, LONGEST_LABEL) or f"number {number}"


def _failed(step: Step, what: str, status: int | None = None) -> FollowUpFailed:
    return FollowUpFailed(
        f"Follow-up request {step.number} {what}. Its transcript shows what was said; correct "
        "followUp in the definition, or try again.",
        place=step.place,
        details={"status": status} if status else {},
    )
