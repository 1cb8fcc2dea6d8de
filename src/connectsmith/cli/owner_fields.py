"""Collect what the connection owner supplies; what is masked is never an argument."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import typer

from connectsmith.cli.secret import read_value
from connectsmith.cli.surroundings import Surroundings
from connectsmith.core.definition.model import AuthField, Definition
from connectsmith.errors import CallerError, FieldInvalid


def collect(
    definition: Definition,
    given: Sequence[str],
    files: Sequence[str],
    surroundings: Surroundings,
) -> dict[str, str]:
    """Return the fields: as given, read from files, and asked for where somebody can answer.

    Raises:
        FieldInvalid: a masked field was given as an argument, or a field is unknown.
    """
    fields = {each.key: each for each in definition.required_settings.auth_fields if each.key}
    values = pairs(given)
    _check_known(fields, values)
    _check_unmasked(fields, values)
    for key, name in pairs(files).items():
        values[key] = read_value(surroundings, key, file=Path(name), stdin=False)
    _check_known(fields, values)
    missing = [each for key, each in fields.items() if key not in values]
    return values | _ask(missing, surroundings)


def pairs(given: Sequence[str]) -> dict[str, str]:
    """Read `key=value` arguments."""
    read: dict[str, str] = {}
    for each in given:
        key, equals, value = each.partition("=")
        if not equals or not key:
            raise CallerError(f'"{key}" is not a field: write key=value.')
        if key in read:
            raise CallerError(f'The field "{key}" is given twice.')
        read[key] = value
    return read


def _check_known(fields: Mapping[str, AuthField], values: Mapping[str, str]) -> None:
    unknown = [key for key in values if key not in fields]
    if unknown:
        known = ", ".join(fields) or "none"
        raise FieldInvalid(
            f'The connector does not ask for "{unknown[0]}". Its fields: {known}.', place=unknown[0]
        )


def _check_unmasked(fields: Mapping[str, AuthField], values: Mapping[str, str]) -> None:
    for key in values:
        if fields[key].masked:
            raise FieldInvalid(
                f'"{key}" is masked, and arguments can be read by others on this machine: leave it '
                f"out to be asked, or use --field-file {key}=FILE.",
                place=key,
            )


def _ask(missing: Sequence[AuthField], surroundings: Surroundings) -> dict[str, str]:
    """Ask for what is missing; without anybody to ask the server judges what is there."""
    if not surroundings.somebody:
        return {}
    answers = {each.key or "": _answer(each) for each in missing}
    return {key: value for key, value in answers.items() if value}


def _answer(field: AuthField) -> str:
    text = field.label or field.key or ""
    if field.choices:
        text = f"{text} ({', '.join(field.choices)})"
    return str(
        typer.prompt(
            text,
            default=field.default or "",
            hide_input=field.masked,
            show_default=bool(field.default),
            err=True,
        )
    )
