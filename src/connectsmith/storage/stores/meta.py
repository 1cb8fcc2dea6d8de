"""Small facts about the installation."""

# ruff: noqa: D102 - the port's docstrings say what its methods promise

from connectsmith.errors import Bug
from connectsmith.storage.database import Database, Statement, changed, first, keeping

_GET = "SELECT value FROM meta WHERE key = :key"
_PUT = """
INSERT INTO meta (key, value) VALUES (:key, :value)
ON CONFLICT (key) DO UPDATE SET value = excluded.value
"""
_REPLACE = "UPDATE meta SET value = :value WHERE key = :key AND value = :expected"
_PUT_FIRST = "INSERT INTO meta (key, value) VALUES (:key, :value) ON CONFLICT (key) DO NOTHING"


class SqlMeta:
    """The port `Meta` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._recent = database.recent("meta")

    async def get(self, key: str) -> str | None:
        kept: str | None = self._recent.get(key)
        if kept is not None:
            return kept
        reading = first(self._database, _GET, {"key": key}, lambda found: str(found[0]))
        return await keeping(self._recent, key, reading)

    async def put(self, key: str, value: str) -> None:
        await self._database.write(Statement(_PUT, {"key": key, "value": value}))

    async def put_first(self, key: str, value: str) -> str:
        await self._database.write(Statement(_PUT_FIRST, {"key": key, "value": value}))
        kept = await self.get(key)
        if kept is None:
            raise Bug("A fact about the installation vanished as it was written.")
        return kept

    async def replace(self, key: str, value: str, *, expected: str) -> bool:
        values = {"key": key, "value": value, "expected": expected}
        return changed(await self._database.write(Statement(_REPLACE, values)))
