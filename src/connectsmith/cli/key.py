"""`key`: a connector's own signing keys, for definitions that name no private key."""

from typing import Annotated

import typer

from connectsmith.cli.connector import Named
from connectsmith.cli.naming import find_connector
from connectsmith.cli.printing import AsJson, Columns, show_items, show_one, warn
from connectsmith.cli.surroundings import agree, around
from connectsmith.sdk import client_operations as operations
from connectsmith.sdk.answers import SigningKey

app = typer.Typer(
    name="key", help="See and rotate a connector's own signing keys.", no_args_is_help=True
)

_COLUMNS: Columns[SigningKey] = {
    "id": lambda each: each.id,
    "algorithm": lambda each: each.algorithm,
    "signs from": lambda each: each.signs_from,
    "published until": lambda each: each.published_until,
    "signatures may be sent to": lambda each: each.origins,
}


@app.command("list")
def list_keys(context: typer.Context, connector: Named, *, json: AsJson = False) -> None:
    """List the keys, and print the address of the key set for the authorization server."""
    with around(context).client() as client:
        found = find_connector(client, connector)
        keys = client.send(operations.keys(found.id))
    warn(f"The authorization server finds these keys at: {keys.jwks_url}")
    show_items(keys.items, _COLUMNS, json=json)


@app.command()
def rotate(
    context: typer.Context,
    connector: Named,
    *,
    at_once: Annotated[
        bool, typer.Option("--at-once", help="Withdraw the old keys now: one may be known.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: AsJson = False,
) -> None:
    """Make the next key. It is published now, and signs once servers had time to fetch it."""
    surroundings = around(context)
    with surroundings.client() as client:
        found = find_connector(client, connector)
        if at_once and not yes:
            agree(surroundings, "Until the server fetches the new key, sign-ins fail. Go on?")
        made = client.send(operations.rotate_key(found.id, at_once=at_once))
    show_one(made, _COLUMNS, json=json)
