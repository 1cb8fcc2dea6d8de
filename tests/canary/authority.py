"""An authorization server and API that issues canaries and echoes whatever it was sent."""

import base64
import html
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote, quote_plus, urlencode

from tests.canary.ledger import Ledger
from tests.servers.hostile import Hostile, start_hostile
from tests.servers.replies import Reply, html_reply, json_reply, redirect, reply
from tests.servers.wire import Received


class Authority:
    """Good until `mode` says otherwise."""

    def __init__(self, server: Hostile, ledger: Ledger, elsewhere: str) -> None:
        self.server = server
        self.mode = "good"
        self.lifetime = 3600
        self._ledger = ledger
        self._elsewhere = elsewhere
        for path, answer in {
            "/authorize": self._authorize,
            "/token": self._token,
            "/revoke": self._revoke,
            "/device": self._device,
            "/register": self._register,
            "/.well-known/oauth-authorization-server": self._metadata,
            "/api/me": self._me,
            "/api/echo": self._echo,
            "/api/page": self._page,
            "/api/moved": self._moved,
            "/api/expired": self._expired,
            "/api/binary": self._binary,
            "/api/sites": self._sites,
            "/api/expired-binary": self._expired,
        }.items():
            server.on(path, answer)

    @property
    def origin(self) -> str:
        """Where it is."""
        return self.server.origin

    def _authorize(self, request: Received) -> Reply:
        asked = dict(request.query)
        self._ledger.note("state", asked["state"])
        self._ledger.note("code challenge", asked["code_challenge"])
        answer = {"state": asked["state"]}
        if self.mode == "denied":
            answer |= {
                "error": "access_denied",
                "error_description": f"No, {asked['state']} and {asked['client_id']} may not.",
            }
        else:
            code = self._ledger.make("code", awkward=True)
            answer |= {"code": code, "realm": self._ledger.make("captured value")}
        return redirect(f"{asked['redirect_uri']}?{urlencode(answer)}", 303)

    def _token(self, request: Received) -> Reply:
        form = dict(request.form)
        if "code_verifier" in form:
            self._ledger.note("verifier", form["code_verifier"])
        if basic := (request.header("authorization") or "").removeprefix("Basic "):
            self._ledger.note("basic credentials", basic)
        if "device_code" in form:  # polled for at any time
            return self._tokens(form)
        match self.mode:
            case "token error":
                described = " ".join([*form.values(), *_short(form)])
                error = {"error": "invalid_grant", "error_description": described, "x": form}
                return json_reply(error, 400)
            case "client error":
                described = " ".join(form.values())
                return json_reply({"error": "invalid_client", "error_description": described}, 401)
            case "token page":
                return html_reply("\n".join(_written(form)), 500)
            case "token moved":
                return redirect(f"{self._elsewhere}/?{urlencode(form)}#{urlencode(form)}")
            case _:
                return self._tokens(form, bound=request.header("dpop") is not None)

    def _tokens(self, form: Mapping[str, str], *, bound: bool = False) -> Reply:
        made = {
            "access_token": self._ledger.make("access token") + "+/~.==",
            "id_token": self._ledger.make("id token"),
            "token_type": "DPoP" if bound else "Bearer",
            "expires_in": self.lifetime,
            "session": self._ledger.make("captured value", awkward=True),
            "echo": dict(form),
        }
        if form["grant_type"] != "client_credentials":
            made["refresh_token"] = self._ledger.make("refresh token", awkward=True)
        return json_reply(made, headers=[("Set-Cookie", f"s={made['access_token']}")])

    def _device(self, _: Received) -> Reply:
        codes = {
            "device_code": self._ledger.make("device code", awkward=True),
            "user_code": self._ledger.make("user code"),
            "verification_uri": f"{self.origin}/type",
            "interval": 1,
        }
        return json_reply(codes)

    def _register(self, request: Received) -> Reply:
        made = {
            "client_id": "registered",
            "client_secret": self._ledger.make("client secret", awkward=True),
            "client_secret_expires_at": 0,
            "registration_access_token": self._ledger.make("registration access token"),
            "registration_client_uri": f"{self.origin}/register/one",
        }
        return json_reply(json.loads(request.body) | made, 201)

    def _metadata(self, _: Received) -> Reply:
        return json_reply({"issuer": self.origin, "token_endpoint": f"{self.origin}/token"})

    def _revoke(self, request: Received) -> Reply:
        if self.mode == "revocation error":
            return json_reply({"error": "unsupported", "error_description": request.target}, 400)
        return json_reply(_all_of(request))

    def _me(self, request: Received) -> Reply:
        if self.mode == "boastful":
            parts = _parts_of(request)
            return json_reply({"id": parts["bare"], "email": " ".join(parts.values())[:200]})
        return json_reply({"id": "7", "email": "ada@example.com"})

    def _echo(self, request: Received) -> Reply:
        status = 418 if self.mode == "api error" else 200
        token = _token_of(request)
        headers = [
            ("X-Echo", request.header("authorization") or "none"),
            ("X-Encoded", base64.b64encode(token.encode()).decode()),
            ("Link", f"<https://api.example.com/?access_token={quote(token)}>; rel=next"),
            ("Set-Cookie", f"session={token}"),
        ]
        return json_reply(_all_of(request), status, headers=headers)

    def _page(self, request: Received) -> Reply:
        return html_reply("<br>\n".join(_written(_parts_of(request))))

    def _moved(self, request: Received) -> Reply:
        token = quote_plus(_token_of(request))
        return redirect(f"{self._elsewhere}/landed?access_token={token}&x={token}", 302)

    def _expired(self, request: Received) -> Reply:
        token = _token_of(request)
        if self.server.counts()[request.path] % 2:
            challenge = f'Bearer error="invalid_token", error_description="{token} is over"'
            return json_reply(_all_of(request), 401, headers=[("WWW-Authenticate", challenge)])
        if request.path.endswith("binary"):
            return self._binary(request)
        return json_reply({"fresh": True, **_all_of(request)})

    def _sites(self, _: Received) -> Reply:
        """List what an account has: never again what was chosen from it before."""
        made = [self._ledger.make("captured value", awkward=True) for _ in range(2)]
        return json_reply([{"id": each, "name": f"Site {n}"} for n, each in enumerate(made)])

    def _binary(self, request: Received) -> Reply:
        content = b"\0\1" + json.dumps(_all_of(request)).encode() + b"\xff" * 64
        return reply(200, content, content_type="application/octet-stream")


@contextmanager
def start_authority(ledger: Ledger) -> Iterator[tuple[Authority, Hostile]]:
    """Start it beside a stranger's server, to which redirects lead and nobody may go."""
    with start_hostile() as server, start_hostile() as stranger:
        yield Authority(server, ledger, stranger.origin), stranger


def _all_of(request: Received) -> dict[str, object]:
    """Echo a request as JSON."""
    parts = _parts_of(request)
    return {
        **parts,
        "encoded": list(_short(parts)),
        "json": json.dumps({"access_token": _token_of(request)}),
    }


def _parts_of(request: Received) -> dict[str, str]:
    parts = {name: value for name, value in request.headers if name.lower() != "host"}
    return parts | {"bare": _token_of(request), **dict(request.query), **dict(request.form)}


def _written(values: Mapping[str, str]) -> Iterator[str]:
    """Write values in all ways in which a page may have written them once."""
    for value in values.values():
        yield value
        yield quote(value, safe="")
        yield quote_plus(value)
        yield re.sub("%..", lambda each: each[0].lower(), quote(value, safe=""))
        yield json.dumps(value)
        yield html.escape(value)
    yield from _short(values)


def _short(values: Mapping[str, str]) -> Iterator[str]:
    """Write values in encodings whose letters every other encoding leaves alone."""
    for value in values.values():
        content = value.encode()
        yield content.hex()
        yield content.hex().upper()
        for before in (b"", b"a", b"ab"):
            yield base64.b64encode(before + content).decode()
            yield base64.urlsafe_b64encode(before + content).decode()


def _token_of(request: Received) -> str:
    return (request.header("authorization") or "none none").partition(" ")[2]


def definition(origin: str, **changes: object) -> dict[str, object]:
    """Return a connector whose every place for a secret is taken."""
    auth: dict[str, object] = {
        "type": "oauth2",
        "authorizationURL": f"{origin}/authorize",
        "tokenURL": f"{origin}/token",
        "revocationURL": f"{origin}/revoke",
        "scope": "all",
        "clientID": "{{clientID}}",
        "clientSecret": "{{clientSecret}}",
        "tokenParams": {"extra": "{{extra}}", "owner": "{{authFields.owner}}"},
        "capture": {
            "callback": {"realm": {"from": "realm", "masked": True}},
            "token": {"session": {"from": "/session", "masked": True}},
        },
    }
    names = ("me", "echo", "page", "moved", "expired", "binary", "expired-binary")
    return {
        "schema": "1.0",
        "name": "Canary",
        "auth_components": auth | changes,
        "requiredSettings": {
            "authFields": [
                {"key": "owner", "label": "Owner", "masked": True, "pattern": "[ -~]{24,80}"}
            ]
        },
        "auth_request": {
            "type": "oauth2",
            "headers": {
                "X-Owner": "{{authFields.owner}}",
                "X-Realm": "{{connection.realm}}",
                "X-Session": "{{connection.session}}",
            },
        },
        "auth_test": {
            "method": "GET",
            "endpoint": "/api/me",
            "account": {"id": "/id", "label": "/email"},
        },
        "endpoints": {"GET": {f"/api/{name}": {"url": origin} for name in names}},
        "actions": [
            {
                "modelId": "try",
                "actionId": name,
                "method": "GET",
                "endpoint": f"/api/{name}",
                "label": f"Try {name}",
            }
            for name in names
        ],
    }


def choosing(origin: str) -> dict[str, object]:
    """Return a connector whose owner has to pick one of several."""
    auth = {
        "type": "oauth2",
        "authorizationURL": f"{origin}/authorize",
        "tokenURL": f"{origin}/token",
        "clientID": "an-open-client",
        "clientAuth": "none",
        "followUp": [
            {
                "url": f"{origin}/api/sites",
                "on": ["exchange"],
                "choose": {"items": "", "label": "/name"},
                "capture": {"site": {"from": "/id", "masked": True}},
            }
        ],
    }
    open_ = {"auth_request": {"type": "oauth2"}, "requiredSettings": {"authFields": []}}
    return without_sign_in(origin) | {"name": "Canary sites", "auth_components": auth} | open_


def without_sign_in(origin: str) -> dict[str, object]:
    """Return a connector whose owners bring a key of their own, and one action."""
    return {
        "schema": "1.0",
        "name": "Canary key",
        "auth_components": {"type": "none"},
        "requiredSettings": {
            "authFields": [{"key": "key", "label": "Key", "masked": True, "required": True}]
        },
        "auth_request": {"type": "bearer", "token": "{{authFields.key}}"},
        "endpoints": {"GET": {"/api/echo": {"url": origin}}},
        "actions": [
            {
                "modelId": "try",
                "actionId": "echo",
                "method": "GET",
                "endpoint": "/api/echo",
                "label": "Echo",
            }
        ],
    }


def by_machine(origin: str, *fields: dict[str, object], **auth: object) -> dict[str, object]:
    """Return a connector that gets its tokens without a browser."""
    signed_in = {"type": "oauth2", "tokenURL": f"{origin}/token", "clientID": "{{clientID}}"} | auth
    return without_sign_in(origin) | {
        "name": "Canary machine",
        "auth_components": {key: value for key, value in signed_in.items() if value is not None},
        "requiredSettings": {"authFields": list(fields)},
        "auth_request": {"type": "oauth2"},
    }


def public(origin: str) -> dict[str, object]:
    """Return a connector that needs no credentials at all."""
    open_ = {"auth_request": {"type": "none"}, "requiredSettings": {"authFields": []}}
    return without_sign_in(origin) | {"name": "Canary public"} | open_
