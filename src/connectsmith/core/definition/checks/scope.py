"""What names mean in one definition: fields, captured values, secrets, hosts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from connectsmith.core.definition import origins
from connectsmith.core.definition.authority import HostRules
from connectsmith.core.definition.checks.values import elements, members, text, texts
from connectsmith.core.definition.facts import is_secret_name
from connectsmith.core.definition.findings import Findings, Path
from connectsmith.core.definition.placeholders import PLACEHOLDER, SPACES
from connectsmith.errors import UrlInvalid

AUTH: Final = "auth_components"
NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
"""What may stand after a namespace."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean in one definition."""

    findings: Findings
    """Where checks note what they find."""
    oauth: bool
    fields: dict[str, dict[str, Any]]
    captured: frozenset[str]
    secrets: frozenset[str]
    """Secret Names that stand in places made for them, and those that are stored."""
    stored: frozenset[str] | None
    hosts: HostRules
    read: set[tuple[Path, bool]] = field(default_factory=set)
    """Texts whose placeholders were looked at already; whether it is the name at the path."""

    @classmethod
    def of(cls, value: Any, findings: Findings, stored: frozenset[str] | None) -> "Scope":
        """Collect the names of a definition."""
        auth = members(value, AUTH)
        fields = {
            key: each
            for each in elements(value, "requiredSettings", "authFields")
            if isinstance(each, dict) and (key := text(each, "key"))
        }
        used = {
            name
            for _, found in secret_texts(auth)
            for name in names_in(found)
            if is_secret_name(name)
        }
        return cls(
            findings=findings,
            oauth=auth.get("type") != "none",
            fields=fields,
            captured=frozenset(_captured(auth)),
            secrets=frozenset(used) | (stored or frozenset()),
            stored=stored,
            hosts=HostRules(_choices(fields), tuple(_allowed(value))),
        )

    def is_masked(self, name: str) -> bool:
        """Tell whether a placeholder stands for a masked field."""
        return self.fields.get(name.removeprefix("authFields."), {}).get("masked") is True


def names_in(found: str) -> list[str]:
    """Return the names of a text's placeholders."""
    if "{{" not in found:
        return []
    return [name for each in PLACEHOLDER.findall(found) if (name := each.strip(SPACES))]


def secret_texts(auth: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield the texts of `auth_components` in which a secret may stand, with their paths."""
    for name in ("clientID", "clientSecret", "privateKey", "keyID", "registrationToken"):
        if isinstance(auth.get(name), str):
            yield (name,), auth[name]
    yield from _below(auth, "tokenParams")
    yield from _below(auth, "refreshParams")
    yield from _below(auth, "assertion", "claims")
    for path in (
        ("tokenRequest",),
        ("tokenRequest", "exchange"),
        ("tokenRequest", "refresh"),
    ):
        yield from _below(auth, *path, "headers")
    for index, each in enumerate(elements(auth, "followUp")):
        for name in ("query", "headers", "body"):
            if isinstance(each, dict) and name in each:
                for below, found in texts(each[name]):
                    yield ("followUp", index, name, *below), found


def _below(auth: dict[str, Any], *path: str) -> Iterator[tuple[Path, str]]:
    for below, found in texts(members(auth, *path)):
        yield (*path, *below), found


def _captured(auth: dict[str, Any]) -> Iterator[str]:
    yield from members(auth, "capture", "callback")
    yield from members(auth, "capture", "token")
    for each in elements(auth, "followUp"):
        yield from members(each, "capture")


def _choices(fields: dict[str, dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    return {
        f"authFields.{key}": tuple(each["choices"])
        for key, each in fields.items()
        if isinstance(each.get("choices"), dict) and each["choices"]
    }


def _allowed(value: Any) -> Iterator[str]:
    for each in elements(value, "allowedHosts"):
        if isinstance(each, str):
            try:
                yield origins.read_allowed_host(each)
            except UrlInvalid:
                continue
