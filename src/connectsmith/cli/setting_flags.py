"""Give a command a flag for every setting that may be one, with the setting's own text as help."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from connectsmith.cli.surroundings import around
from connectsmith.settings import Loaded, Setting, catalogue

Command = Callable[[typer.Context, Loaded], None]
_CONFIG = "config"


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Wrap a command whose second parameter is `loaded`; its other parameters stay as they are."""
    own = inspect.signature(command, eval_str=True).parameters
    kept = [each for name, each in own.items() if name != "loaded"]
    flags = [_parameter(each) for each in catalogue() if not each.secret]

    def wrapped(**given: Any) -> None:
        names = {each.name for each in flags}
        set_here = {name: value for name, value in given.items() if name in names}
        rest = {name: value for name, value in given.items() if name not in names}
        config_file = rest.pop(_CONFIG)
        context: typer.Context = rest.pop("context")
        loaded = around(context).load(set_here, config_file)
        command(context, loaded, **rest)

    parameters = [*kept, *flags, _config_parameter()]
    wrapped.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # Typer reads it
    wrapped.__annotations__ = {each.name: each.annotation for each in parameters}
    wrapped.__name__ = command.__name__
    wrapped.__doc__ = command.__doc__
    return wrapped


def _parameter(setting: Setting) -> inspect.Parameter:
    default = f" [default: {setting.default}]" if setting.default else ""
    help_text = f"{setting.text}{default}"
    option = typer.Option(setting.flag, help=help_text, show_default=False, metavar="VALUE")
    kind: Any = list[str] | None if setting.many else str | None
    return _keyword(setting.name, Annotated[kind, option])


def _config_parameter() -> inspect.Parameter:
    option = typer.Option("--config", help="File to read settings from.", metavar="FILE")
    return _keyword(_CONFIG, Annotated[Path | None, option])


def _keyword(name: str, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )
