"""Secrets as somebody enters them: names, values, and where they may be sent."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from connectsmith.core.secret.destinations import Destinations
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import Bug, CallerError
from connectsmith.service.rows import ConfirmedRow

LONGEST_NAME = 200
LONGEST_VALUE = 64 * 1024
FIXED_LABELS = 2
"""Labels of a host that must be written out after an open one."""
NAMESPACES = ("oauth.", "authFields.", "connection.", "actionFields.", "urlFields.")


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret as it is entered.

    Without origins, those of the draft's sign-in are taken. Without a word about browsers, one may
    see it if it stands in the draft's `clientID` and nowhere else.
    """

    name: str
    value: Secret = field(repr=False)
    origins: tuple[str, ...] | None = None
    browser: bool | None = None


@dataclass(frozen=True, slots=True)
class EnteredChanges:
    """What somebody wants to become of a connector's secrets, all of it or nothing."""

    added: tuple[NewSecret, ...] = ()
    confirmed: tuple[ConfirmedRow, ...] = ()
    deleted: tuple[str, ...] = ()
    """Ids of secrets."""


def readable_origins(origins: Sequence[str], place: str) -> tuple[str, ...]:
    """Read origins as somebody confirms them; `place` is where they stand in the request."""
    try:
        found = Destinations.of(origins).origins
    except Bug as error:
        raise CallerError(
            "Write each origin as https://host or https://host:port.", place=place
        ) from error
    if any(map(_too_open, found)):
        raise CallerError(
            "An origin with * or {} names at least two labels after it, as in "
            "https://*.example.com; credentials are never sent to just any host.",
            place=place,
        )
    return tuple(sorted(found))


def _too_open(origin: str) -> bool:
    labels = origin.partition("://")[2].partition(":")[0].split(".")
    opened = [index for index, label in enumerate(labels) if "*" in label or "{}" in label]
    return origin == "*" or bool(opened and len(labels) - 1 - opened[-1] < FIXED_LABELS)


def check_entered(entered: Sequence[NewSecret]) -> None:
    """Refuse names and values that no secret may have, and a name given twice.

    Raises:
        CallerError: `place` is where it stands in the request.
    """
    names: set[str] = set()
    for index, each in enumerate(entered):
        message = _refusal(each)
        if message is None and each.name in names:
            message = f'The name "{each.name}" is given twice.'
        if message is not None:
            raise CallerError(message, place=f"/secrets/{index}")
        names.add(each.name)


def _refusal(entered: NewSecret) -> str | None:
    name = entered.name
    if not name or name != name.strip() or len(name) > LONGEST_NAME:
        return f"A Secret Name has 1 to {LONGEST_NAME} characters and no spaces around it."
    if "{" in name or "}" in name or name.startswith(NAMESPACES):
        return "A Secret Name has no braces and does not begin with a namespace such as oauth."
    if not name.isprintable():
        return "A Secret Name has no control characters and no line breaks."
    if not entered.value or len(entered.value) > LONGEST_VALUE:
        return f"A Secret Value has 1 to {LONGEST_VALUE:,} characters."
    return None
