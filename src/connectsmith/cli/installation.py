"""`serve`, `settings` and `login`: run an installation here, or use one that runs elsewhere."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from connectsmith.cli import local
from connectsmith.cli.printing import Columns, say, show_items, warn
from connectsmith.cli.secret import read_value
from connectsmith.cli.setting_flags import with_settings
from connectsmith.cli.surroundings import around
from connectsmith.errors import CallerError, ScopeMissing
from connectsmith.sdk import Client, Profile, operations, write_profile
from connectsmith.sdk.answers import Answer
from connectsmith.setting_values import origin
from connectsmith.settings import Loaded, Value


class ShownValue(Answer):
    """A setting's value and where it came from."""

    name: str
    value: str
    source: str


_SETTINGS: Columns[ShownValue] = {
    "name": lambda each: each.name,
    "value": lambda each: each.value,
    "source": lambda each: each.source,
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(serve)
    app.command()(settings)
    app.command()(login)


@with_settings
def serve(context: typer.Context, loaded: Loaded) -> None:
    """Run the server. The first start makes the key, the database and an API token."""
    surroundings = around(context)
    prepared = local.prepare(loaded.settings, surroundings)
    if prepared.first:
        warn(f"Wrote a new API token into {surroundings.profile_file}.")
    if prepared.link is not None:
        warn(f"Sign in for the first time within 30 minutes, once: {prepared.link}")
    warn(f"Starting at {prepared.public_url}; Ctrl-C stops.")
    local.serve(loaded.settings)


@with_settings
def settings(
    context: typer.Context,  # noqa: ARG001 - the flags were read with it
    loaded: Loaded,
    *,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Choose a value in the database, as the Settings page does; a running server "
            "goes by it at once.",
            metavar="NAME=VALUE",
        ),
    ] = None,
    reset: Annotated[
        list[str] | None,
        typer.Option("--reset", help="Take such a choice back.", metavar="NAME"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show every setting, its value, and where the value came from."""
    changes = dict.fromkeys(reset or ()) | dict(map(_choice, set_ or ()))
    if changes:
        local.choose(loaded.settings, changes)
    chosen = local.chosen(loaded.settings)
    show_items([_shown(each, chosen) for each in loaded.values], _SETTINGS, json=json)


def _choice(written: str) -> tuple[str, str | None]:
    name, equals, value = written.partition("=")
    if not equals:
        raise CallerError(f"Write --set {name}=VALUE.")
    return name, value


def _shown(value: Value, chosen: Mapping[str, str]) -> ShownValue:
    if value.name in chosen:
        return ShownValue(name=value.name, value=chosen[value.name], source="Settings page")
    return ShownValue(name=value.name, value=value.shown, source=value.source)


def login(
    context: typer.Context,
    address: Annotated[
        str, typer.Argument(help="Address of the server.")
    ] = "http://127.0.0.1:8400",
    *,
    file: Annotated[
        Path | None,
        typer.Option("--file", help="Read the API token from this file.", metavar="FILE"),
    ] = None,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read the API token from stdin.")] = False,
) -> None:
    """Remember a server's address and an API token for it."""
    surroundings = around(context)
    profile = Profile(
        origin("address", address),
        read_value(surroundings, "API token", file=file, stdin=stdin).strip(),
    )
    prove(profile)
    write_profile(surroundings.profile_file, profile)
    say(f"Wrote {surroundings.profile_file}.")


def prove(profile: Profile) -> None:
    """See that Connectsmith answers there, before it is shown the API token, and takes it.

    An API token that may not list connectors is as good as another.
    """
    with Client(Profile(profile.address)) as client:
        client.send(operations.health())
    with Client(profile) as client, suppress(ScopeMissing):
        client.send(operations.connectors(limit=1))
