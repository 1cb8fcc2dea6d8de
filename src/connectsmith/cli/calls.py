"""`calls`: what was called, and what came of it."""

from pathlib import Path
from typing import Annotated

import typer

from connectsmith.cli.naming import find_connector
from connectsmith.cli.printing import AsJson, Columns, as_json, say, show_items, show_one
from connectsmith.cli.surroundings import around
from connectsmith.sdk import operations
from connectsmith.sdk.answers import Call

app = typer.Typer(name="calls", help="See what was called.", no_args_is_help=True)

CallId = Annotated[str, typer.Argument(metavar="CALL", help="Id of the call.")]

_LIST: Columns[Call] = {
    "id": lambda each: each.id,
    "started": lambda each: each.started_at,
    "action": lambda each: each.action,
    "ok": lambda each: each.ok,
    "status": lambda each: each.status,
    "code": lambda each: each.code,
    "connection": lambda each: each.connection,
}


@app.command("list")
def list_calls(
    context: typer.Context,
    *,
    connector: Annotated[str | None, typer.Option(help="Id or name of a connector.")] = None,
    connection: Annotated[str | None, typer.Option(help="Id of a connection.")] = None,
    action: Annotated[str | None, typer.Option(help="Such as events.list.")] = None,
    ok: Annotated[bool | None, typer.Option("--ok/--failed", help="Only those.")] = None,
    limit: Annotated[int, typer.Option(help="How many.", min=1, max=200)] = 50,
    json: AsJson = False,
) -> None:
    """List calls, newest first."""
    with around(context).client() as client:
        named = find_connector(client, connector).id if connector else None
        found = client.send(
            operations.calls(
                connector=named, connection=connection, action=action, ok=ok, limit=limit
            )
        )
    show_items(found.items, _LIST, json=json)


@app.command()
def show(context: typer.Context, call: CallId, *, json: AsJson = False) -> None:
    """Show a call."""
    with around(context).client() as client:
        show_one(client.send(operations.call(call)), _LIST, json=json)


@app.command()
def transcript(context: typer.Context, call: CallId) -> None:
    """Print what a call sent and received, redacted, as JSON."""
    with around(context).client() as client:
        typer.echo(as_json(client.send(operations.transcript(call))))


@app.command()
def body(
    context: typer.Context,
    call: CallId,
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write.")],
) -> None:
    """Write the body of a call's answer into a file."""
    with around(context).client() as client, output.open("wb") as opened:
        size = client.fetch(operations.body(call), opened)
    say(f"Wrote {size} bytes to {output}.")
