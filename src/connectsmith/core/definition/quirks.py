"""Hold a definition's sign-in against the rules of the hosts where it happens."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, assert_never
from urllib.parse import parse_qsl, urlsplit

from connectsmith.core.definition import origins
from connectsmith.core.definition.authority import HostRules
from connectsmith.core.definition.findings import Add, Path, Remove, Repair, Replace, Rewrite
from connectsmith.core.definition.hosts import compile_with
from connectsmith.core.definition.model import Definition
from connectsmith.core.definition.quirk_rules import (
    PARAMETERS,
    About,
    CallbackHostIs,
    CallbackIsHttp,
    ClientAuthIsNot,
    Condition,
    MemberIs,
    MemberIsNot,
    MemberPresent,
    ParameterIsNot,
    ParameterIsSet,
    PkceIs,
    QuirkRule,
    QuirkRules,
    ScopeHas,
    ScopeLacks,
    SeparatorIsNot,
    UrlHas,
)
from connectsmith.errors import UrlInvalid

AUTH: Final = "auth_components"
ENDPOINTS: Final = ("authorizationURL", "tokenURL", "refreshURL")
"""The members whose hosts say which rules apply."""

_ANCHOR: Final[Path] = (AUTH, "authorizationURL")
_BY_REQUEST: Final = frozenset({"tokenRequest", "tokenResponse"})
_REQUESTS: Final = frozenset({"exchange", "refresh"})
_WORDS: Final = re.compile(r"[\s,]+")


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a condition holds, and what would mend it."""

    path: Path
    repair: Repair | None = None
    on_name: bool = False
    inside: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class SignIn:
    """`auth_components` as plain JSON under preferred spellings, and where the browser returns."""

    auth: dict[str, Any]
    hosts: HostRules
    callback_url: str | None = None

    def names(self) -> Iterator[str]:
        """Yield the hosts of the endpoints; an open part of one is written as `a`."""
        for member in ENDPOINTS:
            url = self.auth.get(member)
            if isinstance(url, str):
                yield from _hosts(url, self.hosts)

    def holds(self, rule: QuirkRule) -> Spot | None:
        """Return where a rule's conditions hold, all of them: the first one's place.

        None for a note, which has no condition, and for a grant that the rule is not about.
        """
        if not rule.when or self.auth.get("grant", "authorization_code") not in rule.grants:
            return None
        spots = [_spot(self, each) for each in rule.when]
        return spots[0] if all(spots) else None


def matching(definition: Definition, rules: QuirkRules, about: About) -> tuple[QuirkRule, ...]:
    """Return what is to be known about one matter at the hosts where a definition signs in.

    These are the warnings that hold, and the notes: true there whatever the definition says.
    """
    auth = definition.auth_components.model_dump(by_alias=True, exclude_unset=True)
    sign_in = SignIn(auth, HostRules.of(definition))
    return tuple(
        each
        for each in rules.of(sign_in.names())
        if each.about == about and (not each.when or sign_in.holds(each))
    )


def _hosts(url: str, rules: HostRules) -> Iterator[str]:
    try:
        found = compile_with(url, rules).origins
    except UrlInvalid:
        return
    for each in found:
        if each != origins.ANY_HOST:
            plain = each.replace(origins.OPEN_PART, "a").replace("*.", "a.")
            yield plain.partition("://")[2].rpartition(":")[0] or plain.partition("://")[2]


def _spot(sign_in: SignIn, condition: Condition) -> Spot | None:  # noqa: PLR0911 - one for each family
    match condition:
        case ParameterIsNot() | ParameterIsSet():
            return _parameter(sign_in.auth, condition)
        case ScopeLacks() | ScopeHas() | SeparatorIsNot():
            return _scope(sign_in.auth, condition)
        case PkceIs():
            return _pkce(sign_in.auth, condition)
        case ClientAuthIsNot():
            return _client_auth(sign_in.auth, condition)
        case MemberIsNot() | MemberIs() | MemberPresent():
            return _member(sign_in.auth, condition)
        case UrlHas():
            return _url(sign_in.auth, condition)
        case CallbackIsHttp() | CallbackHostIs():
            return _callback(sign_in.callback_url, condition)
        case _:
            assert_never(condition)


def _parameter(auth: dict[str, Any], condition: ParameterIsNot | ParameterIsSet) -> Spot | None:
    member = PARAMETERS[condition.request]
    value = _sent(auth, condition.request, condition.name)
    if isinstance(condition, ParameterIsSet):
        wrong = value is not None and (
            not condition.values or bool(set(value.split()) & set(condition.values))
        )
        path = (AUTH, member, condition.name)
        if not wrong:
            return None
        return Spot(path, Remove(), on_name=True) if _at(auth, path) is not None else Spot(_ANCHOR)
    if value is not None and ("{{" in value or set(value.split()) & set(condition.values)):
        return None
    return Spot(*_set(auth, (member, condition.name), condition.values[0]))


def _sent(auth: dict[str, Any], request: str, name: str) -> str | None:
    """Return a parameter's value, from its member or from the query of the address itself."""
    held = auth.get(PARAMETERS[request])
    if isinstance(held, dict) and name in held:
        return held[name] if isinstance(held[name], str) else None
    url = auth.get("authorizationURL" if request == "authorization" else "tokenURL")
    if not isinstance(url, str) or "?" not in url:
        return None
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True)).get(name)


def _scopes(auth: dict[str, Any]) -> list[str]:
    found = auth.get("scope")
    if isinstance(found, str):
        return found.split()
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _scope(auth: dict[str, Any], condition: ScopeLacks | ScopeHas | SeparatorIsNot) -> Spot | None:
    asked = _scopes(auth)
    if isinstance(condition, SeparatorIsNot):
        if len(asked) < 2 or auth.get("scopeSeparator", " ") == condition.separator:  # noqa: PLR2004 - one needs no separator
            return None
        return Spot(*_set(auth, ("scopeSeparator",), condition.separator))
    words = {word for each in asked for word in _WORDS.split(each)}
    if isinstance(condition, ScopeHas):
        return Spot((AUTH, "scope")) if words & set(condition.any_of) else None
    if words & set(condition.any_of):
        return None
    wanted = [*asked, condition.any_of[0]]
    return Spot(
        *_set(auth, ("scope",), wanted if isinstance(auth.get("scope"), list) else " ".join(wanted))
    )


def _pkce(auth: dict[str, Any], condition: PkceIs) -> Spot | None:
    if auth.get("pkce", "S256") != condition.value:
        return None
    if condition.value == "off":
        return Spot((AUTH, "pkce"), Remove())
    return Spot(*_set(auth, ("pkce",), "off"))


def _client_auth(auth: dict[str, Any], condition: ClientAuthIsNot) -> Spot | None:
    found = auth.get("clientAuth", "body" if "clientSecret" in auth else "none")
    used = set(found.values()) if isinstance(found, dict) else {found}
    if used <= {*condition.any_of, "none"}:
        return None
    return Spot(*_set(auth, ("clientAuth",), condition.any_of[0]))


def _member(auth: dict[str, Any], condition: MemberIsNot | MemberIs | MemberPresent) -> Spot | None:
    if isinstance(condition, MemberPresent):
        for each in condition.any_of:
            path = (AUTH, *_names(auth, each))
            if _at(auth, path) is not None:
                return Spot(path, on_name=True)
        return None
    names = _names(auth, condition.pointer)
    is_one = _at(auth, (AUTH, *names)) in condition.values
    if isinstance(condition, MemberIs):
        return Spot((AUTH, *names)) if is_one else None
    if is_one:
        return None
    return Spot(*_set(auth, names, condition.values[0]))


def _url(auth: dict[str, Any], condition: UrlHas) -> Spot | None:
    found = auth.get(condition.member)
    start = found.find(condition.text) if isinstance(found, str) else -1
    if start < 0:
        return None
    repair = None if condition.instead is None else Rewrite(condition.instead)
    return Spot((AUTH, condition.member), repair, inside=(start, start + len(condition.text)))


def _callback(url: str | None, condition: CallbackIsHttp | CallbackHostIs) -> Spot | None:
    parts = urlsplit(url or "")
    host = parts.hostname or ""
    if isinstance(condition, CallbackHostIs):
        return Spot(_ANCHOR) if host in condition.hosts else None
    if parts.scheme != "http":
        return None
    local = origins.is_loopback(f"[{host}]" if ":" in host else host)
    return Spot(_ANCHOR) if condition.loopback or not local else None


def _names(auth: dict[str, Any], pointer: str) -> tuple[str, ...]:
    """Return a pointer's names; those of the exchange where a member differs by request."""
    first, *rest = pointer.removeprefix("/").split("/")
    held = auth.get(first)
    if rest and first in _BY_REQUEST and isinstance(held, dict) and held.keys() & _REQUESTS:
        return (first, "exchange", *rest)
    return (first, *rest)


def _at(auth: dict[str, Any], path: Path) -> Any:
    here: Any = auth
    for name in path[1:]:
        here = here.get(name) if isinstance(here, dict) else None
    return here


def _set(auth: dict[str, Any], names: tuple[str, ...], value: Any) -> tuple[Path, Repair | None]:
    """Return where a member that should have a value is missed, and the repair that writes it."""
    if _at(auth, (AUTH, *names)) is not None or _is_null(auth, names):
        return (AUTH, *names), Replace(value)
    path: Path = (AUTH,)
    for index, name in enumerate(names):
        held = _at(auth, (*path, name))
        if held is None or index == len(names) - 1:
            for below in reversed(names[index + 1 :]):
                value = {below: value}
            return _ANCHOR, Add(name, value, to=path)
        if not isinstance(held, dict):
            return (*path, name), None
        path = (*path, name)
    return _ANCHOR, None


def _is_null(auth: dict[str, Any], names: tuple[str, ...]) -> bool:
    held = _at(auth, (AUTH, *names[:-1]))
    return isinstance(held, dict) and names[-1] in held
