"""The front of a URL with placeholders: which hosts it may become, and how values are judged."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Final
from urllib.parse import quote

from connectsmith.core.definition import origins
from connectsmith.core.definition.model import Definition
from connectsmith.core.definition.placeholders import ENCODERS, Place, has_dot_segment, text_of
from connectsmith.errors import FieldInvalid, UrlInvalid

MOST_HOSTS: Final = 1000

MARK: Final = 0xE000
"""Placeholders stand as private-use characters, from here on, while a URL is taken apart."""
MARKS: Final = re.compile("[\ue000-\uf8ff]")
SKELETON: Final = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)|(?P<base>[\ue000-\uf8ff]))"
    r"(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:\#(?P<fragment>.*))?",
    re.DOTALL,
)
BROKEN_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")

_HOST_VALUE = re.compile(r"[a-z0-9.-]+(?::[0-9]{1,5})?")
_SAFE = "/:@!$&'()*+,;=~%-._"


@dataclass(frozen=True, slots=True)
class HostRules:
    """What decides about placeholders in hosts: choices by name, and `allowedHosts`."""

    choices: Mapping[str, tuple[str, ...]]
    allowed: tuple[str, ...]

    @classmethod
    def of(cls, definition: Definition) -> "HostRules":
        """Take the rules from a definition."""
        fields = definition.required_settings.auth_fields
        return cls(
            {f"authFields.{each.key}": tuple(each.choices) for each in fields if each.choices},
            tuple(origins.read_allowed_host(each) for each in definition.allowed_hosts),
        )


@dataclass(frozen=True, slots=True)
class Head:
    """The compiled front of a URL: literal and marks, how marks are encoded, where it may lead."""

    text: str
    origins: tuple[str, ...]
    encode: Callable[[Any, str], str]
    is_open: bool


def base_head(match: re.Match[str], names: list[str], rules: HostRules) -> Head:
    """Compile a placeholder that is a whole base URL."""
    name = names[ord(match["base"]) - MARK]
    if match["path"] and not match["path"].startswith("/"):
        raise UrlInvalid(f'After "{{{{{name}}}}}", a whole base URL, only a path may follow.')
    allowed = _allowed(name, rules)
    plain = _origins("http://", (each for each in allowed if _may_be_http(each)))
    return Head(match["base"], _origins("https://", allowed) + plain, _base_url, is_open=True)


def authority_head(match: re.Match[str], names: list[str], rules: HostRules) -> Head:
    """Compile scheme, host and port, with or without placeholders in the host."""
    scheme, authority = match["scheme"].lower(), match["authority"]
    if scheme not in origins.DEFAULT_PORTS:
        raise UrlInvalid("A URL must begin with https://.")
    if not MARKS.search(authority):
        found = origins.origin(scheme, origins.read_authority(authority))
        return Head(found, (found,), ENCODERS[Place.HOST], is_open=False)
    host, colon, port = authority.rpartition(":") if ":" in authority else (authority, "", "")
    if "@" in authority or MARKS.search(port):
        raise UrlInvalid(
            "A placeholder may stand for a host or a part of it, not for user info or port."
        )
    prefix = f"{scheme}://"
    if len(host) == 1 and names[ord(host) - MARK] not in rules.choices:
        allowed = _allowed(names[ord(host) - MARK], rules)
        return Head(
            prefix + authority, _with_port(prefix, allowed, port), _whole_host, is_open=True
        )
    found_all = _expanded(prefix, host, colon + port, names=names, rules=rules)
    return Head(prefix + authority, found_all, ENCODERS[Place.HOST], is_open=True)


def _allowed(name: str, rules: HostRules) -> tuple[str, ...]:
    if not rules.allowed:
        raise UrlInvalid(
            f'"{{{{{name}}}}}" stands for a whole host, so "allowedHosts" must list '
            "the hosts it may be."
        )
    return rules.allowed


def _with_port(prefix: str, allowed: Iterable[str], port: str) -> tuple[str, ...]:
    found = _origins(prefix, allowed)
    if not port:
        return found
    wanted = origins.read_authority(f"a.example:{port}").port
    default = origins.DEFAULT_PORTS[prefix[:-3]]
    fitting = tuple(
        each for each in found if each == origins.ANY_HOST or _port(each, default) == wanted
    )
    if not fitting:
        raise UrlInvalid(f'No member of "allowedHosts" has the port {port}.')
    return fitting


def _origins(prefix: str, allowed: Iterable[str]) -> tuple[str, ...]:
    return tuple(each if each == origins.ANY_HOST else prefix + each for each in allowed)


def _port(origin: str, default: int) -> int:
    return origins.read_authority(origin.partition("://")[2].removeprefix("*.")).port or default


def _expanded(
    prefix: str, host: str, port: str, *, names: list[str], rules: HostRules
) -> tuple[str, ...]:
    """Return an origin or pattern for each combination of the choices in a host."""
    marks = list(dict.fromkeys(MARKS.findall(host)))
    values = [rules.choices.get(names[ord(mark) - MARK], (origins.OPEN_PART,)) for mark in marks]
    found: dict[str, None] = {}
    for index, combination in enumerate(product(*values)):
        if index == MOST_HOSTS:
            raise UrlInvalid(f"The choices make more than {MOST_HOSTS} hosts.")
        filled = host
        for mark, value in zip(marks, combination, strict=True):
            filled = filled.replace(mark, value)
        found[_pattern(prefix, filled, port)] = None
    return tuple(found)


def _pattern(prefix: str, host: str, port: str) -> str:
    """Check an expanded host: at most one label open, with two fixed ones to its right."""
    labels = host.split(".")
    is_open = [origins.OPEN_PART in label for label in labels]
    if any(is_open) and (is_open.count(True) > 1 or any(is_open[-2:])):
        raise UrlInvalid(
            "A placeholder may be part of one host label, with two fixed labels to its right "
            '(as in "{{authFields.shop}}.example.com"), unless its field has choices.'
        )
    plain = host.replace(origins.OPEN_PART, "0a0")
    authority = origins.read_authority(plain + port)
    found = origins.origin(prefix[:-3], authority)
    return found.replace("0a0", origins.OPEN_PART) if any(is_open) else found


def _may_be_http(allowed: str) -> bool:
    if "*" in allowed:
        return False
    return origins.is_loopback(origins.read_authority(allowed).host)


def _whole_host(value: Any, name: str) -> str:
    text = text_of(value, name).lower()
    if _HOST_VALUE.fullmatch(text):
        return text
    raise FieldInvalid(
        f'"{name}" must be a host name here, such as "acme.example.com".', place=name
    )


def _base_url(value: Any, name: str) -> str:
    """Read a value that is a whole base URL; a final slash is left out."""
    text = text_of(value, name)
    match = SKELETON.fullmatch(text)
    refusal = f'"{name}" must be the base of a URL here, such as "https://acme.example.com/api".'
    if not match or match["base"] or match["query"] is not None or match["fragment"] is not None:
        raise FieldInvalid(refusal, place=name)
    try:
        found = origins.origin_of(text)
    except UrlInvalid as error:
        raise FieldInvalid(f"{refusal} {error.message}", place=name) from error
    if has_dot_segment(match["path"]):
        raise FieldInvalid(refusal, place=name)
    return found + encoded(match["path"]).rstrip("/")


def encoded(literal: str, also: str = "") -> str:
    """Percent-encode what an author wrote, leaving what is encoded already."""
    return quote(BROKEN_PERCENT.sub("%25", literal), safe=_SAFE + also)
