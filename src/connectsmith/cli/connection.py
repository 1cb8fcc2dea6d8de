"""`connection`: look after connections."""

from typing import Annotated

import typer

from connectsmith.cli.connector import Named
from connectsmith.cli.exits import EXIT_OF_FAULT
from connectsmith.cli.naming import find_connector, owner_of
from connectsmith.cli.printing import AsJson, Columns, as_json, say, show_items, show_one
from connectsmith.cli.surroundings import agree, around
from connectsmith.errors import Fault
from connectsmith.sdk import connection_operations, operations
from connectsmith.sdk.answers import Connection, ConnectionTest, Survival, SurvivalStep

app = typer.Typer(name="connection", help="Look after connections.", no_args_is_help=True)

ConnectionId = Annotated[str, typer.Argument(metavar="CONNECTION", help="Id of the connection.")]


_LIST: Columns[Connection] = {
    "id": lambda each: each.id,
    "account": owner_of,
    "status": lambda each: each.status,
    "health": lambda each: each.health,
    "last used": lambda each: each.last_used_at,
}
SHOWN: Columns[Connection] = {
    "id": lambda each: each.id,
    "connector": lambda each: each.connector_name or each.connector,
    "account": owner_of,
    "status": lambda each: each.status,
    "health": lambda each: each.health,
    "scopes": lambda each: each.scopes,
    "expires": lambda each: each.expires_at,
    "renews itself": lambda each: each.renewable,
    "calls go to": lambda each: each.origins.api,
    "tokens come from": lambda each: each.origins.auth,
    "revision": lambda each: each.revision,
    "refreshed": lambda each: each.refreshed_at,
    "last failure": lambda each: each.failure and (each.failure.message or each.failure.code),
}
_TEST: Columns[ConnectionTest] = {
    "ok": lambda each: each.ok,
    "status": lambda each: each.status,
    "account": lambda each: each.account and (each.account.label or each.account.id),
    "tested by": lambda each: each.did,
    "message": lambda each: each.message,
    "call": lambda each: each.call,
}


_EXIT_OF_FATE = {
    "ended": EXIT_OF_FAULT[Fault.CREDENTIALS],
    "needs_author": EXIT_OF_FAULT[Fault.DEFINITION],
    "unknown": EXIT_OF_FAULT[Fault.REMOTE],
}


@app.command("list")
def list_connections(context: typer.Context, connector: Named, *, json: AsJson = False) -> None:
    """List a connector's connections."""
    with around(context).client() as client:
        found = find_connector(client, connector)
        show_items(list(client.every(operations.connections(found.id))), _LIST, json=json)


@app.command()
def show(context: typer.Context, connection: ConnectionId, *, json: AsJson = False) -> None:
    """Show a connection."""
    with around(context).client() as client:
        show_one(client.send(operations.connection(connection)), SHOWN, json=json)


@app.command("test")
def prove(context: typer.Context, connection: ConnectionId, *, json: AsJson = False) -> None:
    """Prove that a connection works."""
    with around(context).client() as client:
        tested = client.send(operations.test_connection(connection))
    show_one(tested, _TEST, json=json)
    if not tested.ok:
        raise typer.Exit(EXIT_OF_FAULT[Fault.REMOTE])


@app.command()
def survive(
    context: typer.Context,
    connection: ConnectionId,
    *,
    destructive: Annotated[
        bool,
        typer.Option(
            "--destructive", help="Also try what can end the grant: a lost answer, an old token."
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: AsJson = False,
) -> None:
    """Find out what the connection will live through."""
    if destructive and not yes:
        agree(
            around(context),
            f"This can end the grant of {connection}; its owner would have to authorize again. "
            "Go on?",
        )
    with around(context).client() as client:
        report = client.send(connection_operations.survive(connection, destructive=destructive))
    if json:
        say(as_json(report))
    else:
        _show_survival(report, destructive=destructive)
    if report.fate in _EXIT_OF_FATE:
        raise typer.Exit(_EXIT_OF_FATE[report.fate])


def _show_survival(report: Survival, *, destructive: bool) -> None:
    say(report.sentence)
    say()
    for each in report.steps:
        hint = "" if destructive else _hint(each)
        say(f"{each.outcome:8}{each.step.replace('_', ' ')}: {each.message}{hint}")
    for rule in report.rules:
        say(f"known   {rule.message} See {rule.link}")


def _hint(step: SurvivalStep) -> str:
    """Say how to have a step tried that was left out for the grant's sake."""
    if (step.step, step.outcome) != ("lost_answer", "skipped"):
        return ""
    return " Ask for it with --destructive, on a connection you can do without."


@app.command()
def refresh(context: typer.Context, connection: ConnectionId, *, json: AsJson = False) -> None:
    """Renew the access token now."""
    with around(context).client() as client:
        show_one(client.send(operations.refresh(connection)), SHOWN, json=json)


@app.command()
def revoke(context: typer.Context, connection: ConnectionId, *, json: AsJson = False) -> None:
    """Revoke the connection at its authorization server."""
    with around(context).client() as client:
        show_one(client.send(operations.revoke(connection)), SHOWN, json=json)


@app.command()
def confirm(
    context: typer.Context,
    connection: ConnectionId,
    origins: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ORIGIN...]", help="For calls, such as https://api.example.com."),
    ] = None,
    *,
    auth: Annotated[
        list[str] | None,
        typer.Option("--auth", metavar="ORIGIN", help="For renewing; repeat it for more."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Choose where its credentials may be sent.

    They are sent to these origins, and to no other.
    """
    asked = operations.confirm_connection(connection, origins or (), auth=auth or ())
    with around(context).client() as client:
        show_one(client.send(asked), SHOWN, json=json)


@app.command()
def keep(
    context: typer.Context,
    authorization: Annotated[str, typer.Argument(metavar="AUTHORIZATION")],
    *,
    choose: Annotated[
        str | None, typer.Option(help="Which of several, where its owner has to choose.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Keep the connection that a completed authorization made."""
    with around(context).client() as client:
        show_one(client.send(operations.keep(authorization, choose)), SHOWN, json=json)


@app.command()
def delete(
    context: typer.Context,
    connection: ConnectionId,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Revoke a connection and delete it."""
    if not yes:
        agree(around(context), f"Revoke and delete {connection}?")
    with around(context).client() as client:
        client.send(operations.delete_connection(connection))
    say(f"Deleted {connection}.")
