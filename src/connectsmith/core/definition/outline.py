"""What stands where in a text that is being written: actions, names, secrets, and where they go.

It works on faulty text too, as far as that can be read; reading a definition is another matter.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from connectsmith.core.definition import origins
from connectsmith.core.definition.checks.scope import AUTH, Scope, names_in, secret_texts
from connectsmith.core.definition.checks.values import elements, members, text
from connectsmith.core.definition.facts import is_secret_name
from connectsmith.core.definition.findings import Findings, Path
from connectsmith.core.definition.hosts import compile_with
from connectsmith.core.definition.locating import Locator
from connectsmith.core.definition.scanned import NOTHING
from connectsmith.core.definition.spelling import normalised
from connectsmith.core.definition.syntax import scan
from connectsmith.errors import UrlInvalid

MOST_BYTES: Final = 1024 * 1024
_LEADING: Final = (
    "tokenURL",
    "refreshURL",
    "revocationURL",
    "deviceAuthorizationURL",
    "parURL",
    "registrationURL",
)
"""Members of `auth_components` that say where secrets go."""


@dataclass(frozen=True, slots=True)
class OutlinedAction:
    """One action; `start` is the UTF-16 offset of its text."""

    name: str
    label: str | None
    method: str
    endpoint: str
    start: int


@dataclass(frozen=True, slots=True)
class NamedSecret:
    """A secret that the text names, first at the UTF-16 offset `start`."""

    name: str
    start: int
    browser: bool
    """Whether it stands in `clientID` and nowhere else, so that a browser sees it."""


@dataclass(frozen=True, slots=True)
class Outline:
    """What stands in a text."""

    actions: tuple[OutlinedAction, ...] = ()
    secrets: tuple[NamedSecret, ...] = ()
    fields: tuple[str, ...] = ()
    """Keys of `authFields`."""
    captured: tuple[str, ...] = ()
    endpoints: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Methods with their paths."""
    origins: tuple[str, ...] = ()
    """Where secrets would be sent, as `origins_of_auth` says it of a definition."""


def outline_of(text_typed: str) -> Outline:
    """Return what stands in a text; of one that is too large or says nothing, an empty outline."""
    if len(text_typed.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        return Outline()
    scanned = scan(text_typed)
    if scanned.value is NOTHING or not isinstance(scanned.value, dict):
        return Outline()
    value, renamed = normalised(scanned.value, Findings())
    locator = Locator(text_typed, scanned.spans, value, renamed=renamed, faults=scanned.faults)
    scope = Scope.of(value, Findings(), None)
    return Outline(
        actions=tuple(_actions(value, locator)),
        secrets=tuple(_secrets(value, locator)),
        fields=tuple(scope.fields),
        captured=tuple(sorted(scope.captured)),
        endpoints=tuple(_endpoints(value)),
        origins=_origins(value, scope),
    )


def _actions(value: Any, locator: Locator) -> Iterator[OutlinedAction]:
    for index, each in enumerate(elements(value, "actions")):
        if isinstance(each, dict):
            names = [text(each, part) for part in ("modelId", "actionId")]
            yield OutlinedAction(
                name=".".join(part or "?" for part in names),
                label=text(each, "label"),
                method=text(each, "method") or "",
                endpoint=text(each, "endpoint") or "",
                start=locator.start_of(("actions", index)).offset,
            )


def _secrets(value: Any, locator: Locator) -> Iterator[NamedSecret]:
    places: dict[str, list[Path]] = {}
    for path, found in secret_texts(members(value, AUTH)):
        for name in names_in(found):
            if is_secret_name(name):
                places.setdefault(name, []).append(path)
    for name, paths in places.items():
        start = min(locator.start_of((AUTH, *path)).offset for path in paths)
        yield NamedSecret(name, start, all(path == ("clientID",) for path in paths))


def _endpoints(value: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    for method, paths in members(value, "endpoints").items():
        if isinstance(paths, dict):
            yield method, tuple(paths)


def _origins(value: Any, scope: Scope) -> tuple[str, ...]:
    auth = members(value, AUTH)
    found: set[str] = set()
    for name in _LEADING:
        url = text(auth, name)
        if url:
            try:
                found.update(compile_with(url, scope.hosts).origins)
            except UrlInvalid:
                continue
    return tuple(sorted(found - {origins.ANY_HOST}))
