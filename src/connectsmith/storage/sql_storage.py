"""All stores over their databases: credentials in one, calls in one that may fall behind."""

import contextlib

from connectsmith.storage.database import Database
from connectsmith.storage.stores.accounts import SqlAccounts
from connectsmith.storage.stores.authorizations import SqlAuthorizations
from connectsmith.storage.stores.calls import SqlCalls
from connectsmith.storage.stores.connections import SqlConnections
from connectsmith.storage.stores.connectors import SqlConnectors
from connectsmith.storage.stores.events import SqlEvents
from connectsmith.storage.stores.idempotency import SqlIdempotency
from connectsmith.storage.stores.jobs import SqlJobs
from connectsmith.storage.stores.meta import SqlMeta
from connectsmith.storage.stores.secrets import SqlSecrets


class SqlStorage:
    """The port `Storage` in SQL; the two databases may be one."""

    def __init__(self, credentials: Database, calls: Database) -> None:
        self._databases = (credentials, calls)
        self.accounts = SqlAccounts(credentials)
        self.connectors = SqlConnectors(credentials)
        self.secrets = SqlSecrets(credentials)
        self.authorizations = SqlAuthorizations(credentials)
        self.connections = SqlConnections(credentials)
        self.calls = SqlCalls(calls)
        self.idempotency = SqlIdempotency(credentials)
        self.jobs = SqlJobs(credentials)
        self.events = SqlEvents(credentials)
        self.meta = SqlMeta(credentials)

    async def close(self) -> None:
        """Write out queued calls, and let go of both databases."""
        async with contextlib.AsyncExitStack() as stack:
            for database in dict.fromkeys(self._databases):
                stack.push_async_callback(database.close)
            await self.calls.close()
