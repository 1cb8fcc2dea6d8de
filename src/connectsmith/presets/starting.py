"""Make a preset into the definition that an author begins with."""

import json
import re
from typing import Any, Final

from connectsmith.presets.model import Account, Preset
from connectsmith.presets.sentences import next_steps

_BASE: Final = re.compile(r"(https://[^/]+)(/[^?]*)(\?.*)?")
_MODEL, _ACTION = "account", "get"


def definition_text(preset: Preset) -> str:
    """Return the text of a connector definition that holds what the preset knows.

    A preset that knows how to ask for the account gives the connector its first action, and the
    request that proves a connection.
    """
    written = {
        "schema": "1.0",
        "name": preset.name,
        "link": preset.documentation,
        "description": next_steps(preset),
        "auth_components": preset.auth_components,
        "requiredSettings": {"authFields": preset.auth_fields},
        "auth_request": preset.auth_request or {"type": "oauth2"},
    }
    if preset.allowed_hosts:
        written["allowedHosts"] = preset.allowed_hosts
    written |= {"endpoints": {}, "actions": []} if preset.account is None else _first(preset)
    return json.dumps(written, indent=2, ensure_ascii=False) + "\n"


def _first(preset: Preset) -> dict[str, Any]:
    account = preset.account
    assert account is not None  # noqa: S101 - the caller looked
    base, path = _split(account.url)
    test: dict[str, Any] = {"method": "GET", "endpoint": path}
    named = {"id": account.id, "label": account.label}
    if any(named.values()):
        test["account"] = {name: each for name, each in named.items() if each}
    return {
        "auth_test": test,
        "endpoints": {"GET": {path: _endpoint(base, account)}},
        "actions": [
            {
                "modelId": _MODEL,
                "actionId": _ACTION,
                "endpoint": path,
                "method": "GET",
                "label": "Get the account",
                "helpText": f"Tells whose account of {preset.name} is connected.",
            }
        ],
    }


def _endpoint(base: str, account: Account) -> dict[str, Any]:
    return {"url": base} | ({"headers": account.headers} if account.headers else {})


def _split(url: str) -> tuple[str, str]:
    match = _BASE.fullmatch(url)
    if match is None:
        raise ValueError(f"{url} has no path")
    return match[1], match[2] + (match[3] or "")
