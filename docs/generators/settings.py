"""The settings an administrator can make."""

from docs.generators.markdown import code, document, table

from connectsmith.settings import Setting, catalogue

INTRODUCTION = """\
A value is taken from a flag, else from the environment, else from `config.toml`, else the default.
A setting of several values is a list in `config.toml`, a comma-separated text in the environment,
and a flag that may be repeated. An unknown name refuses the start. `connectsmith settings` shows
every value in force and where it came from.

`config.toml` is read from `$XDG_CONFIG_HOME/connectsmith/` (by default `~/.config/connectsmith/`;
on macOS from `~/Library/Application Support/connectsmith/`), or from the path in
`CONNECTSMITH_CONFIG`. Where no default is shown, data lie in
`$XDG_DATA_HOME/connectsmith/data` and the key in `$XDG_CONFIG_HOME/connectsmith/keys/root.key`."""


def page() -> str:
    """Return the page."""
    head = ("setting", "flag", "variable", "default", "meaning")
    return document("Settings", INTRODUCTION, table(head, map(_cells, catalogue())))


def _cells(setting: Setting) -> tuple[str, ...]:
    flag = "" if setting.secret else code(setting.flag)
    default = code(setting.default)
    return code(setting.name), flag, code(setting.variable), default, setting.text
