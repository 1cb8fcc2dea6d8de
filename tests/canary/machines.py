"""Grants that need no browser: keys, passwords and assertions, well and badly, and what is told."""

import json
from typing import Any

from tests.canary.authority import Authority, by_machine
from tests.canary.ledger import Ledger
from tests.canary.recording import Recorder, Signer

OWN_KEY = {
    "grant": "client_credentials",
    "clientAuth": "private_key_jwt",
    "assertion": {"alg": "ES256"},
}
AUTHORS_KEY = {
    "grant": "jwt_bearer",
    "privateKey": "{{serviceKey}}",
    "assertion": {"alg": "ES256"},
}
PASSWORD = {
    "grant": "password",
    "tokenParams": {"username": "ada", "password": "{{authFields.password}}"},
}

DISCOVERED = {"grant": "client_credentials", "tokenURL": None}
REGISTERED = {
    "grant": "client_credentials",
    "clientID": None,
    "clientAuth": "body",
    "dpop": True,
}


class Machines:
    """Connectors whose tokens are got by machines."""

    def __init__(self, api: Recorder, authority: Authority, ledger: Ledger) -> None:
        self._api = api
        self._authority = authority
        self._ledger = ledger
        self._signer = Signer(ledger)
        self._asked = ""

    def work(self) -> None:
        """Connect in each way, call, and let each fail."""
        self._own_key()
        self._authors_key()
        self._password()
        self._discovered()
        self._registered()
        self._device()

    def keep_device(self) -> None:
        """Keep the connection that was polled for since `work`."""
        at = f"/v1/authorizations/{self._asked}"
        self._api.good("GET", at)
        self._api.good("POST", f"{at}/keep", {})

    def _made(self, auth: dict[str, Any], *fields: dict[str, object], **secrets: str) -> str:
        named = "assertion" in auth or auth is DISCOVERED
        issuer = {"issuer": self._authority.origin} if named else {}
        defined = by_machine(self._authority.origin, *fields, **auth, **issuer)
        asked = {"definition": json.dumps(defined), "publish": True}
        made = self._api.good("POST", "/v1/connectors", asked)
        at = f"/v1/connectors/{made['id']}"
        if "registrationURL" in auth:
            return at
        secrets |= {"clientID": self._ledger.make("client id")}
        entered = [{"name": name, "value": value} for name, value in secrets.items()]
        self._api.good("POST", f"{at}/secrets", {"secrets": entered})
        return at

    def _connected(self, at: str, **fields: str) -> str:
        """Connect, call, renew; fail at the authorization server."""
        asked = {"fields": fields}
        connection: str = self._api.good("POST", f"{at}/connections", asked)["id"]
        path = f"/v1/connections/{connection}"
        self._api.good("POST", f"{path}/calls", {"action": "try.echo", "fields": {}})
        self._api.good("POST", f"{path}/refresh")
        for mode in ("token error", "client error", "token page"):
            self._authority.mode = mode
            self._api.bad("POST", f"{at}/connections", asked)
            self._api.bad("POST", f"{path}/refresh")
            self._authority.mode = "good"
        return connection

    def _own_key(self) -> None:
        at = self._made(OWN_KEY)
        self._api.bad("POST", f"{at}/keys", {"at_once": self._ledger.make("refused value")})
        for at_once in (False, False, True):
            self._api.good("POST", f"{at}/keys", {"at_once": at_once})
        self._connected(at)
        listed = self._api.good("GET", f"{at}/keys")
        self._api.visit("GET", listed["jwks_url"], {})

    def _authors_key(self) -> None:
        at = self._made(AUTHORS_KEY, serviceKey=self._signer.new_key("ES256").reveal())
        self._connected(at)
        self._api.bad("POST", f"{at}/keys", {})
        no_key = self._made(AUTHORS_KEY, serviceKey=self._ledger.make("private key", awkward=True))
        self._api.bad("POST", f"{no_key}/connections", {"fields": {}})
        wrong_kind = self._signer.new_key("RS256").reveal()
        at = self._made(AUTHORS_KEY, serviceKey=wrong_kind)
        self._api.bad("POST", f"{at}/connections", {"fields": {}})

    def _password(self) -> None:
        field = {"key": "password", "label": "Password", "masked": True, "required": True}
        at = self._made(PASSWORD, field)
        self._connected(at, password=self._ledger.make("owner's password", awkward=True))

    def _discovered(self) -> None:
        at = self._made(DISCOVERED)
        self._connected(at)
        self._api.good("GET", f"{at}/metadata")
        asked = {"issuer": self._authority.origin}
        self._api.bad("POST", f"{at}/metadata/approve", asked)
        asked = {"issuer": self._ledger.make("refused value")}
        self._api.bad("POST", f"{at}/metadata/approve", asked)

    def _registered(self) -> None:
        self._connected(self._made(REGISTERED | self._endpoint("registrationURL", "/register")))

    def _device(self) -> None:
        at = self._made(
            {"grant": "device_code"} | self._endpoint("deviceAuthorizationURL", "/device")
        )
        self._asked = self._api.good("POST", f"{at}/authorizations", {"fields": {}})["id"]
        self._api.good("GET", f"/v1/authorizations/{self._asked}")

    def _endpoint(self, member: str, path: str) -> dict[str, str]:
        return {member: self._authority.origin + path}
