"""Who asks: the holder of an API token, or an operator who is signed in, and what they may do."""

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
    """The holder of an API token; a signed-in operator is one with every scope."""

    workspace: str
    token: str
    """Id of the API token (`tok_…`) or of the operator's session (`ses_…`)."""
    operator: str
    scopes: frozenset[str]
