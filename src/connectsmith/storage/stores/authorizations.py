"""Attempts to authorize."""

# ruff: noqa: D102 - the port's docstrings say what its methods promise

from collections.abc import Sequence
from datetime import datetime

from connectsmith.errors import NotFound
from connectsmith.service.authorization_ports import Attempt
from connectsmith.service.rows import AuthorizationRow, ConnectionRow, EventRow, Page
from connectsmith.storage.database import Database, Statement, Value, changed, first
from connectsmith.storage.pages import after_values, cursor, page
from connectsmith.storage.stores.connections import adding
from connectsmith.storage.stores.events import recording
from connectsmith.storage.stores.living import demand_living, living
from connectsmith.storage.table import Table, micros

_AUTHORIZATIONS = Table("authorizations", AuthorizationRow)

_GET = _AUTHORIZATIONS.select("WHERE workspace = :workspace AND id = :id")
_OF_CONNECTOR = "WHERE workspace = :workspace AND connector = :connector"
_NEWEST = "ORDER BY created_at DESC, id DESC LIMIT :limit"
_PAGE = _AUTHORIZATIONS.select(f"{_OF_CONNECTOR} {_NEWEST}")
_PAGE_AFTER = _AUTHORIZATIONS.select(
    f"{_OF_CONNECTOR} AND (created_at, id) < (:at, :last) {_NEWEST}"
)
_BY_START = _AUTHORIZATIONS.select("WHERE start_digest = :digest")
_BY_STATE = _AUTHORIZATIONS.select("WHERE state_digest = :digest")
_OPEN = "WHERE status NOT IN ('kept', 'failed', 'expired')"  # as the index has it
_UNKEPT = _AUTHORIZATIONS.select(
    f"{_OPEN} AND status = 'completed' AND expires_at > :now AND workspace = :workspace "
    "AND created_by = :created_by ORDER BY created_at DESC, id DESC"
)
_OVERDUE = _AUTHORIZATIONS.select(
    f"{_OPEN} AND expires_at <= :now ORDER BY expires_at LIMIT :limit"
)
_CHANGES = _AUTHORIZATIONS.assignments(
    without=("workspace", "id", "connector", "created_by", "created_at", "completion_attempts")
)
_ADVANCE = f"""
UPDATE authorizations SET {_CHANGES}
WHERE workspace = :workspace AND id = :id AND status = :expected
"""  # noqa: S608 - names of our own columns
_REDEEM = f"""
UPDATE authorizations SET completion_attempts = completion_attempts + 1, {_CHANGES}
WHERE workspace = :workspace AND id = :id AND status = 'returned' AND completion_attempts < :most
RETURNING completion_attempts
"""  # noqa: S608 - names of our own columns
_COUNT = """
UPDATE authorizations SET completion_attempts = completion_attempts + 1
WHERE workspace = :workspace AND id = :id
RETURNING completion_attempts
"""


class SqlAuthorizations:
    """The port `Authorizations` in SQL; attempts are counted, never set."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, row: AuthorizationRow) -> None:
        insert = Statement(_AUTHORIZATIONS.insert(), _AUTHORIZATIONS.encode(row))
        owner = living(row.workspace, row.connector)
        demand_living(await self._database.write(owner, insert))

    async def get(self, workspace: str, authorization: str) -> AuthorizationRow | None:
        values = {"workspace": workspace, "id": authorization}
        return await first(self._database, _GET, values, _AUTHORIZATIONS.decode)

    async def page(
        self, workspace: str, connector: str, *, limit: int, after: str | None
    ) -> Page[AuthorizationRow]:
        values: dict[str, Value] = {"workspace": workspace, "connector": connector}
        values |= {"limit": limit + 1, **after_values(after)}
        select = _PAGE if after is None else _PAGE_AFTER
        rows = _AUTHORIZATIONS.decode_all(await self._database.read(select, values))
        return page(rows, limit, lambda row: cursor(row.created_at, row.id))

    async def by_start(self, digest: bytes) -> AuthorizationRow | None:
        return await first(self._database, _BY_START, {"digest": digest}, _AUTHORIZATIONS.decode)

    async def by_state(self, digest: bytes) -> AuthorizationRow | None:
        return await first(self._database, _BY_STATE, {"digest": digest}, _AUTHORIZATIONS.decode)

    async def advance(self, row: AuthorizationRow, *, expected_status: str) -> bool:
        values = _AUTHORIZATIONS.encode(row) | {"expected": expected_status}
        return changed(await self._database.write(Statement(_ADVANCE, values)))

    async def complete(
        self,
        row: AuthorizationRow,
        connection: ConnectionRow,
        event: EventRow,
        *,
        expected_status: str,
    ) -> bool:
        values = _AUTHORIZATIONS.encode(row) | {"expected": expected_status}
        owner, insert = adding(connection)
        step = Statement(_ADVANCE, values, needed=True)
        return changed(await self._database.write(owner, step, insert, recording(event)))

    async def attempt(
        self, row: AuthorizationRow, redeeming: AuthorizationRow | None, *, most: int
    ) -> Attempt:
        if redeeming is not None:
            values = _AUTHORIZATIONS.encode(redeeming) | {"most": most}
            number = await self._counted(Statement(_REDEEM, values))
            if number is not None:
                return Attempt(number, taken=True)
        values = {"workspace": row.workspace, "id": row.id}
        number = await self._counted(Statement(_COUNT, values))
        if number is None:
            raise NotFound("The authorization does not exist, or its connector was deleted.")
        return Attempt(number, taken=False)

    async def _counted(self, statement: Statement) -> int | None:
        """Return the number of the attempt that a statement counts; None: it counts none."""
        effects = await self._database.write(statement)
        return int(effects[-1].rows[0][0]) if effects and effects[-1].rows else None

    async def unkept(
        self, workspace: str, created_by: str, now: datetime
    ) -> Sequence[AuthorizationRow]:
        values: dict[str, Value] = {"workspace": workspace, "created_by": created_by}
        found = await self._database.read(_UNKEPT, values | {"now": micros(now)})
        return _AUTHORIZATIONS.decode_all(found)

    async def overdue(self, now: datetime, limit: int) -> Sequence[AuthorizationRow]:
        found = await self._database.read(_OVERDUE, {"now": micros(now), "limit": limit})
        return _AUTHORIZATIONS.decode_all(found)
