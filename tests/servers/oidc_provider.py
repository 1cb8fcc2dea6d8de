"""`oidc-provider` as a process of its own: installed once, on a free port, ended by its pid."""

import json
import os
import secrets
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from tests.servers.good import Registered
from tests.servers.node import NODE, install

HERE = Path(__file__).parent / "oidc"
GRANT_TYPES = [
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "password",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
]


@dataclass(frozen=True, slots=True)
class Event:
    """Something the server's own event bus told."""

    name: str
    grant_type: str | None
    client_id: str | None
    error: str | None
    detail: str | None = None


class OidcServer:
    """The running server; see `server.mjs` for its settings."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._control = httpx.Client(base_url=f"{issuer}/control/", trust_env=False)

    @property
    def issuer(self) -> str:
        return self._issuer

    @property
    def port(self) -> int:
        port = urlsplit(self._issuer).port
        assert port is not None
        return port

    def register(
        self,
        *,
        redirect_uris: Sequence[str],
        secret: str | None = None,
        access_token_seconds: int = 5,
        auth_method: str = "client_secret_post",
        **more: Any,
    ) -> Registered:
        """Register a client; this server insists on the one method it registered.

        `more` is metadata by its own names (RFC 7591 section 2).
        """
        client = Registered(f"oidc-{secrets.token_hex(8)}", secret or secrets.token_urlsafe(32))
        metadata = {
            "client_id": client.client_id,
            "redirect_uris": list(redirect_uris),
            "grant_types": GRANT_TYPES,
            "response_types": ["code"],
            "token_endpoint_auth_method": auth_method,
            "access_token_seconds": access_token_seconds,
        }
        if auth_method in {"client_secret_post", "client_secret_basic"}:
            metadata["client_secret"] = client.client_secret
        self._tell("clients", metadata | more)
        return client

    def change(self, client_id: str, **metadata: Any) -> None:
        """Change a registered client's metadata."""
        self._tell("change", {"client_id": client_id, **metadata})

    def advance(self, seconds: float) -> None:
        self._tell("advance", {"seconds": seconds})

    def answer_device(self, user_code: str, *, allow: bool = True, person: str = "ada") -> None:
        """Type a user code at the server's page, and say yes or no."""
        self._tell("device", {"user_code": user_code, "person": person, "allow": allow})

    def set(self, **settings: bool | int) -> None:
        """Change one of `DEFAULTS` in `server.mjs` until the next `reset`."""
        self._tell("settings", settings)

    def reset(self) -> None:
        """Forget clients, grants, events, settings, and be back at the real time."""
        self._tell("reset", {})

    def events(self) -> list[Event]:
        answer = self._control.get("events").raise_for_status()
        return [Event(**each) for each in answer.json()]

    def token_requests(self) -> Mapping[str, int]:
        """Count the token requests by grant type; those without a readable one under `none`."""
        told = [each for each in self.events() if each.name in {"grant.success", "grant.error"}]
        return Counter(each.grant_type or "none" for each in told)

    def token_errors(self) -> Mapping[str, int]:
        return Counter(each.error or "" for each in self.events() if each.name == "grant.error")

    def close(self) -> None:
        self._control.close()

    def _tell(self, command: str, body: Mapping[str, Any]) -> None:
        self._control.post(command, json=body).raise_for_status()


@contextmanager
def start_oidc(*, dev_pages: bool = False) -> Iterator[OidcServer]:
    """Start the server; its standard input ending is what ends it if this process dies."""
    install(HERE)
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            [NODE, HERE / "server.mjs"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env={"DEV_PAGES": "1" if dev_pages else "0", "PATH": os.defpath},
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            ready = process.stdout.readline()
            if not ready:
                complaints.seek(0)
                raise RuntimeError(complaints.read().decode(errors="replace"))
            with closing(OidcServer(json.loads(ready)["issuer"])) as server:
                yield server
        finally:
            process.stdin.close()
            process.terminate()
            process.wait()
            process.stdout.close()
