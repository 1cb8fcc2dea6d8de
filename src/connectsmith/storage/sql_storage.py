"""All stores over their databases: credentials in one, calls in one that may fall behind."""

import contextlib

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
from connectsmith.storage.database import Database
from connectsmith.storage.stores.accounts import SqlAccounts
from connectsmith.storage.stores.authorizations import SqlAuthorizations
from connectsmith.storage.stores.calls import SqlCalls
from connectsmith.storage.stores.client_records import SqlClientRecords
from connectsmith.storage.stores.connections import SqlConnections
from connectsmith.storage.stores.connectors import SqlConnectors
from connectsmith.storage.stores.events import SqlEvents
from connectsmith.storage.stores.idempotency import SqlIdempotency
from connectsmith.storage.stores.jobs import SqlJobs
from connectsmith.storage.stores.meta import SqlMeta
from connectsmith.storage.stores.secrets import SqlSecrets
from connectsmith.storage.stores.sessions import SqlSessions
from connectsmith.storage.stores.summaries import SqlSummaries


class SqlStorage:
    """The port `Storage` in SQL; the two databases may be one."""

    def __init__(self, credentials: Database, calls: Database) -> None:
        self._databases = (credentials, calls)
        self.accounts: Accounts = SqlAccounts(credentials)
        self.sessions: Sessions = SqlSessions(credentials)
        self.connectors: Connectors = SqlConnectors(credentials)
        self.secrets: Secrets = SqlSecrets(credentials)
        self.client_records: ClientRecords = SqlClientRecords(credentials)
        self.authorizations: Authorizations = SqlAuthorizations(credentials)
        self.connections: Connections = SqlConnections(credentials)
        self._calls = SqlCalls(calls)
        self.calls: Calls = self._calls
        self.summaries: Summaries = SqlSummaries(credentials, calls)
        self.idempotency: Idempotency = SqlIdempotency(credentials)
        self.jobs: Jobs = SqlJobs(credentials)
        self.events: Events = SqlEvents(credentials)
        self.meta: Meta = SqlMeta(credentials)

    @property
    def dropped_calls(self) -> int:
        """How many calls were lost to a full or unreachable database since the start."""
        return self._calls.dropped

    async def close(self) -> None:
        """Write out queued calls, and let go of both databases."""
        async with contextlib.AsyncExitStack() as stack:
            for database in dict.fromkeys(self._databases):
                stack.push_async_callback(database.close)
            await self._calls.close()
