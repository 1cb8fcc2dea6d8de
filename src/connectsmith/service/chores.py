"""What must be done from time to time, by any process, as often as it likes."""

from connectsmith.service.access import Access
from connectsmith.service.authorizations import AuthorizationDesk
from connectsmith.service.calls import CallDesk
from connectsmith.service.connections import ConnectionDesk
from connectsmith.service.records import Records
from connectsmith.service.revocation import Revoker
from connectsmith.service.secrets import SecretKeys


class Chores:
    """End what is overdue, carry out revocations, write down when things were used."""

    def __init__(
        self,
        *,
        access: Access,
        secrets: SecretKeys,
        authorizations: AuthorizationDesk,
        connections: ConnectionDesk,
        revoker: Revoker,
        calls: CallDesk,
        records: Records,
    ) -> None:
        self._access = access
        self._secrets = secrets
        self._authorizations = authorizations
        self._connections = connections
        self._revoker = revoker
        self._calls = calls
        self._records = records

    async def often(self) -> None:
        """Do what people wait for: seconds apart."""
        await self._authorizations.expire()
        await self._connections.discard_unkept()
        await self._revoker.run_due()

    async def seldom(self) -> None:
        """Do the rest: a minute apart."""
        await self._access.flush()
        await self._secrets.flush()
        await self._calls.flush()
        await self._records.prune()
