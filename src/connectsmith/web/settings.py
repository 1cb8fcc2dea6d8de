"""Settings: API tokens to issue and revoke, the public base URL, and how much is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from urllib.parse import urlsplit

from starlette.responses import Response

from connectsmith.errors import CallerError, Conflict
from connectsmith.service.caller import SCOPES
from connectsmith.service.desks import Desks
from connectsmith.service.rows import ApiTokenRow
from connectsmith.web.navigation import SETTINGS
from connectsmith.web.problems import status_of
from connectsmith.web.visit import Form, Visit, operator_page, operator_post

LIFETIMES: Final = {"30": "30 days", "90": "90 days", "365": "1 year", "": "No end"}
LONGEST_NAME: Final = 200
MEGABYTE: Final = 1024 * 1024
_WRONG: Final = {
    "transcript_days": "This must be a whole number, 1 to 3,650.",
    "transcript_bytes": "This must be a whole number, 1 to 1,048,576.",
}
"""In the unit of the field."""


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
class Choice:
    """A setting that can be chosen here, unless the administrator gave it."""

    name: str
    seen: str
    """The value in force, as forms bring it along."""
    value: str
    """What the field shows: what was typed, where that could not be."""
    source: str | None
    """Where the administrator gave it."""
    chosen: bool
    error: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the page shows."""

    tokens: Sequence[TokenLine]
    new: NewToken
    public_url: Choice
    days: Choice
    megabytes: Choice
    by_https: bool
    here: str
    """The address that the browser is at, where that is not the public one."""
    address_changed_at: datetime | None
    issued: str = field(default="", repr=False)
    """The text of the API token that was just issued: shown this once."""


async def settings(visit: Visit) -> Response:
    """Show API tokens and what is set."""
    return visit.page("settings.html", await _view(visit))


async def _view(
    visit: Visit,
    *,
    new: NewToken | None = None,
    issued: str = "",
    typed: Mapping[str, str] | None = None,
    refused: CallerError | None = None,
) -> Settings:
    desks = visit.desks
    public, now = desks.rules.public_url, desks.clock.now()
    rows = await desks.access.tokens(visit.caller)
    return Settings(
        tokens=[TokenLine(row, _state(row, now)) for row in rows],
        new=new or NewToken(),
        public_url=_choice(desks, "public_url", typed or {}, refused),
        days=_choice(desks, "transcript_days", typed or {}, refused),
        megabytes=_choice(desks, "transcript_bytes", typed or {}, refused),
        by_https=public.startswith("https:"),
        here="" if visit.came_by == urlsplit(public).netloc else visit.came_by,
        address_changed_at=desks.settings.changed_at,
        issued=issued,
    )


def _choice(
    desks: Desks, name: str, typed: Mapping[str, str], refused: CallerError | None
) -> Choice:
    settings = desks.settings
    seen = settings.values()[name]
    ours = refused is not None and refused.place == name
    return Choice(
        name,
        seen,
        typed.get(name, _as_typed(name, seen)),
        settings.source(name),
        settings.is_chosen(name),
        error=_said(refused, name, _as_typed(name, seen)) if refused is not None and ours else "",
    )


def _said(refused: CallerError, name: str, seen: str) -> str:
    match refused:
        case Conflict():
            return f"{refused.message} In force now: {seen}."
        case _:
            return _WRONG.get(name, refused.message.replace("public_url", "The address"))


def _as_typed(name: str, value: str) -> str:
    return str(int(value) // MEGABYTE) if name == "transcript_bytes" else value


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


async def move(visit: Visit) -> Response:
    """Choose the public base URL."""
    return await _choose(visit, ("public_url",), "The public base URL was saved. It holds now.")


async def keep(visit: Visit) -> Response:
    """Choose how much is kept."""
    return await _choose(visit, ("transcript_days", "transcript_bytes"), "Saved. It holds now.")


async def _choose(visit: Visit, names: Sequence[str], note: str) -> Response:
    """Choose what of a form can be chosen; or with its button `usual`, take the choice back."""
    form, settings, caller = await visit.form(), visit.desks.settings, visit.caller
    names = [name for name in names if settings.source(name) is None]
    typed = {name: form.line(name) for name in names}
    usual = form.text("usual") != ""
    chosen = {name: None if usual else _in_bytes(name, typed[name]) for name in names}
    try:
        await settings.choose(
            (caller.workspace, caller.token),
            chosen,
            seen={name: form.text(f"seen_{name}") for name in names},
        )
    except CallerError as error:
        view = await _view(visit, typed=typed, refused=error)
        return visit.page("settings.html", view, status=status_of(error))
    return visit.go("/settings", note=note)


def _in_bytes(name: str, typed: str) -> str:
    whole = name == "transcript_bytes" and typed.isascii() and typed.isdecimal()
    return str(int(typed) * MEGABYTE) if whole else typed


routes = [
    operator_page("/settings", settings, place=SETTINGS),
    operator_post("/settings/public-url", move, place=SETTINGS),
    operator_post("/settings/retention", keep, place=SETTINGS),
    operator_post("/settings/tokens", issue, place=SETTINGS),
    operator_post("/settings/tokens/{token}/revoke", revoke, place=SETTINGS),
]
