"""The connections of one policy; nothing that belongs to one caller is kept in them.

No proxy of the environment, no DNS cache. Connections are reused for
actions only: on an idle connection, the server's closing cannot be told from a lost answer, and for
a refresh token that is the difference between fine and gone.
"""

import math
import ssl
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

from connectsmith.egress.attempt import guarded_socket
from connectsmith.egress.dialogue import Dialogue
from connectsmith.egress.limits import Limits
from connectsmith.egress.policy import EgressPolicy
from connectsmith.egress.resolver import JudgingResolver, Lookup
from connectsmith.egress.wire import Wire


def tls_context(extra_ca_file: Path | None) -> ssl.SSLContext:
    """Return a verifying context of TLS 1.2 or newer, whose keys the environment cannot log."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_default_certs()
    if extra_ca_file is not None:
        context.load_verify_locations(cafile=extra_ca_file)
    context.set_alpn_protocols(["http/1.1"])
    return context


class _Connector(aiohttp.TCPConnector):
    """Opens connections that count interim answers."""

    def __init__(self, limits: Limits, **options: Any) -> None:
        super().__init__(
            use_dns_cache=False,
            limit=limits.connections,
            limit_per_host=limits.connections_to_one_host,
            timeout_ceil_threshold=math.inf,
            **options,
        )
        make = partial(Dialogue, self._loop, limits.interim_answers)
        self._factory = make  # type: ignore[assignment]  # a Dialogue is a ResponseHandler


class Pool:
    """Open connections; made and closed within one running event loop."""

    def __init__(
        self, policy: EgressPolicy, *, limits: Limits, lookup: Lookup, tls: ssl.SSLContext
    ) -> None:
        self._resolver = JudgingResolver(policy, limits, lookup)
        self._policy = policy
        self._limits = limits
        self._tls = tls
        self.reusing = self._wire(keep=True)
        self.fresh = self._wire(keep=False)

    async def close(self) -> None:
        """Close all connections."""
        await self.reusing.close()
        await self.fresh.close()
        await self._resolver.close()

    def _wire(self, *, keep: bool) -> Wire:
        connector = _Connector(
            self._limits,
            force_close=not keep,
            ssl=self._tls,
            resolver=self._resolver,
            socket_factory=guarded_socket(self._policy),
        )
        return Wire(connector, self._limits, keep=keep)
