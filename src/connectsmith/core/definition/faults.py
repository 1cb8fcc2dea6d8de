"""Say in one plain sentence what the models found wrong with a value."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from pydantic_core import ErrorDetails

from connectsmith.core.definition.findings import (
    Add,
    Findings,
    Path,
    Repair,
    Replace,
    meant,
    nearest,
)

_KINDS: Final[Mapping[str, str]] = {
    "string_type": "a text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "none_required": "null",
}
_SKELETONS: Final[Mapping[str, Any]] = {
    "schema": "1.0",
    "auth_components": {"type": "none"},
    "requiredSettings": {"authFields": []},
    "endpoints": {},
    "actions": [],
}


def note_faults(value: Any, errors: Iterable[ErrorDetails], findings: Findings) -> None:
    """Turn the faults of a validation into findings, one for each place."""
    placed = [(*_place(value, each["loc"], each["type"]), each) for each in errors]
    placed = sorted(_merged(placed), key=lambda each: [str(part) for part in each[0]])
    for _, group in groupby(placed, key=lambda each: (each[0], each[2]["type"] == "missing")):
        found = list(group)
        if found[0][2]["type"] == "missing":
            for path, _, error in found:
                _missing(path, str(error["loc"][-1]), findings)
        else:
            _wrong(value, found[0][0], [error for _, _, error in found], findings)


_Placed = tuple[Path, Path | None, ErrorDetails]


def _place(value: Any, loc: Sequence[int | str], kind: str) -> tuple[Path, Path | None]:
    """Return the path a fault's location means, and where it enters one kind of several."""
    path: list[int | str] = []
    union: Path | None = None
    here: Any = value
    for part in loc[:-1] if kind == "missing" else loc:
        if (isinstance(part, int) and isinstance(here, list) and part < len(here)) or (
            isinstance(here, dict) and part in here
        ):
            here = here[part]  # type: ignore[index]  # mypy forgets the first half of the condition
            path.append(part)
        elif union is None and part not in {"once", "by_request"}:
            union = tuple(path)
    return tuple(path), union


def _merged(placed: list[_Placed]) -> list[_Placed]:
    """Where a member may be of several kinds, keep the faults of the kind that was meant."""
    deep = {
        union for path, union, error in placed if union is not None and _is_deep(path, union, error)
    }
    return [
        (path, union, error)
        for path, union, error in placed
        if union is None or union not in deep or _is_deep(path, union, error)
    ]


def _is_deep(path: Path, union: Path, error: ErrorDetails) -> bool:
    return len(path) > len(union) or error["type"] == "missing"


def _missing(path: Path, name: str, findings: Findings) -> None:
    where = f'"{path[-1]}"' if path and isinstance(path[-1], str) else "this object"
    owner = "The definition" if not path else where[0].upper() + where[1:]
    repair = Add(name, _SKELETONS[name]) if not path and name in _SKELETONS else None
    findings.error("member_missing", path, f'{owner} needs a member "{name}".', repair=repair)


def _wrong(value: Any, path: Path, errors: list[ErrorDetails], findings: Findings) -> None:
    here = _at(value, path)
    first = errors[0]
    name = f'"{path[-1]}"' if path and isinstance(path[-1], str) else "This"
    if not path:
        name = "The definition"
    literals = [each for each in errors if each["type"] == "literal_error"]
    if literals and isinstance(here, str):
        _unknown_value(value, path, _expected(literals[0]), findings)
        return
    kinds = list(dict.fromkeys(_KINDS[each["type"]] for each in errors if each["type"] in _KINDS))
    if literals:
        kinds.insert(0, "one of " + ", ".join(f'"{each}"' for each in _expected(literals[0])))
    if kinds:
        repair = _other_type(here, kinds)
        message = f"{name} must be {' or '.join(kinds)}, not {_kind_of(here)}."
        findings.error("member_type", path, message, repair=repair)
        return
    findings.error("value_invalid", path, f"{name} {_rule(first)}.")


def _unknown_value(value: Any, path: Path, expected: list[str], findings: Findings) -> None:
    here = _at(value, path)
    name = f'"{path[-1]}"' if isinstance(path[-1], str) else "This"
    near = nearest(here, expected)
    choices = ", ".join(f'"{each}"' for each in expected)
    many = "one of " if len(expected) > 1 else ""
    repair = Replace(near or expected[0]) if near or len(expected) == 1 else None
    findings.error(
        "value_unknown", path, f"{name} must be {many}{choices}.{meant(near)}", repair=repair
    )


def _expected(error: ErrorDetails) -> list[str]:
    written = str(error.get("ctx", {}).get("expected", ""))
    return [each for each in written.split("'")[1::2] if each]


_RULES: Final[Mapping[str, str]] = {
    "string_pattern_mismatch": 'must be a JSON Pointer: empty, or beginning with "/"',
    "string_too_short": "must not be empty",
    "too_long": "holds at most {max_length} items",
    "greater_than": "must be greater than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than_equal": "must be at most {le:g}",
    "finite_number": "must be a finite number",
}


def _rule(error: ErrorDetails) -> str:
    rule = _RULES.get(error["type"], "has a value that cannot be")
    return rule.format_map(error.get("ctx", {}))


def _other_type(here: Any, kinds: list[str]) -> Repair | None:
    if isinstance(here, str) and kinds == ["true or false"] and here.lower() in {"true", "false"}:
        return Replace(here.lower() == "true")
    if kinds == ["a text"] and isinstance(here, (int, float)) and not isinstance(here, bool):
        return Replace(str(here))
    if isinstance(here, str) and here.isascii() and here.isdigit() and len(here) < 16:  # noqa: PLR2004 - exact in every JSON reader
        return Replace(int(here)) if kinds[0] in {"a number", "a whole number"} else None
    return None


def _kind_of(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return "a text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "an object"


def _at(value: Any, path: Path) -> Any:
    for part in path:
        value = value[part]
    return value
