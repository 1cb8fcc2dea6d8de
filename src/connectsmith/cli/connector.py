"""`connector`: make, change, publish and delete connectors."""

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from connectsmith.cli.naming import find_connector
from connectsmith.cli.printing import AsJson, Columns, as_json, say, show_items, show_one, warn
from connectsmith.cli.surroundings import agree, around
from connectsmith.cli.validate import read_text
from connectsmith.errors import CallerError, ConnectorInUse
from connectsmith.sdk import operations
from connectsmith.sdk.answers import Connector, Diagnostic, Draft, Preset, Revision, Sample

app = typer.Typer(
    name="connector", help="Make, change, publish and delete connectors.", no_args_is_help=True
)

Named = Annotated[str, typer.Argument(metavar="CONNECTOR", help="Id or name of the connector.")]

_LIST: Columns[Connector] = {
    "id": lambda each: each.id,
    "name": lambda each: each.name,
    "sign-in": lambda each: each.sign_in,
    "published": lambda each: each.published,
    "changed": lambda each: each.changed,
    "missing secrets": lambda each: each.secrets.missing,
}
_SHOW: Columns[Connector] = {
    "id": lambda each: each.id,
    "name": lambda each: each.name,
    "sign-in": lambda each: each.sign_in,
    "callback URL": lambda each: each.callback_url,
    "published": lambda each: each.published,
    "draft": lambda each: each.draft_version,
    "changed since": lambda each: each.changed if each.published else None,
    "secrets": lambda each: each.secrets.needed,
    "missing secrets": lambda each: each.secrets.missing,
    "actions": lambda each: [action.action for action in each.actions],
}
_REVISIONS: Columns[Revision] = {
    "number": lambda each: each.number,
    "published": lambda each: each.published_at,
    "by": lambda each: each.published_by,
}
_SAMPLES: Columns[Sample] = {
    "name": lambda each: each.name,
    "title": lambda each: each.title,
    "description": lambda each: each.description,
}
_PRESETS: Columns[Preset] = {
    "id": lambda each: each.id,
    "name": lambda each: each.name,
    "asks for": lambda each: each.fields,
    "refresh token": lambda each: each.refresh,
}


@app.command("list")
def list_connectors(
    context: typer.Context,
    *,
    search: Annotated[str | None, typer.Option(help="Only names with this text.")] = None,
    json: AsJson = False,
) -> None:
    """List connectors."""
    with around(context).client() as client:
        found = list(client.every(operations.connectors(search=search)))
    show_items(found, _LIST, json=json)


@app.command()
def samples(context: typer.Context, *, json: AsJson = False) -> None:
    """List the connectors that ship with Connectsmith."""
    with around(context).client() as client:
        show_items(list(client.every(operations.samples())), _SAMPLES, json=json)


@app.command()
def presets(
    context: typer.Context,
    search: Annotated[
        str | None, typer.Argument(metavar="SEARCH", help="Only those with these words.")
    ] = None,
    *,
    json: AsJson = False,
) -> None:
    """List the services whose endpoints and rules are known, to begin a connector with."""
    with around(context).client() as client:
        found = list(client.every(operations.presets(search=search)))
    show_items(found, _PRESETS, json=json)


@app.command()
def show(context: typer.Context, connector: Named, *, json: AsJson = False) -> None:
    """Show a connector."""
    with around(context).client() as client:
        found = find_connector(client, connector)
    show_one(found, _SHOW, json=json)
    if not json:
        _print_diagnostics(found.name, found.diagnostics)


@app.command()
def create(
    context: typer.Context,
    file: Annotated[
        str | None, typer.Argument(metavar="FILE", help="The definition; - is stdin.")
    ] = None,
    *,
    sample: Annotated[str | None, typer.Option(help="Start from a sample instead.")] = None,
    preset: Annotated[
        str | None, typer.Option(help="Start from the known facts of a service instead.")
    ] = None,
    publish: Annotated[bool, typer.Option("--publish", help="Publish it at once.")] = False,
    json: AsJson = False,
) -> None:
    """Make a connector of a definition, faulty or not."""
    operation = _creation(file, sample, preset, publish=publish)
    with around(context).client() as client:
        made = client.send(operation)
        known = client.send(operations.preset(preset)) if preset and not json else None
    show_one(made, _SHOW, json=json)
    if json:
        return
    _print_diagnostics(file or sample or preset or "", made.diagnostics)
    if known:
        place = known.registration or known.documentation
        warn(f"Next: register {made.callback_url} at {place}")
        warn(" ".join(each for each in (known.callback, known.refresh) if each))
    for name in made.secrets.missing:
        warn(f"Next: connectsmith secret add {shlex.quote(made.name)} {name}")


def _creation(
    file: str | None, sample: str | None, preset: str | None, *, publish: bool
) -> operations.Operation[Connector]:
    if sum(each is not None for each in (file, sample, preset)) != 1:
        raise CallerError("Name one of FILE, --sample and --preset.")
    if sample is not None:
        return operations.create_from_sample(sample, publish=publish)
    if preset is not None:
        return operations.create_from_preset(preset, publish=publish)
    return operations.create_connector(read_text(file or ""), publish=publish)


@app.command()
def draft(context: typer.Context, connector: Named, *, json: AsJson = False) -> None:
    """Print the draft's text as it was saved."""
    with around(context).client() as client:
        found = client.send(operations.draft(find_connector(client, connector).id))
    typer.echo(as_json(found) if json else found.text, nl=json or not found.text.endswith("\n"))


@app.command()
def update(
    context: typer.Context,
    connector: Named,
    file: Annotated[str, typer.Argument(metavar="FILE", help="The definition; - is stdin.")],
    *,
    version: Annotated[
        int | None, typer.Option(help="Only if the stored draft is still this version.")
    ] = None,
    publish: Annotated[bool, typer.Option("--publish", help="Publish it at once.")] = False,
    json: AsJson = False,
) -> None:
    """Save a file as a connector's draft."""
    text = read_text(file)
    with around(context).client() as client:
        found = find_connector(client, connector)
        saved = client.send(
            operations.save_draft(found.id, text, version=version or found.draft_version)
        )
        if publish:
            client.send(operations.publish(found.id, version=saved.version))
    _print_saved(file, saved, json=json)


@app.command()
def edit(context: typer.Context, connector: Named) -> None:
    """Edit the draft in $VISUAL or $EDITOR."""
    surroundings = around(context)
    with surroundings.client() as client:
        found = find_connector(client, connector)
        stored = client.send(operations.draft(found.id))
        text = _edited(
            stored.text, surroundings.environ.get("VISUAL") or surroundings.environ.get("EDITOR")
        )
        if text == stored.text:
            warn("Nothing was changed.")
            return
        saved = client.send(operations.save_draft(found.id, text, version=stored.version))
    _print_saved(found.name, saved, json=False)


def _edited(text: str, editor: str | None) -> str:
    if not editor:
        raise CallerError("Set EDITOR, or use `connector draft` and `connector update`.")
    handle, name = tempfile.mkstemp(suffix=".json")
    file = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as opened:
            opened.write(text)
        ended = subprocess.run([*shlex.split(editor), name], check=False)  # noqa: S603 - the person's own editor
        if ended.returncode:
            raise CallerError("The editor failed; nothing was saved.")
        return read_text(name)
    finally:
        file.unlink(missing_ok=True)


@app.command()
def publish(context: typer.Context, connector: Named, *, json: AsJson = False) -> None:
    """Publish the draft, so that new calls use it."""
    with around(context).client() as client:
        found = find_connector(client, connector)
        revision = client.send(operations.publish(found.id, version=found.draft_version))
    show_one(revision, _REVISIONS, json=json)


@app.command()
def revisions(context: typer.Context, connector: Named, *, json: AsJson = False) -> None:
    """List what was published."""
    with around(context).client() as client:
        found = find_connector(client, connector)
        show_items(list(client.every(operations.revisions(found.id))), _REVISIONS, json=json)


@app.command()
def revision(
    context: typer.Context, connector: Named, number: int, *, json: AsJson = False
) -> None:
    """Print a published definition."""
    with around(context).client() as client:
        found = client.send(operations.revision(find_connector(client, connector).id, number))
    typer.echo(as_json(found) if json else found.text)


@app.command("callback-url")
def callback_url(context: typer.Context, connector: Named) -> None:
    """Print the callback URL to register at the service."""
    with around(context).client() as client:
        say(find_connector(client, connector).callback_url)


@app.command()
def delete(
    context: typer.Context,
    connector: Named,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Also when it has connections; they are revoked.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a connector with its secrets, for good."""
    surroundings = around(context)
    with surroundings.client() as client:
        found = find_connector(client, connector)
        if not yes:
            agree(surroundings, f'Delete "{found.name}" and its secrets for good?')
        asked = operations.delete_connector(found.id, version=found.draft_version, force=force)
        try:
            client.send(asked)
        except ConnectorInUse as fault:
            raise ConnectorInUse(
                f'"{found.name}" has connections. Delete them first, or use --force, which revokes '
                "them."
            ) from fault
    say(f"Deleted {found.id}.")


def _print_saved(name: str, saved: Draft, *, json: bool) -> None:
    if json:
        typer.echo(as_json(saved))
        return
    say(f"Saved as draft {saved.version}.")
    _print_diagnostics(name, saved.diagnostics)


def _print_diagnostics(name: str, diagnostics: list[Diagnostic]) -> None:
    for each in diagnostics:
        place = f":{each.start.line}:{each.start.column}" if each.start else ""
        link = f" See {each.link}" if each.link else ""
        warn(f"{name}{place}: {each.code}: {each.message}{link}")
