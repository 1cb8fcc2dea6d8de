"""Send operations: one client that waits, one that is awaited; all decisions are shared."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, closing
from types import TracebackType
from typing import BinaryIO, Self, TypeVar

import httpx2

from connectsmith import __version__
from connectsmith.errors import Bug, ConnectionFailed, NetworkError, TimedOut
from connectsmith.sdk.answers import Answer, Nothing, Page
from connectsmith.sdk.operations import Operation
from connectsmith.sdk.problems import error_of
from connectsmith.sdk.profile import Profile

Read = TypeVar("Read", bound=Answer)
Item = TypeVar("Item", bound=Answer)
PATIENCE = 150.0
"""Seconds for an answer: a call waits for another service, which may take its time."""


class Client:
    """Sends operations and waits."""

    def __init__(self, profile: Profile, *, transport: httpx2.BaseTransport | None = None) -> None:
        self._http = httpx2.Client(
            base_url=profile.address,
            headers=_headers(profile),
            timeout=httpx2.Timeout(PATIENCE, connect=10),
            trust_env=False,
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def send(self, operation: Operation[Read]) -> Read:
        """Send one operation.

        Raises:
            ConnectsmithError: the class of the problem's code, or `ApiProblem`.
        """
        try:
            return _answer(operation, self._http.send(_request(self._http, operation)))
        except httpx2.HTTPError as fault:
            raise _unreachable(fault, self._http) from fault

    def every(self, operation: Operation[Page[Item]]) -> Iterator[Item]:
        """Go through a list to its end, page by page."""
        while True:
            page = self.send(operation)
            yield from page.items
            if page.next is None:
                return
            operation = operation.after(page.next)

    def fetch(self, operation: Operation[Nothing], into: BinaryIO) -> int:
        """Write an answer's bytes as they come; return how many there were."""
        try:
            response = self._http.send(_request(self._http, operation, bytes_=True), stream=True)
            with closing(response):
                if not response.is_success:
                    response.read()
                    _answer(operation, response)
                return sum(into.write(each) for each in response.iter_bytes())
        except httpx2.HTTPError as fault:
            raise _unreachable(fault, self._http) from fault


class AsyncClient:
    """Sends operations and is awaited."""

    def __init__(
        self, profile: Profile, *, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        self._http = httpx2.AsyncClient(
            base_url=profile.address,
            headers=_headers(profile),
            timeout=httpx2.Timeout(PATIENCE, connect=10),
            trust_env=False,
            transport=transport,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def send(self, operation: Operation[Read]) -> Read:
        """Send one operation; see `Client.send`."""
        try:
            return _answer(operation, await self._http.send(_request(self._http, operation)))
        except httpx2.HTTPError as fault:
            raise _unreachable(fault, self._http) from fault

    async def every(self, operation: Operation[Page[Item]]) -> AsyncIterator[Item]:
        """Go through a list to its end, page by page."""
        while True:
            page = await self.send(operation)
            for item in page.items:
                yield item
            if page.next is None:
                return
            operation = operation.after(page.next)

    async def fetch(self, operation: Operation[Nothing], into: BinaryIO) -> int:
        """Write an answer's bytes as they come; return how many there were."""
        try:
            request = _request(self._http, operation, bytes_=True)
            response = await self._http.send(request, stream=True)
            async with aclosing(response):
                if not response.is_success:
                    await response.aread()
                    _answer(operation, response)
                return sum([into.write(each) async for each in response.aiter_bytes()])
        except httpx2.HTTPError as fault:
            raise _unreachable(fault, self._http) from fault


def _headers(profile: Profile) -> dict[str, str]:
    said = {"Accept": "application/json", "User-Agent": f"connectsmith/{__version__}"}
    return said if profile.token is None else said | {"Authorization": f"Bearer {profile.token}"}


def _request(
    http: httpx2.Client | httpx2.AsyncClient, operation: Operation[Answer], *, bytes_: bool = False
) -> httpx2.Request:
    return http.build_request(
        operation.method,
        operation.path,
        params=dict(operation.query) or None,
        json=operation.body,
        headers={**operation.headers, **({"Accept": "*/*"} if bytes_ else {})},
    )


def _answer(operation: Operation[Read], response: httpx2.Response) -> Read:
    document = _json(response.content)
    if not response.is_success:
        retry_after = response.headers.get("Retry-After")
        raise error_of(response.status_code, document, retry_after=retry_after)
    try:
        return operation.read.model_validate({} if document is None else document)
    except ValueError as fault:
        raise Bug(
            f"{operation.method} {operation.path} answered something this client cannot read; "
            "client and server may be of different versions."
        ) from fault


def _json(content: bytes) -> object:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return None


def _unreachable(fault: httpx2.HTTPError, http: httpx2.Client | httpx2.AsyncClient) -> NetworkError:
    """Name the server, never the request, which may hold a secret."""
    address = f"{http.base_url}".rstrip("/")
    if isinstance(fault, httpx2.TimeoutException):
        return TimedOut(f"The server at {address} did not answer in time.")
    return ConnectionFailed(
        f"No server answers at {address}: is it running? `connectsmith serve` starts one here."
    )
