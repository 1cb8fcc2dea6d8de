"""`token`: API tokens, which let programs and people use this installation."""

from typing import Annotated

import typer

from connectsmith.cli import local
from connectsmith.cli.printing import AsJson, Columns, as_json, say, show_items, warn
from connectsmith.cli.setting_flags import with_settings
from connectsmith.cli.surroundings import around
from connectsmith.errors import CallerError
from connectsmith.sdk import Profile, operations, write_profile
from connectsmith.sdk.answers import ApiToken
from connectsmith.settings import Loaded

app = typer.Typer(name="token", help="Make and revoke API tokens.", no_args_is_help=True)

_LIST: Columns[ApiToken] = {
    "id": lambda each: each.id,
    "name": lambda each: each.name,
    "scopes": lambda each: each.scopes,
    "made": lambda each: each.created_at,
    "expires": lambda each: each.expires_at,
    "last used": lambda each: each.last_used_at,
    "revoked": lambda each: each.revoked_at,
}


@app.command()
@with_settings
def create(
    context: typer.Context,
    loaded: Loaded,
    name: Annotated[str | None, typer.Argument(help="What it is for.")] = None,
    *,
    local_: Annotated[
        bool,
        typer.Option(
            "--local",
            help="Make one with every scope in the database, without the server, and write it "
            "into the profile.",
        ),
    ] = False,
    scope: Annotated[
        list[str] | None, typer.Option(help="What it may do; may be repeated. [default: all]")
    ] = None,
    days: Annotated[int | None, typer.Option(help="Days until it expires.", min=1)] = None,
    json: AsJson = False,
) -> None:
    """Make an API token. It is printed this once."""
    if local_:
        file = around(context).profile_file
        token = local.issue_token(loaded.settings)
        write_profile(file, Profile(local.own_address(loaded.settings), token))
        say(f"Wrote a new API token into {file}.")
        return
    if name is None:
        raise CallerError("Say what the API token is for: `connectsmith token create NAME`.")
    with around(context).client() as client:
        made = client.send(operations.create_token(name, scope, expires_in_days=days))
    if json:
        typer.echo(as_json(made))
        return
    warn(f"{made.id} is shown this once; keep it where nobody else can read it.")
    say(made.token)


@app.command("list")
def list_tokens(context: typer.Context, *, json: AsJson = False) -> None:
    """List API tokens, without themselves."""
    with around(context).client() as client:
        show_items(list(client.every(operations.tokens())), _LIST, json=json)


@app.command()
def revoke(
    context: typer.Context, token: Annotated[str, typer.Argument(help="Id of the API token.")]
) -> None:
    """Revoke an API token at once."""
    with around(context).client() as client:
        client.send(operations.revoke_token(token))
    say(f"Revoked {token}.")
