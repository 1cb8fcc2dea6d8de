"""`call`: use one action, and print the useful part of what came of it."""

import base64
import json as json_text
import mimetypes
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from connectsmith.cli.exits import exit_of
from connectsmith.cli.naming import find_connector, only_connection
from connectsmith.cli.owner_fields import pairs
from connectsmith.cli.printing import AsJson, as_json, plain, pour, warn
from connectsmith.cli.surroundings import around
from connectsmith.cli.validate import read_text
from connectsmith.errors import CallerError
from connectsmith.sdk import Client, operations
from connectsmith.sdk.answers import Body, Connector, Outcome
from connectsmith.sdk.operations import Operation

_TEXT_TYPES = frozenset(("string", "date", "datetime"))


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(call)


def call(
    context: typer.Context,
    target: Annotated[
        str,
        typer.Argument(
            metavar="CONNECTION|CONNECTOR",
            help="Id of a connection; or a connector that has one connection, or needs none.",
        ),
    ],
    action: Annotated[str, typer.Argument(metavar="ACTION", help="Such as events.list.")],
    fields: Annotated[
        list[str] | None,
        typer.Argument(metavar="KEY=VALUE...", help="A field's text; key=@FILE sends a file."),
    ] = None,
    *,
    fields_json: Annotated[
        str | None,
        typer.Option(
            "--fields", metavar="FILE", help="Read all fields from a JSON file; - is stdin."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the answer into this file.")
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Print what was sent and received, redacted.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Call an action. Exits with 0 when it worked, else by whose fault it was."""
    if output is not None and not os.access(output.parent, os.W_OK):
        raise CallerError(f"{output} cannot be written there; nothing was called.")
    with around(context).client() as client:
        connector, connection = _target(client, target)
        given = _fields(connector, action, fields or [], fields_json)
        outcome = client.send(_operation(connector, connection, action, given))
        if verbose:
            warn(as_json(client.send(operations.transcript(outcome.call))))
        if output is not None:
            _save(client, outcome, output)
    _print(outcome, output, json=json)
    if not outcome.ok:
        raise typer.Exit(exit_of(outcome.fault))


def _target(client: Client, target: str) -> tuple[Connector, str | None]:
    """Return the connector, and the connection to use if there is one."""
    if target.startswith("cnn_"):
        connection = client.send(operations.connection(target))
        return client.send(operations.connector(connection.connector)), connection.id
    connector = find_connector(client, target)
    only = only_connection(client, connector)
    return connector, only.id if only else None


def _operation(
    connector: Connector, connection: str | None, action: str, fields: Mapping[str, object]
) -> Operation[Outcome]:
    if connection is None:
        return operations.call_connector(connector.id, action, fields)
    return operations.call_connection(connection, action, fields)


def _fields(
    connector: Connector, action: str, given: list[str], file: str | None
) -> dict[str, object]:
    """Read fields; a type that is no text is read as JSON, if the action is known to want it."""
    read = _from_file(file) if file is not None else {}
    types = _types(connector, action)
    for key, text in pairs(given).items():
        if key in read:
            raise CallerError(f'The field "{key}" is given twice.', place=key)
        read[key] = _value(key, text, types.get(key, "string"))
    return read


def _types(connector: Connector, action: str) -> dict[str, str]:
    """Return the types of an action's fields; of an unknown action the server knows what to say."""
    found = next((each for each in connector.actions if each.action == action), None)
    if found is None:
        return {}
    return {str(each["key"]): str(each.get("type", "string")) for each in found.fields}


def _from_file(name: str) -> dict[str, object]:
    source = "stdin" if name == "-" else name
    try:
        read = json_text.loads(read_text(name))
    except json_text.JSONDecodeError as fault:
        place = f"line {fault.lineno}, column {fault.colno}"
        raise CallerError(f"{source} is not JSON ({place}).") from fault
    except ValueError as fault:
        raise CallerError(f"{source} holds a number that is too long.") from fault
    if not isinstance(read, dict):
        raise CallerError(f"{source} must hold a JSON object of fields.")
    return read


def _value(key: str, text: str, kind: str) -> object:
    if kind == "file":
        return _file(key, text)
    if kind in _TEXT_TYPES:
        return text
    try:
        return json_text.loads(text)
    except ValueError as fault:
        raise CallerError(f'The field "{key}" must be a JSON {kind}.', place=key) from fault


def _file(key: str, text: str) -> dict[str, str]:
    if not text.startswith("@"):
        raise CallerError(f'The field "{key}" is a file: write {key}=@FILE.', place=key)
    file = Path(text[1:])
    try:
        content = file.read_bytes()
    except OSError as fault:
        raise CallerError(f"{file} cannot be read: {fault.strerror}.", place=key) from fault
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return {"content": base64.b64encode(content).decode(), "name": file.name, "type": kind}


def _save(client: Client, outcome: Outcome, output: Path) -> None:
    """Write the answer into a file: the body's bytes, or the value as it would be printed."""
    with output.open("wb") as opened:
        if outcome.body is not None:
            client.fetch(operations.body(outcome.call), opened)
        elif isinstance(outcome.value, str):
            opened.write(outcome.value.encode(errors="surrogatepass"))
        elif outcome.value is not None:
            opened.write(f"{as_json(outcome.value)}\n".encode())
        size = opened.tell()
    warn(f"Wrote {size} bytes to {output}.")


def _print(outcome: Outcome, output: Path | None, *, json: bool) -> None:
    if json:
        typer.echo(as_json(outcome))
    elif output is not None:
        pass  # it stands there
    elif isinstance(outcome.value, str):
        pour(outcome.value)
    elif outcome.value is not None:
        typer.echo(as_json(outcome.value))
    elif outcome.body is not None:
        warn(_about_body(outcome.call, outcome.body))
    if outcome.truncated:
        warn("The answer was longer than its budget and is cut.")
    if not outcome.ok:
        status = f" ({outcome.status})" if outcome.status else ""
        warn(
            f"{outcome.code}{status}: {plain(outcome.message)} "
            f"See `connectsmith calls transcript {outcome.call}`."
        )


def _about_body(call: str, body: Body) -> str:
    size = f"{body.size} bytes of {plain(body.content_type)}"
    return f"The answer is {size}: `connectsmith calls body {call} --output FILE`."
