"""A scripted service that insists: an authorization server and its API, honest but for its manners.

It implements RFC 6749 strictly and reads what it is sent from one place under one name each. What a
real service wants beyond that, or otherwise, is in its `Manners`; whoever does not comply is
refused, and the refusal is kept in words.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, quote_plus, unquote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from tests.servers.replies import Reply, json_reply, redirect, reply
from tests.servers.serving import Serving
from tests.servers.wire import Received

from connectsmith.service.ports import Clock

CLIENT_ID = "client one"
CLIENT_SECRET = "s3cr+t:/w%rd"
LIFETIME = timedelta(hours=1)


class RefusedError(Exception):
    """A request does not do what the service insists on."""

    def __init__(self, why: str, code: str = "invalid_request", status: int = 400) -> None:
        super().__init__(why)
        self.code = code
        self.status = status


@dataclass(slots=True)
class Ask:
    """One request as the service reads it: `parameters` by the names of the standard."""

    kind: str
    """`authorize`, `exchange`, `refresh`, `client` (credentials), `api`, or `extra`."""
    request: Received
    service: "Service"
    parameters: dict[str, str] = field(default_factory=dict)
    grant: dict[str, Any] = field(default_factory=dict)
    """What was granted: the authorization request, and what scripts note."""

    def __getitem__(self, name: str) -> str:
        return self.parameters.get(name, "")

    @property
    def host(self) -> str:
        """The host it was sent to, without the port."""
        return (self.request.header("host") or "").partition(":")[0]


Check = Callable[[Ask], str | None]
"""Says what is wrong with a request; None when nothing is."""
Shape = Callable[[dict[str, Any], Ask], Reply]
Extra = Callable[[Ask], Reply]


def needs(name: str, value: str | None = None) -> Check:
    """Insist on a parameter, or on its value."""

    def check(ask: Ask) -> str | None:
        found = ask[name]
        if found and value in (None, found):
            return None
        return f"{ask.kind} needs {name}" + (f"={value}" if value is not None else "")

    return check


def refuses(name: str) -> Check:
    """Refuse a parameter."""
    return lambda ask: f"{ask.kind} does not know {name}" if name in ask.parameters else None


def needs_header(name: str, value: str) -> Check:
    """Insist on a header."""
    return lambda ask: (
        None if ask.request.header(name) == value else f"{ask.kind} needs the header {name}"
    )


def needs_host(host: str) -> Check:
    """Serve one host alone."""
    return lambda ask: None if ask.host == host else f"{ask.kind} is not at {ask.host}"


def plainly(answer: dict[str, Any], ask: Ask) -> Reply:
    """Answer as the standard says."""
    return json_reply(answer)


def always(ask: Ask) -> bool:
    """Issue a refresh token whatever was asked."""
    return True


def bearer(ask: Ask) -> str:
    """Read the access token of an API request (RFC 6750 section 2.1)."""
    kind, _, token = (ask.request.header("authorization") or "").partition(" ")
    return token if kind.lower() == "bearer" else ""


@dataclass(frozen=True, slots=True)
class Manners:
    """What a service wants; every default is RFC 6749 with PKCE allowed."""

    authorize: Sequence[Check] = ()
    exchange: Sequence[Check] = ()
    refresh: Sequence[Check] = ()
    api: Sequence[Check] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    """The standard's parameter to the service's, in authorization requests."""
    token_names: Mapping[str, str] = field(default_factory=dict)
    response_type: str | None = "code"
    scope: str = "read write"
    pkce: str = "allowed"
    """`allowed`, `required`, `refused`."""
    fragment: bool = False
    """Whether the page reads its parameters behind the `#`."""
    code_name: str = "code"
    callback: Callable[[Ask], Mapping[str, str]] = lambda ask: {}
    answers_in_fragment: Callable[[Ask], bool] = lambda ask: False
    client: str = "body"
    """What proves the client: one of `clientAuth`; `any_basic` takes both spellings."""
    client_on_refresh: str | None = None
    reads: str = "form"
    """Where the token request's parameters are read: `form`, `json`, `query`."""
    refresh_reads: str | None = None
    refresh_method: str = "POST"
    token_method: str = "POST"
    refresh_at: str | None = None
    """A path that refreshes are asked at, and nowhere else."""
    client_grant: str | None = "client_credentials"
    refresh_grant: str = "refresh_token"
    offline: Callable[[Ask], bool] = always
    """Whether an authorization request leads to a refresh token."""
    rotates: bool = False
    renews_by: str = "refresh_token"
    extends: bool = False
    shape: Shape = plainly
    token_of: Callable[[Ask], str] = bearer
    stale_status: int = 401
    """What the API says to an access token that has expired; 401 alone is a reason to renew."""
    api_body: Callable[[Ask], Any] = lambda ask: {"ok": True}
    extra: Mapping[str, Extra] = field(default_factory=dict)
    """Further paths."""
    registers: bool = False
    """Whether it knows no client but those that register themselves (RFC 7591)."""


class Service(Serving):
    """The service. Paths: `/authorize`, `/token`, `/api/…`, and what its manners add."""

    def __init__(self, manners: Manners, clock: Clock) -> None:
        self.manners = manners
        self.callback_url = ""
        self.refusals: list[str] = []
        self.nonces: set[str] = set()
        self.client = ("", "") if manners.registers else (CLIENT_ID, CLIENT_SECRET)
        """Id and secret of the one client it knows."""
        self._clock = clock
        self._issued = 0
        self._codes: dict[str, dict[str, Any]] = {}
        self._refreshing: dict[str, dict[str, Any]] = {}
        self._access: dict[str, datetime] = {}
        self.ended: set[str] = set()
        """Refresh tokens used up or withdrawn."""
        super().__init__()

    # -- what scripts use -------------------------------------------------------------------------

    def new(self, what: str) -> str:
        """Return a value that was never issued before."""
        self._issued += 1
        return f"{what}-{self._issued}"

    def issue(self, lifetime: timedelta = LIFETIME, what: str = "access") -> str:
        """Issue an access token."""
        token = self.new(what)
        self._access[token] = self._clock.now() + lifetime
        return token

    def issue_as(self, token: str, lifetime: timedelta = LIFETIME) -> None:
        """Take a text for an access token."""
        self._access[token] = self._clock.now() + lifetime

    def lives(self, token: str) -> bool:
        """Tell whether an access token is good now."""
        return self._access.get(token, self._clock.now()) > self._clock.now()

    def until(self, token: str) -> datetime:
        """Return when an access token ends; the present when it is unknown."""
        return self._access.get(token, self._clock.now())

    def now(self) -> datetime:
        return self._clock.now()

    def withdraw(self) -> None:
        """End every grant, as an owner may at any time."""
        self.ended |= set(self._refreshing)
        self._refreshing.clear()
        self._access.clear()

    def fresh(self, value: str) -> bool:
        """Tell whether a value never came before."""
        known = value in self.nonces
        self.nonces.add(value)
        return not known

    # -- serving ----------------------------------------------------------------------------------

    async def answer(self, request: Received) -> Reply:
        try:
            return self._route(request)
        except RefusedError as refused:
            self.refusals.append(str(refused))
            body = {"error": refused.code, "error_description": str(refused)}
            return json_reply(body, refused.status)

    def _route(self, request: Received) -> Reply:
        path = request.path
        if path in self.manners.extra:
            ask = Ask("extra", request, self, dict(request.query) | _body_of(request))
            return self.manners.extra[path](ask)
        match path:
            case "/authorize" | "/app":
                return self._authorize(request)
            case "/token" | "/refresh":
                return self._token(request)
            case "/revoke":
                return reply(200)
            case "/register" if self.manners.registers:
                return self._register(request)
            case _ if "/api/" in path:
                return self._api(request)
        raise RefusedError(f"there is nothing at {path}", status=404)

    def _register(self, request: Received) -> Reply:
        asked = json.loads(request.body)
        if asked["redirect_uris"] != [self.callback_url]:
            raise RefusedError("the client names no callback URL", "invalid_redirect_uri")
        self.client = (self.new("client"), "")  # a public one, as MCP servers want
        return json_reply({**asked, "client_id": self.client[0]}, 201)

    def _authorize(self, request: Received) -> Reply:
        shown = request.header("x-fragment") or "" if self.manners.fragment else request.target
        pairs = parse_qs(urlsplit(shown).query, keep_blank_values=True)
        if repeated := [name for name, values in pairs.items() if len(values) > 1]:
            raise RefusedError(f"authorize was sent {repeated[0]} twice")
        sent = {name: values[0] for name, values in pairs.items()}
        ask = Ask("authorize", request, self, _standard(sent, self.manners.names))
        self._check_authorization(ask)
        _run(self.manners.authorize, ask)
        code = self.new("code")
        self._codes[code] = {"ask": ask, "challenge": ask["code_challenge"]}
        back = {self.manners.code_name: code, **self.manners.callback(ask), "state": ask["state"]}
        joint = "#" if self.manners.answers_in_fragment(ask) else "?"
        return redirect(f"{ask['redirect_uri']}{joint}{urlencode(back)}")

    def _check_authorization(self, ask: Ask) -> None:
        if not self.client[0]:
            raise RefusedError("no client has registered itself")
        wanted = {
            "client_id": self.client[0],
            "redirect_uri": self.callback_url,
            "response_type": self.manners.response_type or "",
            "scope": self.manners.scope,
        }
        for name, value in wanted.items():
            if ask[name] != value:
                raise RefusedError(f"authorize needs {name}={value}" if value else f"no {name}")
        if not ask["state"]:
            raise RefusedError("authorize needs a state")
        proof = bool(ask["code_challenge"]) and ask["code_challenge_method"] == "S256"
        if self.manners.pkce == "required" and not proof:
            raise RefusedError("authorize needs a code_challenge")
        if self.manners.pkce == "refused" and "code_challenge" in ask.parameters:
            raise RefusedError("authorize does not know code_challenge")

    def _token(self, request: Received) -> Reply:
        manners = self.manners
        refreshing = manners.refresh_at == request.path
        reads = (manners.refresh_reads if refreshing else None) or manners.reads
        sent = _standard(_read(request, reads), manners.token_names)
        grant = sent.get("grant_type", "")
        renewal = manners.renews_by if manners.renews_by != "refresh_token" else "refresh_token"
        if grant == manners.refresh_grant and (renewal in sent):
            ask = Ask("refresh", request, self, sent)
            return self._refresh(ask)
        if manners.client_grant is None or grant == manners.client_grant:
            ask = Ask("client", request, self, sent)
        else:
            ask = Ask("exchange", request, self, sent)
        self._check_place(ask, refreshing=False)
        self._check_client(ask, manners.client)
        if ask.kind == "exchange":
            self._redeem(ask)
        _run(manners.exchange, ask)
        return self._grant(
            ask, offline=ask.kind == "exchange" and manners.offline(ask.grant["ask"])
        )

    def _check_place(self, ask: Ask, *, refreshing: bool) -> None:
        manners = self.manners
        method = manners.refresh_method if refreshing else manners.token_method
        at = (manners.refresh_at or "/token") if refreshing else "/token"
        if ask.request.method != method:
            raise RefusedError(f"{ask.kind} must be {method}", status=405)
        if ask.request.path != at:
            raise RefusedError(f"{ask.kind} is not at {ask.request.path}", status=404)

    def _redeem(self, ask: Ask) -> None:
        if ask["grant_type"] != "authorization_code":
            raise RefusedError("exchange needs a known grant_type", "unsupported_grant_type")
        grant = self._codes.pop(ask["code"], None)
        if grant is None:
            raise RefusedError("the code is unknown", "invalid_grant")
        if ask["redirect_uri"] != grant["ask"]["redirect_uri"]:
            raise RefusedError("redirect_uri differs", "invalid_grant")
        verifier = ask["code_verifier"]
        digest = base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if grant["challenge"] and digest != grant["challenge"]:
            raise RefusedError("the code_verifier is wrong", "invalid_grant")
        ask.grant = grant

    def _refresh(self, ask: Ask) -> Reply:
        manners = self.manners
        self._check_place(ask, refreshing=True)
        self._check_client(ask, manners.client_on_refresh or manners.client)
        held = ask[manners.renews_by]
        ask.grant = self._refreshing.get(held, {})
        _run(manners.refresh, ask)
        if manners.renews_by == "access_token":
            if held not in self._access:
                raise RefusedError("the access token is unknown", "invalid_grant")
            return self._grant(ask, offline=False)
        if held not in self._refreshing:
            if held in self.ended and manners.rotates:
                self.withdraw()  # RFC 9700 section 4.14.2: a reuse ends the whole grant
            raise RefusedError("the refresh token is unknown", "invalid_grant")
        if manners.extends:
            self._access = {token: self.now() + LIFETIME for token in self._access}
            return manners.shape({}, ask)
        if manners.rotates:
            del self._refreshing[held]
            self.ended.add(held)
        return self._grant(ask, offline=manners.rotates)

    def _grant(self, ask: Ask, *, offline: bool) -> Reply:
        answer: dict[str, Any] = {
            "access_token": self.issue(),
            "token_type": "Bearer",
            "expires_in": int(LIFETIME.total_seconds()),
        }
        if offline:
            answer["refresh_token"] = self.new("refresh")
            self._refreshing[answer["refresh_token"]] = ask.grant
        return self.manners.shape(answer, ask)

    def _check_client(self, ask: Ask, how: str) -> None:
        if how == "private_key_jwt":
            wrong = wrong_assertion(ask)
            if wrong:
                raise RefusedError(wrong, "invalid_client", 401)
            return
        header = ask.request.header("authorization")
        sent = {
            "header": header or "",
            "id": ask["client_id"],
            "secret": ask["client_secret"],
        }
        if sent not in _proofs(how, self.client):
            raise RefusedError(f"{ask.kind} must prove the client by {how}", "invalid_client", 401)

    def _api(self, request: Received) -> Reply:
        ask = Ask("api", request, self, dict(request.query))
        token = self.manners.token_of(ask)
        if not self.lives(token):
            if token:
                self.refusals.append("the access token is no good")
            else:
                self.refusals.append("api found no access token where it looks for it")
            return json_reply({"error": "expired"}, self.manners.stale_status)
        _run(self.manners.api, ask)
        return json_reply(self.manners.api_body(ask))


@cache
def client_key() -> RSAKey:
    """Return the key that the client signs with; the service knows its public half."""
    return RSAKey.generate_key(2048)


def wrong_assertion(ask: Ask) -> str | None:
    """Say what is wrong with a client assertion (RFC 7523 section 3)."""
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    if ask["client_assertion_type"] != kind or ask["client_secret"]:
        return f"{ask.kind} must prove the client by private_key_jwt"
    public = RSAKey.import_key(client_key().as_dict(private=False))
    try:
        claims = jwt.decode(ask["client_assertion"], public, algorithms=["RS256"]).claims
    except JoseError:
        return "the assertion is not signed by the client"
    host = ask.request.header("host")
    good = (
        claims.get("iss") == claims.get("sub") == CLIENT_ID
        and claims.get("aud") == f"http://{host}/token"
        and claims.get("exp", 0) > ask.service.now().timestamp()
        and ask.service.fresh(claims.get("jti", ""))
    )
    return None if good else "the assertion is not for this client, this server, or once"


def _run(checks: Sequence[Check], ask: Ask) -> None:
    for check in checks:
        wrong = check(ask)
        if wrong:
            raise RefusedError(wrong)


def _standard(sent: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """Return parameters by the standard's names; those that were renamed are not known by them."""
    back = {wire: name for name, wire in names.items()}
    return {back.get(name, name): value for name, value in sent.items() if name not in names}


def _read(request: Received, reads: str) -> dict[str, str]:
    if reads == "query":
        return dict(request.query)
    return _body_of(request) if _is(request, reads) else {}


def _is(request: Received, reads: str) -> bool:
    kind = (request.header("content-type") or "").partition(";")[0]
    wanted = {"form": "application/x-www-form-urlencoded", "json": "application/json"}
    return kind == wanted[reads]


def _body_of(request: Received) -> dict[str, str]:
    if not request.body:
        return {}
    if _is(request, "json"):
        members: dict[str, str] = json.loads(request.body)
        return members
    return dict(request.form)


def _proofs(how: str, client: tuple[str, str]) -> list[dict[str, str]]:
    """Return what may be sent to prove the client; anything else, or more, is refused."""
    id_, secret = client
    raw, formed = _basic(id_, secret), _basic(quote_plus(id_), quote_plus(secret))
    body = {"header": "", "id": id_, "secret": secret}
    return {
        "body": [body],
        "basic": [{"header": formed, "id": "", "secret": ""}],
        "basic_raw": [{"header": raw, "id": "", "secret": ""}],
        "any_basic": [{"header": each, "id": "", "secret": ""} for each in (raw, formed)],
        "both": [{**body, "header": raw}],
        "basic_secret": [{"header": _basic(secret, ""), "id": "", "secret": ""}],
        "none": [{"header": "", "id": id_, "secret": ""}],
        "nobody": [{"header": "", "id": "", "secret": ""}],
    }[how]


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def raw_parameter(request: Received, name: str) -> str:
    """Return a query parameter as it came over the wire."""
    pairs = (each.partition("=") for each in urlsplit(request.target).query.split("&"))
    return next((value for key, _, value in pairs if unquote_plus(key) == name), "")
