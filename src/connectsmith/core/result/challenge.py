"""Read `WWW-Authenticate`: several challenges, in one or more headers (RFC 9110 section 11.6.1)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

_TOKEN: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # noqa: S105 - a grammar rule, not a password
_PARAMETER: Final = re.compile(rf'({_TOKEN})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*+)"|({_TOKEN}))')
_SCHEME: Final = re.compile(rf"({_TOKEN})(?=[ \t,]|$)")
_TOKEN68: Final = re.compile(r"[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))")
_GAP: Final = re.compile(r"[ \t,]+")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_LONGEST: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenge. `scheme` and the parameters' names are lower case."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def error(self) -> str | None:
        """What is wrong with the access token (RFC 6750 section 3)."""
        return self.parameters.get("error")


def challenges(headers: Iterable[tuple[str, str]]) -> tuple[Challenge, ...]:
    """Return all challenges of an answer's headers; what cannot be read is passed over."""
    values = (value for name, value in headers if name.lower() == "www-authenticate")
    return tuple(challenge for value in values for challenge in _read(value[:_LONGEST]))


def _read(value: str) -> Iterator[Challenge]:
    """Read one header.

    A comma divides parameters and challenges alike: a word with "=" behind it is a parameter,
    one without begins a challenge.
    """
    scheme: str | None = None
    parameters: dict[str, str] = {}
    at = 0
    while at < len(value):
        if gap := _GAP.match(value, at):
            at = gap.end()
        elif pair := _PARAMETER.match(value, at):
            parameters.setdefault(pair[1].lower(), _unquoted(pair))
            at = pair.end()
        elif word := _SCHEME.match(value, at):
            if scheme is not None:
                yield Challenge(scheme, parameters)
            scheme, parameters = word[1].lower(), {}
            at = _past_token68(value, word.end())
        else:
            at += 1
    if scheme is not None:
        yield Challenge(scheme, parameters)


def _past_token68(value: str, at: int) -> int:
    """Skip a challenge's token68, such as Negotiate's."""
    blank = re.compile(r"[ \t]+").match(value, at)
    if blank is None or _PARAMETER.match(value, blank.end()):
        return at
    token = _TOKEN68.match(value, blank.end())
    return token.end() if token else at


def _unquoted(pair: re.Match[str]) -> str:
    return pair[3] if pair[2] is None else _ESCAPED.sub(r"\1", pair[2])
