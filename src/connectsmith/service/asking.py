"""Ask an authorization server for new tokens, and repeat what may be repeated."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from urllib.parse import urlsplit

from connectsmith.core.connection.credentials import Credentials
from connectsmith.core.connection.freshness import share_of
from connectsmith.errors import (
    ConnectionFailed,
    ConnectsmithError,
    EgressDenied,
    NetworkError,
)
from connectsmith.service.blueprints import Blueprint
from connectsmith.service.holdings import party_of_connection
from connectsmith.service.rows import ConnectionRow
from connectsmith.service.rules import Rules
from connectsmith.service.token_endpoint import Renewed, TokenEndpoint
from connectsmith.service.traffic import TokenTraffic

Ask = Callable[[ConnectionRow, Blueprint, Credentials], Awaitable[Renewed]]
"""Get new tokens for a connection whose lease is held."""


def server_of(row: ConnectionRow, blueprint: Blueprint) -> str:
    """Name the authorization server of a connection: the host its token requests go to."""
    client = blueprint.client
    if client is not None and not client.refresh.url.names:
        return urlsplit(client.refresh.url.source).netloc.lower()
    return " ".join(row.origins_auth)


class Asker:
    """Ask for new tokens."""

    def __init__(self, *, endpoint: TokenEndpoint, traffic: TokenTraffic, rules: Rules) -> None:
        self._endpoint = endpoint
        self._traffic = traffic
        self._rules = rules

    async def ask(
        self, row: ConnectionRow, blueprint: Blueprint, credentials: Credentials
    ) -> Renewed:
        """Ask until there is an answer, as long as repeating can do no harm.

        A request that never left is repeated after pauses, unless it probes a server that is down.
        One whose answer was lost is repeated once, at once and with the same refresh token: the
        server may have rotated it, and then this is the one thing that can help, where the server
        allows for lost answers.

        Raises:
            GrantRejected, ClientRejected, TokenEndpointBusy, NetworkError, ...: as it ended.
        """
        party = party_of_connection(row, blueprint, credentials)
        server, begun = server_of(row, blueprint), _seconds()
        probing = self._traffic.down(server)
        pauses, repeated = [] if probing else list(self._rules.retry_unsent), False
        while True:
            try:
                brought = await self._endpoint.renew(party, credentials.tokens)
            except NetworkError as error:
                pause = _pause(error, pauses, repeated=repeated)
                spent = timedelta(seconds=_seconds() - begun)
                late = spent + (pause or timedelta()) + self._rules.token_timeout
                if pause is None or late > self._rules.lease:
                    await self._traffic.note(server, error)
                    raise
                repeated = repeated or error.sent
                jitter = 0.9 + 0.2 * share_of(f"{row.id}.{row.fence}")
                await asyncio.sleep(pause.total_seconds() * jitter)
            except ConnectsmithError as error:
                await self._traffic.note(server, error)
                raise
            else:
                await self._traffic.note(server)
                return brought


def _pause(error: NetworkError, pauses: list[timedelta], *, repeated: bool) -> timedelta | None:
    """Return how long to wait before a request is repeated; None for never."""
    if isinstance(error, EgressDenied):
        return None
    if not error.sent:
        return pauses.pop(0) if pauses else None
    return timedelta() if isinstance(error, ConnectionFailed) and not repeated else None


def _seconds() -> float:
    return asyncio.get_running_loop().time()
