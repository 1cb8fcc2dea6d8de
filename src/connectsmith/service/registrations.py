"""Clients that registered themselves: one for each connector, sealed, and renewed in time."""

import asyncio
import hashlib
import json
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from weakref import WeakValueDictionary

from connectsmith.core.authorization.registration import (
    Management,
    Registration,
    Wanted,
    deletion_request,
    read_registration,
    registration_request,
    update_request,
    wanted,
)
from connectsmith.core.authorization.values import RegisteredClient, Values
from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import Bug, ConnectsmithError, NotFound, RegistrationRefused
from connectsmith.service.party import Party
from connectsmith.service.ports import Clock, Sealer, SealPlace, Sender, Storage
from connectsmith.service.rows import ClientRecordRow, EventRow
from connectsmith.service.rules import Rules

KIND: Final = "registration"
EARLY: Final = timedelta(days=1)
"""How long before its end a client secret is renewed; a tenth of its life if that is less."""
AGAIN: Final = timedelta(hours=1)


class Registrations:
    """Register connectors' clients, and keep them registered."""

    def __init__(
        self, storage: Storage, *, sender: Sender, sealer: Sealer, clock: Clock, rules: Rules
    ) -> None:
        self._records = storage.client_records
        self._sender = sender
        self._events = storage.events
        self._sealer = sealer
        self._clock = clock
        self._rules = rules
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def of(self, party: Party, values: Values) -> RegisteredClient:
        """Return a connector's client; register it where there is none, or where its secret ended.

        A client is one server's: a definition that moves to another registers another one there.

        Raises:
            SecretMissing: the server registers nobody without an initial access token.
            RegistrationRefused, NetworkError: the server gives none that would do.
        """
        asked = self._wanted(party)
        found = await self._found(party, asked)
        if found is not None:
            return found
        turn = self._turns.setdefault((party.connector, asked.url), asyncio.Lock())
        async with turn:
            return await self._found(party, asked) or await self._registered(party, asked, values)

    async def _found(self, party: Party, asked: Wanted) -> RegisteredClient | None:
        """Return the client that is stored, if it is any good."""
        row = await self._row(party.workspace, party.connector, asked.url)
        held = None if row is None else _opened(self._sealer, row)
        if row is None or held is None or self._is_over(held):
            return None
        return _shown(row, held)

    async def _registered(self, party: Party, asked: Wanted, values: Values) -> RegisteredClient:
        before = await self._row(party.workspace, party.connector, asked.url)
        request = registration_request(asked, party.client, values)
        answer = await self._answer(request)
        registered = read_registration(asked, answer, carried=request.carries)
        if self._is_over(registered):
            raise RegistrationRefused(
                "The authorization server registered a client whose secret is over already.",
                place="/auth_components/registrationURL",
            )
        try:
            client = await self._kept(party, asked, registered, before)
        except ConnectsmithError:  # the connector was deleted meanwhile, or a disk is full
            await self._given_up(asked, registered)
            raise
        if client is None:
            await self._given_up(asked, registered)
            client = await self._found(party, asked)
        if client is None:
            raise NotFound("The connector was deleted while its client was being registered.")
        return client

    async def _kept(
        self,
        party: Party,
        asked: Wanted,
        registered: Registration,
        before: ClientRecordRow | None,
    ) -> RegisteredClient | None:
        """Store a client in the place of one that is over; None when another process did."""
        now = self._clock.now()
        row = ClientRecordRow(
            workspace=party.workspace,
            connector=party.connector,
            kind=KIND,
            id=_id(asked.url) if before is None else before.id,
            version=1 if before is None else before.version + 1,
            content=_content(asked, registered, party.origins_auth),
            created_at=now,
            due_at=_due(registered, now),
        )
        row = replace(row, sealed=self._sealer.seal(_flat(registered), _place(row)))
        if before is None:
            stored = await self._records.add(row)
        else:
            stored = await self._records.replace(row, expected_version=before.version)
        if not stored:
            return None
        await self._record(row, "client_registered")
        return _shown(row, registered)

    async def _given_up(self, asked: Wanted, registered: Registration) -> None:
        """Give a client back that nobody will use."""
        management = registered.management(asked.url)
        if management is not None:
            with suppress(ConnectsmithError):  # nobody holds its secret
                await self._answer(deletion_request(management))

    async def renew(self, row: ClientRecordRow) -> None:
        """Renew a client whose secret ends soon (RFC 7592), so that its grants live on."""
        held, content = _opened(self._sealer, row), json.loads(row.content)
        asked = Wanted(content["url"], content["asked"])
        management = held.management(asked.url)
        claimed = replace(row, version=row.version + 1, due_at=self._clock.now() + AGAIN)
        claimed = replace(claimed, sealed=self._sealer.seal(_flat(held), _place(claimed)))
        if not await self._records.replace(claimed, expected_version=row.version):
            return
        if management is None:
            await self._record(row, "registration_ends", "the server offers no way to renew it")
            return
        try:
            request = update_request(asked, held, management)
            answer = await self._answer(request)
            renewed = read_registration(asked, answer, held, carried=request.carries)
        except ConnectsmithError as error:
            await self._record(row, "registration_not_renewed", error.code)
            return
        fresh = replace(
            claimed,
            version=claimed.version + 1,
            content=_content(asked, renewed, content["origins"]),
            due_at=_due(renewed, self._clock.now()),
        )
        fresh = replace(fresh, sealed=self._sealer.seal(_flat(renewed), _place(fresh)))
        if await self._records.replace(fresh, expected_version=claimed.version):
            await self._record(row, "registration_renewed")

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

    async def _answer(self, request: HttpRequest) -> HttpResponse:
        return await self._sender.send(replace(request, timeout=self._rules.token_timeout))

    def _is_over(self, held: Registration) -> bool:
        return held.expires_at is not None and held.expires_at <= self._clock.now()

    async def _row(self, workspace: str, connector: str, url: str) -> ClientRecordRow | None:
        """Return what was registered at an address."""
        rows = await self._records.of_connector(workspace, connector)
        found = (row for row in rows if row.kind == KIND)
        return next((row for row in found if json.loads(row.content)["url"] == url), None)

    async def _record(self, row: ClientRecordRow, what: str, message: str = "") -> None:
        await self._events.add(
            EventRow(row.workspace, self._clock.now(), "system", what, row.connector, message)
        )


def _shown(row: ClientRecordRow, held: Registration) -> RegisteredClient:
    origins = json.loads(row.content)["origins"]
    return RegisteredClient(held.client_id, held.client_secret, Destinations.of(origins))


def management_of(sealer: Sealer, row: ClientRecordRow) -> Management | None:
    """Return how a registered client is changed and deleted; None where its server gave no way.

    Raises:
        SealBroken: what is stored cannot be opened.
    """
    return _opened(sealer, row).management(json.loads(row.content)["url"])


def _opened(sealer: Sealer, row: ClientRecordRow) -> Registration:
    flat = sealer.open(row.sealed or b"", _place(row))
    content = json.loads(row.content)
    ends = content["expires_at"]
    return Registration(
        client_id=flat["client_id"],
        client_secret=flat.get("client_secret"),
        expires_at=None if ends is None else datetime.fromisoformat(ends),
        access_token=flat.get("access_token"),
        management_url=content["management_url"],
    )


def _id(url: str) -> str:
    """Return an id that two processes registering at one address agree on."""
    return hashlib.sha256(url.encode()).hexdigest()[:26]


def _place(row: ClientRecordRow) -> SealPlace:
    return SealPlace(row.workspace, KIND, row.connector, row.id, row.version)


def _flat(held: Registration) -> dict[str, Secret]:
    flat = {
        "client_id": held.client_id,
        "client_secret": held.client_secret,
        "access_token": held.access_token,
    }
    return {name: value for name, value in flat.items() if value is not None}


def _content(asked: Wanted, held: Registration, origins: tuple[str, ...]) -> str:
    return json.dumps(
        {
            "url": asked.url,
            "asked": dict(asked.metadata),
            "management_url": held.management_url,
            "expires_at": held.expires_at.isoformat() if held.expires_at else None,
            "origins": list(origins),
        }
    )


def _due(held: Registration, now: datetime) -> datetime | None:
    if held.expires_at is None:
        return None
    return held.expires_at - min(EARLY, (held.expires_at - now) / 10)
