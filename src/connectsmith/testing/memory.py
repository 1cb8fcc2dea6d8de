"""Storage in memory: what the contract tests hold against the databases, and what tests run on."""

from connectsmith.service.authorization_ports import Authorizations
from connectsmith.service.call_ports import Calls
from connectsmith.service.client_ports import ClientRecords
from connectsmith.service.meta_ports import Meta
from connectsmith.service.ports import (
    Accounts,
    Connections,
    Connectors,
    Events,
    Idempotency,
    Jobs,
)
from connectsmith.service.secret_ports import Secrets
from connectsmith.service.sign_in_ports import Sessions
from connectsmith.service.summary_ports import Summaries
from connectsmith.testing.memory_calls import MemoryCalls
from connectsmith.testing.memory_client_records import MemoryClientRecords
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
from connectsmith.testing.memory_sessions import MemorySessions
from connectsmith.testing.memory_summaries import MemorySummaries
from connectsmith.testing.memory_tables import Tables


class MemoryStorage:
    """The port `Storage`; forgotten with the object."""

    def __init__(self) -> None:
        tables = Tables()
        accounts = MemoryAccounts()
        self.accounts: Accounts = accounts
        self.sessions: Sessions = MemorySessions(accounts)
        self.connectors: Connectors = MemoryConnectors(tables)
        self.secrets: Secrets = MemorySecrets(tables)
        self.client_records: ClientRecords = MemoryClientRecords(tables)
        self.events: Events = MemoryEvents()
        self.authorizations: Authorizations = MemoryAuthorizations(tables, self.events)
        self.connections: Connections = MemoryConnections(tables)
        calls = MemoryCalls()
        self.calls: Calls = calls
        self.summaries: Summaries = MemorySummaries(tables, calls.rows)
        self.idempotency: Idempotency = MemoryIdempotency()
        self.jobs: Jobs = MemoryJobs()
        self.meta: Meta = MemoryMeta()

    async def close(self) -> None:
        """Keep everything: a test may still look."""
