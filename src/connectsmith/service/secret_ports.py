"""What the use cases around a connector's secrets need from the storage."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from connectsmith.service.rows import Origins, SecretRow, SecretsChange


class Secrets(Protocol):
    """A connector's secrets. There is no way to change one's value."""

    async def add(self, rows: Sequence[SecretRow]) -> None:
        """Add all or none. Raises NameTaken when a name exists."""
        ...

    async def change(self, change: SecretsChange) -> bool:
        """Delete, confirm and add, in this order, all or nothing.

        False, with nothing changed, when the draft has another version, a secret to delete or to
        confirm is gone, or one to confirm has other origins than were seen. Raises NameTaken,
        NotFound.
        """
        ...

    async def list(self, workspace: str, connector: str) -> Sequence[SecretRow]: ...
    async def confirm(
        self,
        workspace: str,
        connector: str,
        secret: str,
        *,
        origins: Origins | None,
        browser: bool | None,
    ) -> bool:
        """Set where it may go and whether a browser may see it; None leaves either as it is."""
        ...

    async def delete(self, workspace: str, connector: str, secret: str) -> bool: ...
    async def touch(self, workspace: str, secrets: Sequence[str], at: datetime) -> None: ...
