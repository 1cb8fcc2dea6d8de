"""What is asked for: fields of the connection owner, and fields of actions."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from connectsmith.core.definition.checks.headers import check_header_name
from connectsmith.core.definition.checks.scope import Scope
from connectsmith.core.definition.checks.values import elements, members, text
from connectsmith.core.definition.findings import Path, Remove, Replace, meant, nearest
from connectsmith.core.definition.pattern import compile_pattern
from connectsmith.errors import DefinitionError

TYPES: Final = (
    "string", "number", "integer", "boolean", "object", "array", "date", "datetime", "file",
)  # fmt: skip

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_INTEGER = re.compile(r"-?[0-9]+")
_FIELDS = ("requiredSettings", "authFields")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What carries the credentials of calls: headers (lower case) and query parameters."""

    headers: frozenset[str]
    query: frozenset[str]


def check_auth_fields(value: Any, scope: Scope) -> None:
    """Check `requiredSettings.authFields`."""
    seen: set[str] = set()
    for index, each in enumerate(elements(value, *_FIELDS)):
        if not isinstance(each, dict):
            continue
        place = (*_FIELDS, index)
        if text(each, "key") in {None, ""}:
            message = "A field without a key can be asked for, but nothing can use it."
            scope.findings.warning("key_missing", place, message)
        _check_key(each, place, seen, scope)
        _check_pattern(each, place, scope)
        default = text(each, "default")
        if default is None:
            continue
        choices = members(each, "choices")
        if each.get("masked") is True:
            message = "A masked field has no default: it would stand here for all to read."
            path = (*place, "default")
            scope.findings.error("default_masked", path, message, repair=Remove())
        elif choices and default not in choices:
            _not_a_choice(default, choices, (*place, "default"), scope)


def check_fields(
    action: dict[str, Any], place: Path, credentials: Credentials, scope: Scope
) -> None:
    """Check the fields of an action."""
    whole: list[Path] = []
    in_body = False
    for kind in ("urlFields", "actionFields"):
        seen: set[str] = set()
        for index, each in enumerate(elements(action, kind)):
            if isinstance(each, dict):
                path = (*place, kind, index)
                _check_key(each, path, seen, scope)
                if not text(each, "key"):
                    message = "A field of an action needs a key."
                    scope.findings.error("key_missing", path, message)
                _check_place(each, path, credentials, scope)
                _check_field(each, path, scope)
                if each.get("in") == "wholeBody":
                    whole.append((*path, "in"))
                in_body = in_body or each.get("in") in {"body", "form", "file"}
    if whole and (len(whole) > 1 or in_body):
        message = "A field that is the whole body leaves no room for others in it."
        scope.findings.error("whole_body_mixed", whole[-1], message)


def _check_key(field: dict[str, Any], place: Path, seen: set[str], scope: Scope) -> None:
    key = text(field, "key")
    if key in seen:
        message = f'Another field of this list has the key "{key}".'
        scope.findings.error("field_duplicate", (*place, "key"), message)
    elif key:
        seen.add(key)


def _check_place(
    field: dict[str, Any], place: Path, credentials: Credentials, scope: Scope
) -> None:
    name = text(field, "name") or text(field, "key") or ""
    where = field.get("in")
    named = (*place, "name" if "name" in field else "key")
    if where == "header":
        if check_header_name(name, named, scope.findings) and name.lower() in credentials.headers:
            _owned(name, named, scope)
    elif name in credentials.query and (
        where == "query" or (where is None and "urlFields" in place)
    ):
        _owned(name, named, scope)


def _owned(name: str, place: Path, scope: Scope) -> None:
    message = f'"{name}" carries the credentials of each call, so no field may set it.'
    scope.findings.error("field_sets_credentials", place, message)


def _check_field(field: dict[str, Any], place: Path, scope: Scope) -> None:
    kind = text(field, "type") or "string"
    if kind not in TYPES:
        near = nearest(kind, TYPES)
        scope.findings.warning(
            "field_type_unknown",
            (*place, "type"),
            f'"{kind}" is not a type that fields can have.{meant(near)}',
            repair=Replace(near) if near else None,
        )
    _check_pattern(field, place, scope)
    _check_range(field, place, kind, scope)
    _check_choices(field, place, kind, scope)
    _check_default(field, place, kind, scope)
    _check_inner(field, place, kind, scope)


def _check_inner(field: dict[str, Any], place: Path, kind: str, scope: Scope) -> None:
    for name, owner in (("fields", "object"), ("items", "array")):
        if name in field and kind != owner:
            message = f'"{name}" means something for type "{owner}" only.'
            scope.findings.warning("member_misplaced", (*place, name), message, on_name=True)
    seen: set[str] = set()
    for index, each in enumerate(elements(field, "fields")):
        if isinstance(each, dict):
            path = (*place, "fields", index)
            if not text(each, "key"):
                scope.findings.error("key_missing", path, "A member of an object needs a key.")
            _check_key(each, path, seen, scope)
            _check_field(each, path, scope)
    items = members(field, "items")
    if items:
        _check_field(items, (*place, "items"), scope)


def _check_pattern(field: dict[str, Any], place: Path, scope: Scope) -> None:
    pattern = text(field, "pattern")
    if pattern is None:
        return
    try:
        compile_pattern(pattern)
    except DefinitionError as error:
        scope.findings.error("pattern_invalid", (*place, "pattern"), error.message)


def _check_range(field: dict[str, Any], place: Path, kind: str, scope: Scope) -> None:
    least, most = field.get("minimum"), field.get("maximum")
    if _number(least, float("-inf")) > _number(most, float("inf")):
        message = "The minimum is greater than the maximum."
        scope.findings.error("range_invalid", (*place, "minimum"), message)
    for name in ("minimum", "maximum"):
        if name in field and kind not in {"number", "integer"}:
            message = f'"{name}" means something for numbers only.'
            scope.findings.warning("member_misplaced", (*place, name), message, on_name=True)


def _check_choices(field: dict[str, Any], place: Path, kind: str, scope: Scope) -> None:
    of = text(members(field, "items"), "type") or "string" if kind == "array" else kind
    for choice in members(field, "choices"):
        if not _converts(choice, of):
            message = f'"{choice}" cannot be a value of type "{of}".'
            path = (*place, "choices", choice)
            scope.findings.error("choice_invalid", path, message, on_name=True)


def _check_default(field: dict[str, Any], place: Path, kind: str, scope: Scope) -> None:
    path = (*place, "default")
    if "default" not in field:
        if field.get("visibility") == "hidden":
            message = "A hidden field sends its default, and this one has none."
            scope.findings.warning("default_missing", place, message)
        return
    default, choices = field["default"], members(field, "choices")
    if default is None:
        return
    if not _fits(default, kind):
        message = f'This default is not a value of type "{kind}".'
        scope.findings.error("default_invalid", path, message)
    elif choices and kind != "array" and _written(default) not in choices:
        _not_a_choice(_written(default), choices, path, scope)


def _not_a_choice(default: str, choices: dict[str, Any], path: Path, scope: Scope) -> None:
    near = nearest(default, choices)
    message = f"This default is not one of the choices.{meant(near)}"
    scope.findings.error("default_invalid", path, message)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _number(value: Any, instead: float) -> float:
    return float(value) if _is_number(value) else instead


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def _converts(choice: str, kind: str) -> bool:
    """Tell whether the stored text of a choice becomes a value of the field's type."""
    match kind:
        case "number":
            return _NUMBER.fullmatch(choice) is not None
        case "integer":
            return _INTEGER.fullmatch(choice) is not None
        case "boolean":
            return choice in {"true", "false"}
        case _:
            return True


def _fits(value: Any, kind: str) -> bool:
    """Tell whether a default has the field's type; text of a choice may stand for it."""
    match kind:
        case "number" | "integer" | "boolean":
            return _fits_scalar(value, kind)
        case "object":
            return isinstance(value, dict)
        case "array":
            return isinstance(value, list)
        case "date" | "datetime":
            return isinstance(value, str) and _is_time(value, kind)
        case "string" | "file":
            return isinstance(value, str)
        case _:
            return True


def _fits_scalar(value: Any, kind: str) -> bool:
    if isinstance(value, str):
        return _converts(value, kind)
    if kind == "boolean":
        return isinstance(value, bool)
    return _is_number(value) and (kind == "number" or float(value).is_integer())


def _is_time(value: str, kind: str) -> bool:
    try:
        if kind == "date":
            return date.fromisoformat(value).isoformat() == value
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
