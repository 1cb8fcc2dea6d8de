"""The aiohttp sessions of one policy; nothing that belongs to one caller is kept in them.

No cookies, no proxy or credentials from the environment, no DNS cache. Connections are reused for
actions only: on an idle connection, the server's closing cannot be told from a lost answer, and for
a refresh token that is the difference between fine and gone.
"""

import math
import ssl
from pathlib import Path

import aiohttp

from connectsmith.egress.attempt import TrackedRequest, guarded_socket
from connectsmith.egress.limits import Limits
from connectsmith.egress.policy import EgressPolicy
from connectsmith.egress.resolver import JudgingResolver, Lookup


def tls_context(extra_ca_file: Path | None) -> ssl.SSLContext:
    """Return a verifying context of TLS 1.2 or newer, whose keys the environment cannot log."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_default_certs()
    if extra_ca_file is not None:
        context.load_verify_locations(cafile=extra_ca_file)
    context.set_alpn_protocols(["http/1.1"])
    return context


class Pool:
    """Open sessions; made and closed within one running event loop."""

    def __init__(
        self, policy: EgressPolicy, *, limits: Limits, lookup: Lookup, tls: ssl.SSLContext
    ) -> None:
        self._resolver = JudgingResolver(policy, limits, lookup)
        self._policy = policy
        self._limits = limits
        self._tls = tls
        self.reusing = self._session(keep=True)
        self.fresh = self._session(keep=False)
        # aiohttp repeats GET once when a connection breaks; a token request must go out once.
        self.fresh._retry_connection = False  # noqa: SLF001 - there is no public switch

    async def close(self) -> None:
        """Close all connections."""
        await self.reusing.close()
        await self.fresh.close()
        await self._resolver.close()

    def _session(self, *, keep: bool) -> aiohttp.ClientSession:
        limits = self._limits
        return aiohttp.ClientSession(
            connector=self._connector(keep=keep),
            request_class=TrackedRequest,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
            max_line_size=limits.header_line_bytes,
            max_field_size=limits.header_line_bytes,
            max_headers=limits.header_lines,
        )

    def _connector(self, *, keep: bool) -> aiohttp.TCPConnector:
        return aiohttp.TCPConnector(
            force_close=not keep,
            ssl=self._tls,
            resolver=self._resolver,
            use_dns_cache=False,
            socket_factory=guarded_socket(self._policy),
            limit=self._limits.connections,
            limit_per_host=self._limits.connections_to_one_host,
            timeout_ceil_threshold=math.inf,
        )
