"""What differs between two definitions of one connector, for those who use and confirm it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from connectsmith.core.definition.facts import (
    origins_of_api,
    origins_of_auth,
    secret_names_of,
    sign_in_kind,
)
from connectsmith.core.definition.model import Action, Definition


@dataclass(frozen=True, slots=True)
class Changes:
    """The difference between a published definition and the next one.

    Origins are those that newly receive something: `origins_auth` client secrets, refresh tokens
    and fields, `origins_api` access tokens and fields. Whoever confirmed the old ones is asked
    again before anything is sent there.
    """

    actions_added: tuple[str, ...] = ()
    actions_removed: tuple[str, ...] = ()
    actions_changed: tuple[str, ...] = ()
    origins_auth: tuple[str, ...] = ()
    origins_api: tuple[str, ...] = ()
    secrets_added: tuple[str, ...] = ()
    scopes_added: tuple[str, ...] = ()
    fields_added: tuple[str, ...] = ()
    sign_in_changed: bool = False

    def __bool__(self) -> bool:
        return self != Changes()

    def as_json(self) -> dict[str, object]:
        """Return the difference as JSON writes it, with every member."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name in self.__slots__
            for value in [getattr(self, name)]
        }


def changes_between(old: Definition | None, new: Definition) -> Changes:
    """Compare two definitions; without an old one everything is new."""
    before = _actions(old) if old else {}
    after = _actions(new)
    return Changes(
        actions_added=_added(before, after),
        actions_removed=_added(after, before),
        actions_changed=tuple(
            sorted(name for name in before.keys() & after.keys() if before[name] != after[name])
        ),
        origins_auth=_added(origins_of_auth(old) if old else (), origins_of_auth(new)),
        origins_api=_added(origins_of_api(old) if old else (), origins_of_api(new)),
        secrets_added=_added(secret_names_of(old) if old else (), secret_names_of(new)),
        scopes_added=_added(scopes_of(old) if old else (), scopes_of(new)),
        fields_added=_added(_fields(old) if old else (), _fields(new)),
        sign_in_changed=old is not None and _sign_in(old) != _sign_in(new),
    )


def scopes_of(definition: Definition) -> tuple[str, ...]:
    """Return the scopes that the definition asks for, in its order (RFC 6749 section 3.3)."""
    written = definition.auth_components.scope or ()
    return tuple(written.split() if isinstance(written, str) else written)


def _actions(definition: Definition) -> Mapping[str, tuple[Any, ...]]:
    return {each.name: (_plain(each), _endpoint(definition, each)) for each in definition.actions}


def _plain(action: Action) -> dict[str, Any]:
    return action.model_dump(exclude_defaults=True)


def _endpoint(definition: Definition, action: Action) -> Any:
    found = definition.endpoints.get(action.method, {}).get(action.endpoint)
    return found.model_dump(exclude_defaults=True) if found else None


def _fields(definition: Definition) -> tuple[str, ...]:
    return tuple(each.key for each in definition.required_settings.auth_fields if each.key)


def _sign_in(definition: Definition) -> tuple[str, dict[str, Any]]:
    auth = definition.auth_components.model_dump(exclude_defaults=True, exclude={"scope", "type"})
    return sign_in_kind(definition), auth


def _added(before: Iterable[str], after: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(after) - set(before)))
