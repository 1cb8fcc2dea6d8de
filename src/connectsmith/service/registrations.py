"""Clients that registered themselves: one for each connector, sealed, and renewed in time."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from connectsmith.core.authorization.registration import (
    Registration,
    Wanted,
    deletion_request,
    read_registration,
    registration_request,
    update_request,
    wanted,
)
from connectsmith.core.authorization.values import RegisteredClient
from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.core.secret.destinations import Destinations, origin_of
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import Bug, ConnectsmithError
from connectsmith.service.client_ports import ClientRecords
from connectsmith.service.party import Party
from connectsmith.service.ports import Clock, Events, Sealer, SealPlace, Sender
from connectsmith.service.rows import ClientRecordRow, EventRow
from connectsmith.service.rules import Rules

KIND: Final = "registration"
ID: Final = "client"
EARLY: Final = timedelta(days=1)
"""How long before its end a client secret is renewed; a tenth of its life if that is less."""
AGAIN: Final = timedelta(hours=1)


class Registrations:
    """Register connectors' clients, and keep them registered."""

    def __init__(
        self,
        *,
        records: ClientRecords,
        sender: Sender,
        events: Events,
        sealer: Sealer,
        clock: Clock,
        rules: Rules,
    ) -> None:
        self._records = records
        self._sender = sender
        self._events = events
        self._sealer = sealer
        self._clock = clock
        self._rules = rules

    async def of(self, party: Party) -> RegisteredClient:
        """Return a connector's client; register it where there is none, or where its secret ended.

        Raises:
            RegistrationRefused, NetworkError: the server gives none that would do.
        """
        row = await self._row(party.workspace, party.connector)
        held = None if row is None else self._opened(row)
        if row is not None and held is not None and not self._is_over(held):
            return _shown(row, held)
        asked = self._wanted(party)
        registered = read_registration(asked, await self._sent(asked))
        return await self._kept(party, asked, registered, row)

    async def _kept(
        self,
        party: Party,
        asked: Wanted,
        registered: Registration,
        before: ClientRecordRow | None,
    ) -> RegisteredClient:
        now = self._clock.now()
        row = ClientRecordRow(
            workspace=party.workspace,
            connector=party.connector,
            kind=KIND,
            id=ID,
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
        if stored:
            await self._record(row, "client_registered")
            return _shown(row, registered)
        await self._given_up(asked, registered)
        return await self.of(party)

    async def _given_up(self, asked: Wanted, registered: Registration) -> None:
        """Give a client back that another process has been quicker than."""
        if registered.access_token is None or registered.management_url is None:
            return
        try:
            await self._sender.send(deletion_request(registered, _only(asked)))
        except ConnectsmithError:
            return  # it is unused, and nobody holds its secret

    async def renew(self, row: ClientRecordRow) -> None:
        """Renew a client whose secret ends soon (RFC 7592), so that its grants live on."""
        held, content = self._opened(row), json.loads(row.content)
        asked = Wanted(content["url"], content["asked"])
        claimed = replace(row, version=row.version + 1, due_at=self._clock.now() + AGAIN)
        claimed = replace(claimed, sealed=self._sealer.seal(_flat(held), _place(claimed)))
        if not await self._records.replace(claimed, expected_version=row.version):
            return
        if held.access_token is None or held.management_url is None:
            await self._record(row, "registration_ends", "the server offers no way to renew it")
            return
        try:
            request = update_request(asked, held, _only(asked))
            renewed = read_registration(asked, await self._answer(request), held)
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
        if client.registration_url is None:
            raise Bug("A client that is registered by hand was to register itself.")
        url = client.registration_url.render({})
        return wanted(
            client,
            url=url,
            redirect_uri=self._rules.callback_url(party.connector),
            name=party.blueprint.definition.name,
            jwks_url=self._rules.jwks_url(party.connector),
        )

    async def _sent(self, asked: Wanted) -> HttpResponse:
        return await self._answer(registration_request(asked))

    async def _answer(self, request: HttpRequest) -> HttpResponse:
        return await self._sender.send(replace(request, timeout=self._rules.token_timeout))

    def _is_over(self, held: Registration) -> bool:
        return held.expires_at is not None and held.expires_at <= self._clock.now()

    async def _row(self, workspace: str, connector: str) -> ClientRecordRow | None:
        rows = await self._records.of_connector(workspace, connector)
        return next((row for row in rows if row.kind == KIND), None)

    def _opened(self, row: ClientRecordRow) -> Registration:
        flat = self._sealer.open(row.sealed or b"", _place(row))
        content = json.loads(row.content)
        ends = content["expires_at"]
        return Registration(
            client_id=flat["client_id"],
            client_secret=flat.get("client_secret"),
            expires_at=None if ends is None else datetime.fromisoformat(ends),
            access_token=flat.get("access_token"),
            management_url=content["management_url"],
        )

    async def _record(self, row: ClientRecordRow, what: str, message: str = "") -> None:
        await self._events.add(
            EventRow(row.workspace, self._clock.now(), "system", what, row.connector, message)
        )


def _shown(row: ClientRecordRow, held: Registration) -> RegisteredClient:
    origins = json.loads(row.content)["origins"]
    return RegisteredClient(held.client_id, held.client_secret, Destinations.of(origins))


def _only(asked: Wanted) -> Destinations:
    return Destinations.of([origin_of(asked.url)])


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
