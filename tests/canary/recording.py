"""Clients that keep every answer, adapters that keep or spill what passes, and logs in memory."""

import asyncio
import http.client
import io
import json
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2
import structlog
from tests.canary.ledger import Ledger
from tests.canary.places import answered, template
from tests.canary.sweep import Left

from connectsmith.core.authorization.signing import Unsigned
from connectsmith.core.message import HttpRequest, HttpResponse
from connectsmith.core.secret.secret import Secret
from connectsmith.keys.signer import JoseSigner
from connectsmith.keys.system import SystemRandomness
from connectsmith.logs import LibraryLines
from connectsmith.service.ports import Sender, StreamedResponse

HOPS = 8
OF_PAGES: Final = ("session", "device", "visit")
PRIVATE: Final = ("d", "p", "q", "dp", "dq", "qi")
"""Members of a private key's JWK that nobody else may know (RFC 7518 section 6)."""


class Randomness(SystemRandomness):
    """The system's, writing down what it hands out."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._made: list[str] = []

    def secret(self) -> Secret:
        made = super().secret()
        self._made.append(made.reveal())
        return made

    def text(self) -> str:
        self._made.append(super().text())
        return self._made[-1]

    def typed(self) -> str:
        return self._ledger.note("typed completion", super().typed())

    def write_down(self) -> None:
        """Put into the ledger what no other place has shown."""
        for each in self._made:
            self._ledger.note_unnamed(each)


class Signer(JoseSigner):
    """The product's, writing down the private halves of keys and the signatures it makes."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger

    def new_key(self, algorithm: str) -> Secret:
        made = super().new_key(algorithm)
        for member, value in json.loads(made.reveal()).items():
            if member in PRIVATE:
                self._ledger.note("private key", value)
        return made

    def sign(self, unsigned: Unsigned, key: Secret) -> Secret:
        signed = super().sign(unsigned, key)
        kind = "proof" if unsigned.header.get("typ") == "dpop+jwt" else "assertion"
        self._ledger.note(kind, signed.reveal().rpartition(".")[2])
        return signed


class SpillingSender:
    """A door out that can break with all it was given in the error's text."""

    def __init__(self, inner: Sender) -> None:
        self._inner = inner
        self.breaks = False

    async def send(self, request: HttpRequest) -> HttpResponse:
        self._spill(request)
        return await self._inner.send(request)

    @asynccontextmanager
    async def stream(self, request: HttpRequest) -> AsyncIterator[StreamedResponse]:
        self._spill(request)
        async with self._inner.stream(request) as streamed:
            yield streamed

    async def close(self) -> None:
        await self._inner.close()

    def _spill(self, request: HttpRequest) -> None:
        if self.breaks:
            carried = [each.value.reveal() for each in request.carries]
            raise RuntimeError(f"{request.url} {request.headers} {request.body!r} {carried}")


class SpillingPart:
    """One part of the storage, which can break with its arguments in the error's text."""

    def __init__(self, inner: object, whole: "SpillingStorage") -> None:
        self._inner = inner
        self._whole = whole

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if self._whole.breaks_at != name:
            return found
        text = self._whole.text

        def broken(*arguments: object, **more: object) -> Any:
            raise RuntimeError(f"{name} {arguments} {more} {text}")

        return broken


class SpillingStorage:
    """A storage that can break in one of its methods; `text` is in the error then too."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.breaks_at = ""
        self.text = ""

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        return found if callable(found) else SpillingPart(found, self)


@dataclass
class Recorder:
    """Asks our API and pages, and keeps all answers; `token` is the API token it sends."""

    address: str
    ledger: Ledger
    token: str = field(repr=False)
    left: list[Left] = field(default_factory=list)
    operations: set[tuple[str, str]] = field(default_factory=set)
    typed: str = field(default="", repr=False)
    """The last value that a page told to type in."""
    last_state: str = field(default="", repr=False)
    _client: httpx2.Client = field(
        default_factory=lambda: httpx2.Client(timeout=30, trust_env=False), repr=False
    )

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def ask(self, method: str, path: str, **more: Any) -> httpx2.Response:
        """Send one request and return whatever comes."""
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        if path.endswith("/secrets"):
            headers.setdefault("If-Match", "*")
        response = self._client.request(method, self.address + path, headers=headers, **more)
        self._keep(method, path, response.status_code, response.headers.raw, response.content)
        return response

    def good(self, method: str, path: str, body: object = None, **more: Any) -> Any:
        """Return the JSON of an answer that must be a success."""
        if body is not None:
            more["json"] = body
        response = self.ask(method, path, **more)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    def bad(self, method: str, path: str, body: object = None, **more: Any) -> str:
        """Return the code of a problem."""
        response = self.ask(method, path, json=body, **more)
        assert not response.is_success, f"{method} {path}: {response.text}"
        code: str = response.json()["code"]
        return code

    def browse(
        self, start_url: str, *, stop_at: str, jar: dict[str, dict[str, str]] | None = None
    ) -> str:
        """Press the start page's button, follow redirects as far as `stop_at`; return where.

        `jar` is what a browser held before, such as an operator's session.
        """
        self.ledger.note("start value", start_url.rpartition("/")[2])
        jar = {} if jar is None else jar
        self.visit("GET", start_url, jar)
        url, method = start_url, "POST"
        for _ in range(HOPS):
            status, headers, _body = self.visit(method, url, jar)
            method, location = "GET", headers.get("location")
            if location is None or status not in (302, 303, 307):
                return url
            url = urljoin(url, location)
            query = parse_qs(urlsplit(url).query)
            self.last_state = query.get("state", [self.last_state])[0]
            for value in query.get("completion", ()):
                self.ledger.note("completion", value)
            if url.startswith(stop_at):
                return url
        raise AssertionError(f"more than {HOPS} redirects")

    def visit(  # noqa: PLR0917 - a request, as it is sent
        self,
        method: str,
        url: str,
        jar: dict[str, dict[str, str]],
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        """Ask for a page, without httpx2, which would log the address."""
        parts = urlsplit(url)
        host = parts.netloc
        connection = http.client.HTTPConnection(host, timeout=30)
        cookies = "; ".join(f"{name}={value}" for name, value in jar.get(host, {}).items())
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        sent = {**(headers or {}), **({"Cookie": cookies} if cookies else {})}
        connection.request(method, target, body=body, headers=sent)
        response = connection.getresponse()
        content, pairs = response.read(), response.getheaders()
        connection.close()
        if url.startswith(self.address):
            raw = [(name.encode(), value.encode()) for name, value in pairs]
            self._keep(method, parts.path, response.status, raw, content)
            self._take_cookies(pairs, jar.setdefault(host, {}))
        return response.status, {name.lower(): value for name, value in pairs}, content

    def _take_cookies(self, pairs: list[tuple[str, str]], jar: dict[str, str]) -> None:
        for name, value in pairs:
            if name.lower() == "set-cookie":
                for key, morsel in SimpleCookie(value).items():
                    self._take_cookie(key, morsel.value, jar)

    def _take_cookie(self, key: str, value: str, jar: dict[str, str]) -> None:
        jar[key] = value
        parts = key.split("-")
        if not value or parts[1:2] == ["note"]:
            return
        if "typed" in key:
            self.typed = self.ledger.note("typed completion", value)
            self.ledger.note("typed completion", f"{value[:4]}-{value[4:]}")
        elif (page := next((each for each in OF_PAGES if each in parts), None)) is not None:
            self.ledger.note(f"{page} cookie", value)
        else:
            self.ledger.note("cookie", value.partition(".")[2])

    def _keep(  # noqa: PLR0917 - as `answered`
        self, method: str, path: str, status: int, headers: list[tuple[bytes, bytes]], body: bytes
    ) -> None:
        self.operations.add((method, template(path)))
        self.left.extend(answered(method, path, status, headers, body))


class Logs(logging.Handler):
    """Everything logged, by structlog or the standard library, at any level, with tracebacks."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s %(args)r"))
        self._written = io.StringIO()

    def emit(self, record: logging.LogRecord) -> None:
        self._written.write(self.format(record) + "\n")

    def write_structured(self, *arguments: object) -> str:
        """Write what structlog hands over, and hand it on."""
        self._written.write(repr(arguments) + "\n")
        return str(arguments[-1])

    @contextmanager
    def as_served(self) -> Iterator[None]:
        """Write what libraries log as a server process writes it: for exceptions out of the blue.

        Their text is in the reprs of tasks, which asyncio logs; no code of ours can prevent that.
        """
        plain, ours = self.formatter, LibraryLines()
        self.setFormatter(ours)
        try:
            yield
        finally:
            self.setFormatter(plain)

    def left(self) -> Left:
        """What was logged."""
        return Left("log", self._written.getvalue().encode())


@contextmanager
def all_logs() -> Iterator[Logs]:
    """Log everything at DEBUG into memory."""
    logs, root = Logs(), logging.getLogger()
    before, configured = root.level, structlog.get_config()
    others, root.handlers = root.handlers, [logs]
    root.setLevel(logging.DEBUG)
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=lambda *_: structlog.WriteLogger(_Stream(logs)),  # type: ignore[arg-type]  # write and flush are all it uses
        cache_logger_on_first_use=False,
    )
    try:
        yield logs
    finally:
        structlog.configure(**configured)
        root.handlers = others
        root.setLevel(before)


class _Stream:
    def __init__(self, logs: Logs) -> None:
        self._logs = logs

    def write(self, text: str) -> None:
        self._logs.write_structured(text)

    def flush(self) -> None: ...


async def debug_loop() -> None:
    """Let asyncio tell everything it would tell in debug mode, about every step it makes."""
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = 0.0
