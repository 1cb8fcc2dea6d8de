"""An operator's way through the workbench: sign in, store secrets, debug, connect, settle."""

import html
import json
import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlencode

from starlette.routing import Route
from tests.canary.authority import choosing
from tests.canary.inside import Inside
from tests.canary.walk import LOOPBACK, Walk

from connectsmith.web.site import routes

EMAIL = "ada@example.com"
SAME_SITE = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
HTMX = {"HX-Request": "true"}
_PROOF = re.compile(r'name="form" value="([^"]+)"')
_VERSION = re.compile(r'name="version" value="(\d+)"')
_START = re.compile(r"/oauth/start/[\w-]+")
_TOKEN = re.compile(r"cst_[\w-]+")
_AUTHORIZATION = re.compile(r"/(aut_\w+)")
_CHALLENGE = re.compile(r"arrival\?challenge=([\w-]+)")
_REVOKE = re.compile(r"/settings/tokens/tok_\w+/revoke")
_CONNECTOR = re.compile(r"/connectors/(con_\w+)")
_CONNECTION = re.compile(r"(/connections/cnn_\w+)/reconnect")
_STATIC = re.compile(r"/static/[\w.-]+")
_ITEM = re.compile(r"/activity/(cal_\w+)")
ERROR = 400


def unasked(asked: Iterable[tuple[str, str]]) -> set[str]:
    """Return the pages that nobody asked for, of all that the installation serves."""
    pages = [each for each in routes if isinstance(each, Route)]
    served = {f"{method} {each.path}" for each in pages for method in each.methods or ()}
    seen = {
        f"{method} {page.path}"
        for method, path in asked
        if (page := _serving(pages, method, path)) is not None
    }
    return {each for each in served - seen if not each.startswith("HEAD ")}


def _serving(pages: Sequence[Route], method: str, path: str) -> Route | None:
    return next(
        (
            each
            for each in pages
            if method in (each.methods or ()) and each.path_regex.fullmatch(path)
        ),
        None,
    )


class Operator:
    """A browser in which the first operator works."""

    def __init__(self, inside: Inside, walk: Walk) -> None:
        self._api = inside.api
        self._walk = walk
        self._ledger = walk.ledger
        self._link = inside.link
        self._jar: dict[str, dict[str, str]] = {}
        self._proof = ""

    # -- the browser ------------------------------------------------------------------------------

    def _get(self, path: str, *, fails: bool = False, htmx: bool = False) -> str:
        headers = SAME_SITE | (HTMX if htmx else {})
        status, _, body = self._api.visit("GET", self._api.address + path, self._jar, None, headers)
        assert (status >= ERROR) == fails, (path, status, body)
        text = body.decode(errors="replace")
        if found := _PROOF.search(text):
            self._proof = html.unescape(found[1])
        return text

    def _post(self, path: str, *, fails: bool = False, **fields: str | list[str]) -> str:
        """Send a form, as a page's script does, or as the browser alone."""
        named = {name.rstrip("_"): value for name, value in fields.items()}
        body = urlencode({"form": self._proof, **named}, doseq=True)
        headers = (
            SAME_SITE | FORM | (HTMX if "/debugger/" in path or "/connections/" in path else {})
        )
        status, _, content = self._api.visit(
            "POST", self._api.address + path, self._jar, body, headers
        )
        assert (status >= ERROR) == fails, (path, status, content)
        return content.decode(errors="replace")

    def _send(self, path: str, body: object, *, fails: bool = False) -> None:
        """Send JSON, as the editor's script does."""
        headers = SAME_SITE | {
            "Content-Type": "application/json", "X-Connectsmith-Form": self._proof
        }  # fmt: skip
        text = body if isinstance(body, str) else json.dumps(body)
        status, _, content = self._api.visit(
            "POST", self._api.address + path, self._jar, text, headers
        )
        assert (status >= ERROR) == fails, (path, status, content)

    # -- the work ---------------------------------------------------------------------------------

    def work(self) -> None:
        """Do everything that there is a page for."""
        self._enter()
        self._secret_keys()
        self._debug()
        self._tokens()
        self._settings()
        self._connections()
        self._choose()
        self._begin_and_end()
        self._look()
        self._get("/connectors")
        self._post("/sign-out")

    def _enter(self) -> None:
        """Redeem the one-time link, sign out, and sign in, each wrongly before."""
        password = self._ledger.make("operator's password", awkward=True)
        wrong = self._ledger.make("wrong password", awkward=True)
        at = f"/welcome/{self._link}"
        self._get(at)
        self._post(at, fails=True, email=EMAIL, password=password, again=wrong)
        self._post(at, fails=True, email="nobody", password=password, again=password)
        self._post(at, email=EMAIL, password=password, again=password)
        self._post(at, fails=True, email=EMAIL, password=password, again=password)
        self._get("/connectors")
        self._post("/sign-out")
        self._get("/sign-in")
        self._post("/sign-in", fails=True, email=EMAIL, password=wrong)
        self._post("/sign-in", fails=True, email=password, password=wrong)
        self._post("/sign-in", email=EMAIL, password=password)
        self._get("/connectors")

    def _secret_keys(self) -> None:
        """Store secrets in the editor's dialog, and send them in shapes that are refused."""
        at = f"/connectors/{self._walk.connector}"
        challenge = _CHALLENGE.search(self._get(at))
        assert challenge is not None
        self._ledger.note("arrival challenge", challenge[1])
        kept = json.loads(self._get(f"{at}/draft"))
        version, secret = kept["version"], self._ledger.make("page secret", awkward=True)
        entered = {"name": "page", "value": secret, "origins": [self._walk.authority.origin]}
        path = f"{at}/secrets"
        for body in (
            {"version": version + 7, "added": [entered]},
            {"version": secret, "added": [entered]},
            {"version": version, "added": [entered | {"value": [secret]}]},
            {"version": version, "added": [entered | {"name": "{n}"}]},
            {"version": version, "added": [entered | {"origins": ["no origin"]}]},
            {"version": version, "added": [entered | {"name": "clientSecret"}]},
            {"version": version, "added": secret},
            json.dumps({"added": [entered]})[:-2],
        ):
            self._send(path, body, fails=True)
        self._send(path, {"version": version, "added": [entered], "confirmed": [], "deleted": []})
        self._get(path)
        self._send(f"{at}/look", {"text": kept["text"]})
        self._send(f"{at}/draft", {"version": version, "text": kept["text"]})
        self._get(f"{at}/export")

    def _debug(self) -> None:
        """Sign in with the Debugger, test and call, well and badly; publish."""
        at = self._debugger
        self._cancel(at)
        for mode in ("denied", "token error", "token page", "boastful", "good"):
            self._debug_sign_in(at, mode)
        version = self._version(at)
        self._post(f"{at}/sign-in", version=version, a0="short", window="own")
        self._post(f"{at}/test", version=version)
        for mode in ("good", "api error"):
            self._walk.authority.mode = mode
            for action in ("echo", "page", "moved", "expired", "binary"):
                self._post(f"{at}/call", version=version, action=f"try.{action}")
        self._walk.authority.mode = "good"
        self._get(at)
        self._get(f"{at}/publication", htmx=True)
        self._post(f"{at}/publish", version=version, keep="yes")
        self._debug_sign_in(at, "good")
        self._post(f"{at}/sign-out", version=self._version(at))

    def _version(self, at: str) -> str:
        return _found(_VERSION, self._get(at))

    @property
    def _debugger(self) -> str:
        return f"/connectors/{self._walk.connector}/debugger"

    def _cancel(self, at: str) -> None:
        """Begin a sign-in, and give it up before the browser leaves."""
        shown = self._post(f"{at}/sign-in", version=self._version(at), a0=self._owner(), window="")
        self._ledger.note("start value", _found(_START, shown).rpartition("/")[2])
        self._post(f"{at}/sign-in/{_found(_AUTHORIZATION, shown)}/cancel")

    def _owner(self) -> str:
        return self._walk.owner()["owner"]

    def _debug_sign_in(self, at: str, mode: str) -> str:
        """Sign in, and return the authorization's id."""
        shown = self._post(
            f"{at}/sign-in",
            version=self._version(at),
            a0=self._owner(),
            window="own" if mode == "good" else "",
        )
        authorization = _found(_AUTHORIZATION, shown)
        self._walk.authority.mode = mode
        self._consent(shown)
        self._walk.authority.mode = "good"
        self._get(f"{at}/sign-in/{authorization}", htmx=True)
        self._post(f"{at}/sign-in/{authorization}/finish")
        self._get(at)
        return authorization

    def _consent(self, shown: str) -> None:
        """Follow the start link that a dialog shows."""
        start = self._api.address + _found(_START, shown)
        self._api.browse(start, stop_at=LOOPBACK, jar=self._jar)

    def _tokens(self) -> None:
        """Issue an API token on the settings' page, and revoke it."""
        self._get("/settings")
        self._post("/settings/public-url", fails=True)
        self._post("/settings/retention", fails=True)
        self._post("/settings/tokens", fails=True, name="", days="30", scope=["calls:read"])
        shown = self._post("/settings/tokens", name="page", days="30", scope=["connectors:read"])
        self._ledger.note("issued api token", _found(_TOKEN, shown))
        self._post(_found(_REVOKE, self._get("/settings")))

    def _settings(self) -> None:
        """Type into the settings what they cannot be."""
        self._post("/settings/public-url", fails=True, public_url="nowhere")
        self._post(
            "/settings/retention", fails=True, transcript_days="ever", transcript_bytes="all"
        )

    def _connections(self) -> None:
        """Test, examine, reconnect and end a connection."""
        connection = self._walk.connect()
        at = f"/connections/{connection}"
        self._get("/connections")
        for step in ("test", "survival"):
            self._post(f"{at}/{step}")
        self._walk.authority.mode = "token error"
        self._post(f"{at}/test")
        self._walk.authority.mode = "good"
        for way in (f"{at}/reconnect", f"/connections/connect/{self._walk.connector}"):
            self._connect(way)
        self._get("/connections/connect", htmx=True)
        self._get("/connections")
        for step in ("revoke", "delete"):
            self._get(f"{at}/{step}", htmx=True)
            self._post(f"{at}/{step}")

    def _connect(self, way: str) -> None:
        """Consent in this tab and in a window, come back, and give one up."""
        for window in ("", "own"):
            self._post(self._consented(way, window=window) + "/finish")
            self._get(f"{way}/back")
        shown = self._post(way, a0=self._owner(), window="own")
        self._ledger.note("start value", _found(_START, shown).rpartition("/")[2])
        self._post(f"{way}/{_found(_AUTHORIZATION, shown)}/cancel")

    def _consented(self, way: str, *, window: str = "own") -> str:
        """Consent; return where the progress of it is asked for."""
        self._get(way)
        self._get(way, htmx=True)
        shown = self._post(way, a0=self._owner(), window=window)
        self._consent(shown)
        progress = f"{way}/{_found(_AUTHORIZATION, shown)}"
        self._get(progress, htmx=True)
        return progress

    def _choose(self) -> None:
        """Sign in and reconnect where an account has several of what is worked with."""
        connector = self._walk.make(choosing(self._walk.authority.origin))
        at = f"/connectors/{connector}/debugger"
        picked = f"{at}/sign-in/{self._debug_sign_in(at, 'good')}/choose"
        self._post(picked, choice="0")
        self._post(f"{at}/publish", version=self._version(at), keep="yes")
        kept = _found(_CONNECTION, self._get("/connections"))
        for way in (f"{kept}/reconnect", f"/connections/connect/{connector}"):
            self._post(self._consented(way) + "/choose", choice="1")

    def _begin_and_end(self) -> None:
        """Begin connectors well and badly, and delete what was begun."""
        literal = self._ledger.make("secret in a definition")
        text = f'{{"auth_components": {{"clientSecret": "{literal}"'
        self._post("/connectors/new", from_="text", text=text)
        self._post("/connectors/new", fails=True, from_="nowhere", text=text)
        self._post(f"/connectors/{self._walk.connector}/duplicate")
        page = self._get("/connectors")
        copy = next(each for each in _CONNECTOR.findall(page) if each != self._walk.connector)
        at = f"/connectors/{copy}/delete"
        version = self._version(at)
        self._post(at, fails=True, name="another", version=version)
        self._post(at, name="Canary (copy)", version=version)

    def _look(self) -> None:
        """Look at every list, and at what is kept of calls and token requests."""
        connector = self._walk.connector
        page = self._get("/connectors")
        for path in ("/", "/connectors/new", "/connections", "/activity/connectors"):
            self._get(path)
        for path in (_found(_STATIC, page), "/reference/format", "/reference/limitations"):
            self._get(path)
        challenge = self._ledger.make("arrival challenge")
        for path in (
            f"/connectors/{connector}/icon",
            f"/oauth/callback/{connector}/refused",
            f"/oauth/callback/{connector}/arrival?challenge={challenge}",
        ):
            self._get(path, fails=True)
        self._look_at_calls()

    def _look_at_calls(self) -> None:
        calls = set(_ITEM.findall(self._get("/activity")))
        calls |= set(_ITEM.findall(self._get("/activity?kind=token")))
        assert calls
        for each in calls:
            for part in ("", "/body"):
                self._get(f"/activity/{each}{part}")
            self._get(f"/activity/{each}/image/0", fails=True)


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    assert found is not None, (pattern.pattern, text)
    return found[found.lastindex or 0]
