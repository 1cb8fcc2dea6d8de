"""What is done to an installation by whoever holds its database, without asking the server."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connectsmith.bootstrap import open_storage, root_key, running
from connectsmith.errors import StartRefused
from connectsmith.keys.ring import has_ring, open_ring
from connectsmith.settings import Settings
from connectsmith.storage.opening import CREDENTIALS_FILE

OPERATOR_NAME = "first operator"


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """What whoever starts an installation needs to get in: each shown this once."""

    token: str | None = field(repr=False)
    """The first API token; None when there was an operator already."""
    link: str | None = field(repr=False)
    """Where the first operator gets a password; None when they have one."""
    public_url: str
    """As it is in force: chosen, where the administrator gave none."""


async def first_start(settings: Settings) -> FirstSteps:
    """Make places, key, database, first operator, API token and link where there are none."""
    async with running(settings, chores=False) as application:
        desks = application.desks
        made = await desks.access.first_start(OPERATOR_NAME)
        link = await desks.sign_in.first_link()
        return FirstSteps(
            token=None if made is None else made[1],
            link=None if link is None else desks.rules.welcome_url(link),
            public_url=desks.rules.public_url,
        )


async def issue_local_link(settings: Settings) -> str:
    """Make a one-time link that gives the first operator a password, in the database itself."""
    _require_database(settings)
    async with running(settings, chores=False) as application:
        desks = application.desks
        return desks.rules.welcome_url(await desks.sign_in.local_link())


async def issue_local_token(settings: Settings) -> str:
    """Make an API token with every scope for the first operator, in the database itself."""
    _require_database(settings)
    async with running(settings, chores=False) as application:
        return await application.desks.access.issue_local()


async def chosen_settings(
    settings: Settings, changes: Mapping[str, str | None]
) -> Mapping[str, tuple[str, bool]]:
    """Choose settings in the database itself; return values in force, and which are chosen.

    Raises:
        FieldInvalid, Conflict: nothing was changed.
    """
    _require_database(settings)
    async with running(settings, chores=False) as application:
        chosen = application.desks.settings
        if changes:
            await chosen.choose(("default", "administrator"), changes, seen={})
        return {name: (value, chosen.is_chosen(name)) for name, value in chosen.values().items()}


def has_database(settings: Settings) -> bool:
    """Tell whether the server was started before."""
    return settings.database is not None or (settings.data_dir / CREDENTIALS_FILE).exists()


def _require_database(settings: Settings) -> None:
    if not has_database(settings):
        raise StartRefused(
            f"There is no database in {settings.data_dir} yet. Start the server once: "
            "connectsmith serve"
        )


async def examine(settings: Settings) -> Mapping[str, str]:
    """Look at key, database and schema; a sentence for each that is well.

    Raises:
        StartRefused: the first thing that would keep the server from starting.
    """
    _require_database(settings)
    root = root_key(settings, exists=True)
    storage = await open_storage(settings)
    try:
        if not await has_ring(storage.meta):
            raise StartRefused("The database holds no keys: it was never started.")
        await open_ring(root, storage.meta)
        operator = await storage.accounts.first_operator("default")
    finally:
        await storage.close()
    return {
        "key": f"The root key in {settings.key_file} opens the database.",
        "database": "PostgreSQL answers."
        if settings.database
        else f"The database in {settings.data_dir} opens.",
        "operator": f"The first operator is {operator.id}." if operator else "No operator yet.",
    }
