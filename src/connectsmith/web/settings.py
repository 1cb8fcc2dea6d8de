"""Settings: API tokens to issue and revoke, and what the administrator of the server has set."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from urllib.parse import urlsplit

from starlette.responses import Response

from connectsmith.errors import CallerError
from connectsmith.service.caller import SCOPES
from connectsmith.service.rows import ApiTokenRow
from connectsmith.web.navigation import SETTINGS
from connectsmith.web.problems import status_of
from connectsmith.web.visit import Form, Visit, operator_page, operator_post

LIFETIMES: Final = {"30": "30 days", "90": "90 days", "365": "1 year", "": "No end"}
LONGEST_NAME: Final = 200
MEGABYTE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class TokenLine:
    """An API token on the list: never its text."""

    row: ApiTokenRow
    state: Literal["active", "expired", "revoked"]


@dataclass(frozen=True, slots=True)
class NewToken:
    """The form for another API token, as far as it was filled in."""

    name: str = ""
    chosen: Sequence[str] = ()
    days: str = "90"
    error: str = ""
    scopes: dict[str, str] = field(default_factory=lambda: dict(SCOPES))
    lifetimes: dict[str, str] = field(default_factory=lambda: dict(LIFETIMES))


@dataclass(frozen=True, slots=True)
class Settings:
    """What the page shows."""

    tokens: Sequence[TokenLine]
    new: NewToken
    public_url: str
    by_https: bool
    address_changed_at: datetime | None
    transcript_days: int
    transcript_megabytes: int
    issued: str = field(default="", repr=False)
    """The text of the API token that was just issued: shown this once."""


async def settings(visit: Visit) -> Response:
    """Show API tokens and what is set."""
    return visit.page("settings.html", await _view(visit))


async def _view(visit: Visit, *, new: NewToken | None = None, issued: str = "") -> Settings:
    desks = visit.desks
    rules, now = desks.rules, desks.clock.now()
    rows = await desks.access.tokens(visit.caller)
    return Settings(
        tokens=[TokenLine(row, _state(row, now)) for row in rows],
        new=new or NewToken(),
        public_url=rules.public_url,
        by_https=urlsplit(rules.public_url).scheme == "https",
        address_changed_at=await desks.overviews.address.at(),
        transcript_days=rules.transcripts_kept.days,
        transcript_megabytes=rules.transcript_bytes // MEGABYTE,
        issued=issued,
    )


def _state(row: ApiTokenRow, now: datetime) -> Literal["active", "expired", "revoked"]:
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if row.expires_at is not None and row.expires_at <= now else "active"


async def issue(visit: Visit) -> Response:
    """Issue an API token; its text is on this answer and nowhere else."""
    form = await visit.form()
    name, days, chosen = form.line("name"), form.text("days"), form.every("scope")
    try:
        _check(form)
        _, token = await visit.desks.access.issue(
            visit.caller, name=name, scopes=chosen, days=int(days) if days else None
        )
    except CallerError as error:
        message = error.message if chosen else "Choose at least one thing that it may do."
        new = NewToken(name, chosen, days, message)
        return visit.page("settings.html", await _view(visit, new=new), status=status_of(error))
    return visit.page("settings.html", await _view(visit, issued=token))


def _check(form: Form) -> None:
    if not 1 <= len(form.line("name")) <= LONGEST_NAME:
        raise CallerError("Give it a name of up to 200 characters.", place="name")
    if form.text("days") not in LIFETIMES:
        raise CallerError("Choose how long it is to last.", place="days")


async def revoke(visit: Visit) -> Response:
    """Revoke an API token at once."""
    await visit.form()
    await visit.desks.access.revoke(visit.caller, visit.param("token"))
    return visit.go("/settings", note="The API token was revoked. It works no more.")


routes = [
    operator_page("/settings", settings, place=SETTINGS),
    operator_post("/settings/tokens", issue, place=SETTINGS),
    operator_post("/settings/tokens/{token}/revoke", revoke, place=SETTINGS),
]
