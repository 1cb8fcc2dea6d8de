"""`connect`: make a connection, with the owner's consent in a browser where that is needed."""

import webbrowser
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer

from connectsmith.cli.connection import SHOWN
from connectsmith.cli.connector import Named
from connectsmith.cli.device import wait_for_yes
from connectsmith.cli.keeping import Keeping
from connectsmith.cli.loopback import Listener
from connectsmith.cli.naming import find_connector
from connectsmith.cli.owner_fields import collect
from connectsmith.cli.printing import AsJson, plain, show_one, warn
from connectsmith.cli.surroundings import Surroundings, around
from connectsmith.core.definition.facts import sign_in_kind
from connectsmith.core.definition.model import Definition
from connectsmith.core.definition.reading import read
from connectsmith.errors import (
    AuthorizationEnded,
    AuthorizationWaiting,
    CallerError,
    CompletionRefused,
    ConnectorNotPublished,
    DefinitionError,
)
from connectsmith.sdk import Client, operations
from connectsmith.sdk.answers import (
    CompletedAuthorization,
    Connection,
    Connector,
    StartedAuthorization,
)
from connectsmith.sdk.problems import ending_of

Fields = Annotated[
    list[str] | None,
    typer.Option(
        "--field", help="What the connector asks for; never a masked field.", metavar="KEY=VALUE"
    ),
]
FieldFiles = Annotated[
    list[str] | None,
    typer.Option("--field-file", help="A field whose value stands in a file.", metavar="KEY=FILE"),
]
Choices = Annotated[
    list[str] | None,
    typer.Option(
        help="Which of several, where the account has several: its name or number. Once more for a "
        "second list.",
        metavar="NAME",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(connect)


def connect(
    context: typer.Context,
    connector: Named,
    *,
    field: Fields = None,
    field_file: FieldFiles = None,
    connection: Annotated[
        str | None, typer.Option(help="Renew this connection instead of making another.")
    ] = None,
    test: Annotated[bool, typer.Option("--test", help="Use the draft, for trying it out.")] = False,
    open_: Annotated[
        bool | None,
        typer.Option("--open/--no-open", help="Open a browser. [default: if there is one]"),
    ] = None,
    listener: Annotated[
        bool,
        typer.Option(
            "--listener/--no-listener",
            help="Wait here for the browser; without, type the eight characters it shows.",
        ),
    ] = True,
    choose: Choices = None,
    yes: Annotated[bool, typer.Option("--yes", help="Keep the connection without asking.")] = False,
    json: AsJson = False,
) -> None:
    """Connect somebody's account.

    Prints a link, waits for the browser, says whose account it is and asks whether to keep it.
    """
    surroundings = around(context)
    if not surroundings.somebody and not (yes and listener):
        raise CallerError("Nobody is here to answer: use --yes, and not --no-listener.")
    with surroundings.client() as client:
        found = find_connector(client, connector)
        definition = _definition(client, found, test=test)
        fields = collect(definition, field or [], field_file or [], surroundings)
        keeping = Keeping(asks=not yes, chosen=choose or ())
        if definition.auth_components.grant == "device_code":
            by_device = partial(_by_device, test=test, renews=connection, opens=open_ is True)
            made = by_device(client, found, fields, keeping=keeping)
        elif not _needs_browser(definition):
            made = client.send(operations.create_connection(found.id, fields, test=test))
        else:
            browser = Journey(client, surroundings, opens=open_, listens=listener, keeping=keeping)
            made = browser.go(found, fields, test=test, renews=connection)
    show_one(made, SHOWN, json=json)


def _by_device(
    client: Client,
    connector: Connector,
    fields: dict[str, str],
    *,
    test: bool,
    renews: str | None,
    opens: bool,
    keeping: Keeping,
) -> Connection:
    started = client.send(
        operations.start_authorization(connector.id, fields, test=test, connection=renews)
    )
    granted = wait_for_yes(client, started, opens=opens)
    return keeping.keep(client, started.id, granted, renews=renews)


def _definition(client: Client, connector: Connector, *, test: bool) -> Definition:
    if test:
        text = client.send(operations.draft(connector.id)).text
    elif connector.published is None:
        raise ConnectorNotPublished(
            f'"{connector.name}" was never published: `connectsmith connector publish '
            f"{connector.id}`, or try the draft with --test."
        )
    else:
        text = client.send(operations.revision(connector.id, connector.published)).text or ""
    definition = read(text).definition
    if definition is None:
        raise DefinitionError(
            f'The draft of "{connector.name}" is faulty: `connectsmith connector show '
            f"{connector.id}` says where."
        )
    return definition


def _needs_browser(definition: Definition) -> bool:
    grant = definition.auth_components.grant
    return sign_in_kind(definition) == "oauth2" and grant == "authorization_code"


class Journey:
    """One authorization: there, through a browser, and back."""

    def __init__(
        self,
        client: Client,
        surroundings: Surroundings,
        *,
        opens: bool | None,
        listens: bool,
        keeping: Keeping,
    ) -> None:
        self._client = client
        self._opens = surroundings.has_display if opens is None else opens
        self._listens = listens
        self._keeping = keeping

    def go(
        self, connector: Connector, fields: dict[str, str], *, test: bool, renews: str | None
    ) -> Connection:
        """Start, wait for the completion value, complete, and keep."""
        if not self._listens:
            started = self._start(connector, fields, test=test, renews=renews, return_to=None)
            completed = self._complete_typed(started)
        else:
            with Listener() as listener:
                started = self._start(
                    connector, fields, test=test, renews=renews, return_to=listener.return_to
                )
                warn("Waiting for the browser; Ctrl-C gives up.")
                completion = self._returned(listener, started)
            completed = self._client.send(operations.complete(started.id, completion))
        return self._keeping.keep(self._client, completed.id, completed.connection, renews=renews)

    def _returned(self, listener: Listener, started: StartedAuthorization) -> str:
        """Return what the browser brought; where it brought a no, say it as the server keeps it."""
        try:
            return listener.wait(started.id, seconds=_seconds_left(started))
        except AuthorizationEnded:
            ended = self._client.send(operations.authorization(started.id)).error
            if ended is None or ended.message is None:
                raise
            raise ending_of(ended.code, ended.message) from None

    def _start(
        self,
        connector: Connector,
        fields: dict[str, str],
        *,
        test: bool,
        renews: str | None,
        return_to: str | None,
    ) -> StartedAuthorization:
        started = self._client.send(
            operations.start_authorization(
                connector.id, fields, return_to=return_to, test=test, connection=renews
            )
        )
        warn(f"Open this link until {plain(started.expires_at)}, and say yes there:")
        warn(f"\n  {started.start_url}\n")
        if self._opens and started.start_url is not None:
            webbrowser.open(started.start_url)
        return started

    def _complete_typed(self, started: StartedAuthorization) -> CompletedAuthorization:
        """Ask for the characters until the server takes them or ends the authorization."""
        while True:
            typed = typer.prompt("The eight characters that the page shows", err=True)
            try:
                return self._client.send(operations.complete(started.id, str(typed).strip()))
            except (CompletionRefused, AuthorizationWaiting) as fault:
                if self._client.send(operations.authorization(started.id)).error is not None:
                    raise
                warn(fault.message)


def _seconds_left(started: StartedAuthorization) -> float:
    return (started.expires_at - datetime.now(UTC)).total_seconds()
