"""Spellings that are read besides the preferred ones, where Claris never published its own."""

from collections.abc import Mapping
from typing import Any, Final

from connectsmith.core.definition.findings import Findings, Path, Remove

SPELLINGS: Final[Mapping[str, str]] = {
    "authorizationUrl": "authorizationURL",
    "authorization_url": "authorizationURL",
    "authURL": "authorizationURL",
    "tokenUrl": "tokenURL",
    "token_url": "tokenURL",
    "clientId": "clientID",
    "client_id": "clientID",
    "client_secret": "clientSecret",
    "scopes": "scope",
}
"""Members of `auth_components` as they are also read, and what we write."""

SIGN_IN_SPELLINGS: Final[Mapping[str, str]] = {
    "none": "none",
    "oauth2": "oauth2",
    "oauth2.0": "oauth2",
    "oauth": "oauth2",
}
"""Values of `auth_components.type` in lower case."""

_AUTH = "auth_components"


def sign_in_of(written: str) -> str:
    """Return `none` or `oauth2`, or the type as written when it is another."""
    return SIGN_IN_SPELLINGS.get(written.lower(), written)


def normalised(value: Any, findings: Findings) -> tuple[Any, dict[Path, str]]:
    """Return the value under preferred spellings, and the names that stand in the text instead.

    Two spellings of one member are an error; the preferred one, or else the first, counts.
    """
    auth = value.get(_AUTH) if isinstance(value, dict) else None
    if not isinstance(auth, dict):
        return value, {}
    renamed: dict[Path, str] = {}
    plain: dict[str, Any] = {}
    for name, each in auth.items():
        preferred = SPELLINGS.get(name, name)
        if preferred != name and (preferred in plain or preferred in auth):
            _twice(name, renamed.get((_AUTH, preferred), preferred), findings)
            renamed[(_AUTH, name)] = name
            continue
        plain[preferred] = each
        if preferred != name:
            renamed[(_AUTH, preferred)] = name
    if isinstance(plain.get("type"), str):
        plain["type"] = sign_in_of(plain["type"])
    return {**value, _AUTH: plain}, renamed


def _twice(name: str, other: str, findings: Findings) -> None:
    findings.error(
        "member_twice",
        (_AUTH, name),
        f'"{name}" and "{other}" are two spellings of one member; keep one of them.',
        on_name=True,
        repair=Remove(),
    )
