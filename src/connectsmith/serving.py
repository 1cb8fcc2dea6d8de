"""Uvicorn as it serves us: whoever sends without an end, or does not go on, is heard no longer.

Its parser in C takes a head of any length, for as long as it comes; its other one bounds heads but
is slower. So bytes are counted here, before anybody could have signed in.
"""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

STOPS: Final = (signal.SIGTERM, signal.SIGINT)
LONGEST_HEAD: Final = 64 * 1024
"""Bytes of a request's line and headers that are taken; half as many more may be."""
_PIECE: Final = LONGEST_HEAD // 4
_TOO_LARGE: Final = STATUS_LINE[431] + b"content-length: 0\r\nconnection: close\r\n\r\n"
_TICKS_IN_A_SECOND: Final = 10


class Protocol(HttpToolsProtocol):
    """One connection of a client, which may send so much beside bodies, and take so long.

    Beside a body are a head, the framing of a chunk, and trailers.
    """

    head_seconds: ClassVar[float] = 20.0
    """How long a head may take, from the connection or the answer before it."""
    request_seconds: ClassVar[float] = 180.0
    """How long a head and its body may take."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._beside = 0
        self._since = self.loop.time()

    def data_received(self, data: bytes) -> None:
        """Parse what came, until it is too much."""
        for start in range(0, len(data), _PIECE):
            piece = data[start : start + _PIECE]
            self._beside += len(piece)
            super().data_received(piece)
            if self.transport.is_closing():
                return
            if self._beside > LONGEST_HEAD:
                self._refuse()
                return

    def on_message_begin(self) -> None:
        """Count and time a request; of the piece that it begins in, no bytes are counted."""
        self._beside = 0
        self._since = self.loop.time()
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        """Leave to the application how long a body may be: it reads as much as it wants."""
        self._beside -= len(body)
        super().on_body(body)

    def on_chunk_complete(self) -> None:
        """Begin to count anew: a body may have any number of chunks (RFC 9112 section 7.1)."""
        self._beside = 0

    def on_response_complete(self) -> None:
        """Wait for the next head, which blank lines do not put off."""
        self._since = self.loop.time()
        super().on_response_complete()

    def close_if_late(self, now: float) -> None:
        """Hang up on who keeps us waiting for a request; `now` is the loop's time."""
        cycle = self.cycle
        if cycle is not None and cycle.more_body:
            patience = self.request_seconds
        elif cycle is None or cycle.response_complete:
            patience = self.head_seconds
        else:
            return  # it waits for us
        if self._since + patience < now:
            self.transport.close()

    def _refuse(self) -> None:
        cycle = self.cycle
        if cycle is None or (cycle.response_complete and not cycle.more_body):
            self.transport.write(_TOO_LARGE)  # else somebody else's answer is under way
        self.transport.close()


class Server(uvicorn.Server):
    """A server that hangs up on the late and, told to stop, lets its caller close what must be.

    Uvicorn's own raises the signal again as soon as the last request is answered, which ends the
    process before the storage has written down what it holds.
    """

    async def on_tick(self, counter: int) -> bool:
        """Look for late clients once a second."""
        if counter % _TICKS_IN_A_SECOND == 0:
            now = asyncio.get_running_loop().time()
            for connection in tuple(self.server_state.connections):
                if isinstance(connection, Protocol):
                    connection.close_if_late(now)
        return await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop gracefully on the first signal, at once on a second Ctrl-C."""
        loop = asyncio.get_running_loop()
        for number in STOPS:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield
