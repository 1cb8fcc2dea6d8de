"""Keep what an authorization brought: from then on its connection can be used.

What was done in an operator's session is kept for it by itself, whether or not a page is open, as
long as that session lives. A connection whose owner has to choose something first waits for them.
"""

from contextlib import suppress
from dataclasses import replace

from connectsmith.errors import AuthorizationWaiting, ChoiceNeeded, OtherAccount
from connectsmith.service.attempts import UNANSWERED, Attempts, ended
from connectsmith.service.caller import Caller
from connectsmith.service.choosing import Chooser
from connectsmith.service.connections import ConnectionDesk
from connectsmith.service.draft_connections import DraftConnections
from connectsmith.service.rows import AuthorizationRow, ConnectionRow
from connectsmith.service.sign_in import SignIn


class Keeper:
    """Keep the connections of completed authorizations."""

    def __init__(
        self,
        attempts: Attempts,
        connections: ConnectionDesk,
        chooser: Chooser,
        *,
        drafts: DraftConnections,
        sign_in: SignIn,
    ) -> None:
        self._attempts = attempts
        self._connections = connections
        self._chooser = chooser
        self._drafts = drafts
        self._sign_in = sign_in

    async def keep(self, row: AuthorizationRow, choice: str | None = None) -> ConnectionRow:
        """Keep the connection of an authorization for whoever started it.

        Raises:
            AuthorizationWaiting: it was not completed yet.
            ChoiceNeeded: its owner has to choose first; `choice` is the id of an item.
            AuthorizationEnded: it was not kept in time, or failed.
            OtherAccount: somebody else's account consented; nothing was changed.
        """
        if row.status in UNANSWERED | {"returned", "redeeming"}:
            raise AuthorizationWaiting("Complete the authorization first.")
        if row.status not in ("completed", "kept") or row.connection is None:
            raise ended(row)
        if row.status == "kept":
            return await self._connections.row(row.workspace, row.connection)
        settled = await self._chooser.settle(row, choice)
        if settled is not None:
            await self._connections.introduce(settled)
        kept = await self._kept(row, row.connection)
        await self._attempts.authorizations.advance(
            replace(row, status="kept", connection=kept.id), expected_status="completed"
        )
        await self._attempts.record(row, "connection_kept", kept.id)
        if row.by_session and row.test and row.reconnects is None:
            await self._drafts.end_older(_operator_of(row), row.connector)
        return kept

    async def _kept(self, row: AuthorizationRow, connection: str) -> ConnectionRow:
        try:
            return await self._connections.keep(row.workspace, connection, row.reconnects)
        except OtherAccount as error:
            await self._attempts.fail(row, error)
            brought = await self._connections.row(row.workspace, connection)
            await self._connections.discard(brought, error.code)
            raise

    async def keep_for_session(self, row: AuthorizationRow) -> None:
        """Keep what a living session began; one whose owner has to choose waits for that."""
        if row.by_session and await self._sign_in.lives(row.workspace, row.created_by):
            with suppress(ChoiceNeeded):
                await self.keep(row)


def _operator_of(row: AuthorizationRow) -> Caller:
    return Caller(row.workspace, row.created_by, row.operator, frozenset())
