"""A proxy in front of an honest server that breaks one thing at a time.

Give its `origin` in place of the server's for the endpoints that shall pass through. It says
upstream's name upstream and its own to the client, so redirects on the server stay on the proxy.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import httpx
from tests.servers.loop import Gate
from tests.servers.replies import Reply, Send, WaitAt, hang_up, head
from tests.servers.serving import Serving
from tests.servers.wire import Pairs, Received

ChangePairs = Callable[[Pairs], Pairs]
ChangeMembers = Callable[[dict[str, Any]], Mapping[str, Any]]
_HOP_BY_HOP = {"connection", "content-length", "content-encoding", "transfer-encoding"}


class FaultProxy(Serving):
    """Forwards everything; each fault is switched on by its method and hits one path."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._instead: dict[str, list[Reply]] = {}
        self._drops: dict[str, int] = {}
        self._holds: dict[str, Gate] = {}
        self._forms: dict[str, ChangePairs] = {}
        self._members: dict[str, ChangeMembers] = {}
        self._callback: ChangePairs | None = None
        self.forwarded: list[Received] = []
        super().__init__()

    @property
    def origin(self) -> str:
        """Under the name `localhost`, as the honest servers are."""
        return self.origin_as("localhost")

    def change_form(self, path: str, change: ChangePairs) -> None:
        """Change the parameters of form-encoded requests on their way to the server."""
        self._forms[path] = change

    def change_json(self, path: str, change: ChangeMembers) -> None:
        """Change the members of JSON answers."""
        self._members[path] = change

    def change_callback(self, change: ChangePairs) -> None:
        """Change the parameters of redirects that leave the server: the authorization response."""
        self._callback = change

    def drop_answer(self, path: str, *, times: int = 1) -> None:
        """Let the server carry the request out, and break the connection to the client."""
        self._drops[path] = times

    def hold_answer(self, path: str, gate: Gate) -> None:
        """Let the server carry the request out, and answer once the gate is open."""
        self._holds[path] = gate

    def answer_instead(self, path: str, *replies: Reply) -> None:
        """Answer the next requests here; the server sees none of them."""
        self._instead[path] = list(replies)

    async def answer(self, request: Received) -> Reply:
        if self._instead.get(request.path):
            return self._instead[request.path].pop(0)
        self.forwarded.append(request)
        response = await self._forward(request)
        if self._drops.get(request.path, 0) > 0:
            self._drops[request.path] -= 1
            return hang_up(reset=True)
        sent = Send(self._returned(request.path, response))
        gate = self._holds.get(request.path)
        return Reply((sent,) if gate is None else (WaitAt(gate), sent))

    async def _forward(self, request: Received) -> httpx.Response:
        body = request.body
        if request.path in self._forms:
            body = urlencode(self._forms[request.path](request.form)).encode()
        own, theirs = self.origin, self._upstream
        headers = [
            (name, theirs if value == own else value)
            for name, value in request.headers
            if name.lower() not in _HOP_BY_HOP | {"host", "accept-encoding"}
        ]
        async with httpx.AsyncHTTPTransport() as transport:
            answer = await transport.handle_async_request(
                httpx.Request(
                    request.method, theirs + request.target, headers=headers, content=body
                )
            )
            await answer.aread()
        return answer

    def _returned(self, path: str, response: httpx.Response) -> bytes:
        body = response.content
        if path in self._members:
            body = json.dumps(self._members[path](json.loads(body))).encode()
        headers = [
            (name, self._relocated(value) if name.lower() == "location" else value)
            for name, value in response.headers.multi_items()
            if name.lower() not in _HOP_BY_HOP
        ]
        own = [("Content-Length", str(len(body))), ("Connection", "close")]
        return head(response.status_code, [*headers, *own]) + body

    def _relocated(self, location: str) -> str:
        parts = urlsplit(location)
        if not parts.netloc:
            return location
        if location.startswith((self._upstream, self.origin)):
            return location.replace(self._upstream, self.origin, 1)
        if self._callback is None:
            return location
        pairs = httpx.QueryParams(parts.query).multi_items()
        return urlunsplit(parts._replace(query=urlencode(self._callback(tuple(pairs)))))


@contextmanager
def start_proxy(upstream: str) -> Iterator[FaultProxy]:
    proxy = FaultProxy(upstream)
    try:
        yield proxy
    finally:
        proxy.close()
