"""Who asks: the holder of an API token, and what its scopes let it do."""

from dataclasses import dataclass

SCOPES = {
    "connectors:read": "list connectors, drafts, revisions and the names of secrets",
    "connectors:write": "create, edit, publish and delete connectors",
    "secrets:write": "add and delete secrets, and confirm where they may be sent",
    "connections:read": "list connections and their health",
    "connections:write": "authorize, test, refresh, revoke and delete connections",
    "calls:read": "read calls and transcripts",
    "calls:write": "call actions",
    "tokens:write": "create and revoke API tokens",
}
"""Every scope of an API token, and what it allows."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The holder of an API token."""

    workspace: str
    token: str
    operator: str
    scopes: frozenset[str]
