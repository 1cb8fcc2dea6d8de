"""A connector's own signing keys: made, sealed, published, and rotated with overlap.

A new key is published before it signs, and an old one stays published after it has signed last, so
that a server that keeps our key set for a while knows every key that it meets.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from connectsmith.core.authorization.signing import SigningKey
from connectsmith.core.secret.destinations import Destinations
from connectsmith.errors import CallerError
from connectsmith.service.blueprints import Blueprints
from connectsmith.service.caller import Caller
from connectsmith.service.client_ports import ClientRecords, KeySigner
from connectsmith.service.making import written
from connectsmith.service.ports import (
    Clock,
    Events,
    Sealer,
    SealPlace,
)
from connectsmith.service.rows import ClientRecordRow, ConnectorRow, EventRow, Origins
from connectsmith.service.rules import Rules
from connectsmith.values import replace

KIND: Final = "key"


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A signing key as it may be shown. `signs_from` is when it begins to be used."""

    id: str
    algorithm: str
    jwk: Mapping[str, Any]
    origins: Origins
    created_at: datetime
    signs_from: datetime
    published_until: datetime | None

    @property
    def public(self) -> dict[str, Any]:
        """Its member of the key set (RFC 7517 section 4)."""
        return {**self.jwk, "kid": self.id, "use": "sig", "alg": self.algorithm}


class SigningKeys:
    """Look after the keys of connectors whose definitions name none."""

    def __init__(
        self,
        *,
        records: ClientRecords,
        blueprints: Blueprints,
        signer: KeySigner,
        events: Events,
        sealer: Sealer,
        clock: Clock,
        rules: Rules,
    ) -> None:
        self._records = records
        self._blueprints = blueprints
        self._signer = signer
        self._events = events
        self._sealer = sealer
        self._clock = clock
        self._rules = rules

    async def of(self, caller: Caller, connector: str) -> Sequence[OwnKey]:
        """List a connector's keys that are published, oldest first."""
        await self._blueprints.connector(caller.workspace, connector)
        return [key for _, key in await self._held(caller.workspace, connector)]

    async def published(self, connector: str) -> dict[str, Any]:
        """Return a connector's key set (RFC 7517 section 5); an unknown one has none."""
        rows = await self._records.published(connector)
        return {"keys": [key.public for _, key in self._living(rows)]}

    async def rotate(self, caller: Caller, connector: str, *, at_once: bool) -> OwnKey:
        """Make the next key; the first one is used at once.

        Its signatures may go where the draft's sign-in leads. With `at_once` the old keys are
        shredded and taken out of the key set now: for when one may be known to somebody.

        Raises:
            CallerError: the draft signs nothing with a key of the connector's own.
        """
        row = await self._blueprints.connector(caller.workspace, connector)
        blueprint = await self._blueprints.of(row, test=True)
        if blueprint.client is None or not blueprint.client.own_key_needed:
            raise CallerError(
                "The draft signs nothing with a key of its own: that takes `private_key_jwt`, "
                "`jwt_bearer` or `signedRequest`, and no `privateKey`."
            )
        old = await self._held(row.workspace, row.id)
        signs_from = self._clock.now()
        if old and not at_once:
            signs_from += self._rules.key_overlap
        algorithm = blueprint.client.assertion.alg
        made = await self._made(row, algorithm, blueprint.origins_auth, signs_from)
        for held, _ in old:
            await self._retire(held, signs_from, at_once=at_once)
        what = "key_replaced" if at_once else "key_rotated"
        await self._events.add(
            EventRow(row.workspace, self._clock.now(), caller.token, what, row.id, made.id)
        )
        return made

    async def _retire(self, row: ClientRecordRow, last: datetime, *, at_once: bool) -> None:
        if at_once:
            await self._records.delete(row)
            return
        until = last + self._rules.key_overlap
        if row.due_at is None or row.due_at > until:
            retired = replace(row, version=row.version + 1, due_at=until)
            await self._records.replace(retired, expected_version=row.version)

    async def current(
        self, row: ConnectorRow, algorithm: str, destinations: Destinations
    ) -> SigningKey:
        """Return the key that signs now; where there is none, make it for these destinations."""
        held = await self._signing(row, algorithm)
        if held is None:
            await self._made(row, algorithm, written(destinations), self._clock.now())
            held = await self._signing(row, algorithm)
        if held is None:
            raise CallerError("The connector's signing key was taken away a moment ago. Try again.")
        record, key = held
        opened = self._sealer.open(record.sealed or b"", _place(record))
        return SigningKey(opened["jwk"], key.id, Destinations.of(key.origins))

    async def _signing(
        self, row: ConnectorRow, algorithm: str
    ) -> tuple[ClientRecordRow, OwnKey] | None:
        """Return the key that began to sign last; of two made at once the same in every process."""
        now = self._clock.now()
        fit = [
            (record, key)
            for record, key in await self._held(row.workspace, row.id)
            if key.algorithm == algorithm and key.signs_from <= now
        ]
        return max(fit, key=lambda each: (each[1].signs_from, each[1].id), default=None)

    async def _made(
        self, row: ConnectorRow, algorithm: str, origins: Origins, signs_from: datetime
    ) -> OwnKey:
        key = await asyncio.to_thread(self._signer.new_key, algorithm)
        now = self._clock.now()
        content = {
            "alg": algorithm,
            "jwk": dict(self._signer.public(key)),
            "origins": list(origins),
            "signs_from": signs_from.isoformat(),
        }
        record = ClientRecordRow(
            workspace=row.workspace,
            connector=row.id,
            kind=KIND,
            id=self._signer.thumbprint(key),
            version=1,
            content=json.dumps(content),
            created_at=now,
        )
        sealed = self._sealer.seal({"jwk": key}, _place(record))
        await self._records.add(replace(record, sealed=sealed))
        return _read(record)

    async def _held(self, workspace: str, connector: str) -> list[tuple[ClientRecordRow, OwnKey]]:
        return self._living(await self._records.of_connector(workspace, connector))

    def _living(self, rows: Sequence[ClientRecordRow]) -> list[tuple[ClientRecordRow, OwnKey]]:
        now = self._clock.now()
        return [
            (row, _read(row))
            for row in rows
            if row.kind == KIND and (row.due_at is None or row.due_at > now)
        ]

    async def shred(self, row: ClientRecordRow) -> None:
        """Throw away a key that is over."""
        await self._records.delete(row)


def _read(row: ClientRecordRow) -> OwnKey:
    content = json.loads(row.content)
    return OwnKey(
        id=row.id,
        algorithm=content["alg"],
        jwk=content["jwk"],
        origins=tuple(content["origins"]),
        created_at=row.created_at,
        signs_from=datetime.fromisoformat(content["signs_from"]),
        published_until=row.due_at,
    )


def _place(row: ClientRecordRow) -> SealPlace:
    """Say what a key is bound to. Not to the row's version: only when it ends is ever changed."""
    return SealPlace(row.workspace, KIND, row.connector, row.id, 1)
