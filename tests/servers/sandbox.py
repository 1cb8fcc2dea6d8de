"""The sandbox in this process, on a free port, with a clock that the test moves."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from tests.servers.good import Registered

from connectsmith.sandbox.server import running_sandbox
from connectsmith.sandbox.state import Sandbox


class MovableClock:
    """Starts at the real time and stands still unless moved."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class SandboxServer:
    """A running sandbox; `state` is its inside."""

    def __init__(self, state: Sandbox, clock: MovableClock) -> None:
        self.state = state
        self.clock = clock

    @property
    def issuer(self) -> str:
        return self.state.issuer

    @property
    def port(self) -> int:
        port = urlsplit(self.issuer).port
        assert port is not None
        return port

    def register(
        self,
        *,
        redirect_uris: Sequence[str],
        secret: str | None = None,
        access_token_seconds: int = 5,
        auth_method: str = "client_secret_post",
    ) -> Registered:
        client = self.state.clients.register(
            "A test", redirect_uris=tuple(redirect_uris), secret=secret
        )
        self.state.clients.set_lifetime(client, timedelta(seconds=access_token_seconds))
        return Registered(client.id, client.secret)

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def token_requests(self) -> Mapping[str, int]:
        return self.state.log.token_requests()

    def token_errors(self) -> Mapping[str, int]:
        return self.state.log.errors()


@contextmanager
def start_sandbox() -> Iterator[SandboxServer]:
    clock = MovableClock()
    with running_sandbox(port=0, sandbox=Sandbox("", clock=clock)) as state:
        yield SandboxServer(state, clock)
