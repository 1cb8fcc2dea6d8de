"""One call as a conversation: it yields what to do and is sent what came of it.

    talk = converse(call, credentials)
    step = next(talk)
    while True:
        match step:
            case Send(request): step = talk.send(<the HttpResponse>)
            case Refresh():     step = talk.send(<new Credentials, or None>)
    # StopIteration.value is the Ending

Whoever drives it throws a `ConnectsmithError` in where a step fails; the ending then says so.

An answer that means "the access token is not good (any more)" leads to at most one forced refresh
and one repetition; a second refusal stands (RFC 6750 section 3.1). What was not shown the token,
since a redirect led there, cannot refuse it. What is repeated: GET, HEAD, PUT and DELETE always,
since they may be repeated (RFC 9110 section 9.2.2). POST and PATCH when the answer is a 4xx, since
a service that refuses the caller has not acted for it; but not when the definition reads "expired"
out of a good or a broken answer: then only the token is renewed, and the caller decides.
"""

from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from connectsmith.core.authorization.values import StoredSecret
from connectsmith.core.call.plan import ActionPlan
from connectsmith.core.call.pointer import MISSING, Path, compile_pointer, find, same
from connectsmith.core.connection.apply import AuthPlan, apply, confidential_secrets
from connectsmith.core.connection.credentials import Credentials
from connectsmith.core.connection.prepared import Prepared
from connectsmith.core.definition.model import RefreshWhen
from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.core.result.content import parse_json
from connectsmith.core.result.outcome import CONNECT_AGAIN, Outcome, needed_scopes, outcome_of
from connectsmith.core.result.transcript import Step, Transcript, capture, refreshed
from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.redaction import Fingerprint, Redactor
from connectsmith.errors import Bug, ConnectionFailed, ConnectsmithError, Fault
from connectsmith.values import value_class

_UNAUTHORIZED: Final = 401
_REPEATABLE: Final = frozenset({"GET", "HEAD", "PUT", "DELETE"})


@value_class(frozen=True, slots=True)
class Send:
    """Send this request and bring its answer."""

    request: HttpRequest


@dataclass(frozen=True, slots=True)
class Refresh:
    """Renew the access token, whatever its age; bring new credentials, or None where it cannot."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """What in an answer means that the access token expired, beside 401 (`refresh.when`)."""

    statuses: frozenset[int] = frozenset()
    headers: tuple[tuple[str, frozenset[str]], ...] = ()
    body: tuple[tuple[Path, tuple[object, ...]], ...] = ()


class Possession(Protocol):
    """Proves possession of the key that an access token is bound to (RFC 9449 section 7)."""

    def proved(self, request: HttpRequest, credentials: Credentials) -> HttpRequest:
        """Return the request with a fresh proof."""
        ...

    def refused(self, request: HttpRequest, response: HttpResponse) -> bool:
        """Tell whether an answer refuses the proof, and another one would be taken."""
        ...


@value_class(frozen=True, slots=True)
class Call:
    """One call, ready to be made.

    Attributes:
        id: The call's id; 128 random bits, also behind `oauth.random`.
        plan: The action.
        auth: How it carries credentials.
        prepared: The request without them.
        origins: Where the connection's credentials may go.
        redactor: Masks the connection's credentials; `redactor_of` makes it.
        renewable: Whether a refresh can be asked for at all.
        whole: Whether a good call's transcript keeps bodies too; a bad one's always does.
        possession: Proves that the access token is ours to use, where it is bound to a key.
    """

    id: str
    plan: ActionPlan
    auth: AuthPlan
    prepared: Prepared
    origins: Destinations
    redactor: Redactor
    renewable: bool = False
    whole: bool = False
    expiry: Expiry = Expiry()
    client_id: StoredSecret | None = None
    possession: Possession | None = None


@value_class(frozen=True, slots=True)
class Ending:
    """How a call ended: with an outcome when the service answered, else with the error.

    `response` is the last answer, unmasked.
    """

    transcript: Transcript
    outcome: Outcome | None = None
    error: ConnectsmithError | None = None
    response: HttpResponse | None = field(default=None, repr=False)
    redactor: Redactor | None = field(default=None, repr=False)

    def masked_body(self) -> bytes:
        """Return the last answer's body as it may be kept and handed out: credentials masked."""
        if self.response is None or self.redactor is None:
            return b""
        return self.redactor.strong.known(self.response.body)


Conversation = Generator[Send | Refresh, HttpResponse | Credentials | None, Ending]


def redactor_of(auth: AuthPlan, credentials: Credentials, fingerprint: Fingerprint) -> Redactor:
    """Return what masks a connection's credentials; keep it as long as they hold."""
    return Redactor(
        confidential_secrets(auth, credentials),
        fingerprint,
        headers=auth.header_names,
        parameters=auth.query_names,
    )


def expiry_of(when: RefreshWhen | None) -> Expiry:
    """Compile `refresh.when`."""
    if when is None:
        return Expiry()
    return Expiry(
        statuses=frozenset(when.status),
        headers=tuple((name.lower(), frozenset(values)) for name, values in when.headers.items()),
        body=tuple((compile_pointer(each), tuple(values)) for each, values in when.body.items()),
    )


def converse(call: Call, credentials: Credentials) -> Conversation:
    """Make a call.

    Raises:
        ValueMissing, FieldInvalid: the request cannot be written; nothing was yielded.
    """
    record = _Record(call)
    request, response = yield from _tried(record, credentials, 0)
    if response is None or not _renews(call, credentials, response):
        return record.ending()
    fresh = yield from _refreshed(record)
    if fresh is not None and _may_repeat(request.method, response.status):
        yield from _tried(record, fresh, 1)
    return record.ending()


class _Record:
    """What happened so far; masked at the end, when every credential that was used is known."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.redactor = call.redactor
        self.steps: list[tuple[HttpRequest | None, HttpResponse | ConnectsmithError | None]] = []

    def ending(self) -> Ending:
        response, error = self._last()
        if response is None:
            return Ending(self._transcript(whole=True), error=error)
        outcome = outcome_of(self.call.plan, response, call=self.call.id, redactor=self.redactor)
        if error is not None:
            outcome = _not_renewed(outcome, error)
        whole = self.call.whole or not outcome.ok
        transcript = self._transcript(whole=whole)
        return Ending(transcript, outcome, response=response, redactor=self.redactor)

    def _last(self) -> tuple[HttpResponse | None, ConnectsmithError | None]:
        """Return the answer that counts, and the failure that came instead or after it."""
        request, ending = self.steps[-1]
        if isinstance(ending, HttpResponse):
            return ending, None
        if request is None:
            answer = self.steps[-2][1]
            return (answer if isinstance(answer, HttpResponse) else None), ending
        return None, ending

    def _transcript(self, *, whole: bool) -> Transcript:
        return Transcript(tuple(self._step(*each, whole=whole) for each in self.steps))

    def _step(
        self,
        request: HttpRequest | None,
        ending: HttpResponse | ConnectsmithError | None,
        *,
        whole: bool,
    ) -> Step:
        if request is None or ending is None:
            error = ending if isinstance(ending, ConnectsmithError) else None
            return refreshed(error, self.redactor)
        return capture(request, ending, self.redactor, whole=whole)


def _request(record: _Record, credentials: Credentials, attempt: int) -> HttpRequest:
    call = record.call
    request = apply(
        call.auth,
        call.prepared,
        credentials,
        call.origins,
        call_id=call.id,
        attempt=attempt,
        client_id=call.client_id,
    )
    if call.possession is None:
        return request
    proved = call.possession.proved(request, credentials)
    proofs = proved.carries[len(request.carries) :]
    record.redactor = record.redactor.adding(each.value for each in proofs)
    return proved


def _tried(
    record: _Record, credentials: Credentials, attempt: int
) -> Generator[
    Send | Refresh, HttpResponse | Credentials | None, tuple[HttpRequest, HttpResponse | None]
]:
    """Have a request sent, once more when only its proof of possession was refused."""
    call = record.call
    request = _request(record, credentials, attempt)
    response = yield from _sent(record, request)
    if call.possession is None:
        return request, response
    if _may_ask_again(record, request):
        request = _request(record, credentials, attempt)
        response = yield from _sent(record, request)
    if response is not None and call.possession.refused(request, response):
        request = _request(record, credentials, attempt)
        response = yield from _sent(record, request)
    return request, response


def _sent(
    record: _Record, request: HttpRequest
) -> Generator[Send | Refresh, HttpResponse | Credentials | None, HttpResponse | None]:
    """Have a request sent; None when there was no answer."""
    try:
        response = yield Send(request)
    except ConnectsmithError as error:
        record.steps.append((request, error))
        return None
    if not isinstance(response, HttpResponse):
        raise Bug("An exchange was not sent the answer it asked for.")
    record.steps.append((request, response))
    return response


def _may_ask_again(record: _Record, request: HttpRequest) -> bool:
    """Tell whether a request got no answer, and may go out with another proof of possession.

    Without a proof egress repeats it.
    """
    ending = record.steps[-1][1]
    unanswered = isinstance(ending, ConnectionFailed) and ending.unanswered
    return unanswered and request.method in _REPEATABLE


def _refreshed(
    record: _Record,
) -> Generator[Send | Refresh, HttpResponse | Credentials | None, Credentials | None]:
    """Have the access token renewed; None when it was not."""
    try:
        fresh = yield Refresh()
    except ConnectsmithError as error:
        record.steps.append((None, error))
        return None
    if fresh is None:
        return None
    if not isinstance(fresh, Credentials):
        raise Bug("An exchange was not sent the credentials it asked for.")
    record.redactor = record.redactor.adding(confidential_secrets(record.call.auth, fresh))
    record.steps.append((None, None))
    return fresh


def _renews(call: Call, credentials: Credentials, response: HttpResponse) -> bool:
    if not call.renewable or credentials.tokens is None or response.bare:
        return False
    if response.status == _UNAUTHORIZED:
        return needed_scopes(response) is None
    return _says_expired(call.expiry, response)


def _says_expired(expiry: Expiry, response: HttpResponse) -> bool:
    """Tell whether any one of the definition's signs is there."""
    if response.status in expiry.statuses:
        return True
    if any(response.header(name) in values for name, values in expiry.headers):
        return True
    return bool(expiry.body) and _body_says_expired(expiry, response)


def _body_says_expired(expiry: Expiry, response: HttpResponse) -> bool:
    try:
        value = parse_json(response.body)
    except ValueError:
        return False
    found = ((find(value, path), values) for path, values in expiry.body)
    return any(
        held is not MISSING and any(same(held, each) for each in values) for held, values in found
    )


def _may_repeat(method: str, status: int) -> bool:
    return method in _REPEATABLE or 400 <= status < 500  # noqa: PLR2004 - the class 4xx


def _not_renewed(outcome: Outcome, error: ConnectsmithError) -> Outcome:
    """Tell why the refresh failed; a passing reason is not the connection owner's to mend."""
    refused = outcome.message or ""
    why = f"The access token could not be renewed: {error.message}"
    if error.fault is Fault.CREDENTIALS or outcome.ok:
        return replace(outcome, message=f"{refused} {why}".strip())
    message = f"{refused.removesuffix(CONNECT_AGAIN)} {why}".strip()
    return replace(outcome, fault=error.fault, code=error.code, message=message)
