"""What is done with an installation while canaries are in it: successes first, then failures."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from tests.canary.authority import Authority, definition, public, without_sign_in
from tests.canary.inside import Inside
from tests.canary.ledger import Ledger
from tests.canary.machines import Machines
from tests.canary.recording import Recorder

LOOPBACK = "http://127.0.0.1:9/done"
"""Where the browser is stopped: nobody listens there."""
ACTIONS = ("echo", "page", "moved", "expired", "binary", "expired-binary")
PARTS = (
    "",
    "/draft",
    "/revisions",
    "/secrets",
    "/keys",
    "/metadata",
    "/authorizations",
    "/connections",
)
BAD_MODES = ("token error", "client error", "token page", "token moved")


@dataclass
class Walk:
    """One person's way through the API, at one authority."""

    api: Recorder
    authority: Authority
    ledger: Ledger
    connector: str = ""
    secrets: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.machines = Machines(self.api, self.authority, self.ledger)

    def prepare(self) -> None:
        """Make the connector and store its secrets."""
        self.connector = self.make(definition(self.authority.origin))
        self.secrets = {
            "clientID": self.ledger.make("client id"),
            "clientSecret": self.ledger.make("client secret", awkward=True),
            "extra": self.ledger.make("extra secret", awkward=True),
        }
        entered = [{"name": name, "value": value} for name, value in self.secrets.items()]
        self.api.good("POST", f"{self._at}/secrets", {"secrets": entered})

    @property
    def _at(self) -> str:
        return f"/v1/connectors/{self.connector}"

    def make(self, defined: dict[str, object]) -> str:
        """Make a connector and publish it; return its id."""
        asked = {"definition": json.dumps(defined), "publish": True}
        identifier: str = self.api.good("POST", "/v1/connectors", asked)["id"]
        return identifier

    def owner(self) -> dict[str, str]:
        """Return the owner's masked field."""
        return {"owner": self.ledger.make("owner's field", awkward=True)}

    def start(self, *, typed: bool = False) -> dict[str, str]:
        """Start an authorization."""
        asked = {"fields": self.owner(), "return_to": None if typed else LOOPBACK}
        started: dict[str, str] = self.api.good("POST", f"{self._at}/authorizations", asked)
        return started

    def complete(self, *, typed: bool = False) -> str:
        """Bring an authorization to its unconfirmed connection; return the authorization's id."""
        started = self.start(typed=typed)
        url = self.api.browse(started["start_url"], stop_at=LOOPBACK)
        completion = self.api.typed if typed else parse_qs(urlsplit(url).query)["completion"][0]
        at = f"/v1/authorizations/{started['id']}"
        self.api.bad("POST", f"{at}/complete", {"completion": self.ledger.make("guess")})
        self.api.good("POST", f"{at}/complete", {"completion": completion})
        return started["id"]

    def connect(self, *, typed: bool = False) -> str:
        """Make and keep a connection."""
        kept = self.api.good("POST", f"/v1/authorizations/{self.complete(typed=typed)}/keep", {})
        connection: str = kept["id"]
        return connection

    def call(self, connection: str, action: str, **headers: str) -> str:
        """Call an action and look at all that is kept of the call; return its id."""
        path = f"/v1/connections/{connection}/calls"
        body = {"action": f"try.{action}", "fields": {}}
        response = self.api.ask("POST", path, json=body, headers=headers)
        call = response.headers.get("x-connectsmith-call") or response.json().get("call")
        if call is not None:
            for part in ("", "/transcript", "/body"):
                self.api.ask("GET", f"/v1/calls/{call}{part}")
        return call or ""

    # -- what goes well -------------------------------------------------------------------------

    def succeed(self) -> str:
        """Connect in both ways, call everything, renew, prove, list; return a connection."""
        connection = self.connect()
        self.connect(typed=True)
        for action in ACTIONS:
            self.call(connection, action)
        self.call(connection, "echo", **{"Idempotency-Key": "once"})
        self.call(connection, "echo", **{"Idempotency-Key": "once"})
        for action in ("binary", "expired-binary"):
            self.call(connection, action, Accept="application/octet-stream")
        self.api.good("POST", f"/v1/connections/{connection}/test")
        self.api.good("POST", f"/v1/connections/{connection}/refresh")
        self.api.good(
            "POST", f"/v1/connections/{connection}/confirm", {"api": [self.authority.origin]}
        )
        for destructive in (False, True):
            asked = {"destructive": destructive}
            self.api.good("POST", f"/v1/connections/{self.connect()}/survive", asked)
        self._keys()
        self.machines.work()
        self._tokens()
        return connection

    def _keys(self) -> None:
        """Connect where the owner brings a key, and where nobody brings anything."""
        at = f"/v1/connectors/{self.make(without_sign_in(self.authority.origin))}"
        fields = {"key": self.ledger.make("owner's key")}
        connection = self.api.good("POST", f"{at}/connections", {"fields": fields})
        self.call(connection["id"], "echo")
        made = self.make(public(self.authority.origin))
        self.api.good("POST", f"/v1/connectors/{made}/calls", {"action": "try.echo"})

    def _tokens(self) -> None:
        """Issue an API token, use it, revoke it, use it again."""
        asked = {"name": "second", "scopes": ["connectors:read"]}
        made = self.api.good("POST", "/v1/tokens", asked)
        self.ledger.note("issued api token", made["token"])
        ours = {"Authorization": f"Bearer {made['token']}"}
        self.api.good("GET", "/v1/connectors", headers=ours)
        self.api.bad("GET", "/v1/connections", headers=ours)
        self.api.good("DELETE", f"/v1/tokens/{made['id']}")
        self.api.visit("GET", f"{self.api.address}/v1/connectors?search={made['token']}", {})

    # -- what does not --------------------------------------------------------------------------

    def fail(self, connection: str) -> None:
        """Let everybody say no, in the most talkative way."""
        self._refused_authorizations()
        self._failing_exchanges()
        self._failing_refreshes()
        self._failing_calls(connection)
        self._bad_input()

    def _refused_authorizations(self) -> None:
        self.authority.mode = "denied"
        for typed in (False, True):
            started = self.start(typed=typed)
            self.api.browse(started["start_url"], stop_at=LOOPBACK)
            self.api.good("GET", f"/v1/authorizations/{started['id']}")
        self.authority.mode = "good"
        self._strange_callbacks()

    def _strange_callbacks(self) -> None:
        """Come back with another's state, from another browser, twice, and too late."""
        started = self.start()
        self.api.browse(started["start_url"], stop_at=LOOPBACK)
        self.api.browse(started["start_url"], stop_at=LOOPBACK)
        callback = f"{self.api.address}/oauth/callback/{self.connector}"
        state, code = self.ledger.make("state"), self.ledger.make("code")
        for query in (
            f"state={state}&code={code}",
            f"state={state}&state={state}&code={code}",
            f"code={code}",
            f"state={self.api.last_state}&code={code}&code={code}",
        ):
            self.api.visit("GET", f"{callback}?{query}", {})

    def _failing_exchanges(self) -> None:
        for mode in BAD_MODES:
            started = self.start()
            url = self.api.browse(started["start_url"], stop_at=LOOPBACK)
            self.authority.mode = mode
            completion = parse_qs(urlsplit(url).query)["completion"][0]
            at = f"/v1/authorizations/{started['id']}"
            self.api.bad("POST", f"{at}/complete", {"completion": completion})
            self.api.bad("POST", f"{at}/complete", {"completion": completion})
            self.api.good("GET", at)
            self.authority.mode = "good"
        self.authority.mode = "boastful"
        self.connect()
        self.authority.mode = "good"

    def _failing_refreshes(self) -> None:
        for mode in BAD_MODES:
            connection = self.connect()
            self.authority.mode = mode
            self.api.bad("POST", f"/v1/connections/{connection}/refresh")
            self.call(connection, "expired")
            self.api.good("GET", f"/v1/connections/{connection}")
            self.authority.mode = "good"

    def _failing_calls(self, connection: str) -> None:
        self.authority.mode = "api error"
        self.call(connection, "echo")
        self.call(connection, "echo", Accept="application/octet-stream")
        self.authority.mode = "good"
        self.call(connection, "unknown")
        at = f"/v1/connections/{connection}/calls"
        wrong = {"action": "try.echo", "fields": {"x": self.secrets["clientSecret"]}}
        self.api.ask("POST", at, json=wrong)

    def _bad_input(self) -> None:
        """Send secrets in every shape that is refused."""
        value = self.ledger.make("refused value", awkward=True)
        at = f"{self._at}/secrets"
        for body in (
            {"secrets": [{"name": "n", "value": {"v": value}}]},
            {"secrets": [{"name": "n", "value": [value]}]},
            {"secrets": [{"name": "clientSecret", "value": value}]},
            {"secrets": [{"name": "{n}", "value": value}]},
            {"secrets": [{"name": "n", "value": value, "origins": ["not an origin"]}]},
            {"secrets": {"clientSecret": value}},
            {"secrets": value},
        ):
            self.api.bad("POST", at, body)
        broken = f'{{"secrets": [{{"name": "n", "value": {json.dumps(value)}'
        kind = {"Content-Type": "application/json"}
        self.api.ask("POST", at, content=broken, headers=kind)
        self.api.ask("POST", at, content=broken, headers={"Content-Type": "text/plain"})
        asked = f"{self._at}/authorizations"
        self.api.bad("POST", asked, {"fields": {"owner": value + "\t"}})
        self.api.bad("POST", asked, {"fields": {"owner": [value]}})
        self.api.bad("POST", asked, {"fields": self.owner(), "return_to": f"https://x/?{value}"})
        self.api.bad("GET", "/v1/connectors", headers={"Authorization": f"Bearer {value}"})
        self.api.bad("GET", "/v1/connectors", headers={"Authorization": f"Basic {value[:12]}"})
        self._literal_secret()

    def _literal_secret(self) -> None:
        """Write a secret into a definition by mistake."""
        literal = self.ledger.make("secret in a definition")
        defined = definition(self.authority.origin, clientSecret=literal)
        text = json.dumps(defined)
        made = self.api.good("POST", "/v1/connectors", {"definition": text})
        at = f"/v1/connectors/{made['id']}"
        self.api.bad("POST", f"{at}/publish", {})
        self.api.bad("POST", f"{self._at}/calls", {"action": "try.echo"})
        saved = self.api.good("GET", f"{at}/draft")
        version = {"If-Match": f'"{saved["version"]}"'}
        self.api.good("PUT", f"{at}/draft", {"text": text[:-1]}, headers=version)

    # -- exceptions, and the end ----------------------------------------------------------------

    def break_things(self, inside: Inside, connection: str) -> None:
        """Let adapters raise what nobody expects, with everything they know in its text."""
        inside.sender.breaks = True
        self.call(connection, "echo")
        self.call(connection, "echo", Accept="application/octet-stream")
        self.api.bad("POST", f"/v1/connections/{connection}/refresh")
        started = self.start()
        inside.sender.breaks = False
        url = self.api.browse(started["start_url"], stop_at=LOOPBACK)
        inside.sender.breaks = True
        completion = parse_qs(urlsplit(url).query)["completion"][0]
        complete = f"/v1/authorizations/{started['id']}/complete"
        self.api.bad("POST", complete, {"completion": completion})
        inside.sender.breaks = False
        inside.storage.text = self.ledger.make("text of an error")
        entered = {"secrets": [{"name": "late", "value": self.ledger.make("late secret")}]}
        works: dict[str, Callable[[], object]] = {
            "add": lambda: self.api.bad("POST", f"{self._at}/secrets", entered),
            "token_by_digest": lambda: self.api.bad("GET", "/v1/tokens"),
            "by_start": lambda: self.api.visit("POST", started["start_url"], {}),
            "take_lease": lambda: self.api.bad("POST", f"/v1/connections/{connection}/refresh"),
            "overdue": lambda: self.api.good("POST", f"/v1/connections/{connection}/test"),
            "claim": lambda: self.api.good("POST", f"/v1/connections/{connection}/test"),
        }
        for method, work in works.items():
            inside.storage.breaks_at = method
            work()
            inside.storage.breaks_at = ""

    def end(self, connection: str) -> None:
        """Revoke and delete everything, with a server that does not like it."""
        second = self.connect()
        self.machines.keep_device()
        self.api.good("POST", f"/v1/connections/{connection}/revoke")
        self.authority.mode = "revocation error"
        self.api.good("DELETE", f"/v1/connections/{second}", headers={"If-Match": "*"})
        self.authority.mode = "good"
        extra = self.api.good("GET", f"{self._at}/secrets")["items"][-1]["id"]
        confirmed = {"origins": [self.authority.origin]}
        self.api.good("POST", f"{self._at}/secrets/{extra}/confirm", confirmed)
        self.api.good("DELETE", f"{self._at}/secrets/{extra}", headers={"If-Match": "*"})
        self.look_at_everything()
        self.api.good("DELETE", f"{self._at}?force=true", headers={"If-Match": "*"})

    def look_at_everything(self) -> None:
        """Ask every list and every item of it."""
        for path in ("/health", "/v1/samples", "/v1/schema", "/v1/openapi.json", "/v1/tokens"):
            self.api.good("GET", path)
        for each in self.api.good("GET", "/v1/presets")["items"][:3]:
            self.api.good("GET", f"/v1/presets/{each['id']}")
        for each in self.api.good("GET", "/v1/connectors")["items"]:
            at = f"/v1/connectors/{each['id']}"
            for part in PARTS:
                self.api.good("GET", at + part)
            self.api.ask("GET", f"{at}/revisions/1")
        for each in self.api.good("GET", "/v1/connections")["items"]:
            self.api.good("GET", f"/v1/connections/{each['id']}")
        for kind in ("", "&kind=token"):
            for each in self.api.good("GET", f"/v1/calls?limit=100{kind}")["items"]:
                for part in ("", "/transcript", "/body"):
                    self.api.ask("GET", f"/v1/calls/{each['id']}{part}")

    def operations(self) -> set[tuple[str, str]]:
        """Return every operation that the API's own document names."""
        paths = self.api.good("GET", "/v1/openapi.json")["paths"]
        return {
            (method.upper(), re.sub(r"\{\w+\}", "{id}", path))
            for path, item in paths.items()
            for method in item
            if path.startswith("/v1/")
        }
