"""Check what the caller supplies against an action's fields; every fault is found at once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from difflib import get_close_matches
from typing import Any, Final, final

from connectsmith.core.call.conversion import (
    Refused,
    check_number,
    check_text,
    convert,
    plain_text,
)
from connectsmith.core.call.field import FieldPlan, Where
from connectsmith.core.call.plan import ActionPlan
from connectsmith.core.connection.auth_plan import has_control
from connectsmith.errors import FieldInvalid
from connectsmith.values import value_class

DEEPEST: Final = 32
"""Levels of objects and lists in one field."""
_MOST_FAULTS: Final = 50
_URL_OR_HEADER: Final = frozenset({Where.PATH, Where.QUERY, Where.HEADER})


@value_class(frozen=True, slots=True)
class Arguments:
    """The values to send, converted, each with its field; what is left out is not among them."""

    values: tuple[tuple[FieldPlan, Any], ...] = field(repr=False)


@final
class _Absent:
    """No value: the field is left out."""


_ABSENT: Final = _Absent()


class _Faults:
    """Collects what is wrong, by field."""

    def __init__(self) -> None:
        self.found: list[dict[str, object]] = []

    def add(self, path: str, code: str, message: str) -> None:
        fault: dict[str, object] = {"field": path, "code": code, "message": message}
        if len(self.found) < _MOST_FAULTS and fault not in self.found:
            self.found.append(fault)

    def error(self) -> FieldInvalid:
        first = self.found[0]
        more = f" ({len(self.found) - 1} more)" if len(self.found) > 1 else ""
        return FieldInvalid(
            f"{first['message']}{more}", place=str(first["field"]), details={"fields": self.found}
        )


def check_arguments(plan: ActionPlan, fields: Mapping[str, object]) -> Arguments:
    """Check and convert the caller's values; absent ones and "" are left out.

    Hidden fields always send their default. Text is not re-read: braces in a value are text.

    Raises:
        FieldInvalid: `details["fields"]` lists every fault as `{"field", "code", "message"}`.
    """
    faults = _Faults()
    _refuse_unknown(fields, plan.known, "", faults)
    values = tuple(_values(plan.fields, fields, faults))
    if faults.found:
        raise faults.error()
    return Arguments(values)


def _values(
    fields: Iterable[FieldPlan], given: Mapping[str, object], faults: _Faults
) -> Iterator[tuple[FieldPlan, Any]]:
    for plan in fields:
        value = _value(plan, given, plan.key, faults)
        if value is not _ABSENT:
            yield plan, value


def _value(plan: FieldPlan, given: Mapping[str, object], path: str, faults: _Faults) -> Any:
    """Return one field's value, its default, or nothing."""
    value = _ABSENT if plan.hidden else given.get(plan.key, _ABSENT)
    if value is None and not plan.nullable:
        return _required(plan, path, faults)
    if value is _ABSENT or (isinstance(value, str) and value == ""):
        if not plan.has_default:
            return _required(plan, path, faults)
        value = plan.default
    if value is None:
        return _required(plan, path, faults) if plan.required and not plan.hidden else None
    return _converted(plan, value, path, faults)


def _required(plan: FieldPlan, path: str, faults: _Faults) -> _Absent:
    if plan.required and not plan.hidden:
        faults.add(path, "field_missing", f'"{path}" is required.')
    return _ABSENT


def _converted(plan: FieldPlan, value: Any, path: str, faults: _Faults) -> Any:
    try:
        if path.count("/") > DEEPEST:
            raise Refused("field_type", "is nested too deeply")  # noqa: TRY301 - one way out
        match plan.type:
            case "object":
                return _object(plan, value, path, faults)
            case "array":
                return _array(plan, value, path, faults)
            case _:
                return _scalar(plan, value)
    except Refused as refused:
        faults.add(path, refused.code, f'"{path}" {refused.message}.')
        return _ABSENT


def _object(plan: FieldPlan, value: Any, path: str, faults: _Faults) -> Any:
    if not isinstance(value, dict):
        raise Refused("field_type", "must be an object")
    if plan.members is None:
        return _any(plan, value, 0)
    _refuse_unknown(value, plan.members, path + "/", faults)
    found: dict[str, Any] = {}
    for key, member in plan.members.items():
        held = _value(member, value, f"{path}/{_escaped(key)}", faults)
        if held is not _ABSENT:
            found[member.wire] = held
    return found


def _array(plan: FieldPlan, value: Any, path: str, faults: _Faults) -> Any:
    if not isinstance(value, list):
        raise Refused("field_type", "must be a list")
    if plan.item is None:
        return _any(plan, value, 0)
    return [
        None
        if each is None and plan.nullable
        else _converted(plan.item, each, f"{path}/{at}", faults)
        for at, each in enumerate(value)
    ]


def _scalar(plan: FieldPlan, value: Any) -> Any:
    if plan.choices is not None:
        return _chosen(plan.choices, value)
    converted = convert(plan.type, value)
    _check_range(plan, converted)
    if plan.pattern is not None and not plan.pattern.matches(plain_text(converted)):
        raise Refused("field_pattern", "has not the form it must have")
    if plan.where in _URL_OR_HEADER and isinstance(converted, str) and has_control(converted):
        raise Refused("field_characters", f"holds a control character, which no {_part(plan)} may")
    return converted


def _chosen(choices: Mapping[str, Any], value: Any) -> Any:
    """Return the choice of that stored value; `5` and `"5"` choose the same."""
    scalar = isinstance(value, str | bool | int | float)
    stored = plain_text(value) if scalar else ""
    if scalar and stored in choices:
        return choices[stored]
    shown = ", ".join(list(choices)[:20])
    raise Refused("field_choice", f"must be one of: {shown}")


def _check_range(plan: FieldPlan, value: Any) -> None:
    """Check a number's bounds; they mean nothing for other types."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    if plan.minimum is not None and value < plan.minimum:
        raise Refused("field_range", f"must be at least {plan.minimum:g}")
    if plan.maximum is not None and value > plan.maximum:
        raise Refused("field_range", f"must be at most {plan.maximum:g}")


def _any(plan: FieldPlan, value: Any, depth: int) -> Any:
    """Check an undeclared JSON value: only what can be sent."""
    if depth > DEEPEST:
        raise Refused("field_type", "is nested too deeply")
    match value:
        case str():
            if plan.where in _URL_OR_HEADER and has_control(value):
                raise Refused("field_characters", "holds a control character")
            return check_text(value)
        case None | bool():
            return value
        case int() | float():
            return check_number(value)
        case list():
            return [_any(plan, each, depth + 1) for each in value]
        case dict():
            return {_name(plan, key): _any(plan, each, depth + 1) for key, each in value.items()}
        case _:
            raise Refused("field_type", "must be a JSON value")


def _name(plan: FieldPlan, key: Any) -> str:
    if not isinstance(key, str):
        raise Refused("field_type", "must be a JSON value")
    if plan.where in _URL_OR_HEADER and has_control(key):
        raise Refused("field_characters", "holds a control character")
    return check_text(key)


def _refuse_unknown(
    given: Mapping[str, object], known: Iterable[str], prefix: str, faults: _Faults
) -> None:
    names = known if isinstance(known, frozenset) else frozenset(known)
    if given.keys() <= names:
        return
    for key in given:
        if key not in names:
            faults.add(*_unknown(key, names, prefix))


def _unknown(key: Any, names: frozenset[str], prefix: str) -> tuple[str, str, str]:
    shown = _shown(key)
    near = get_close_matches(shown, sorted(names), 1, cutoff=0.6)
    hint = f' Did you mean "{near[0]}"?' if near else _all_names(names)
    return prefix + _escaped(shown), "field_unknown", f'There is no field "{prefix}{shown}".{hint}'


def _shown(key: Any) -> str:
    """Return a name that is safe to repeat."""
    text = key if isinstance(key, str) else "?"
    return "".join(each if each.isprintable() else "?" for each in text[:80])


def _all_names(names: frozenset[str]) -> str:
    return f" Known: {', '.join(sorted(names)[:20])}." if names else " It takes no fields."


def _escaped(key: str) -> str:
    """Escape a key for a path of keys and indices, as a JSON Pointer does (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def _part(plan: FieldPlan) -> str:
    return "header" if plan.where is Where.HEADER else "URL"
