"""`operator`: the people who sign in to the pages of an installation."""

from typing import Annotated

import typer

from connectsmith.cli import local
from connectsmith.cli.printing import say, warn
from connectsmith.cli.setting_flags import with_settings
from connectsmith.errors import CallerError
from connectsmith.settings import Loaded

app = typer.Typer(
    name="operator", help="Let the people of an installation sign in.", no_args_is_help=True
)


@app.callback()
def _group() -> None:
    """Keep the group: with one command alone, Typer would drop its name."""


@app.command()
@with_settings
def link(
    context: typer.Context,  # noqa: ARG001 - the flags were read with it
    loaded: Loaded,
    *,
    local_: Annotated[
        bool,
        typer.Option("--local", help="Make it in the database, without asking the server."),
    ] = False,
) -> None:
    """Print a link that sets e-mail address and password, once.

    For the first sign-in, or when the password is lost: it ends all of the operator's sessions.
    """
    if not local_:
        raise CallerError(
            "A link is made on the server's machine only: `connectsmith operator link --local`."
        )
    warn("Open this within 30 minutes. Whoever has it can sign in as the first operator.")
    say(local.new_link(loaded.settings))
