"""Whose tokens are asked for."""

from collections.abc import Mapping
from dataclasses import dataclass

from connectsmith.core.authorization.client import OAuthClient
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import Bug
from connectsmith.service.blueprints import Blueprint


@dataclass(frozen=True, slots=True)
class Party:
    """Whose tokens are asked for: a connector's client on behalf of one connection."""

    workspace: str
    connector: str
    blueprint: Blueprint
    origins_auth: tuple[str, ...]
    fields: Mapping[str, Secret]
    captured: Mapping[str, Secret]
    origins_api: tuple[str, ...] = ()
    connection: str | None = None
    """The connection, also one that is about to be made."""
    caller: str = "system"
    """Who asked for it: an API token, a session, or we ourselves."""
    test: bool = False
    dpop_key: Secret | None = None
    """The key that its tokens are bound to, where the definition asks for that."""
    registration: Secret | None = None
    """The client that its grant was given to, where clients register themselves."""

    @property
    def client(self) -> OAuthClient:
        """The OAuth client; the caller made sure that there is one."""
        if self.blueprint.client is None:
            raise Bug("A connector without OAuth was asked for tokens.")
        return self.blueprint.client
