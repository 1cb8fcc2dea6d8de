"""How far the Debugger's sign-in is: a form, waiting for consent, signed in, or failed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from connectsmith.core.connection.status import Status
from connectsmith.core.definition.changes import scopes_of
from connectsmith.core.definition.facts import sign_in_kind
from connectsmith.errors import ChoiceNeeded, ConnectsmithError
from connectsmith.service.debugger import Bench
from connectsmith.service.rows import AuthorizationRow, ConnectionRow
from connectsmith.web.addresses import debugger_path, editor_path
from connectsmith.web.field_forms import FieldView, sign_in_fields
from connectsmith.web.visit import Form, Visit

WAITING: Final = frozenset({"started", "polling", "returned", "redeeming", "completed"})
UNANSWERED: Final = frozenset({"created", "started", "polling"})
ENDED: Final = frozenset({"failed", "expired"})
NEXT_STEPS: Final[Mapping[str, str]] = {
    "consent_denied": "If too much was asked for, take that scope out of the definition first.",
    "client_rejected": "Compare the two secrets with the service's console. A Secret Value can't "
    "be changed: delete the pair in Secret Keys and add it again.",
    "authorization_request_rejected": "Compare the callback URL, the scopes and the addresses of "
    "the definition with what the service's console says.",
    "secret_missing": "Add what is missing in Secret Keys, then come back.",
    "expired": "Sign in again; a sign-in has to be finished within ten minutes.",
    "interrupted": "Sign in again. The code that came back counts only once.",
    "cancelled": "Sign in again whenever you like.",
    "grant_rejected": "Sign in again. A code counts once, and only for a short time.",
    "callback_refused": "Sign in again, and finish it in this browser.",
    "issuer_unexpected": "Write the issuer that answered into the definition if it is the right "
    "one.",
    "other_account": "",
}
"""What to do after a sign-in that ended badly, by the error's code; "" where the error says it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a connection."""

    account: str | None
    asked: Sequence[str]
    granted: Sequence[str]
    withheld: Sequence[str]
    """Asked for and not granted."""
    ends: datetime | None
    renewal: str
    health: str
    healthy: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several things that an account has, in the service's words."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class DeviceView:
    """What somebody types at another screen, and where; the server's words."""

    code: str
    address: str
    ends: datetime


@dataclass(frozen=True, slots=True)
class SignInView:
    """The first row of the Debugger."""

    path: str
    version: int
    state: Literal["open", "form", "waiting", "choosing", "ready"]
    kind: str
    editor: str
    fields: Sequence[FieldView] = ()
    by_browser: bool = False
    by_code: bool = False
    facts: Facts | None = None
    failure: str = ""
    failure_code: str = ""
    next_step: str = ""
    authorization: str = ""
    returned: bool = False
    """The browser is back, and its code is being redeemed."""
    start_path: str = ""
    """Where the browser leaves for the authorization server; once."""
    callback: str = ""
    device: DeviceView | None = None
    """What waits to be typed at another screen."""
    finishing: bool = False
    """A connection was made, and waits to be kept by the browser that began."""
    poll: bool = False
    choices: Sequence[Choice] = ()
    """What the account has several of, where one has to be picked."""

    @property
    def kind_name(self) -> str:
        """The kind of sign-in in words."""
        return {"none": "no sign-in", "oauth2": "OAuth 2"}.get(self.kind, self.kind)


async def sign_in_view(
    visit: Visit,
    bench: Bench,
    *,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> SignInView:
    """Return how far it is, from what the server knows: a reload changes nothing."""
    view = _form_view(visit, bench, values=values, errors=errors)
    if view.state == "open":
        return view
    if (bench.by_browser or bench.by_code) and not errors:
        latest = await visit.desks.debugger.latest(visit.caller, bench.connector.id)
        if latest is not None and latest.test and latest.status == "completed":
            choices = await choices_of(visit, latest.id)
            if choices:
                return replace(view, state="choosing", authorization=latest.id, choices=choices)
        underway = _underway(visit, view, latest, bench.connection)
        if underway is not None:
            return underway
    if bench.connection is None or errors:
        return view
    return replace(view, state="ready", facts=facts_of(visit, bench, bench.connection))


async def choices_of(visit: Visit, authorization: str) -> tuple[Choice, ...]:
    """Return what has to be chosen from now; nothing for most sign-ins."""
    items = await visit.desks.authorizations.choices(visit.caller, authorization)
    return tuple(Choice(each.id, each.label) for each in items)


def asks_again(error: ConnectsmithError, form: Form) -> bool:
    """Tell whether a choice was taken, and a request that follows it found another one."""
    return isinstance(error, ChoiceNeeded) and form.line("choice") != ""


def _form_view(
    visit: Visit,
    bench: Bench,
    *,
    values: Mapping[str, str] | None,
    errors: Mapping[str, str] | None,
) -> SignInView:
    definition = bench.blueprint.definition
    return SignInView(
        path=debugger_path(bench.connector.id),
        version=bench.connector.draft_version,
        state="form" if bench.needs_sign_in else "open",
        kind=sign_in_kind(definition),
        editor=editor_path(bench.connector.id),
        fields=sign_in_fields(definition, values=values, errors=errors),
        by_browser=bench.by_browser,
        by_code=bench.by_code,
        callback=visit.desks.rules.callback_url(bench.connector.id),
    )


def _underway(
    visit: Visit, view: SignInView, latest: AuthorizationRow | None, held: ConnectionRow | None
) -> SignInView | None:
    """Return the view of an authorization that still matters."""
    if latest is None or not latest.test:
        return None
    if latest.status in WAITING:
        return waiting(visit, view, latest)
    newer = held is None or latest.created_at > held.created_at
    if latest.status in ENDED and newer:
        return failed_view(view, latest.error_code or "", latest.error_message or "")
    return None


def waiting(visit: Visit, view: SignInView, row: AuthorizationRow) -> SignInView:
    """Return the view that asks the server again and again."""
    return replace(
        view,
        state="waiting",
        authorization=row.id,
        returned=row.status not in UNANSWERED,
        device=device_of(visit, row),
        finishing=row.status == "completed",
        poll=True,
    )


def device_of(visit: Visit, row: AuthorizationRow) -> DeviceView | None:
    """Return what is to be typed where; None where there is no code, or it was answered."""
    said = visit.desks.devices.code_of(row)
    if said is None:
        return None
    return DeviceView(said.user_code, said.verification_uri, row.expires_at)


def failed_view(view: SignInView, code: str, message: str) -> SignInView:
    """Return the form with what went wrong, and what to do next."""
    return replace(
        view, failure=message, failure_code=code, next_step=NEXT_STEPS.get(code, "Try again.")
    )


def facts_of(visit: Visit, bench: Bench, row: ConnectionRow) -> Facts:
    """Return what is shown of a connection."""
    asked = scopes_of(bench.blueprint.definition)
    granted = set(row.scopes)
    return Facts(
        account=row.account_label or row.account_id,
        asked=asked,
        granted=row.scopes,
        withheld=[each for each in asked if row.scopes and each not in granted],
        ends=row.received_at + row.lifetime if row.received_at and row.lifetime else None,
        renewal=renewal_of(row, oauth=bench.blueprint.client is not None),
        health=visit.desks.connections.health(row),
        healthy=row.status is Status.ACTIVE,
    )


def renewal_of(row: ConnectionRow, *, oauth: bool) -> str:
    """Say whether a connection can renew itself."""
    if not oauth:
        return "There is nothing to renew: it works until the service withdraws it."
    if not row.renewable:
        return (
            "It can't renew itself: the service issued no refresh token. Somebody has to sign in "
            "again when the access token ends."
        )
    return "It renews itself before the access token ends."
