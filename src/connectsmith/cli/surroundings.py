"""What the command line finds around it, taken once at the edge: environment, platform, home."""

import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import typer

from connectsmith.errors import CallerError
from connectsmith.places import Places, places
from connectsmith.sdk import Client, Profile, read_profile
from connectsmith.setting_values import origin
from connectsmith.settings import PREFIX, Loaded, load

_MADE_BY_MAKE = ".base"
"""A file that the Makefile leaves in its virtual environment."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything a command may know about where it runs."""

    environ: Mapping[str, str]
    platform: str
    home: Path
    program: str
    """How this program was called, for sentences that name the next command."""
    somebody: bool = False
    """Whether a person is there to answer."""
    named_profile: Path | None = None
    environment: Path | None = None
    """The virtual environment that make made for this program alone, if it did."""

    @property
    def places(self) -> Places:
        """The user's places."""
        return places(self.environ, platform=self.platform, home=self.home)

    @property
    def profile_file(self) -> Path:
        """The profile in use."""
        named = self.environ.get(PREFIX + "PROFILE")
        return self.named_profile or (Path(named) if named else self.places.profile_file)

    @property
    def has_display(self) -> bool:
        """Whether a browser would be seen."""
        shown = ("DISPLAY", "WAYLAND_DISPLAY")
        return self.platform == "darwin" or any(self.environ.get(name) for name in shown)

    def profile(self) -> Profile:
        """Return address and API token: from the environment when both are there, or the file."""
        address = self.environ.get(PREFIX + "ADDRESS")
        token = self.environ.get(PREFIX + "API_TOKEN")
        if address and token:
            return Profile(origin(PREFIX + "ADDRESS", address), token)
        return read_profile(self.profile_file)

    def client(self) -> Client:
        """Return a client of the server that the profile names."""
        return Client(self.profile())

    def load(self, flags: Mapping[str, object], config_file: Path | None = None) -> Loaded:
        """Read the settings."""
        return load(
            flags,
            self.environ,
            platform=self.platform,
            home=self.home,
            config_file=config_file,
        )


def agree(surroundings: Surroundings, question: str) -> None:
    """Go on only if somebody says yes.

    Raises:
        CallerError: nobody is there to ask.
    """
    if not surroundings.somebody:
        raise CallerError("Nobody is here to answer: use --yes.")
    typer.confirm(question, abort=True, err=True)


def look_around() -> Surroundings:
    """Read the process's surroundings; called once, by `main`."""
    return Surroundings(
        environ=dict(os.environ),
        platform=sys.platform,
        home=Path.home(),
        program=_program(sys.argv[0]),
        somebody=sys.stdin.isatty(),
        environment=Path(sys.prefix) if Path(sys.prefix, _MADE_BY_MAKE).exists() else None,
    )


def _program(called: str) -> str:
    if called.endswith("__main__.py"):
        return f"{shlex.quote(sys.executable)} -m connectsmith"
    return shlex.quote(str(Path(called).absolute())) if "/" in called else called


def around(context: typer.Context) -> Surroundings:
    """Return the surroundings that `main` put into the context."""
    return cast("Surroundings", context.obj)
