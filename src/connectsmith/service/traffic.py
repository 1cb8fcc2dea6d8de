"""How many token requests an authorization server gets at once, how fast, and when none.

A process measures out its share of what the installation may send, and heeds the pauses that the
others were asked for and what they know of servers that are down. Connectors take turns, so that
one with ten thousand connections keeps nobody else waiting, and what nobody waits for comes last.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from connectsmith.core.connection.circuit import Circuit
from connectsmith.errors import (
    AuthorizationRequestRejected,
    AuthorizationServerPaused,
    ClientRejected,
    ConnectsmithError,
    EgressDenied,
    GrantRejected,
    NetworkError,
    RemoteError,
    TokenEndpointBusy,
)
from connectsmith.service.outages import Outages, Word
from connectsmith.service.pauses import Pauses
from connectsmith.service.ports import Randomness
from connectsmith.service.rules import Rules

PATIENCE: Final = 5.0
"""Seconds of a pause that are waited out in line; a longer one is told to whoever asks."""
LOOK: Final = 0.5
"""Seconds between looks at what the process that probes a server has found out."""
LOOK_AGAIN: Final = 6.0
"""Seconds until the next look when it takes its time; more than `PATIENCE`, so that lines end."""

Turn = asyncio.Future[None]
Lines = OrderedDict[str, deque[Turn]]


@dataclass(slots=True)
class _Server:
    """One authorization server: its circuit, who is being served, and who waits."""

    circuit: Circuit = field(default_factory=Circuit)
    running: int = 0
    next_at: float = 0.0
    waiting: Lines = field(default_factory=OrderedDict)
    background: Lines = field(default_factory=OrderedDict)
    timer: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Whether forgetting it would change nothing."""
        return not self.running and not self.waiting and not self.background


class TokenTraffic:
    """Measure out requests to token endpoints."""

    def __init__(
        self, *, pauses: Pauses, outages: Outages, randomness: Randomness, rules: Rules
    ) -> None:
        self._pauses = pauses
        self._outages = outages
        self._randomness = randomness
        self._rules = rules
        self._servers: dict[str, _Server] = {}

    @asynccontextmanager
    async def turn(
        self, server: str, connector: str, *, background: bool = False, insist: bool = False
    ) -> AsyncIterator[None]:
        """Wait for a turn at a server and hold it; a background turn comes after all others.

        With `insist` a server that failed is asked all the same, but not one that asked for a
        pause.

        Raises:
            AuthorizationServerPaused: nothing is sent to this server for a while.
        """
        one = self._servers.setdefault(server, _Server())
        if one.circuit.wait(_seconds(), insist=insist) > PATIENCE:
            raise _paused(one)
        await self._admitted(one, connector, background=background, insist=insist)
        try:
            async with self._heeding(server, one, insist=insist):
                yield
        finally:
            one.running -= 1
            self._serve(one)
            if one.idle and one.circuit == Circuit() and one.next_at <= _seconds():
                self._servers.pop(server, None)

    @asynccontextmanager
    async def _heeding(self, server: str, one: _Server, *, insist: bool) -> AsyncIterator[None]:
        """Send nothing while the installation knows better; let one find out for all."""
        await self._heed(server, one)
        word = await self._awaited(server, one, insist=insist)
        try:
            yield
        finally:
            if word.probes:
                await self._outages.dropped(server)

    async def _heed(self, server: str, one: _Server) -> None:
        """Send nothing within a pause that another process was asked for."""
        left = await self._pauses.left(server)
        if left > PATIENCE:
            one.circuit = one.circuit.asked(_seconds() + left)
            raise _paused(one)
        await asyncio.sleep(left)

    async def _awaited(self, server: str, one: _Server, *, insist: bool) -> Word:
        """Wait for the end of a pause, or for what another process finds out."""
        patience = _seconds() + PATIENCE
        while True:
            word = await self._outages.word(server, probe=not insist)
            if word.works and one.circuit.down:
                one.circuit = one.circuit.answered()
                self._serve(one)
            if insist or not word.seconds:
                return word
            wait = LOOK if word.probed else word.seconds
            if _seconds() + wait > patience:
                left = LOOK_AGAIN if word.probed else word.seconds
                one.circuit = one.circuit.opened(_seconds() + left)
                raise _paused(one)
            await asyncio.sleep(wait)

    async def _admitted(
        self, one: _Server, connector: str, *, background: bool, insist: bool
    ) -> None:
        if insist:
            one.running += 1
            return
        turn: Turn = asyncio.get_running_loop().create_future()
        lines = one.background if background else one.waiting
        lines.setdefault(connector, deque()).append(turn)
        self._serve(one)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                one.running -= 1
                self._serve(one)
            raise

    def _serve(self, one: _Server) -> None:
        """Let in whoever may come now; the rest at the next moment at which somebody may."""
        while (turn := _first(one)) is not None:
            now = _seconds()
            wait = one.circuit.wait(now)
            if wait > PATIENCE:
                _next(one)
                turn.set_exception(_paused(one))
                continue
            if one.running >= (1 if one.circuit.down else self._rules.token_requests_at_once):
                return
            wait = max(wait, one.next_at - now)
            if wait > 0:
                self._later(one, wait)
                return
            _next(one)
            one.running += 1
            one.next_at = now + 1 / self._rules.token_requests_per_second
            turn.set_result(None)

    def _later(self, one: _Server, wait: float) -> None:
        if one.timer is None:
            one.timer = asyncio.get_running_loop().call_later(wait, self._wake, one)

    def _wake(self, one: _Server) -> None:
        one.timer = None
        self._serve(one)

    async def note(self, server: str, error: ConnectsmithError | None = None) -> None:
        """Note how a request ended: what a refusal shows is that the server works."""
        one = self._servers.get(server)
        if one is None:
            return
        match error:
            case EgressDenied():
                return
            case TokenEndpointBusy() | NetworkError():
                await self._failed(server, one, error)
            case None | RemoteError() | GrantRejected():
                await self._works(server, one)
            case ClientRejected() | AuthorizationRequestRejected():
                await self._works(server, one)

    async def _works(self, server: str, one: _Server) -> None:
        one.circuit = one.circuit.answered()
        await self._outages.over(server)

    def down(self, server: str) -> bool:
        """Tell whether a server is only probed, as far as this process knows."""
        one = self._servers.get(server)
        return self._outages.known(server) or (one is not None and one.circuit.down)

    async def _failed(
        self, server: str, one: _Server, error: TokenEndpointBusy | NetworkError
    ) -> None:
        asked = error.retry_after_seconds if isinstance(error, RemoteError) else None
        one.circuit = one.circuit.failed(
            _seconds(),
            pause=self._rules.probe_every.total_seconds(),
            retry_after=asked,
            fraction=self._randomness.fraction(),
        )
        if asked:
            await self._pauses.tell(server, one.circuit.wait(_seconds(), insist=True))
        left = await self._outages.failed(server, down=one.circuit.down)
        if left:
            one.circuit = one.circuit.opened(_seconds() + left)


def _first(one: _Server) -> Turn | None:
    """Return the turn that is next, without those that nobody waits for any more."""
    for lines in (one.waiting, one.background):
        while lines:
            connector, line = next(iter(lines.items()))
            while line and line[0].done():
                line.popleft()
            if line:
                return line[0]
            del lines[connector]
    return None


def _next(one: _Server) -> None:
    """Take the next turn out, and put its connector last."""
    lines = one.waiting or one.background
    connector, line = next(iter(lines.items()))
    line.popleft()
    lines.move_to_end(connector)
    if not line:
        del lines[connector]


def _paused(one: _Server) -> AuthorizationServerPaused:
    error = AuthorizationServerPaused(
        "The authorization server failed several times in a row, or asked for a pause. It is asked "
        "again soon."
    )
    error.retry_after_seconds = max(one.circuit.wait(_seconds()), 1.0)
    return error


def _seconds() -> float:
    return asyncio.get_running_loop().time()
