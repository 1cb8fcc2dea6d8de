"""Check what the connection owner supplies against `requiredSettings.authFields`."""

from collections.abc import Mapping

from connectsmith.core.definition.model import AuthField, Definition
from connectsmith.core.definition.pattern import compile_pattern
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import FieldInvalid

LONGEST = 16 * 1024
"""Characters of one field; private keys fit."""


def check_auth_fields(definition: Definition, given: Mapping[str, object]) -> dict[str, Secret]:
    """Return the owner's fields as secrets, blanks left out, defaults filled in.

    Raises:
        FieldInvalid: `details["fields"]` lists every missing, unknown or refused field.
    """
    declared = {each.key: each for each in definition.required_settings.auth_fields if each.key}
    faults = [
        _fault(key, "field_unknown", f'There is no field "{key}". Known: {_names(declared)}.')
        for key in given
        if key not in declared
    ]
    kept: dict[str, Secret] = {}
    for key, declaration in declared.items():
        value = given.get(key, "")
        message = _refusal(declaration, value)
        if message is not None:
            faults.append(_fault(key, "field_refused", declaration.error_text or message))
        elif value or declaration.default:
            kept[key] = Secret(str(value or declaration.default))
    if faults:
        raise FieldInvalid(
            "; ".join(str(each["message"]) for each in faults),
            place="/fields",
            details={"fields": faults},
        )
    return kept


def shown_fields(definition: Definition, held: Mapping[str, Secret]) -> dict[str, str]:
    """Return what the owner entered and may see again: the fields that are not masked."""
    declared = {each.key for each in definition.required_settings.auth_fields if not each.masked}
    return {key: value.reveal() for key, value in held.items() if key in declared}


def _refusal(declaration: AuthField, value: object) -> str | None:
    """Say why a value is refused, or None."""
    label = declaration.label or declaration.key
    if not isinstance(value, str):
        return f"{label} must be text"
    if value == "":
        needed = declaration.required and declaration.default is None
        return f"{label} is required" if needed else None
    if len(value) > LONGEST:
        return f"{label} is longer than {LONGEST:,} characters"
    if declaration.choices is not None and value not in declaration.choices:
        return f"{label} must be one of: {', '.join(declaration.choices)}"
    if declaration.pattern is not None and not compile_pattern(declaration.pattern).matches(value):
        example = f", for example {declaration.example}" if declaration.example else ""
        return f"{label} has not the expected form{example}"
    return None


def _names(declared: Mapping[str, AuthField]) -> str:
    return ", ".join(declared) or "none"


def _fault(field: str, code: str, message: str) -> dict[str, object]:
    return {"field": field, "code": code, "message": message}
