"""What attempts to authorize need from the outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from connectsmith.service.rows import AuthorizationRow, ConnectionRow, EventRow, Page


@dataclass(frozen=True, slots=True)
class Attempt:
    """A completion value that was brought: which one it was, and whether it redeems the code."""

    number: int
    taken: bool


class Authorizations(Protocol):
    """Attempts to authorize."""

    async def add(self, row: AuthorizationRow) -> None: ...
    async def get(self, workspace: str, authorization: str) -> AuthorizationRow | None: ...
    async def page(
        self, workspace: str, connector: str, *, limit: int, after: str | None
    ) -> Page[AuthorizationRow]: ...
    async def by_start(self, digest: bytes) -> AuthorizationRow | None: ...
    async def by_state(self, digest: bytes) -> AuthorizationRow | None: ...
    async def advance(self, row: AuthorizationRow, *, expected_status: str) -> bool:
        """Store the whole row if its status is still the expected one; False otherwise."""
        ...

    async def complete(
        self,
        row: AuthorizationRow,
        connection: ConnectionRow,
        event: EventRow,
        *,
        expected_status: str,
    ) -> bool:
        """Do as `advance`, and add the connection that came of it with a record, all or nothing.

        False also where the connector was deleted meanwhile.
        """
        ...

    async def attempt(
        self, row: AuthorizationRow, redeeming: AuthorizationRow | None, *, most: int
    ) -> Attempt:
        """Count one completion value; with `redeeming`, use it up in the same step.

        That is stored over a `returned` row for which no more than `most` values were counted.

        Raises:
            NotFound: the connector was deleted.
        """
        ...

    async def unkept(
        self, workspace: str, created_by: str, now: datetime
    ) -> Sequence[AuthorizationRow]:
        """Return a caller's completed ones before `expires_at`, newest first."""
        ...

    async def overdue(self, now: datetime, limit: int) -> Sequence[AuthorizationRow]:
        """Return those past `expires_at` in a status other than kept, failed, expired."""
        ...
