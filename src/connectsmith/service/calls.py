"""Call actions: check, apply credentials, send, judge, write down. An answer is a value."""

import base64
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NoReturn

from connectsmith.core.authorization.filling import client_identity
from connectsmith.core.authorization.values import StoredSecret
from connectsmith.core.call.arguments import check_arguments
from connectsmith.core.call.plan import ActionPlan, find_plan
from connectsmith.core.call.prepare import prepare
from connectsmith.core.connection.credentials import Credentials
from connectsmith.core.connection.prepared import Prepared, Source
from connectsmith.core.connection.status import Status
from connectsmith.core.exchange import (
    Call,
    Conversation,
    Ending,
    Refresh,
    Send,
    converse,
    redactor_of,
)
from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.core.result.outcome import Outcome
from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.redaction import PieceMask, Redactor
from connectsmith.errors import (
    Bug,
    CallerError,
    ConnectionNotUsable,
    ConnectsmithError,
    GrantRejected,
    NotFound,
    RemoteError,
)
from connectsmith.service.blueprints import Blueprint, Blueprints
from connectsmith.service.caller import Caller
from connectsmith.service.holdings import opened, party_of_connection
from connectsmith.service.owning import check_own
from connectsmith.service.ports import (
    Clock,
    Connections,
    Randomness,
    Sealer,
    Sender,
    StreamedResponse,
)
from connectsmith.service.records import Records, new_call_id
from connectsmith.service.refresh import Refresher
from connectsmith.service.rows import CallRow, ConnectionRow
from connectsmith.service.token_endpoint import TokenEndpoint
from connectsmith.values import value_class

REDACTORS_KEPT = 1024
LARGEST_KEPT = 10 * 1024 * 1024
"""Bytes of a body that is kept to be fetched by itself."""


@value_class(frozen=True, slots=True)
class Asked:
    """A call as somebody asks for it: with a connection, or of an API without sign-in."""

    action: str
    fields: Mapping[str, Any] = field(repr=False)
    connection: str | None = None
    connector: str | None = None
    test: bool = False


@dataclass(frozen=True, slots=True)
class Download:
    """An answer whose body is passed on as it comes, masked."""

    call: str
    status: int
    content_type: str
    _stream: StreamedResponse
    _open: AsyncExitStack
    _mask: PieceMask

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body; closes the exchange at its end, or when nobody wants more."""
        async with self._open:
            async for chunk in self._stream.chunks():
                if masked := self._mask.take(chunk):
                    yield masked
            yield self._mask.rest()


@dataclass(slots=True)
class _Subject:
    """What a call is made with; its row is replaced when the access token is renewed."""

    workspace: str
    connector: str
    blueprint: Blueprint
    row: ConnectionRow | None
    test: bool
    sent: bool = False
    """Whether the service may have got a request of this call."""


class CallDesk:
    """Make calls."""

    def __init__(
        self,
        *,
        connections: Connections,
        blueprints: Blueprints,
        refresher: Refresher,
        endpoint: TokenEndpoint,
        records: Records,
        sender: Sender,
        sealer: Sealer,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._connections = connections
        self._blueprints = blueprints
        self._refresher = refresher
        self._endpoint = endpoint
        self._records = records
        self._sender = sender
        self._sealer = sealer
        self._clock = clock
        self._randomness = randomness
        self._redactors: OrderedDict[tuple[str, int, int], Redactor] = OrderedDict()
        self._used: dict[tuple[str, str], datetime] = {}

    async def call(self, caller: Caller, asked: Asked) -> Outcome:
        """Call an action.

        Raises:
            ActionUnknown, FieldInvalid: nothing was sent.
            ConnectionNotUsable, CredentialsError: the connection's status allows no calls.
            SecretDestinationDenied: the action leads where nobody confirmed; nothing was sent.
            RemoteError, NetworkError: there was no answer to show.
        """
        subject = await self._subject(caller, asked)
        plan = find_plan(subject.blueprint.plans, asked.action)
        prepared = prepare(plan, check_arguments(plan, asked.fields))
        return await self._run(caller, subject, plan, prepared)

    async def prove(
        self, caller: Caller, row: ConnectionRow, plan: ActionPlan, *, unkept: bool = False
    ) -> Outcome:
        """Call a plan that needs no fields, for a proof; `unkept` also before it was kept."""
        subject = await self._of_connection(row, unkept=unkept)
        return await self._run(caller, subject, plan, prepare(plan, check_arguments(plan, {})))

    async def prove_open(self, caller: Caller, connector: str, plan: ActionPlan) -> Outcome:
        """Do the same for an API without sign-in, with its draft."""
        asked = Asked(plan.name, {}, connector=connector, test=True)
        subject = await self._subject(caller, asked)
        return await self._run(caller, subject, plan, prepare(plan, check_arguments(plan, {})))

    async def refuses(self, row: ConnectionRow, plan: ActionPlan) -> tuple[int, bool]:
        """Send an access token that is none; return the status, and whether it reads as expired."""
        subject = await self._of_connection(row)
        prepared = prepare(plan, check_arguments(plan, {}))
        call, held = await self._ready(subject, plan, prepared)
        if held.tokens is None:
            raise Bug("A connection without tokens was asked what becomes of a wrong one.")
        wrong = replace(held, tokens=replace(held.tokens, access_token=self._randomness.secret()))
        talk = converse(replace(call, renewable=True), wrong)
        step = next(talk)
        if not isinstance(step, Send):
            raise Bug("A call began with something else than a request.")
        response = await self._sender.send(step.request)
        try:
            return response.status, isinstance(talk.send(response), Refresh)
        except StopIteration:
            return response.status, False

    async def download(self, caller: Caller, asked: Asked) -> Download:
        """Call an action and pass its body on without keeping it; raises as `call` does."""
        subject = await self._subject(caller, asked)
        plan = find_plan(subject.blueprint.plans, asked.action)
        prepared = prepare(plan, check_arguments(plan, asked.fields))
        call, credentials = await self._ready(subject, plan, prepared)
        started_at = self._clock.now()
        async with AsyncExitStack() as stack:
            streams: list[StreamedResponse] = []

            async def send(request: HttpRequest) -> HttpResponse:
                streams.append(await stack.enter_async_context(self._sender.stream(request)))
                return streams[-1].head

            ending = await self._drive(converse(call, credentials), subject, send)
            self._keep(caller, subject, call, ending, started_at=started_at)
            if ending.outcome is None:
                _fail(ending, call, subject)
            return Download(
                call=call.id,
                status=ending.outcome.status or 0,
                content_type=ending.outcome.content_type or "",
                _stream=streams[-1],
                _open=stack.pop_all(),
                _mask=PieceMask((ending.redactor or call.redactor).strong),
            )

    async def flush(self) -> None:
        """Store when connections were last used."""
        used, self._used = self._used, {}
        if used:
            await self._connections.touch(used)

    # -- what a call is made with ---------------------------------------------------------------

    async def _subject(self, caller: Caller, asked: Asked) -> _Subject:
        if asked.connection is not None:
            row = self._connections.cached(caller.workspace, asked.connection)
            if row is None:
                row = await self._connections.get(caller.workspace, asked.connection)
            if row is None:
                raise NotFound("There is no connection with that id.")
            check_own(row, caller)
            return await self._of_connection(row)
        connector = await self._blueprints.connector(caller.workspace, asked.connector or "")
        blueprint = await self._blueprints.of(connector, test=asked.test)
        if blueprint.client is not None or blueprint.definition.required_settings.auth_fields:
            raise CallerError("This connector needs a connection. Make one, and call with it.")
        return _Subject(caller.workspace, connector.id, blueprint, None, asked.test)

    async def _of_connection(self, row: ConnectionRow, *, unkept: bool = False) -> _Subject:
        if row.status is Status.UNCONFIRMED and not unkept:
            raise ConnectionNotUsable("This connection was not kept yet. Keep it first.")
        if row.status is Status.REVOKED:
            raise ConnectionNotUsable("This connection was revoked. Connect again.")
        if row.status is Status.NEEDS_AUTHORIZATION:
            raise GrantRejected(
                f"This connection must be authorized again. {row.failure_message or ''}".strip()
            )
        connector = await self._blueprints.connector(row.workspace, row.connector)
        blueprint = await self._blueprints.of(connector, test=row.test)
        if not unkept:
            row = await self._refresher.fresh(row, blueprint)
        return _Subject(row.workspace, row.connector, blueprint, row, row.test)

    async def _ready(
        self, subject: _Subject, plan: ActionPlan, prepared: Prepared
    ) -> tuple[Call, Credentials]:
        row, blueprint = subject.row, subject.blueprint
        credentials = opened(self._sealer, row) if row else Credentials()
        call = Call(
            id=new_call_id(self._randomness, self._clock.now()),
            plan=plan,
            auth=blueprint.auth,
            prepared=prepared,
            origins=Destinations(frozenset(row.origins_api if row else ())),
            redactor=self._redactor(blueprint, row, credentials),
            renewable=bool(row and row.renewable and row.status is not Status.UNCONFIRMED),
            whole=subject.test,
            expiry=blueprint.expiry,
            client_id=await self._client_id(subject, prepared, credentials),
            possession=self._endpoint.possession(credentials),
        )
        return call, credentials

    def _redactor(
        self, blueprint: Blueprint, row: ConnectionRow | None, credentials: Credentials
    ) -> Redactor:
        """Return what masks a connection's credentials, made once for each version of them."""
        if row is None:
            return redactor_of(blueprint.auth, credentials, self._records.fingerprint)
        key = (row.id, row.version, blueprint.revision)
        known = None if row.test else self._redactors.get(key)
        if known is None:
            known = redactor_of(blueprint.auth, credentials, self._records.fingerprint)
            self._redactors[key] = known
            if len(self._redactors) > REDACTORS_KEPT:
                self._redactors.popitem(last=False)
        return known

    async def _client_id(
        self, subject: _Subject, prepared: Prepared, credentials: Credentials
    ) -> StoredSecret | None:
        """Open the client id where a request of the API names it."""
        needs = (*subject.blueprint.auth.needs, *prepared.needs)
        if subject.row is None or all(each.source is not Source.CLIENT_ID for each in needs):
            return None
        party = party_of_connection(subject.row, subject.blueprint, credentials)
        identity, filling = client_identity(
            party.client, await self._endpoint.browser_values(party)
        )
        if identity is None:
            return None
        api = Destinations(frozenset(subject.row.origins_api))
        carried = filling.carried
        return StoredSecret(identity, carried[0].destinations if carried else api)

    # -- making it ------------------------------------------------------------------------------

    async def _run(
        self, caller: Caller, subject: _Subject, plan: ActionPlan, prepared: Prepared
    ) -> Outcome:
        call, credentials = await self._ready(subject, plan, prepared)
        started_at = self._clock.now()
        ending = await self._drive(converse(call, credentials), subject, self._sender.send)
        self._keep(caller, subject, call, ending, started_at=started_at)
        if ending.outcome is None:
            _fail(ending, call, subject)
        return ending.outcome

    async def _drive(self, talk: Conversation, subject: _Subject, send: Any) -> Ending:
        """Do what a conversation asks for until it ends."""
        try:
            step = next(talk)
            while True:
                try:
                    match step:
                        case Send(request):
                            came: Any = await _sent(send, request, subject)
                        case Refresh():
                            came = await self._renewed(subject)
                except ConnectsmithError as error:
                    step = talk.throw(error)
                else:
                    step = talk.send(came)
        except StopIteration as stop:
            ending: Ending = stop.value
            return ending

    async def _renewed(self, subject: _Subject) -> Credentials | None:
        if subject.row is None:
            return None
        subject.row = await self._refresher.refresh(subject.row, subject.blueprint)
        return opened(self._sealer, subject.row)

    def _keep(
        self,
        caller: Caller,
        subject: _Subject,
        call: Call,
        ending: Ending,
        *,
        started_at: datetime,
    ) -> None:
        """Write a call down: failures and tests whole, heads only for the rest."""
        now, outcome, error = self._clock.now(), ending.outcome, ending.error
        if subject.row is not None:
            self._used[subject.workspace, subject.row.id] = now
        row = CallRow(
            workspace=subject.workspace,
            id=call.id,
            connector=subject.connector,
            connection=subject.row.id if subject.row else None,
            revision=subject.blueprint.revision,
            action=call.plan.name,
            caller=caller.token,
            started_at=started_at,
            duration=now - started_at,
            ok=bool(outcome and outcome.ok),
            status=outcome.status if outcome else None,
            fault=outcome.fault if outcome else error.fault if error else None,
            code=outcome.code if outcome else error.code if error else None,
            test=subject.test,
            has_transcript=True,
        )
        body = _body(ending)
        whole = bool(body) or subject.test or not row.ok
        self._records.keep(row, ending.transcript.to_json() | body, whole=whole)


async def _sent(send: Any, request: HttpRequest, subject: _Subject) -> Any:
    """Send one request, and note whether it may have left."""
    try:
        came = await send(request)
    except ConnectsmithError as error:
        # What answered in a way that cannot be read was reached.
        subject.sent = subject.sent or error.sent or isinstance(error, RemoteError)
        raise
    subject.sent = True
    return came


def _body(ending: Ending) -> dict[str, Any]:
    """Keep a body that is no value, masked, so that it can be fetched."""
    outcome, response = ending.outcome, ending.response
    if outcome is None or outcome.body is None or response is None or not response.body:
        return {}
    if len(response.body) > LARGEST_KEPT:
        return {}
    content = base64.b64encode(ending.masked_body()).decode()
    return {"body": {"content": content, "content_type": outcome.content_type}}


def _fail(ending: Ending, call: Call, subject: _Subject) -> NoReturn:
    error = ending.error or Bug("A call ended without outcome and without error.")
    error.details = {**error.details, "call": call.id}
    error.sent = subject.sent
    raise error
