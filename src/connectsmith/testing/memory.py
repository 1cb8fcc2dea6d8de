"""Storage in memory: what the contract tests hold against the databases, and what tests run on."""

from connectsmith.testing.memory_calls import MemoryCalls
from connectsmith.testing.memory_connections import MemoryConnections
from connectsmith.testing.memory_connectors import (
    MemoryAuthorizations,
    MemoryConnectors,
    MemorySecrets,
)
from connectsmith.testing.memory_installation import (
    MemoryAccounts,
    MemoryEvents,
    MemoryIdempotency,
    MemoryJobs,
    MemoryMeta,
)
from connectsmith.testing.memory_tables import Tables


class MemoryStorage:
    """The port `Storage`; forgotten with the object."""

    def __init__(self) -> None:
        tables = Tables()
        self.accounts = MemoryAccounts()
        self.connectors = MemoryConnectors(tables)
        self.secrets = MemorySecrets(tables)
        self.authorizations = MemoryAuthorizations(tables)
        self.connections = MemoryConnections(tables)
        self.calls = MemoryCalls()
        self.idempotency = MemoryIdempotency()
        self.jobs = MemoryJobs()
        self.events = MemoryEvents()
        self.meta = MemoryMeta()

    async def close(self) -> None:
        """Keep everything: a test may still look."""
