"""Where credentials stand in HTTP: headers, parameters and members that are masked unseen."""

import re
from functools import lru_cache
from typing import Final

_TOKEN_NAMES: Final = (
    "access_?token", "refresh_?token", "id_?token", "client_?secret", "client_?assertion",
    "code_?verifier", "private_?key", "password", "api_?key", "subject_?token", "actor_?token",
)  # fmt: skip
"""Names (in any case, with or without underscore) whose values are credentials anywhere."""
_GRANT_NAMES: Final = (
    "code", "assertion", "token", "device_?code", "secret", "username", "state", "auth_?token",
    "registration_?access_?token", "session(?:_?(?:id|key|token))?", "user_?code",
    "verification_ur[il]_?complete",
)  # fmt: skip
"""Names whose values are credentials in token requests and answers, and in URLs."""

_HEADER: Final = re.compile(
    r"authorization|cookie2?$|token|secret|passw(or)?d|api-?key|access-?key|session|signature"
    r"|credential|^x-goog-iap-jwt|^dpop$"
)
_INNOCENT_HEADERS: Final = re.compile(r"^(access-control-|www-authenticate$|proxy-authenticate$)")


@lru_cache(maxsize=2048)
def is_secret_header(name: str) -> bool:
    """Tell whether a header's value is a credential, by its name."""
    lower = name.lower()
    return _HEADER.search(lower) is not None and not _INNOCENT_HEADERS.match(lower)


@lru_cache(maxsize=256)
def json_pattern(extra: frozenset[str], *, grant: bool) -> re.Pattern[bytes]:
    r"""Match a JSON member with a credential's name and its text or number, cut off or not.

    Three pairs of groups, each all in front of the value and the value: a text, a text of JSON
    that itself stands in a string (`\"access_token\":\"...\"`), a number.
    """
    names = _names(extra, grant=grant)
    plain = rf'"(?:{names})"\s*:\s*'
    nested = rf'\\"(?:{names})\\"\s*:\s*\\"'
    text, inner = r'(?:[^"\\]|\\.)++', r'(?:[^"\\]|\\[^"])++'
    pattern = rf'(?i)({plain}")({text})|({nested})({inner})|({plain})(-?\d[\d.eE+-]*)'
    return re.compile(pattern.encode(), re.DOTALL)


@lru_cache(maxsize=256)
def parameter_pattern(extra: frozenset[str], *, grant: bool) -> re.Pattern[str]:
    """Match `name=value` in a query or form; groups: 1 all in front of the value, 2 the value."""
    names = _names(extra, grant=grant)
    return re.compile(rf"(?i)((?:^|[?&#;\s])(?:{names})=)([^&#;\s\"'<>]+)")


def _names(extra: frozenset[str], *, grant: bool) -> str:
    names = _TOKEN_NAMES + (_GRANT_NAMES if grant else ())
    return "|".join((*names, *(re.escape(each) for each in sorted(extra))))
