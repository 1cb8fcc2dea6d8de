"""An operator's way through the workbench: sign in, store secrets, debug, connect, settle."""

import html
import json
import re
from urllib.parse import urlencode

from tests.canary.inside import Inside
from tests.canary.walk import LOOPBACK, Walk

EMAIL = "ada@example.com"
SAME_SITE = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
HTMX = {"HX-Request": "true"}
_PROOF = re.compile(r'name="form" value="([^"]+)"')
_VERSION = re.compile(r'name="version" value="(\d+)"')
_START = re.compile(r"/oauth/start/[\w-]+")
_TOKEN = re.compile(r"cst_[\w-]+")
_AUTHORIZATION = re.compile(r"/sign-in/(aut_\w+)")
_CHALLENGE = re.compile(r"arrival\?challenge=([\w-]+)")
_ITEM = re.compile(r"/activity/(cal_\w+)")
REDIRECT = 300


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

    def _get(self, path: str, **headers: str) -> str:
        status, _, body = self._api.visit(
            "GET", self._api.address + path, self._jar, None, SAME_SITE | headers
        )
        assert status < REDIRECT, (path, status, body)
        text = body.decode(errors="replace")
        if found := _PROOF.search(text):
            self._proof = html.unescape(found[1])
        return text

    def _post(self, path: str, *, fails: bool = False, **fields: str | list[str]) -> str:
        """Send a form, as a page's script does, or as the browser alone."""
        body = urlencode({"form": self._proof, **fields}, doseq=True)
        headers = (
            SAME_SITE | FORM | (HTMX if "/debugger/" in path or "/connections/" in path else {})
        )
        status, _, content = self._api.visit(
            "POST", self._api.address + path, self._jar, body, headers
        )
        assert (status >= 400) == fails, (path, status, content)
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
        assert (status >= 400) == fails, (path, status, content)

    # -- the work ---------------------------------------------------------------------------------

    def work(self) -> None:
        """Do everything that there is a page for."""
        self._enter()
        self._secret_keys()
        self._debug()
        self._tokens()
        self._connections()
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
        at = f"/connectors/{self._walk.connector}/debugger"
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
        self._get(f"{at}/publication", **HTMX)
        self._post(f"{at}/publish", version=version, keep="yes")
        self._debug_sign_in(at, "good")
        self._post(f"{at}/sign-out", version=self._version(at))

    def _version(self, at: str) -> str:
        found = _VERSION.search(self._get(at))
        assert found is not None
        return found[1]

    def _debug_sign_in(self, at: str, mode: str) -> None:
        window = "own" if mode == "good" else ""
        owner = self._walk.owner()["owner"]
        shown = self._post(f"{at}/sign-in", version=self._version(at), a0=owner, window=window)
        start, authorization = _START.search(shown), _AUTHORIZATION.search(shown)
        assert start is not None, shown
        assert authorization is not None, shown
        self._walk.authority.mode = mode
        self._api.browse(self._api.address + start[0], stop_at=LOOPBACK, jar=self._jar)
        self._walk.authority.mode = "good"
        self._get(f"{at}/sign-in/{authorization[1]}", **HTMX)
        self._get(at)

    def _tokens(self) -> None:
        """Issue an API token on the settings' page, and revoke it."""
        self._get("/settings")
        self._post("/settings/tokens", fails=True, name="", days="30", scope=["calls:read"])
        shown = self._post("/settings/tokens", name="page", days="30", scope=["connectors:read"])
        token = _TOKEN.search(shown)
        assert token is not None, shown
        self._ledger.note("issued api token", token[0])
        newest = re.search(r"/settings/tokens/(tok_\w+)/revoke", self._get("/settings"))
        assert newest is not None

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
        self._get(f"{at}/reconnect", **HTMX)
        shown = self._post(f"{at}/reconnect", a0=self._walk.owner()["owner"], window="own")
        start = _START.search(shown)
        assert start is not None, shown
        self._api.browse(self._api.address + start[0], stop_at=LOOPBACK, jar=self._jar)
        self._get("/connections")
        for step in ("revoke", "delete"):
            self._get(f"{at}/{step}", **HTMX)
            self._post(f"{at}/{step}")

    def _look(self) -> None:
        """Look at every list, and at what is kept of calls and token requests."""
        for path in ("/connectors", "/connectors/new", "/connections", "/reference/format"):
            self._get(path)
        calls = set(_ITEM.findall(self._get("/activity")))
        calls |= set(_ITEM.findall(self._get("/activity?kind=token")))
        assert calls
        for each in calls:
            self._get(f"/activity/{each}")
