"""What a connection will live through: a verdict in a sentence, on what was tried and stated."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

from connectsmith.core.connection.status import moment_text
from connectsmith.durations import said
from connectsmith.errors import ConnectsmithError, Fault

Outcome = Literal["passed", "failed", "skipped"]
StepName = Literal["expiry", "refresh", "rotation", "end", "lost_answer", "refused_token", "access"]

DAY: Final = timedelta(days=1)


class Fate(StrEnum):
    """What becomes of a connection that is left to itself."""

    RENEWS = "renews"
    NEEDS_PERSON = "needs_person"
    """It renews itself until the grant ends, which no renewal puts off."""
    ENDS = "ends"
    """Its access token ends and cannot be renewed."""
    LASTS = "lasts"
    """Its access token has no end that is known."""
    ENDED = "ended"
    NEEDS_AUTHOR = "needs_author"
    """The connector's author has to mend something first."""
    UNKNOWN = "unknown"
    """The authorization server gave no answer to judge by."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was tried, and what came of it."""

    step: StepName
    outcome: Outcome
    message: str


@dataclass(frozen=True, slots=True)
class Rule:
    """What is known of a service, and where it says so."""

    message: str
    link: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a verdict is given on.

    Attributes:
        renewable: There is a refresh token, or a grant that needs no person.
        expires_at: When the access token ends, as far as is stated.
        authorized_at: When a person last consented.
        grant_ends_at: When the grant ends although it is renewed; None when no end is stated or a
            renewal puts it off.
        failure: What kept it from being renewed.
    """

    renewable: bool
    expires_at: datetime | None
    authorized_at: datetime | None
    grant_ends_at: datetime | None = None
    failure: ConnectsmithError | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of the connection, in a sentence; `ends_at` where it ends by itself."""

    fate: Fate
    sentence: str
    ends_at: datetime | None = None


def verdict(found: Found, rules: tuple[Rule, ...], now: datetime) -> Verdict:
    """Judge; `rules` are cited where they say why."""
    if found.failure is not None:
        return _failed(found.failure, found.expires_at, now)
    if not found.renewable:
        return _without_refresh_token(found.expires_at, rules, now)
    if found.grant_ends_at is None:
        return Verdict(Fate.RENEWS, "Renews itself.")
    every = ""
    if found.authorized_at is not None:
        length = said(found.grant_ends_at - found.authorized_at)
        every = f" every {length.removeprefix('1 ')}"
    return Verdict(
        Fate.NEEDS_PERSON,
        f"Needs a person{every}, next {moment_text(found.grant_ends_at, now)}: renewing does not "
        "put off the end that the authorization server states.",
        found.grant_ends_at,
    )


def _failed(failure: ConnectsmithError, expires_at: datetime | None, now: datetime) -> Verdict:
    match failure.fault:
        case Fault.CREDENTIALS:
            return Verdict(
                Fate.ENDED,
                "Has ended: the authorization server no longer honours the grant. Authorize again.",
            )
        case Fault.DEFINITION:
            works = f"Works until {_until(expires_at, now)}, but c" if expires_at else "C"
            return Verdict(
                Fate.NEEDS_AUTHOR,
                f"{works}annot be renewed until the connector's author acts: {failure.message}",
                expires_at,
            )
        case _:
            return Verdict(Fate.UNKNOWN, f"No verdict yet, try again: {failure.message}")


def _without_refresh_token(
    expires_at: datetime | None, rules: tuple[Rule, ...], now: datetime
) -> Verdict:
    why = "no refresh token was issued"
    cited = f": {rules[0].message}" if rules else "."
    if expires_at is None:
        return Verdict(
            Fate.LASTS, "Works until it is withdrawn: no end of the access token is stated."
        )
    if expires_at <= now:
        return Verdict(
            Fate.ENDED,
            f"Ended {moment_text(expires_at, now)}, because {why}{cited}",
            expires_at,
        )
    return Verdict(
        Fate.ENDS, f"Ends {moment_text(expires_at, now)}, because {why}{cited}", expires_at
    )


def _until(moment: datetime, now: datetime) -> str:
    return moment_text(moment, now).removeprefix("on ")
