"""Put the commands together; the one place where an error becomes a line and an exit code."""

import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import structlog
import typer
from typer.exceptions import TyperException

from connectsmith import __version__
from connectsmith.cli import (
    call,
    calls,
    connect,
    connection,
    connector,
    demo,
    doctor,
    installation,
    issuer,
    key,
    operator,
    secret,
    token,
    validate,
)
from connectsmith.cli.exits import EXIT_OF_FAULT, INTERRUPTED
from connectsmith.cli.printing import plain, warn
from connectsmith.cli.surroundings import Surroundings, look_around
from connectsmith.errors import CallerError, ConnectsmithError, Fault

app = typer.Typer(
    name="connectsmith",
    help="Describe an API once; sign in, keep the connection alive, and call it from anywhere.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for group in (connector, secret, key, issuer, connection, calls, token, operator):
    app.add_typer(group.app)
for single in (installation, demo, doctor, validate, connect, call):
    single.register(app)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - Typer's callback
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _everywhere(
    context: typer.Context,
    profile: Annotated[
        Path | None,
        typer.Option(help="Profile to use instead of the one in the user's place.", metavar="FILE"),
    ] = None,
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    if profile is not None:
        context.obj = replace(context.obj, named_profile=profile)


def run(arguments: Sequence[str], surroundings: Surroundings) -> int:
    """Run one command and return its exit code."""
    command = typer.main.get_command(app)
    try:
        ended = command.main(
            list(arguments), prog_name="connectsmith", standalone_mode=False, obj=surroundings
        )
    except ConnectsmithError as error:
        return _report(error)
    except TyperException as error:
        return _report_misuse(error)
    except (KeyboardInterrupt, typer.Abort):
        ended = INTERRUPTED
    except OSError as error:
        return _report_file(error) if error.filename else _report_bug(error)
    except Exception as error:  # noqa: BLE001 - the command's edge: a bug is reported once
        return _report_bug(error)
    if ended == INTERRUPTED:
        warn("Stopped.")
    return ended if isinstance(ended, int) else 0


def _report_misuse(error: TyperException) -> int:
    """Say how a command is used: the help itself, where only a group was named."""
    text = error.format_message()
    if text.startswith("Usage: "):
        warn(text)
    else:
        asked = getattr(error, "ctx", None)
        command = asked.command_path if asked is not None else "connectsmith"
        warn(f"Error: {text} `{command} --help` tells more.")
    return EXIT_OF_FAULT[Fault.CALLER]


def _report_file(error: OSError) -> int:
    return _report(CallerError(f"{error.filename} cannot be used: {error.strerror}."))


def _report(error: ConnectsmithError) -> int:
    named = error.place is None or error.place in error.message
    where = "" if named else f" (at {plain(error.place)})"
    warn(f"{error.code}: {error.message}{where}")
    for line in _details(error):
        warn(f"  {line}")
    return EXIT_OF_FAULT[error.fault]


def _details(error: ConnectsmithError) -> list[str]:
    """Return a line for each fault of a list that came with the error."""
    lists = [error.details.get(name) for name in ("diagnostics", "fields")]
    entries = [
        each
        for found in lists
        if isinstance(found, list)
        for each in found
        if isinstance(each, dict)
    ]
    if len(entries) == 1 and entries[0].get("message") == error.message:
        return []  # it was said already
    return [
        ": ".join(
            plain(each[name]) for name in ("pointer", "field", "code", "message") if name in each
        )
        for each in entries
    ]


def _report_bug(error: Exception) -> int:
    """Name the kind of error and its place in the code; its text might hold anything."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "unknown"
    warn(
        f"internal_error: a bug in Connectsmith, {type(error).__name__} at {where}. "
        "Please report it."
    )
    return EXIT_OF_FAULT[Fault.OURS]


def main() -> None:
    """Run the command line of this process.

    What libraries log is thrown away here: errors say what is wrong, and in words of ours.
    """
    logging.getLogger().addHandler(logging.NullHandler())
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger("warning"),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    sys.exit(run(sys.argv[1:], look_around()))
