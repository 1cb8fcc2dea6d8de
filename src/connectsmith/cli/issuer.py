"""`issuer`: the endpoints that were discovered, and changes of them that wait for approval."""

from typing import Annotated

import typer

from connectsmith.cli.connector import Named
from connectsmith.cli.naming import find_connector
from connectsmith.cli.printing import AsJson, Columns, show_items, show_one
from connectsmith.cli.surroundings import agree, around
from connectsmith.errors import Conflict
from connectsmith.sdk import client_operations as operations
from connectsmith.sdk.answers import IssuerMetadata

app = typer.Typer(name="issuer", help="See and approve discovered endpoints.", no_args_is_help=True)

_COLUMNS: Columns[IssuerMetadata] = {
    "issuer": lambda each: each.issuer,
    "endpoints": lambda each: _listed(each.endpoints),
    "waiting for approval": lambda each: _listed(each.pending or {}),
    "looked at": lambda each: each.looked_at,
}


def _listed(endpoints: dict[str, str]) -> list[str]:
    return [f"{member} {url}" for member, url in sorted(endpoints.items())]


@app.command("list")
def list_issuers(context: typer.Context, connector: Named, *, json: AsJson = False) -> None:
    """Show the endpoints that a connector's issuer names."""
    with around(context).client() as client:
        found = client.send(operations.metadata(find_connector(client, connector).id))
    show_items(found.items, _COLUMNS, json=json)


@app.command()
def approve(
    context: typer.Context,
    connector: Named,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: AsJson = False,
) -> None:
    """Use the endpoints that the issuer names by now."""
    surroundings = around(context)
    with surroundings.client() as client:
        named = find_connector(client, connector)
        waiting = [
            each for each in client.send(operations.metadata(named.id)).items if each.pending
        ]
        if not waiting:
            raise Conflict("Nothing has changed that waits for approval.")
        show_items(waiting, _COLUMNS, json=False)
        if not yes:
            agree(surroundings, "Send codes and refresh tokens there from now on?")
        approved = client.send(operations.approve_metadata(named.id, waiting[0].issuer))
    show_one(approved, _COLUMNS, json=json)
