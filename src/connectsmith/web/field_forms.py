"""Fields of actions and of sign-ins as parts of a form, and what was filled in as values."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from connectsmith.core.call.field import FieldPlan
from connectsmith.core.call.plan import ActionPlan
from connectsmith.core.definition.model import Action, ActionField, AuthField, Definition
from connectsmith.errors import FieldInvalid
from connectsmith.web.visit import Form

Control = Literal["line", "password", "number", "boolean", "choice", "date", "json", "file"]
_CONTROLS: Final[Mapping[str, Control]] = {
    "number": "number",
    "integer": "number",
    "boolean": "boolean",
    "date": "date",
    "object": "json",
    "array": "json",
    "file": "file",
}
_SKELETON_DEPTH: Final = 4


@dataclass(frozen=True, slots=True)
class FieldView:
    """One control of a form. `name` is its name there, not the field's key."""

    name: str
    key: str
    label: str
    control: Control
    required: bool = False
    hint: str = ""
    value: str = ""
    error: str = ""
    choices: Sequence[tuple[str, str]] = ()
    advanced: bool = False
    kind: str = ""
    placeholder: str = ""


@dataclass(frozen=True, slots=True)
class _Filled:
    """What was typed, by name, and what is wrong with it, by key."""

    values: Mapping[str, str]
    errors: Mapping[str, str]


# -- fields of an action --------------------------------------------------------------------------


def action_fields(
    action: Action,
    plan: ActionPlan,
    *,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> list[FieldView]:
    """Return an action's controls; `values` by name as they were typed, `errors` by key."""
    written = {each.key: each for each in (*action.url_fields, *action.action_fields) if each.key}
    plans = [each for each in plan.fields if not each.hidden]
    return [
        _action_field(f"f{number}", each, written[each.key], _Filled(values or {}, errors or {}))
        for number, each in enumerate(plans)
    ]


def _action_field(
    name: str,
    plan: FieldPlan,
    field: ActionField,
    filled: "_Filled",
) -> FieldView:
    control = _CONTROLS.get(plan.type, "line")
    if plan.choices is not None:
        control = "choice"
    labels = field.choices or {}
    return FieldView(
        name=name,
        key=plan.key,
        label=field.label or plan.key,
        control=control,
        required=plan.required,
        hint=field.description or "",
        value=filled.values.get(name, _first_value(plan, field)),
        error=filled.errors.get(plan.key, ""),
        choices=[(each, labels.get(each, each)) for each in plan.choices or ()],
        advanced=field.visibility == "advanced",
        kind=plan.type,
        placeholder="" if field.example is None else _text(field.example),
    )


def _first_value(plan: FieldPlan, field: ActionField) -> str:
    """Return what stands there at first: the default, or an object's members to fill in."""
    if field.default is not None:
        return _text(field.default, indent=plan.type in ("object", "array"))
    if plan.required and plan.type in ("object", "array"):
        return json.dumps(_skeleton(plan, _SKELETON_DEPTH), indent=2, ensure_ascii=False)
    return ""


def _skeleton(plan: FieldPlan, depth: int) -> Any:
    if plan.type == "object":
        members = plan.members or {}
        return {
            key: _skeleton(each, depth - 1)
            for key, each in members.items()
            if depth > 0 and each.required and not each.hidden
        }
    return [] if plan.type == "array" else ""


def _text(value: Any, *, indent: bool = False) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, indent=2 if indent else None)


def typed_values(form: Form, fields: Sequence[FieldView]) -> dict[str, Any]:
    """Return what was filled in, by key, as the call takes it; what is blank is left out.

    Raises:
        FieldInvalid: a field that takes JSON holds none.
    """
    found: dict[str, Any] = {}
    faults: list[dict[str, object]] = []
    for each in fields:
        text = form.text(each.name)
        if each.control == "file":
            found |= _file(form, each)
        elif text.strip() and each.control == "json":
            try:
                found[each.key] = json.loads(text)
            except (ValueError, RecursionError) as error:
                faults.append(_fault(each.key, f"This is no JSON: {_where(error)}."))
        elif text:
            found[each.key] = text
    if faults:
        raise FieldInvalid(str(faults[0]["message"]), details={"fields": faults})
    return found


def _file(form: Form, field: FieldView) -> dict[str, Any]:
    """Return a file as the page's script wrote it: base64, name and media type."""
    content = form.text(field.name)
    if not content:
        return {}
    file = {"content": content, "name": form.text(f"{field.name}-name")}
    if kind := form.text(f"{field.name}-type"):
        file["type"] = kind
    return {field.key: file}


def _where(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg}, line {error.lineno}, column {error.colno}"
    return "it is nested too deeply"


def _fault(key: str, message: str) -> dict[str, object]:
    return {"field": key, "code": "field_type", "message": message}


def errors_by_key(error: FieldInvalid) -> dict[str, str]:
    """Return the messages of refused fields; those inside of an object belong to the object."""
    found: dict[str, str] = {}
    faults: Any = error.details.get("fields") or [{"field": error.place, "message": error.message}]
    for each in faults:
        key = str(each["field"] or "").split("/")[0].replace("~1", "/").replace("~0", "~")
        found[key] = f"{found[key]} {each['message']}" if key in found else str(each["message"])
    return found


# -- fields of a sign-in --------------------------------------------------------------------------


def sign_in_fields(
    definition: Definition,
    *,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> list[FieldView]:
    """Return the controls of what a connection's owner supplies; masked values are not repeated.

    Values and errors are by key.
    """
    declared = [each for each in definition.required_settings.auth_fields if each.key]
    return [
        _sign_in_field(f"a{number}", each, values or {}, errors or {})
        for number, each in enumerate(declared)
    ]


def _sign_in_field(
    name: str, field: AuthField, values: Mapping[str, str], errors: Mapping[str, str]
) -> FieldView:
    key = field.key or ""
    control: Control = "password" if field.masked else "line"
    return FieldView(
        name=name,
        key=key,
        label=field.label or key,
        control="choice" if field.choices is not None else control,
        required=bool(field.required) and field.default is None,
        hint=field.description or "",
        value="" if field.masked else values.get(key, field.default or ""),
        error=errors.get(key, ""),
        choices=list((field.choices or {}).items()),
        kind="string",
        placeholder=field.example or "",
    )


def owner_values(form: Form, fields: Sequence[FieldView]) -> dict[str, object]:
    """Return what the owner supplies, by key; a field that was cleared is blank."""
    return {each.key: form.text(each.name) for each in fields}
