"""Clients that registered themselves: one for each connector, where its server allows that.

A new sign-in needs a client that is registered as it is asked for now; a grant needs the one it was
given to. Where the server lets a client be changed these are the same. Where it does not, another
is registered beside it, and the first stays for its grants.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from weakref import WeakValueDictionary

from connectsmith.core.authorization.registration import (
    Registration,
    Wanted,
    deletion_request,
    read_registration,
    registration_request,
    wanted,
)
from connectsmith.core.authorization.registration_change import (
    NAME,
    clash,
    has_its_keys,
    joined,
    moved,
    suits,
)
from connectsmith.core.authorization.values import RegisteredClient, Values
from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import (
    Bug,
    ConnectsmithError,
    NotFound,
    RegistrationRefused,
    StorageUncertain,
)
from connectsmith.service.party import Party
from connectsmith.service.ports import Clock, Sealer, Sender, Storage
from connectsmith.service.registration_changes import AGAIN, RegistrationChanges
from connectsmith.service.registration_records import (
    KIND,
    Record,
    client_of,
    record_id,
    shown,
    written,
)
from connectsmith.service.rows import ClientRecordRow, EventRow
from connectsmith.service.rules import Rules
from connectsmith.values import replace


class Registrations:
    """Register connectors' clients, and keep them registered as they are needed."""

    def __init__(
        self, storage: Storage, *, sender: Sender, sealer: Sealer, clock: Clock, rules: Rules
    ) -> None:
        self._records = storage.client_records
        self._changes = RegistrationChanges(
            storage, sender=sender, sealer=sealer, clock=clock, rules=rules
        )
        self._sender = sender
        self._events = storage.events
        self._sealer = sealer
        self._clock = clock
        self._rules = rules
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    # -- for a grant that there is --------------------------------------------------------------

    async def of(self, party: Party, values: Values) -> RegisteredClient:
        """Return the client that a grant was given to, as it is registered.

        One is registered where there is none, or where its secret ended. A client is one server's:
        a definition that moves to another registers another one there.

        Raises:
            SecretMissing: the server registers nobody without an initial access token.
            RegistrationRefused, NetworkError: the server gives none that would do.
        """
        asked = self._wanted(party)
        record = await self._granted_to(party, asked.url)
        if record is None or self._is_over(record):
            async with self._turn(party, asked):
                record = await self._granted_to(party, asked.url)
                if record is None or self._is_over(record):
                    record = await self._registered(party, asked, values, before=record)
        await self._see_to_keys(record, asked)
        return self._shown(record)

    async def refit(self, party: Party) -> None:
        """Change it, if that can be, for a grant that is asked for anew without a person."""
        asked = self._wanted(party)
        record = await self._granted_to(party, asked.url)
        if record is None or self._suits(record, asked) or party.test:
            return
        if self._changes.can_be(record, self._joined(party, record, asked)):
            async with self._turn(party, asked):
                with suppress(ConnectsmithError):  # the token endpoint says what it makes of it
                    await self._changed(party, asked, record)

    async def _granted_to(self, party: Party, url: str) -> Record | None:
        """Return the client of a grant; the first one's where it remembers none."""
        records = await self._at(party, url)
        bound = (each for each in records if Secret(each.row.id) == party.registration)
        return next(bound, records[0] if records else None)

    async def _see_to_keys(self, record: Record, asked: Wanted) -> None:
        """Have a client's key set registered where it is now, before long: grants need it too."""
        soon, due = self._clock.now() + AGAIN, record.row.due_at
        if has_its_keys(record.standing, asked) or (due is not None and due <= soon):
            return
        if self._changes.can_be(record, self._moved(record)):
            row = replace(record.row, due_at=self._clock.now())
            await self._records.replace(row, expected_version=row.version)

    # -- for a new one --------------------------------------------------------------------------

    async def for_sign_in(self, party: Party, values: Values) -> RegisteredClient:
        """Return a client that can sign in as the definition, and our address, now want it.

        Raises:
            SecretMissing, RegistrationRefused, NetworkError: as `of` does.
        """
        asked = self._wanted(party)
        async with self._turn(party, asked):
            return self._shown(await self._ready(party, asked, values))

    async def _ready(self, party: Party, asked: Wanted, values: Values) -> Record:
        """Find a client that suits, or change one until it does, or register another."""
        while True:
            records = await self._open_to(party, asked.url)
            ready = next((each for each in records if self._suits(each, asked)), None)
            if ready is not None and not self._wants_name(party, ready, asked):
                return await self._adopted(party, ready)
            candidate = ready or self._changeable(party, asked, records)
            if candidate is None:
                over = next(filter(self._is_over, records), None)
                return await self._registered(party, asked, values, before=over)
            try:
                await self._changed(party, asked, candidate)
            except ConnectsmithError:
                if ready is None:
                    raise
                return await self._adopted(party, ready)

    def _changeable(self, party: Party, asked: Wanted, records: Sequence[Record]) -> Record | None:
        """Return the client to change: a draft leaves a published one as its sign-in needs it."""
        for record in records:
            if self._is_over(record):
                continue
            if party.test and not record.draft and clash(record.standing, asked):
                continue
            can_be = self._changes.can_be(record, self._joined(party, record, asked))
            return record if can_be else None
        return None

    async def _changed(self, party: Party, asked: Wanted, record: Record) -> None:
        """Change a client, or wait for whoever does; what came of it is found in its record."""
        claim = await self._changes.claimed(record)
        if claim is None:
            await asyncio.sleep(self._rules.poll_later.total_seconds())
        else:
            await self._changes.carried_out(claim, self._joined(party, record, asked))

    async def _open_to(self, party: Party, url: str) -> Sequence[Record]:
        """Return the clients that a sign-in may use, the newest first.

        What is published uses a draft's only where it has none of its own, and makes it that.
        """
        records = [*reversed(await self._at(party, url))]
        published = [each for each in records if not each.draft]
        return published or records if not party.test else [*published, *_drafts(records)]

    async def _adopted(self, party: Party, record: Record) -> Record:
        if party.test or not record.draft:
            return record
        own = self._written(replace(record, draft=False), client_of(self._sealer, record))
        stored = await self._records.replace(own.row, expected_version=record.row.version)
        return own if stored else record

    def _wants_name(self, party: Party, record: Record, asked: Wanted) -> bool:
        """Tell whether a consent page shows a name that is no longer the published one's."""
        if party.test or record.standing.metadata.get(NAME) == asked.metadata[NAME]:
            return False
        return self._changes.can_be(record, self._joined(party, record, asked))

    def _suits(self, record: Record, asked: Wanted) -> bool:
        answered = self._rules.answered_callback_urls(record.row.connector)
        return not self._is_over(record) and suits(record.standing, asked, answered=answered)

    def _joined(self, party: Party, record: Record, asked: Wanted) -> Wanted:
        answered = self._rules.answered_callback_urls(record.row.connector)
        return joined(record.standing, asked, answered=answered, renames=not party.test)

    # -- registering ----------------------------------------------------------------------------

    async def _registered(
        self, party: Party, asked: Wanted, values: Values, *, before: Record | None
    ) -> Record:
        """Register a client, in the place of one that is over."""
        request = registration_request(asked, party.client, values)
        answer = await self._answer(request)
        registered = read_registration(asked, answer, carried=request.carries)
        if registered.expires_at is not None and registered.expires_at <= self._clock.now():
            raise RegistrationRefused(
                "The authorization server registered a client whose secret is over already.",
                place="/auth_components/registrationURL",
            )
        try:
            record = await self._kept(party, asked, registered, before)
        except StorageUncertain:
            raise  # it may be the one that is stored
        except ConnectsmithError:  # the connector was deleted meanwhile, or a disk is full
            await self._given_up(asked, registered)
            raise
        if record is not None:
            await self._record(record.row, "client_registered")
            return record
        await self._given_up(asked, registered)
        record = next(iter(await self._open_to(party, asked.url)), None)
        if record is None:
            raise NotFound("The connector was deleted while its client was being registered.")
        return record

    async def _kept(
        self, party: Party, asked: Wanted, registered: Registration, before: Record | None
    ) -> Record | None:
        """Store a client; None when another process did."""
        number = len(await self._at(party, asked.url)) if before is None else before.number
        row = ClientRecordRow(
            workspace=party.workspace,
            connector=party.connector,
            kind=KIND,
            id=record_id(asked.url, number) if before is None else before.row.id,
            version=0 if before is None else before.row.version,
            content="",
            created_at=self._clock.now(),
        )
        draft = party.test if before is None else before.draft
        record = Record(row, asked, party.origins_auth, number=number, draft=draft)
        record = self._written(record, registered)
        if before is None:
            stored = await self._records.add(record.row)
        else:
            stored = await self._records.replace(record.row, expected_version=before.row.version)
        return record if stored else None

    async def _given_up(self, asked: Wanted, registered: Registration) -> None:
        """Give a client back that nobody will use."""
        management = registered.management(asked.url)
        if management is not None:
            with suppress(ConnectsmithError):  # nobody holds its secret
                await self._answer(deletion_request(management))

    async def renew(self, row: ClientRecordRow) -> None:
        """Renew a client whose secret ends soon, or whose addresses changed (RFC 7592)."""
        record = Record.read(row)
        claim = await self._changes.claimed(record)
        if claim is None:
            return
        asked = self._moved(record)
        if record.ends_at is None and asked == record.standing:
            await self._changes.let_go(claim)
        elif client_of(self._sealer, record).management(asked.url) is None:
            await self._changes.let_go(claim)
            await self._record(row, "registration_ends", "the server offers no way to renew it")
        else:
            await self._renewed(claim, asked)

    async def _renewed(self, claim: Record, asked: Wanted) -> None:
        try:
            renewed = await self._changes.carried_out(claim, asked)
        except ConnectsmithError as error:
            await self._record(claim.row, "registration_not_renewed", error.code)
            return
        what = "registration_not_renewed" if renewed is None else "registration_renewed"
        await self._record(claim.row, what)

    # -- what there is --------------------------------------------------------------------------

    def _wanted(self, party: Party) -> Wanted:
        client = party.client
        if client.registration is None:
            raise Bug("A client that is registered by hand was to register itself.")
        url = client.registration.url.render({})
        return wanted(
            client,
            url=url,
            redirect_uri=self._rules.callback_url(party.connector),
            name=party.blueprint.definition.name,
            jwks_url=self._rules.jwks_url(party.connector),
        )

    def _moved(self, record: Record) -> Wanted:
        connector = record.row.connector
        return moved(
            record.standing,
            redirect_uri=self._rules.callback_url(connector),
            jwks_url=self._rules.jwks_url(connector),
            answered=self._rules.answered_callback_urls(connector),
        )

    async def _at(self, party: Party, url: str) -> Sequence[Record]:
        """Return the clients that were registered at an address, in their order."""
        rows = await self._records.of_connector(party.workspace, party.connector)
        records = (Record.read(row) for row in rows if row.kind == KIND)
        return sorted((each for each in records if each.standing.url == url), key=_number)

    def _turn(self, party: Party, asked: Wanted) -> asyncio.Lock:
        return self._turns.setdefault((party.connector, asked.url), asyncio.Lock())

    def _is_over(self, record: Record) -> bool:
        return record.is_over(self._clock.now())

    def _shown(self, record: Record) -> RegisteredClient:
        return shown(record, client_of(self._sealer, record))

    def _written(self, record: Record, client: Registration) -> Record:
        return written(self._sealer, record, client, now=self._clock.now())

    async def _answer(self, request: HttpRequest) -> HttpResponse:
        return await self._sender.send(replace(request, timeout=self._rules.token_timeout))

    async def _record(self, row: ClientRecordRow, what: str, message: str = "") -> None:
        await self._events.add(
            EventRow(row.workspace, self._clock.now(), "system", what, row.connector, message)
        )


def _drafts(records: Sequence[Record]) -> list[Record]:
    return [each for each in records if each.draft]


def _number(record: Record) -> int:
    return record.number
