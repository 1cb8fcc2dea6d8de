"""A scripted REST API, and the command line pointed at it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest

from connectsmith.cli.main import run
from connectsmith.cli.surroundings import Surroundings
from connectsmith.sdk import Profile, write_profile

CONNECTOR = {
    "id": "con_1",
    "name": "Weather",
    "sign_in": "none",
    "callback_url": "http://127.0.0.1:8400/oauth/callback/con_1",
    "published": 1,
    "changed": False,
    "draft_version": 3,
    "created_at": "2026-11-23T18:00:00Z",
    "diagnostics": [],
    "secrets": {
        "needed": ["clientSecret"],
        "missing": ["clientSecret"],
        "origins": ["https://auth.example.com"],
        "browser": ["clientID"],
    },
    "actions": [
        {
            "action": "days.list",
            "label": None,
            "method": "GET",
            "effect": "read",
            "fields": [
                {"key": "city", "label": None, "type": "string", "required": True},
                {"key": "limit", "label": None, "type": "integer", "required": False},
                {"key": "photo", "label": None, "type": "file", "required": False},
            ],
        }
    ],
}
CONNECTION = {
    "id": "cnn_1",
    "connector": "con_1",
    "connector_name": "Weather",
    "revision": 1,
    "test": False,
    "status": "active",
    "health": "Works.",
    "account": {"id": "7", "label": "ada@example.com"},
    "scopes": ["read"],
    "expires_at": None,
    "renewable": True,
    "origins": {"api": ["https://api.example.com"], "auth": []},
    "version": 1,
    "failure": None,
    "created_at": "2026-11-23T18:00:00Z",
    "refreshed_at": None,
    "last_used_at": None,
}
OUTCOME = {
    "call": "cal_1", "ok": True, "status": 200, "fault": None, "code": None, "message": None,
    "value": [{"day": "mon"}], "truncated": False, "content_type": "application/json",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that came in."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: object


@dataclass
class ScriptedApi:
    """Answers what it was told to, 404 otherwise, and remembers what it was asked."""

    address: str = ""
    asked: list[Asked] = field(default_factory=list)
    _replies: dict[tuple[str, str], tuple[int, object]] = field(default_factory=dict)
    _turns: dict[tuple[str, str], Iterator[tuple[int, object]]] = field(default_factory=dict)

    def on(self, method: str, path: str, answer: object, *, status: int = 200) -> None:
        """Answer requests of a method and path with JSON, bytes, or what a function returns."""
        self._replies[method, path] = (status, answer)

    def on_each(self, method: str, path: str, answers: Iterator[tuple[int, object]]) -> None:
        """Answer requests of a method and path with one status and answer after the other."""
        self._turns[method, path] = answers

    def reply(self, asked: Asked) -> tuple[int, object]:
        """Answer one request."""
        self.asked.append(asked)
        missing = {"code": "not_found", "fault": "caller", "detail": "Nothing by that id here."}
        turns = self._turns.get((asked.method, asked.path), iter(()))
        usual = self._replies.get((asked.method, asked.path), (404, missing))
        status, answer = next(turns, usual)
        return status, answer(asked) if callable(answer) else answer

    def bodies(self, method: str, path: str) -> list[object]:
        """Return the bodies of requests that came in."""
        return [each.body for each in self.asked if (each.method, each.path) == (method, path)]

    def if_matches(self, method: str, path: str) -> list[str | None]:
        """Return which versions requests that came in were for."""
        its = [each for each in self.asked if (each.method, each.path) == (method, path)]
        return [each.headers.get("if-match") for each in its]


@pytest.fixture
def api() -> Iterator[ScriptedApi]:
    script = ScriptedApi()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = Asked(
                self.command,
                parts.path,
                parse_qs(parts.query),
                {name.lower(): value for name, value in self.headers.items()},
                json.loads(content) if content else None,
            )
            status, answer = script.reply(asked)
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response_only(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - the base class's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        script.address = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield script
        server.shutdown()
        thread.join()


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> object:
        """Its output, read as JSON."""
        return json.loads(self.out)


Run = Callable[..., Ended]


@pytest.fixture
def surroundings(tmp_path: Path) -> Surroundings:
    """A home of its own, without display, and nobody there to ask."""
    environ = {
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
    }
    return Surroundings(environ, "linux", tmp_path, "connectsmith")


@pytest.fixture
def run_offline(surroundings: Surroundings, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command that needs no server."""

    def go(*arguments: str) -> Ended:
        capfd.readouterr()
        code = run(arguments, surroundings)
        printed = capfd.readouterr()
        return Ended(code, printed.out, printed.err)

    return go


@pytest.fixture
def run_at(api: ScriptedApi, surroundings: Surroundings, run_offline: Run) -> Run:
    """Run a command with a profile of the scripted API."""
    write_profile(surroundings.profile_file, Profile(api.address, "cst_canary"))
    return run_offline
