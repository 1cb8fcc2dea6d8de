"""What the Debugger does with a draft: sign in, test, call, and say what was tried of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectsmith.core.call.plan import AUTH_TEST
from connectsmith.core.definition.changes import Changes, changes_between
from connectsmith.core.result.outcome import Outcome
from connectsmith.errors import VersionConflict
from connectsmith.service.attempts import Start, Started
from connectsmith.service.authorizations import AuthorizationDesk
from connectsmith.service.blueprints import Blueprint, Blueprints
from connectsmith.service.caller import Caller
from connectsmith.service.calls import Asked, CallDesk
from connectsmith.service.connections import ConnectionDesk
from connectsmith.service.connectors import ConnectorDesk
from connectsmith.service.draft_connections import DraftConnections, Fitness
from connectsmith.service.proof import Proof, Prover
from connectsmith.service.records import Records
from connectsmith.service.rows import (
    AuthorizationRow,
    CallRow,
    ConnectionRow,
    ConnectorRow,
    RevisionRow,
)

LOOKED_THROUGH = 1000
"""Calls of a draft among which its tested actions are looked for."""


@dataclass(frozen=True, slots=True)
class Bench:
    """A draft on the Debugger's bench, with the operator's test connection if there is one."""

    connector: ConnectorRow
    blueprint: Blueprint
    connection: ConnectionRow | None

    @property
    def needs_sign_in(self) -> bool:
        """Whether calls need a connection."""
        fields = self.blueprint.definition.required_settings.auth_fields
        return self.blueprint.client is not None or bool(fields)

    @property
    def by_browser(self) -> bool:
        """Whether a person consents in a browser."""
        return self.blueprint.client is not None and self.blueprint.client.needs_browser

    @property
    def by_code(self) -> bool:
        """Whether a person types a code at another screen."""
        return self.blueprint.client is not None and self.blueprint.client.device is not None


@dataclass(frozen=True, slots=True)
class Publication:
    """What publishing a draft would mean."""

    bench: Bench
    changes: Changes
    first: bool
    """Nothing is published yet."""
    untested: tuple[str, ...]
    """Actions that no call has worked with since the draft was saved."""
    fitness: Fitness | None
    """Whether the test connection can be kept; None where there is none."""


class Debugger:
    """Try a draft out."""

    def __init__(
        self,
        *,
        connectors: ConnectorDesk,
        blueprints: Blueprints,
        authorizations: AuthorizationDesk,
        connections: ConnectionDesk,
        drafts: DraftConnections,
        calls: CallDesk,
        records: Records,
    ) -> None:
        self._connectors = connectors
        self._blueprints = blueprints
        self._authorizations = authorizations
        self._connections = connections
        self._drafts = drafts
        self._calls = calls
        self._prover = Prover(calls)
        self._records = records

    async def open(self, caller: Caller, connector: str) -> Bench:
        """Put a draft on the bench.

        Raises:
            DefinitionError: it has errors.
        """
        row = await self._connectors.get(caller, connector)
        blueprint = await self._blueprints.of(row, test=True)
        return Bench(row, blueprint, await self._drafts.newest(caller, connector))

    async def sign_in(self, caller: Caller, bench: Bench, fields: Mapping[str, object]) -> None:
        """Make a test connection where nobody has to consent in a browser.

        Raises:
            FieldInvalid, SecretMissing: something is missing; nothing was sent.
            RemoteError, NetworkError: the token endpoint did not grant a token.
        """
        await self._connections.create(caller, bench.connector.id, fields, test=True)
        await self._drafts.end_older(caller, bench.connector.id)

    async def start(
        self,
        caller: Caller,
        bench: Bench,
        fields: Mapping[str, object],
        *,
        return_to: str | None,
    ) -> Started:
        """Begin an authorization in the caller's own browser.

        Args:
            caller: an operator's session.
            bench: the draft.
            fields: what the definition asks its owners for.
            return_to: our path to come back to; None when it has a window of its own.

        Raises:
            FieldInvalid, SecretMissing, SecretDestinationDenied: nothing was begun.
        """
        start = Start(bench.connector.id, fields, return_to=return_to, test=True, by_session=True)
        return await self._authorizations.start(caller, start)

    async def latest(self, caller: Caller, connector: str) -> AuthorizationRow | None:
        """Return the newest authorization that the caller's own session started."""
        page = await self._authorizations.page(caller, connector, limit=20, after=None)
        return next((row for row in page.items if row.created_by == caller.token), None)

    async def sign_out(self, caller: Caller, bench: Bench) -> None:
        """End the operator's test connections."""
        await self._drafts.end_all(caller, bench.connector.id)

    async def test(self, caller: Caller, bench: Bench) -> Proof:
        """Prove the test connection; `did` of the answer says how."""
        if bench.connection is not None:
            return await self._connections.test(caller, bench.connection.id)
        return await self._prover.prove_open(caller, bench.connector.id, bench.blueprint)

    async def call(
        self, caller: Caller, bench: Bench, action: str, fields: Mapping[str, Any]
    ) -> Outcome:
        """Call an action with the test connection; raises as `CallDesk.call` does."""
        if bench.connection is not None:
            return await self._calls.call(caller, Asked(action, fields, bench.connection.id))
        asked = Asked(action, fields, connector=bench.connector.id, test=True)
        return await self._calls.call(caller, asked)

    # -- publishing -----------------------------------------------------------------------------

    async def tested(self, caller: Caller, bench: Bench) -> dict[str, CallRow]:
        """Return the newest call of each action since the draft was saved."""
        found: dict[str, CallRow] = {}
        after, left = None, LOOKED_THROUGH
        filters = {
            "connector": bench.connector.id,
            "kind": "call",
            "since": bench.connector.draft_saved_at.isoformat(),
        }
        while left > 0:
            page = await self._records.page(caller, filters=filters, limit=200, after=after)
            for each in page.items:
                if each.test:
                    found.setdefault(each.action, each)
            if page.next is None:
                break
            after, left = page.next, left - len(page.items)
        return found

    async def publication(self, caller: Caller, bench: Bench) -> Publication:
        """Say what publishing would mean; nothing is changed."""
        row, published = bench.connector, None
        if row.published is not None:
            published = await self._blueprints.revision(row.workspace, row.id, row.published)
        tested = await self.tested(caller, bench)
        fitness = None
        if bench.connection is not None:
            fitness = await self._drafts.fitness(bench.connection, row)
        before = None if published is None else published.definition
        return Publication(
            bench=bench,
            changes=changes_between(before, bench.blueprint.definition),
            first=published is None,
            untested=tuple(
                name
                for name in bench.blueprint.plans
                if name != AUTH_TEST and not (name in tested and tested[name].ok)
            ),
            fitness=fitness,
        )

    async def publish(
        self, caller: Caller, bench: Bench, *, version: int, keep: bool
    ) -> tuple[RevisionRow, ConnectionRow | None]:
        """Publish the draft that was looked at; keep the test connection as a real one, or end it.

        Raises:
            VersionConflict: somebody saved meanwhile; nothing was published.
            Conflict: the draft is published, and the test connection could not be kept.
        """
        if bench.connector.draft_version != version:
            raise VersionConflict("Somebody saved this draft since you looked. Look again.")
        revision, _ = await self._connectors.publish(caller, bench.connector.id, version=version)
        kept = None
        if keep and bench.connection is not None:
            kept = await self._drafts.keep_as_real(
                bench.connection, bench.connector, revision.number
            )
        await self._drafts.end_all(caller, bench.connector.id)
        return revision, kept
