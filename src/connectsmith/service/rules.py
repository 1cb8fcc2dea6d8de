"""The figures and addresses that use cases go by; settings fill them, tests shrink them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from urllib.parse import urlsplit

from connectsmith.core.connection.keep_alive import USUAL


@dataclass(slots=True)
class Rules:
    """What the administrator decided, as the use cases need it.

    One object for all of them. What operators may choose while the server runs is written by
    `ChosenSettings` alone, and read at each use: `public_url` and what is kept of calls.
    """

    public_url: str
    """Scheme, host and port under which browsers reach us; no trailing slash."""
    former_urls: tuple[str, ...] = ()
    """Public URLs of late: whoever is there, or comes back there, is still answered."""
    given: Mapping[str, str] = field(default_factory=dict)
    """Where settings come from that the administrator gave: nobody can choose those."""
    installation_name: str = "Connectsmith"
    sandbox: str | None = None
    """Where the sandbox is, if it may be reached."""
    return_origins: tuple[str, ...] = ()
    """Origins that `return_to` may name besides loopback addresses."""
    authorization_lifetime: timedelta = timedelta(minutes=10)
    device_lifetime: timedelta = timedelta(minutes=30)
    """The longest that somebody has to type a device code, whatever the server allows."""
    keep_lifetime: timedelta = timedelta(minutes=10)
    completion_attempts: int = 5
    lease: timedelta = timedelta(seconds=45)
    token_timeout: timedelta = timedelta(seconds=30)
    """Total deadline of a token request; shorter than the lease."""
    store_patience: timedelta = timedelta(seconds=60)
    """How long new tokens are held while the database cannot take them."""
    poll_first: timedelta = timedelta(milliseconds=20)
    poll_later: timedelta = timedelta(milliseconds=250)
    retry_first: timedelta = timedelta(seconds=1)
    retry_most: timedelta = timedelta(seconds=27)
    """Within half a minute, spread by a tenth, of a server's return its connections are renewed."""
    retry_unsent: tuple[timedelta, ...] = (
        timedelta(seconds=0.5),
        timedelta(seconds=1),
        timedelta(seconds=2),
    )
    """Pauses before a token request that never left is repeated."""
    probe_every: timedelta = timedelta(seconds=20)
    """Between probes of a server that is down, by all processes together; its return is noticed
    within 28 seconds."""
    token_requests_at_once: int = 8
    """At one authorization server, by this process alone."""
    token_requests_per_second: float = 40.0
    """At one authorization server, by this process alone."""
    patience_while_alive: timedelta = timedelta(seconds=3)
    """How long a call waits for a refresh while the access token still works."""
    keep_alive: timedelta | None = USUAL
    """After which time at most a connection that nobody uses is renewed; None for never."""
    idempotency_lifetime: timedelta = timedelta(hours=24)
    transcripts_kept: timedelta = timedelta(days=7)
    transcript_bytes: int = 1024 * 1024 * 1024
    events_kept: timedelta = timedelta(days=400)
    """A year and a month: who asks about last year's change still finds it."""
    key_overlap: timedelta = timedelta(hours=1)
    """How long a new signing key is published before it signs, and an old one after."""
    revocation_attempts: int = 33
    """Rather more than a day, as the pauses grow to an hour."""

    def is_ours(self, host: str, port: int) -> bool:
        """Tell whether host and port lead here, as far as public URLs say."""
        return any(_place(each) == (host, port) for each in (self.public_url, *self.former_urls))

    def callback_url(self, connector: str) -> str:
        """Return the redirect URI of a connector: its own, never shared (RFC 9700 section 4.4)."""
        return f"{self.public_url}/oauth/callback/{connector}"

    def answered_callback_urls(self, connector: str) -> tuple[str, ...]:
        """Return it with those under former public URLs, which are still answered."""
        return tuple(
            f"{url}/oauth/callback/{connector}" for url in (self.public_url, *self.former_urls)
        )

    def welcome_url(self, value: str) -> str:
        """Return the address of a one-time link that gives an operator a password."""
        return f"{self.public_url}/welcome/{value}"

    def jwks_url(self, connector: str) -> str:
        """Return the address of a connector's key set."""
        return f"{self.public_url}/oauth/jwks/{connector}"

    def start_url(self, value: str) -> str:
        """Return the address of a start page."""
        return f"{self.public_url}/oauth/start/{value}"


@lru_cache(maxsize=64)
def _place(url: str) -> tuple[str | None, int]:
    parts = urlsplit(url)
    return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
