"""What signing in needs from the outside: stored sessions, and a slow hash for passwords."""

from datetime import datetime
from typing import Protocol

from connectsmith.core.secret.secret import Secret
from connectsmith.service.rows import OperatorRow
from connectsmith.service.sign_in_rows import AttemptsRow, DeviceRow, LinkRow, SessionRow


class Passwords(Protocol):
    """The one slow hash, in a pool so small that nobody can fill the memory with it.

    Every method raises TooMany when too many wait for it already.
    """

    async def hash(self, password: Secret) -> str:
        """Return a salted hash that says by itself how it was made."""
        ...

    async def fits(self, password: Secret, stored: str | None) -> bool:
        """Tell whether a password is the one that was hashed.

        Without a stored hash it computes one all the same, and says no: an account that does not
        exist costs as much as one that does.
        """
        ...

    def outdated(self, stored: str) -> bool:
        """Tell whether a hash was made with weaker figures than today's."""
        ...

    def close(self) -> None:
        """Let go of what it computes with."""
        ...


class Sessions(Protocol):
    """Signed-in browsers, one-time links, known devices and counted attempts.

    Digests are looked up whatever their workspace: who brings one has named none.
    """

    async def operator(self, workspace: str, operator: str) -> OperatorRow | None: ...
    async def operator_by_email(self, email: str) -> OperatorRow | None: ...
    async def set_password(self, workspace: str, operator: str, password: str) -> None: ...

    async def add(self, row: SessionRow) -> None: ...
    async def get(self, workspace: str, session: str) -> SessionRow | None:
        """Return it even when ended; the caller judges."""
        ...

    async def by_digest(self, digest: bytes) -> SessionRow | None:
        """Return it even when ended; the caller judges."""
        ...

    async def touch(self, workspace: str, session: str, at: datetime) -> None: ...
    async def end(self, workspace: str, session: str, at: datetime) -> None: ...
    async def named(self, workspace: str, session: str) -> OperatorRow | None:
        """Return the operator whose session it is or was."""
        ...

    async def add_link(self, row: LinkRow) -> None: ...
    async def link(self, digest: bytes) -> LinkRow | None: ...
    async def redeem(self, row: LinkRow, *, email: str, password: str, at: datetime) -> bool:
        """Use a link up, set what it is for, end the operator's sessions and forget their devices.

        All or nothing; False when the link was used before, or had expired.

        Raises:
            NameTaken: another operator has that e-mail address.
        """
        ...

    async def add_device(self, row: DeviceRow) -> None: ...
    async def device(self, digest: bytes) -> DeviceRow | None: ...

    async def attempts(self, digest: bytes) -> AttemptsRow | None: ...
    async def count(self, row: AttemptsRow, *, expected: AttemptsRow | None) -> bool:
        """Store a count if it is still as expected; False when another attempt came between."""
        ...

    async def forgive(self, digest: bytes) -> None: ...
    async def prune(
        self, *, sessions: datetime, links: datetime, devices: datetime, attempts: datetime
    ) -> None:
        """Forget what ended, expired or was last heard of before these moments."""
        ...
