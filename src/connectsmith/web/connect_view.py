"""How far somebody is with connecting an account: a form, waiting, a choice, or what went wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from connectsmith.service.connecting import Aim
from connectsmith.service.rows import AuthorizationRow
from connectsmith.web.field_forms import FieldView, sign_in_fields
from connectsmith.web.navigation import CONNECTIONS
from connectsmith.web.sign_in_view import (
    ENDED,
    NEXT_STEPS,
    WAITING,
    Choice,
    DeviceView,
    choices_of,
    device_of,
)
from connectsmith.web.visit import Visit


@dataclass(frozen=True, slots=True)
class ConnectView:
    """The dialog in which a connection is made or renewed."""

    path: str
    connector_name: str
    by_browser: bool
    renews: bool = False
    account: str = ""
    """Whose connection is renewed."""
    known: bool = True
    """Whether the definition says whose account it is."""
    fields: Sequence[FieldView] = ()
    failure: str = ""
    next_step: str = ""
    authorization: str = ""
    """What is waited for."""
    start_path: str = ""
    """Where the browser leaves for the authorization server; once."""
    device: DeviceView | None = None
    finishing: bool = False
    """A connection was made, and waits to be kept by the browser that began."""
    choices: Sequence[Choice] = ()

    @property
    def title(self) -> str:
        """What the dialog is called."""
        return "Reconnect" if self.renews else "Connect an account"


def path_of_aim(aim: Aim) -> str:
    """Return where a connection is made or renewed."""
    if aim.renews is None:
        return f"{CONNECTIONS}/connect/{aim.connector.id}"
    return f"{CONNECTIONS}/{aim.renews.id}/reconnect"


def form_view(aim: Aim) -> ConnectView:
    """Return the form, filled in with what its owner entered before and is no secret."""
    client, row = aim.blueprint.client, aim.renews
    account = None if row is None else row.account_label or row.account_id
    return ConnectView(
        path=path_of_aim(aim),
        connector_name=aim.connector.name,
        by_browser=client is not None and client.needs_browser,
        renews=row is not None,
        account=account or "an unknown account",
        known=row is None or account is not None,
        fields=sign_in_fields(aim.blueprint.definition, values=aim.entered),
    )


async def view_of(
    visit: Visit, aim: Aim, row: AuthorizationRow | None, *, ended: bool
) -> ConnectView:
    """Return how far an authorization is; one that ended badly counts if `ended` is wanted."""
    view = form_view(aim)
    if row is None:
        return view
    if row.status in WAITING:
        choices = await choices_of(visit, row.id)
        return replace(
            view,
            authorization=row.id,
            device=device_of(visit, row),
            finishing=row.status == "completed" and not choices,
            choices=choices,
        )
    if ended and row.status in ENDED:
        return failed_view(view, row.error_code or "", row.error_message or "")
    return view


def failed_view(view: ConnectView, code: str, message: str) -> ConnectView:
    """Return the form with what went wrong, and what to do next."""
    return replace(view, failure=message, next_step=NEXT_STEPS.get(code, "Try again."))
