"""The ports of what OAuth clients are made of: keys, registrations, servers' metadata."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from connectsmith.core.authorization.signing import Signer
from connectsmith.core.secret.secret import Secret
from connectsmith.service.rows import ClientRecordRow


class KeySigner(Signer, Protocol):
    """Signs, and makes keys for it."""

    def new_key(self, algorithm: str) -> Secret:
        """Make a private key for an algorithm, as a JWK; takes a while for RSA."""
        ...


class ClientRecords(Protocol):
    """What connectors' OAuth clients are made of beside secrets."""

    async def add(self, row: ClientRecordRow) -> bool:
        """Add a record; False when there is one of that kind and id."""
        ...

    async def of_connector(self, workspace: str, connector: str) -> Sequence[ClientRecordRow]:
        """Return all of a connector's, oldest first."""
        ...

    async def published(self, connector: str) -> Sequence[ClientRecordRow]:
        """Return a connector's keys, oldest first. Not scoped by workspace: the world may ask."""
        ...

    async def due(self, now: datetime, limit: int) -> Sequence[ClientRecordRow]:
        """Return those past `due_at`, of all workspaces, the longest overdue first."""
        ...

    async def replace(self, row: ClientRecordRow, *, expected_version: int) -> bool:
        """Write a record over, if it is still in that version; False otherwise."""
        ...

    async def delete(self, row: ClientRecordRow) -> bool:
        """Take a record away; False when there was none."""
        ...
