"""The reading side of one connection to a server."""

import asyncio

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import RawResponseMessage

_FIRST_FINAL = 200


class Dialogue(ResponseHandler):
    """Takes what comes while an answer is awaited, and nothing else.

    Interim answers (RFC 9110 section 15.2) are counted, as they would be skipped without end. A
    server that is still taking a request is not silent. Silence is timed by one timer that looks,
    when it rings, how long it has lasted; aiohttp's makes one for each request and each arrival.
    """

    awaiting = False
    """Whether a request was begun whose answer is not done with."""

    def __init__(self, loop: asyncio.AbstractEventLoop, most_interim: int) -> None:
        super().__init__(loop)
        self._most_interim = most_interim
        self._interim = 0
        self._silent_since: float | None = None
        """By the event loop's clock; None while nothing is awaited."""

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop the timer, which would keep this in memory until it rings."""
        super().connection_lost(exc)
        super()._drop_timeout()

    def data_received(self, data: bytes) -> None:
        """Read on; what comes on an idle connection would be taken for the next one's answer."""
        if self.awaiting:
            super().data_received(data)
        elif self.transport is not None:
            self.transport.abort()

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
        """Pass an answer's head on, unless too many interim ones came before it."""
        if self._interim > self._most_interim:
            return
        self._interim = self._interim + 1 if data[0].code < _FIRST_FINAL else 0
        if self._interim <= self._most_interim:
            super().feed_data(data, size)
            return
        self.set_exception(HttpProcessingError(message="too many interim answers"))
        if self.transport is not None:
            self.transport.close()

    def _reschedule_timeout(self) -> None:
        self._silent_since = now = self._loop.time()
        if not (patience := self._read_timeout):
            return
        timer = self._read_timeout_handle
        if timer is not None and timer.when() > now + patience:  # set for a more patient request
            timer.cancel()
            timer = None
        if timer is None:
            self._read_timeout_handle = self._loop.call_later(patience, self._on_read_timeout)

    def _drop_timeout(self) -> None:
        self._silent_since = None

    def _on_read_timeout(self) -> None:
        self._read_timeout_handle = None
        since, patience = self._silent_since, self._read_timeout
        if since is None or patience is None:
            return
        left = since + patience - self._loop.time()
        if left > 0:
            self._read_timeout_handle = self._loop.call_later(left, self._on_read_timeout)
        else:
            super()._on_read_timeout()
