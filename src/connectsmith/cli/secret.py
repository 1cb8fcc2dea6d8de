"""`secret`: store secrets. A value comes from a prompt, a file or stdin, and can't be read back."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from connectsmith.cli.connector import Named
from connectsmith.cli.naming import find_connector, find_secret
from connectsmith.cli.printing import AsJson, Columns, say, show_items, warn
from connectsmith.cli.surroundings import Surroundings, agree, around
from connectsmith.errors import BodyUnreadable, CallerError
from connectsmith.sdk import operations
from connectsmith.sdk.answers import StoredSecret

app = typer.Typer(name="secret", help="Store a connector's secrets.", no_args_is_help=True)

SecretName = Annotated[str, typer.Argument(metavar="NAME", help="The Secret Name, or an id.")]
FromFile = Annotated[
    Path | None, typer.Option("--file", help="Read the value from this file.", metavar="FILE")
]
FromStdin = Annotated[bool, typer.Option("--stdin", help="Read the value from stdin.")]
ForBrowser = Annotated[
    bool | None,
    typer.Option(
        "--browser/--no-browser", help="Whether a browser may see it, as it does a client ID."
    ),
]

_LIST: Columns[StoredSecret] = {
    "id": lambda each: each.id,
    "name": lambda each: each.name,
    "added": lambda each: each.created_at,
    "last used": lambda each: each.last_used_at,
    "may be sent to": lambda each: [*each.origins, *(["a browser"] if each.browser else [])],
}


@app.command()
def add(
    context: typer.Context,
    connector: Named,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The Secret Name.")],
    *,
    file: FromFile = None,
    stdin: FromStdin = False,
    browser: ForBrowser = None,
    json: AsJson = False,
) -> None:
    """Store a secret, once it was said where it may go. Nobody can read its value back."""
    surroundings = around(context)
    with surroundings.client() as client:
        found = find_connector(client, connector)
        shown = name in found.secrets.browser if browser is None else browser
        warn(_destinations(name, found.secrets.origins, browser=shown))
        value = read_value(surroundings, f"Value of {name}", file=file, stdin=stdin)
        asked = operations.add_secrets(
            found.id, {name: value}, version=found.draft_version, browser=browser
        )
        stored = client.send(asked)
    show_items(stored.items, _LIST, json=json)


def _destinations(name: str, origins: Sequence[str], *, browser: bool) -> str:
    """Say where a secret may go, before its value is entered."""
    places = [*origins, *(["a browser"] if browser else [])]
    if places:
        return f'"{name}" may be sent to {", ".join(places)}, and nowhere else.'
    return (
        f'"{name}" may be sent nowhere yet: the draft says no tokenURL. Confirm where it may go '
        "later, with `connectsmith secret confirm`."
    )


def read_value(surroundings: Surroundings, prompt: str, *, file: Path | None, stdin: bool) -> str:
    """Read a value that must not be seen; one line break at its end is not part of it.

    Raises:
        CallerError: there is nobody to ask and no other source was named.
    """
    if file is not None:
        return _without_line_break(_read_file(file))
    if stdin:
        return _without_line_break(sys.stdin.read())
    if not surroundings.somebody:
        raise CallerError("Nobody is here to type a value: use --file or --stdin.")
    return str(typer.prompt(prompt, hide_input=True, err=True))


def _read_file(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        why = fault.strerror if isinstance(fault, OSError) else "it is not UTF-8 text"
        raise BodyUnreadable(f"{file} cannot be read: {why}.") from fault


def _without_line_break(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")


@app.command("list")
def list_secrets(context: typer.Context, connector: Named, *, json: AsJson = False) -> None:
    """List a connector's secrets, without their values."""
    with around(context).client() as client:
        found = find_connector(client, connector)
        show_items(list(client.every(operations.secrets(found.id))), _LIST, json=json)


@app.command()
def confirm(
    context: typer.Context,
    connector: Named,
    name: SecretName,
    origins: Annotated[
        list[str], typer.Argument(metavar="ORIGIN...", help="Such as https://api.example.com.")
    ],
    *,
    browser: ForBrowser = None,
    json: AsJson = False,
) -> None:
    """Allow a secret to be sent to these origins, and to no other."""
    with around(context).client() as client:
        found = find_connector(client, connector)
        secret = find_secret(client, found.id, name)
        asked = operations.confirm_secret(found.id, secret, origins, browser=browser)
        confirmed = client.send(asked)
    show_items([confirmed], _LIST, json=json)


@app.command()
def delete(
    context: typer.Context,
    connector: Named,
    name: SecretName,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a secret for good."""
    surroundings = around(context)
    with surroundings.client() as client:
        found = find_connector(client, connector)
        secret = find_secret(client, found.id, name)
        if not yes:
            agree(surroundings, f'Delete the secret "{name}" for good?')
        client.send(operations.delete_secret(found.id, secret))
    say(f"Deleted {secret}.")
