"""OAuth clients registered at the sandbox."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from urllib.parse import urlsplit

from connectsmith.samples import PRACTICE_CLIENT_ID, PRACTICE_CLIENT_SECRET

CLIENTS_LIMIT = 500
DEFAULT_LIFETIME = timedelta(hours=1)
SHORTEST, LONGEST = timedelta(seconds=1), timedelta(days=30)


class RegistrationError(Exception):
    """What was to be registered is not acceptable; the text says why."""


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client with its exact redirect URIs."""

    id: str
    name: str
    secret: str = field(repr=False)
    redirect_uris: tuple[str, ...] = ()
    access_token_lifetime: timedelta = DEFAULT_LIFETIME


def practice_client() -> Client:
    """Return the client that is there from the start.

    Its id and secret are fixed and public, so that a restart of the sandbox does not turn what
    was learnt before into `invalid_client`. They guard nothing but made-up events.
    """
    return Client(PRACTICE_CLIENT_ID, "Your connector", PRACTICE_CLIENT_SECRET)


class Clients:
    """The registry, oldest client first."""

    def __init__(self, *, random_text: Callable[[int], str]) -> None:
        self._random_text = random_text
        self._clients: dict[str, Client] = {}
        self.put(practice_client())

    def __iter__(self) -> Iterator[Client]:
        return iter(tuple(self._clients.values()))

    def find(self, client_id: str) -> Client | None:
        """Return the client of that id."""
        return self._clients.get(client_id)

    def put(self, client: Client) -> Client:
        """Keep a client, in place of one with the same id."""
        self._clients[client.id] = client
        return client

    def register(
        self, name: str, *, redirect_uris: tuple[str, ...] = (), secret: str | None = None
    ) -> Client:
        """Register a client under a fresh id."""
        if len(self._clients) >= CLIENTS_LIMIT:
            raise RegistrationError("The sandbox has enough clients; restart it to forget them.")
        if not name.strip():
            raise RegistrationError("A client needs a name.")
        for uri in redirect_uris:
            check_redirect_uri(uri)
        client_id = f"sandbox-{self._random_text(9)}"
        return self.put(Client(client_id, name, secret or self._random_text(32), redirect_uris))

    def add_redirect_uri(self, client: Client, uri: str) -> Client:
        """Register one more redirect URI; one that is there already changes nothing."""
        check_redirect_uri(uri)
        if uri in client.redirect_uris:
            return client
        return self.put(replace(client, redirect_uris=(*client.redirect_uris, uri)))

    def set_lifetime(self, client: Client, lifetime: timedelta) -> Client:
        """Choose how long access tokens issued from now on live."""
        if not SHORTEST <= lifetime <= LONGEST:
            raise RegistrationError("Access tokens live between 1 second and 30 days.")
        return self.put(replace(client, access_token_lifetime=lifetime))


def check_redirect_uri(uri: str) -> None:
    """Raise `RegistrationError` unless it is an absolute http(s) URL without fragment.

    RFC 6749 section 3.1.2.
    """
    try:
        parts = urlsplit(uri)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in {"http", "https"} or not host:
        raise RegistrationError("A redirect URI is a whole http or https address.")
    if "#" in uri or "@" in parts.netloc or not uri.isascii() or not uri.isprintable():
        raise RegistrationError("A redirect URI has no fragment, user name or unusual characters.")
