"""A sender that plays replies in order, and keeps the requests; nothing leaves the process."""

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.errors import SecretDestinationDenied

Reply = HttpResponse | Exception | Callable[[HttpRequest], HttpResponse]
"""An answer, an error to raise, or a function of the request that returns or raises one."""


class ScriptedSender:
    """The port `Sender`.

    Like the real one it sends nothing when a carried credential may not go to the request's
    origin. Redirects are handed out as answers: following them is the real sender's own business.
    """

    def __init__(self, replies: Iterable[Reply] = ()) -> None:
        self._replies = deque(replies)
        self.requests: list[HttpRequest] = []
        """What was sent, in order; refused requests are not among them."""

    def reply(self, *replies: Reply) -> None:
        """Add replies after those that are left."""
        self._replies.extend(replies)

    @property
    def left(self) -> int:
        """How many replies were not played."""
        return len(self._replies)

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Keep the request and play the next reply.

        Raises:
            SecretDestinationDenied: a carried credential may not go there.
            AssertionError: no reply is left.
        """
        for carried in request.carries:
            if not carried.destinations.permits(request.url):
                raise SecretDestinationDenied(
                    f"{carried.name[:1].upper()}{carried.name[1:]} may not be sent there."
                )
        self.requests.append(request)
        if not self._replies:
            raise AssertionError(f"no reply is left for {request.method} {request.url}")
        reply = self._replies.popleft()
        if isinstance(reply, Exception):
            raise reply
        return reply if isinstance(reply, HttpResponse) else reply(request)

    @asynccontextmanager
    async def stream(self, request: HttpRequest) -> "AsyncIterator[_Streamed]":
        """Play the next reply in pieces."""
        answer = await self.send(request)
        yield _Streamed(replace(answer, body=b""), answer.body)

    async def close(self) -> None:
        """Keep everything: a test may still look."""


@dataclass(frozen=True, slots=True)
class _Streamed:
    head: HttpResponse
    body: bytes

    async def chunks(self) -> AsyncIterator[bytes]:
        """Return the body in pieces of 1024 bytes."""
        for start in range(0, len(self.body), 1024):
            yield self.body[start : start + 1024]
