"""What the command line does on the server's own machine, without the API.

The server's parts are imported where they are used: most commands need none of them.
"""

import asyncio
import gc
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from connectsmith.cli.exits import EXIT_OF_FAULT
from connectsmith.cli.printing import warn
from connectsmith.cli.surroundings import Surroundings
from connectsmith.errors import ConnectsmithError, StartRefused
from connectsmith.sdk import Profile, write_profile
from connectsmith.settings import Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the doctor looked at."""

    name: str
    ok: bool
    message: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was there, and what was made, before the server starts."""

    first: bool
    """Whether an API token was made and written into the profile."""
    link: str | None = field(repr=False)
    """Where the first operator gets a password, while they have none."""
    public_url: str


def prepare(settings: Settings, surroundings: Surroundings) -> Prepared:
    """Make key, database, operator and API token where there are none.

    The API token goes into the profile, for its owner's eyes, and nowhere else.
    """
    with _loading():
        from connectsmith import offline  # noqa: PLC0415 - slow to import, and seldom needed

    try:
        steps = asyncio.run(offline.first_start(settings))
        if steps.token is not None:
            write_profile(surroundings.profile_file, Profile(own_address(settings), steps.token))
    except OSError as fault:
        raise StartRefused(
            f"{fault.filename or settings.data_dir} cannot be used: {fault.strerror}. Other places "
            "are chosen with --data-dir, --key-file and, before the command, --profile."
        ) from fault
    return Prepared(steps.token is not None, steps.link, steps.public_url)


def serve(settings: Settings) -> None:
    """Serve until told to stop."""
    with _loading():
        from connectsmith import worker  # noqa: PLC0415 - slow to import, and seldom needed

    worker.run_server(settings)


@contextmanager
def _loading() -> Iterator[None]:
    """Keep the garbage collector from looking through modules that are here to stay."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def serve_as_child(settings: Settings) -> None:
    """Serve in a process that the command line started, whose errors become one line too."""
    try:
        serve(settings)
    except ConnectsmithError as error:
        warn(f"{error.code}: {error.message}")
        sys.exit(EXIT_OF_FAULT[error.fault])
    except KeyboardInterrupt:
        return  # Ctrl-C reaches the whole group; who started us says so


def issue_token(settings: Settings) -> str:
    """Make an API token with every scope in the database itself."""
    from connectsmith import offline  # noqa: PLC0415 - slow to import, and seldom needed

    return asyncio.run(offline.issue_local_token(settings))


def new_link(settings: Settings) -> str:
    """Make a one-time link for the first operator in the database itself."""
    from connectsmith import offline  # noqa: PLC0415 - slow to import, and seldom needed

    return asyncio.run(offline.issue_local_link(settings))


def choose(settings: Settings, changes: Mapping[str, str | None]) -> None:
    """Choose settings, or with None take a choice back, in the database itself."""
    from connectsmith import offline  # noqa: PLC0415 - slow to import, and seldom needed

    asyncio.run(offline.chosen_settings(settings, changes))


def chosen(settings: Settings) -> Mapping[str, str]:
    """Return the settings that operators chose, by name; none where nothing was started yet."""
    from connectsmith import offline  # noqa: PLC0415 - slow to import, and seldom needed

    if not offline.has_database(settings):
        return {}
    try:
        found = asyncio.run(offline.chosen_settings(settings, {}))
    except ConnectsmithError as fault:
        warn(f"What was chosen on the Settings page cannot be read: {fault.message}")
        return {}
    return {name: value for name, (value, is_chosen) in found.items() if is_chosen}


def examine(settings: Settings) -> list[Finding]:
    """Look at key and database without changing anything."""
    from connectsmith import offline  # noqa: PLC0415 - slow to import, and seldom needed

    try:
        facts = asyncio.run(offline.examine(settings))
    except ConnectsmithError as fault:
        return [Finding("key and database", ok=False, message=fault.message)]
    return [Finding(name, ok=True, message=message) for name, message in facts.items()]


def own_address(settings: Settings) -> str:
    """Return the address at which this machine reaches its own server."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - read, not bound
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
