"""A field of an action, compiled: its type, its place in the request, and what it accepts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, get_args

from connectsmith.core.call.conversion import choices_of
from connectsmith.core.definition.model import ActionField, FieldType
from connectsmith.core.definition.pattern import Pattern, compile_pattern
from connectsmith.errors import DefinitionError

TYPES = frozenset(get_args(FieldType))


class Where(StrEnum):
    """The part of the request a field fills."""

    PATH = "path"
    QUERY = "query"
    HEADER = "header"
    BODY = "body"
    """A member of the body, in whatever form that has."""
    WHOLE = "wholeBody"


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """One field. `wire` is its name in the request.

    `members` are an object's declared members by key (None: any), `item` a list's one item.
    `nullable`: it stands in JSON, where null is a value.
    """

    key: str
    wire: str
    type: str = "string"
    where: Where = Where.BODY
    required: bool = False
    hidden: bool = False
    nullable: bool = False
    default: Any = None
    has_default: bool = False
    choices: Mapping[str, Any] | None = None
    minimum: float | None = None
    maximum: float | None = None
    pattern: Pattern | None = None
    style: str = "repeat"
    members: "Mapping[str, FieldPlan] | None" = None
    item: "FieldPlan | None" = None


def compile_field(field: ActionField, where: Where, *, nullable: bool) -> FieldPlan:
    """Compile a field that has a key.

    Raises:
        DefinitionError: its type is unknown, or its pattern is none.
    """
    kind = _type_of(field)
    choices = None if field.choices is None else choices_of(kind, field.choices)
    item = field.items
    if kind == "array" and choices is not None:
        item, choices = item or ActionField(choices=field.choices), None
    key = field.key or ""
    return FieldPlan(
        key=key,
        wire=field.name or key,
        type=kind,
        where=where,
        required=field.required or where is Where.PATH,
        hidden=field.visibility == "hidden",
        nullable=nullable,
        default=field.default,
        has_default=field.default is not None or _writes_null(field, nullable=nullable),
        choices=choices,
        minimum=field.minimum,
        maximum=field.maximum,
        pattern=None if field.pattern is None else compile_pattern(field.pattern),
        style=field.style,
        members=_members(field.fields, where, nullable=nullable),
        item=None if item is None else compile_field(item, where, nullable=nullable),
    )


def _type_of(field: ActionField) -> str:
    if field.in_ == "file" and "type" not in field.model_fields_set:
        return "file"
    if field.fields is not None and "type" not in field.model_fields_set:
        return "object"
    if field.items is not None and "type" not in field.model_fields_set:
        return "array"
    if field.type not in TYPES:
        raise DefinitionError(
            f'The field "{field.key}" has the unknown type "{field.type}". '
            f"Known: {', '.join(sorted(TYPES))}."
        )
    return field.type


def _writes_null(field: ActionField, *, nullable: bool) -> bool:
    """Tell whether a hidden field sends null: `"default": null` is written, and it is JSON."""
    return nullable and field.visibility == "hidden" and "default" in field.model_fields_set


def _members(
    fields: Iterable[ActionField] | None, where: Where, *, nullable: bool
) -> Mapping[str, FieldPlan] | None:
    if fields is None:
        return None
    return {each.key: compile_field(each, where, nullable=nullable) for each in fields if each.key}
