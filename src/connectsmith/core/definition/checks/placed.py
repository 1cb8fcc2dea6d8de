"""Placeholders: known names, closed braces, and nothing in a place where it may not stand."""

import re
from dataclasses import dataclass
from typing import Any, Final

from connectsmith.core.definition.checks.scope import NAME, Scope
from connectsmith.core.definition.facts import is_secret_name
from connectsmith.core.definition.findings import Path, Rewrite, meant, nearest
from connectsmith.core.definition.placeholders import PLACEHOLDER, SPACES


@dataclass(frozen=True, slots=True)
class Allowed:
    """What placeholders of one place may name; `kind` is what the place is called."""

    kind: str
    secrets: bool = False
    oauth: frozenset[str] = frozenset()
    arguments: bool = False
    """Whether fields of an action may stand here: in the paths of endpoints only."""


_AUTHORIZING = frozenset({"client_id", "redirect_uri", "scope", "random"})
_EXCHANGING = _AUTHORIZING | {"state"}
_OAUTH: Final = _EXCHANGING | {"access_token", "refresh_token"}

IN_URL: Final = Allowed("a URL")
IN_TOKEN_URL: Final = Allowed("the address of a token request", oauth=frozenset({"redirect_uri"}))
IN_PATH: Final = Allowed("a path", arguments=True)
IN_CLIENT: Final = Allowed("the client's own credentials", secrets=True)
IN_AUTHORIZATION: Final = Allowed("an authorization request", oauth=_AUTHORIZING)
IN_TOKEN_REQUEST: Final = Allowed("a token request", secrets=True, oauth=_EXCHANGING)
IN_ASSERTION: Final = Allowed("an assertion", oauth=_EXCHANGING)
IN_CLAIMS: Final = Allowed("an assertion", secrets=True, oauth=_EXCHANGING)
IN_FOLLOW_UP: Final = Allowed("a follow-up request", secrets=True, oauth=_OAUTH)
IN_CALL: Final = Allowed("a call", oauth=frozenset({"access_token", "client_id", "random"}))

_FREE_TEXT: Final = frozenset(
    {
        "description", "label", "helpText", "errorText", "example", "name", "choices", "outputs",
        "link",
    }
)  # fmt: skip
_UNCLOSED = re.compile(r"\{\{(?![^{}]*\}\})")


def check_text(
    found: Any, path: Path, allowed: Allowed, scope: Scope, *, on_name: bool = False
) -> bool:  # fmt: skip
    """Check the placeholders of a text; tell whether all is well."""
    if not isinstance(found, str) or "{" not in found:
        return True
    findings = scope.findings
    before = len(findings.found)
    scope.read.add((path, on_name))
    for match in _UNCLOSED.finditer(found):
        findings.error(
            "placeholder_unclosed",
            path,
            'This "{{" is never closed by "}}".',
            on_name=on_name,
            inside=match.span(),
        )
    for match in PLACEHOLDER.finditer(found):
        if findings.full:
            break
        name = match[1].strip(SPACES)
        fault = _fault(name, allowed, scope)
        if fault is None:
            _check_stored(name, match, path, scope)
            continue
        code, message, near = fault
        findings.error(
            code,
            path,
            message,
            on_name=on_name,
            inside=match.span(),
            repair=Rewrite(f"{{{{{near}}}}}") if near else None,
        )
    return len(findings.found) == before


def check_elsewhere(value: Any, scope: Scope) -> None:
    """Look for secrets where braces are only text, and warn of other placeholders there."""
    _elsewhere(value, (), scope)


def _elsewhere(value: Any, path: Path, scope: Scope) -> None:
    if isinstance(value, dict):
        for name, each in value.items():
            if "{{" in name:
                _literal(name, ((*path, name), True), scope)
            if isinstance(each, str):
                if "{{" in each:
                    _literal(each, ((*path, name), False), scope)
            elif isinstance(each, (dict, list)):
                _elsewhere(each, (*path, name), scope)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            if isinstance(each, str) and "{{" in each:
                _literal(each, ((*path, index), False), scope)
            else:
                _elsewhere(each, (*path, index), scope)


def _literal(found: str, place: tuple[Path, bool], scope: Scope) -> None:
    path, on_name = place
    findings = scope.findings
    if place in scope.read:
        return
    for match in PLACEHOLDER.finditer(found):
        name = match[1].strip(SPACES)
        if name in scope.secrets:
            findings.error(
                "secret_misplaced",
                path,
                f'The secret "{name}" may not stand here.',
                on_name=on_name,
                inside=match.span(),
            )
        elif not any(part in _FREE_TEXT or str(part).startswith("x-") for part in path):
            findings.warning(
                "placeholder_literal",
                path,
                "Placeholders are not read here; these braces are sent as they are.",
                on_name=on_name,
                inside=match.span(),
            )


def _fault(name: str, allowed: Allowed, scope: Scope) -> tuple[str, str, str | None] | None:
    """Return code, message and the name that was meant, when a placeholder may not stand."""
    if not name:
        return "placeholder_unknown", "This placeholder has no name.", None
    space, dot, key = name.partition(".")
    match space if dot else "":
        case "authFields":
            known = frozenset(scope.fields)
            return _unknown(name, key, known, "a field of requiredSettings.authFields")
        case "connection":
            return _unknown(name, key, scope.captured, "a captured value")
        case "oauth":
            return _oauth(name, key, allowed, scope)
        case "urlFields" | "actionFields":
            return _argument(space, allowed)
        case _:
            return _secret(name, allowed, scope)


def _argument(space: str, allowed: Allowed) -> tuple[str, str, str | None] | None:
    if allowed.arguments and space == "urlFields":
        return None
    message = f"Fields of an action may not stand in {allowed.kind}."
    return "placeholder_misplaced", message, None


def _unknown(
    name: str, key: str, known: frozenset[str], what: str
) -> tuple[str, str, str | None] | None:
    if key in known and NAME.fullmatch(key):
        return None
    space = name.partition(".")[0]
    near = nearest(key, (each for each in known if NAME.fullmatch(each)))
    full = f"{space}.{near}" if near else None
    return "placeholder_unknown", f'"{name}" is not {what}.{meant(full)}', full


def _oauth(
    name: str, key: str, allowed: Allowed, scope: Scope
) -> tuple[str, str, str | None] | None:
    if key not in _OAUTH:
        near = nearest(key, allowed.oauth)
        full = f"oauth.{near}" if near else None
        return "placeholder_unknown", f'There is no "{name}".{meant(full)}', full
    if key not in allowed.oauth:
        return "placeholder_misplaced", f'"{name}" may not stand in {allowed.kind}.', None
    if key != "random" and not scope.oauth:
        message = f'"{name}" needs an OAuth sign-in, and this connector has none.'
        return "placeholder_misplaced", message, None
    return None


def _secret(name: str, allowed: Allowed, scope: Scope) -> tuple[str, str, str | None] | None:
    near = _namespaced(name, scope)
    if near:
        return "placeholder_unknown", f'There is no "{name}".{meant(near)}', near
    if not allowed.secrets:
        return "secret_misplaced", f'The secret "{name}" may not stand in {allowed.kind}.', None
    return None


def _namespaced(name: str, scope: Scope) -> str | None:
    """Return the namespaced name that a bare one with a dot in it was meant to be."""
    if "." not in name or (scope.stored is not None and name in scope.stored):
        return None
    return nearest(
        name,
        [
            *(f"authFields.{key}" for key in scope.fields),
            *(f"connection.{key}" for key in scope.captured),
            *(f"oauth.{key}" for key in _OAUTH),
        ],
    )


def _check_stored(
    name: str, match: re.Match[str], path: Path, scope: Scope
) -> None:  # fmt: skip
    if scope.stored is None or not is_secret_name(name) or name in scope.stored:
        return
    near = nearest(name, scope.stored)
    stored = ", ".join(f'"{each}"' for each in sorted(scope.stored)) or "none"
    scope.findings.warning(
        "secret_unknown",
        path,
        f'No secret is called "{name}" (there are: {stored}).{meant(near)}',
        inside=match.span(),
        repair=Rewrite(f"{{{{{near}}}}}") if near else None,
    )
