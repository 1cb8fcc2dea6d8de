"""A connector's secrets, sealed; no statement here changes one's value."""

# ruff: noqa: D102 - the port's docstrings say what its methods promise

import builtins
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from connectsmith.errors import NameTaken
from connectsmith.service.rows import (
    Origins,
    SecretRow,
)
from connectsmith.storage.database import Database, DuplicateKeyError, Statement, Values, changed
from connectsmith.storage.stores.living import demand_living, living
from connectsmith.storage.table import Table, micros, packed

_SECRETS = Table("secrets", SecretRow)

_LIST = _SECRETS.select("WHERE workspace = :workspace AND connector = :connector ORDER BY name")
_ONE = "WHERE workspace = :workspace AND connector = :connector AND id = :id"
_CHANGED = "origins = COALESCE(:origins, origins), browser = COALESCE(:browser, browser)"
_CONFIRM = f"UPDATE secrets SET {_CHANGED} {_ONE}"  # noqa: S608 - a constant of ours
_DELETE = f"DELETE FROM secrets {_ONE}"  # noqa: S608 - a constant of ours
_TOUCH = "UPDATE secrets SET last_used_at = :at WHERE workspace = :workspace AND id = :id"


class SqlSecrets:
    """The port `Secrets` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._recent = database.recent("secrets")

    async def add(self, rows: Sequence[SecretRow]) -> None:
        if not rows:
            return
        places = sorted({(row.workspace, row.connector) for row in rows})
        owners = [living(workspace, connector) for workspace, connector in places]
        inserts = Statement(_SECRETS.insert(), [_SECRETS.encode(row) for row in rows])
        try:
            demand_living(await self._database.write(*owners, inserts))
        except DuplicateKeyError as error:
            raise NameTaken(
                "A secret of that name is stored for this connector. A secret cannot be changed: "
                "delete it, then add it again.",
                place="name",
            ) from error

    async def list(self, workspace: str, connector: str) -> Sequence[SecretRow]:
        subject = f"{workspace}/{connector}"
        kept: tuple[SecretRow, ...] | None = self._recent.get(subject)
        if kept is not None:
            return kept
        position = self._recent.position()
        values = {"workspace": workspace, "connector": connector}
        rows = tuple(_SECRETS.decode_all(await self._database.read(_LIST, values)))
        self._recent.put(subject, rows, position)
        return rows

    async def confirm(
        self,
        workspace: str,
        connector: str,
        secret: str,
        *,
        origins: Origins | None,
        browser: bool | None,
    ) -> bool:
        values: Values = {
            "workspace": workspace,
            "connector": connector,
            "id": secret,
            "origins": None if origins is None else packed(origins),
            "browser": None if browser is None else int(browser),
        }
        return changed(await self._database.write(Statement(_CONFIRM, values)))

    async def delete(self, workspace: str, connector: str, secret: str) -> bool:
        values = {"workspace": workspace, "connector": connector, "id": secret}
        return changed(await self._database.write(Statement(_DELETE, values), shred=True))

    async def touch(self, workspace: str, secrets: Sequence[str], at: datetime) -> None:
        values: builtins.list[Values] = [
            {"workspace": workspace, "id": secret, "at": micros(at)}
            for secret, _ in groupby(sorted(secrets))
        ]
        if values:
            await self._database.write(Statement(_TOUCH, values))
