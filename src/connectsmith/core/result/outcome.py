"""What came of a call, as a value: the service answered, for better or worse.

| answer | `ok` | `fault` | `code` |
|---|---|---|---|
| a good status: one that is expected, else any 2xx | true | - | - |
| ... but a test of the definition says failure | false | `remote` | `service_reported_error` |
| ... but what says it is JSON is none | false | `remote` | `answer_unreadable` |
| 401 or 403 to a call that a redirect led on without its credentials | false | `remote` | `service_refused` |
| 401 | false | `credentials` | `credentials_refused` |
| 403 with the challenge `insufficient_scope` (RFC 6750 section 3.1) | false | `credentials` | `scope_insufficient` |
| 403 else: this account may not, and authorizing again would not help | false | `remote` | `service_forbade` |
| 408, 425, 429, 503: not now | false | `remote` | `service_busy` |
| 402, 407, 421, 423, 424, 451: nothing this call could do better | false | `remote` | `service_refused` |
| any other 4xx: the service finds fault with what was sent | false | `caller` | `service_rejected` |
| 5xx | false | `remote` | `service_failed` |
| any other status | false | `remote` | `status_unexpected` |
"""  # noqa: E501 - a table's rows cannot be broken

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from connectsmith.core.call.plan import ActionPlan
from connectsmith.core.call.pointer import MISSING, find
from connectsmith.core.message import HttpResponse
from connectsmith.core.result.challenge import challenges
from connectsmith.core.result.content import Body, Content, read_content
from connectsmith.core.secret.redaction import Redactor
from connectsmith.errors import Fault
from connectsmith.values import value_class

CONNECT_AGAIN: Final = " Connect again."
"""Advice at the end of a refusal that holds unless a refresh failed for a passing reason."""
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_BUSY: Final = frozenset({408, 425, 429, 503})
_NOT_OURS: Final = frozenset({402, 407, 421, 423, 424, 451})


@dataclass(frozen=True, slots=True)
class Account:
    """Whose connection it is, as `auth_test` found."""

    id: str | None
    label: str | None


@value_class(frozen=True, slots=True)
class Outcome:
    """The ending of a call that was answered.

    `value` is the useful part of a good answer, and all of a bad one. A body that is no value
    (binary, too large, cut off JSON) is described by `body`. Known credentials that the service
    echoes are masked in `value`, unless they are so short that innocent text would be hit.
    """

    call: str
    ok: bool
    status: int
    fault: Fault | None = None
    code: str | None = None
    message: str | None = None
    value: Any = field(default=None, repr=False)
    truncated: bool = False
    content_type: str | None = None
    body: Body | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as the API shows it."""
        shown: dict[str, Any] = {
            "call": self.call,
            "ok": self.ok,
            "status": self.status,
            "fault": self.fault,
            "code": self.code,
            "message": self.message,
            "value": self.value,
            "truncated": self.truncated,
            "content_type": self.content_type,
        }
        if self.body is not None:
            shown["body"] = {"size": self.body.size, "content_type": self.body.content_type}
        return shown


def outcome_of(
    plan: ActionPlan, response: HttpResponse, *, call: str, redactor: Redactor
) -> Outcome:
    """Judge an answer."""
    content = read_content(response)
    verdict = _verdict(plan, response, content)
    value = content.value
    if verdict is None and plan.useful:
        useful = find(value, plan.useful)
        value = None if useful is MISSING else useful
    strong = redactor.strong
    if strong.finds(response.body):
        value = _masked(value, strong.text)
    return Outcome(
        call=call,
        ok=verdict is None,
        status=response.status,
        fault=verdict.fault if verdict else None,
        code=verdict.code if verdict else None,
        message=verdict.message if verdict else None,
        value=value,
        truncated=response.truncated,
        content_type=response.header("content-type"),
        body=content.body,
    )


def account_of(plan: ActionPlan, outcome: Outcome) -> Account | None:
    """Return whose account a good `auth_test` answered for; None when it does not say."""
    if not outcome.ok:
        return None
    account = Account(
        _named(outcome.value, plan.account_id), _named(outcome.value, plan.account_label)
    )
    return account if account.id or account.label else None


@dataclass(frozen=True, slots=True)
class _Verdict:
    fault: Fault
    code: str
    message: str


def _verdict(plan: ActionPlan, response: HttpResponse, content: Content) -> _Verdict | None:
    """Say what is wrong with an answer, or None."""
    status = response.status
    good = status in plan.statuses if plan.statuses else 200 <= status < 300  # noqa: PLR2004 - 2xx
    if not good:
        return _bad_status(response)
    if any(test.matches(content.value) for test in plan.failures):
        return _Verdict(
            Fault.REMOTE,
            "service_reported_error",
            f"The service answered {status}, and said in its answer that it failed.",
        )
    if content.broken:
        return _Verdict(
            Fault.REMOTE,
            "answer_unreadable",
            f"The service answered {status} with something that says it is JSON and is not.",
        )
    return None


def _bad_status(response: HttpResponse) -> _Verdict:
    status = response.status
    if status in {_UNAUTHORIZED, _FORBIDDEN}:
        return _refused(response)
    if status in _BUSY:
        return _Verdict(
            Fault.REMOTE,
            "service_busy",
            f"The service answered {status}: not now. Try again later.",
        )
    if status in _NOT_OURS:
        return _Verdict(
            Fault.REMOTE, "service_refused", f"The service refused the call ({status})."
        )
    match status // 100:
        case 4:
            message = f"The service answered {status}: it finds fault with what was sent."
            return _Verdict(Fault.CALLER, "service_rejected", message)
        case 5:
            return _Verdict(Fault.REMOTE, "service_failed", f"The service failed ({status}).")
        case _:
            message = f"The service answered {status}, which is not what this call expects."
            return _Verdict(Fault.REMOTE, "status_unexpected", message)


def _refused(response: HttpResponse) -> _Verdict:
    """Judge 401 and 403 by the challenges that come with them (RFC 6750 section 3.1)."""
    if response.bare:
        return _Verdict(
            Fault.REMOTE,
            "service_refused",
            "A redirect led to another origin, where credentials are not taken along, and the call"
            f" was refused ({response.status}).",
        )
    lacking = needed_scopes(response)
    if lacking is not None:
        named = f": {lacking}" if lacking else ""
        return _Verdict(
            Fault.CREDENTIALS,
            "scope_insufficient",
            f"The connection was not granted what this call needs{named}. Write it into the"
            " definition's scope if it is not there, then authorize the connection again.",
        )
    if response.status == _UNAUTHORIZED:
        return _Verdict(
            Fault.CREDENTIALS,
            "credentials_refused",
            f"The service refused the connection's credentials (401).{CONNECT_AGAIN}",
        )
    return _Verdict(
        Fault.REMOTE, "service_forbade", "The service does not let this account do that (403)."
    )


def needed_scopes(response: HttpResponse) -> str | None:
    """Return the scopes that an `insufficient_scope` challenge names, or None without one."""
    for challenge in challenges(response.headers):
        if challenge.error == "insufficient_scope":
            named = challenge.parameters.get("scope", "")[:500]
            return "".join(each for each in named if each.isprintable())
    return None


def _masked(value: Any, mask: Callable[[str], str]) -> Any:
    """Mask every text in a JSON value, names too."""
    match value:
        case str():
            return mask(value)
        case list():
            return [_masked(each, mask) for each in value]
        case dict():
            return {mask(name): _masked(each, mask) for name, each in value.items()}
        case _:
            return value


def _named(value: Any, path: tuple[str, ...] | None) -> str | None:
    """Return a text or number as what names an account."""
    found = None if path is None else find(value, path)
    if isinstance(found, bool) or not isinstance(found, str | int):
        return None
    return str(found)[:500] or None
