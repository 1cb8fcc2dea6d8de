"""A connector's secrets, sealed; no statement here changes one's value."""

# ruff: noqa: D102 - the port's docstrings say what its methods promise

import builtins
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from connectsmith.errors import NameTaken
from connectsmith.service.rows import (
    ConfirmedRow,
    Origins,
    SecretRow,
    SecretsChange,
)
from connectsmith.storage.database import (
    Database,
    DuplicateKeyError,
    Statement,
    Value,
    Values,
    changed,
    every,
    keeping,
)
from connectsmith.storage.stores.living import at_version, demand_living, living
from connectsmith.storage.table import Table, micros, packed

_SECRETS = Table("secrets", SecretRow)

_LIST = _SECRETS.select("WHERE workspace = :workspace AND connector = :connector ORDER BY name")
_ONE = "WHERE workspace = :workspace AND connector = :connector AND id = :id"
_CHANGED = "origins = COALESCE(:origins, origins), browser = COALESCE(:browser, browser)"
_CONFIRM = f"UPDATE secrets SET {_CHANGED} {_ONE}"  # noqa: S608 - a constant of ours
_CONFIRM_SEEN = f"{_CONFIRM} AND (CAST(:seen AS TEXT) IS NULL OR origins = :seen)"
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
        try:
            demand_living(await self._database.write(*owners, _inserting(rows)))
        except DuplicateKeyError as error:
            raise _taken() from error

    async def change(self, change: SecretsChange) -> bool:
        place: dict[str, Value] = {"workspace": change.workspace, "connector": change.connector}
        statements = [living(change.workspace, change.connector)]
        if change.draft_version is not None:
            statements.append(at_version(change.workspace, change.connector, change.draft_version))
        statements += [
            Statement(_DELETE, place | {"id": secret}, needed=True) for secret in change.deleted
        ]
        statements += [
            Statement(_CONFIRM_SEEN, place | _confirming(each), needed=True)
            for each in change.confirmed
        ]
        if change.added:
            statements.append(_inserting(change.added))
        try:
            effects = await self._database.write(*statements, shred=bool(change.deleted))
        except DuplicateKeyError as error:
            raise _taken() from error
        if effects is None:
            owner = living(change.workspace, change.connector)
            demand_living(await self._database.write(owner))
        return effects is not None

    async def list(self, workspace: str, connector: str) -> Sequence[SecretRow]:
        subject = f"{workspace}/{connector}"
        kept: tuple[SecretRow, ...] | None = self._recent.get(subject)
        if kept is not None:
            return kept
        values = {"workspace": workspace, "connector": connector}
        reading = every(self._database, _LIST, values, _SECRETS.decode_all)
        return await keeping(self._recent, subject, reading)

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
            **_confirming(ConfirmedRow(secret, origins, browser)),
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


def _inserting(rows: Sequence[SecretRow]) -> Statement:
    return Statement(_SECRETS.insert(), [_SECRETS.encode(row) for row in rows])


def _confirming(row: ConfirmedRow) -> dict[str, Value]:
    return {
        "id": row.id,
        "origins": None if row.origins is None else packed(row.origins),
        "browser": None if row.browser is None else int(row.browser),
        "seen": None if row.seen is None else packed(row.seen),
    }


def _taken() -> NameTaken:
    return NameTaken(
        "A secret of that name is stored for this connector. A secret cannot be changed: delete "
        "it, then add it again.",
        place="name",
    )
