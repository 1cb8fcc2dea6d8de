"""Sessions, one-time links, known devices and counted attempts in memory."""

# ruff: noqa: D102 - the port's docstrings say what its methods promise

from dataclasses import replace
from datetime import datetime

from connectsmith.errors import NameTaken
from connectsmith.service.rows import OperatorRow
from connectsmith.service.sign_in_rows import AttemptsRow, DeviceRow, LinkRow, SessionRow
from connectsmith.testing.memory_installation import MemoryAccounts


class MemorySessions:
    """The port `Sessions`; operators are those of the accounts."""

    def __init__(self, accounts: MemoryAccounts) -> None:
        self._operators = accounts.operators
        self._sessions: dict[str, SessionRow] = {}
        self._links: dict[bytes, LinkRow] = {}
        self._devices: dict[bytes, DeviceRow] = {}
        self._attempts: dict[bytes, AttemptsRow] = {}

    async def operator(self, workspace: str, operator: str) -> OperatorRow | None:
        its = (row for row in self._operators if row.workspace == workspace)
        return next((row for row in its if row.id == operator), None)

    async def operator_by_email(self, email: str) -> OperatorRow | None:
        return next((row for row in self._operators if row.email == email), None)

    async def set_password(self, workspace: str, operator: str, password: str) -> None:
        self._change(workspace, operator, password=password)

    def _change(self, workspace: str, operator: str, **members: str) -> None:
        for number, row in enumerate(self._operators):
            if (row.workspace, row.id) == (workspace, operator):
                self._operators[number] = replace(row, **members)  # type: ignore[arg-type]  # texts

    async def add(self, row: SessionRow) -> None:
        self._sessions[row.id] = row

    async def get(self, workspace: str, session: str) -> SessionRow | None:
        row = self._sessions.get(session)
        return row if row is not None and row.workspace == workspace else None

    async def by_digest(self, digest: bytes) -> SessionRow | None:
        return next((row for row in self._sessions.values() if row.digest == digest), None)

    async def touch(self, workspace: str, session: str, at: datetime) -> None:
        row = self._sessions.get(session)
        if row is not None and row.workspace == workspace and row.last_used_at < at:
            self._sessions[session] = replace(row, last_used_at=at)

    async def end(self, workspace: str, session: str, at: datetime) -> None:
        row = self._sessions.get(session)
        if row is not None and row.workspace == workspace and row.ended_at is None:
            self._sessions[session] = replace(row, ended_at=at)

    async def named(self, workspace: str, session: str) -> OperatorRow | None:
        row = await self.get(workspace, session)
        return None if row is None else await self.operator(workspace, row.operator)

    async def add_link(self, row: LinkRow) -> None:
        self._links[row.digest] = row

    async def link(self, digest: bytes) -> LinkRow | None:
        return self._links.get(digest)

    async def redeem(self, row: LinkRow, *, email: str, password: str, at: datetime) -> bool:
        stored = self._links.get(row.digest)
        if stored is None or stored.used_at is not None or stored.expires_at <= at:
            return False
        holder = await self.operator_by_email(email)
        if holder is not None and holder.id != row.operator:
            raise NameTaken("Another operator has that e-mail address.")
        self._links[row.digest] = replace(stored, used_at=at)
        for session in list(self._sessions.values()):
            if session.operator == row.operator:
                await self.end(session.workspace, session.id, at)
        gone = [each.digest for each in self._devices.values() if each.operator == row.operator]
        for digest in gone:
            del self._devices[digest]
        self._change(row.workspace, row.operator, email=email, password=password)
        return True

    async def add_device(self, row: DeviceRow) -> None:
        self._devices[row.digest] = row

    async def device(self, digest: bytes) -> DeviceRow | None:
        return self._devices.get(digest)

    async def attempts(self, digest: bytes) -> AttemptsRow | None:
        return self._attempts.get(digest)

    async def count(self, row: AttemptsRow, *, expected: AttemptsRow | None) -> bool:
        if self._attempts.get(row.digest) != expected:
            return False
        self._attempts[row.digest] = row
        return True

    async def forgive(self, digest: bytes) -> None:
        self._attempts.pop(digest, None)

    async def prune(
        self, *, sessions: datetime, links: datetime, devices: datetime, attempts: datetime
    ) -> None:
        self._sessions = {
            key: row
            for key, row in self._sessions.items()
            if (row.ended_at or row.last_used_at) >= sessions
        }
        self._links = {key: row for key, row in self._links.items() if row.expires_at >= links}
        self._devices = {
            key: row for key, row in self._devices.items() if row.known_since >= devices
        }
        self._attempts = {
            key: row for key, row in self._attempts.items() if row.last_at >= attempts
        }
