"""The connections of one policy; nothing that belongs to one caller is kept in them.

No proxy of the environment, no DNS cache. Connections are reused for
actions only: on an idle connection, the server's closing cannot be told from a lost answer, and for
a refresh token that is the difference between fine and gone.
"""

import asyncio
import math
import ssl
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import RawResponseMessage

from connectsmith.egress.attempt import guarded_socket
from connectsmith.egress.limits import Limits
from connectsmith.egress.policy import EgressPolicy
from connectsmith.egress.resolver import JudgingResolver, Lookup
from connectsmith.egress.wire import Wire

_FIRST_FINAL = 200


def tls_context(extra_ca_file: Path | None) -> ssl.SSLContext:
    """Return a verifying context of TLS 1.2 or newer, whose keys the environment cannot log."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_default_certs()
    if extra_ca_file is not None:
        context.load_verify_locations(cafile=extra_ca_file)
    context.set_alpn_protocols(["http/1.1"])
    return context


class _Connection(ResponseHandler):
    """Counts interim answers (RFC 9110 section 15.2), which would be skipped without end.

    A server that is still taking a request is not silent.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, most_interim: int) -> None:
        super().__init__(loop)
        self._most_interim = most_interim
        self._interim = 0

    def pause_writing(self) -> None:
        """Stop timing silence."""
        super().pause_writing()
        self._drop_timeout()

    def resume_writing(self) -> None:
        """Time the silence that begins now."""
        super().resume_writing()
        self.start_timeout()

    def feed_data(
        self, data: tuple[RawResponseMessage, aiohttp.StreamReader], size: int = 0
    ) -> None:
        if self._interim > self._most_interim:
            return
        self._interim = self._interim + 1 if data[0].code < _FIRST_FINAL else 0
        if self._interim <= self._most_interim:
            super().feed_data(data, size)
            return
        self.set_exception(HttpProcessingError(message="too many interim answers"))
        if self.transport is not None:
            self.transport.close()


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
        make = partial(_Connection, self._loop, limits.interim_answers)
        self._factory = make  # type: ignore[assignment]  # a _Connection is a ResponseHandler


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
