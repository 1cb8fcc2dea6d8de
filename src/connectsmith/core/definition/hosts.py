"""URLs of a definition: compiled once, with the origins they may lead to.

The rules are the format's "Hosts" section: a placeholder may stand in path and query, as part of
one host label, as any run of host characters where its field has choices, or as a whole host or
base URL where `allowedHosts` is written. A URL whose host is open is judged again after rendering.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from connectsmith.core.definition import origins
from connectsmith.core.definition.authority import (
    BROKEN_PERCENT,
    MARK,
    MARKS,
    SKELETON,
    Head,
    HostRules,
    authority_head,
    base_head,
    encoded,
)
from connectsmith.core.definition.model import Definition
from connectsmith.core.definition.placeholders import (
    ENCODERS,
    PLACEHOLDER,
    SPACES,
    Place,
    has_dot_segment,
)
from connectsmith.errors import FieldInvalid, UrlInvalid, ValueMissing

PATH_NAME: Final = "path."
"""What stands before the name of an action's field that fills a path placeholder."""

_UNSAFE = re.compile("[\x00-\x20\x7f\\\\\ud800-\udfff]")
_PATH_TOKEN = re.compile(r"\{\{([^{}]*)\}\}|\{([^{}/?]+)\}|(?<=/):([A-Za-z0-9_-]+)(?=/|\?|$)")

_Slot = tuple[int, str, Callable[[Any, str], str]]


@dataclass(frozen=True, slots=True)
class UrlTemplate:
    """A compiled URL.

    `origins` are origin patterns in text form, as `Destinations.of` reads them:
    `https://api.example.com`, `https://api.example.com:8443`, `https://{}.myshopify.com` ("{}" is
    one open host label or part of it, `[a-z0-9-]`), `https://*.example.com` (one or more labels,
    from `allowedHosts`), `*` (any public host: `allowedHosts` says `"*"`). A field with choices
    gives one exact origin for each.

    `fragment` is what the author wrote after `#`; only an authorization request needs it.
    """

    source: str
    names: frozenset[str]
    origins: tuple[str, ...]
    fragment: str = ""
    _pieces: tuple[str, ...] = field(default=(), repr=False, compare=False)
    _slots: tuple[_Slot, ...] = field(default=(), repr=False, compare=False)
    _open: bool = field(default=False, repr=False, compare=False)

    def render(self, values: Mapping[str, Any]) -> str:
        """Return the absolute URL, without fragment; its query, if any, as written.

        `values` is flat: `authFields.shop`, `connection.instance_url`, also `path.{name}` for
        path placeholders of endpoints (see `compile_endpoint`). None and the empty text count as
        no value.

        Raises:
            ValueMissing: a placeholder has no value.
            FieldInvalid: a value that may not stand there.
        """
        if not self._slots:
            return self._pieces[0]
        pieces = list(self._pieces)
        dots = False
        for index, name, encode in self._slots:
            value = values.get(name)
            if value is None or value == "":
                raise ValueMissing(
                    f'"{shown_name(name)}" has no value, and a URL needs it.', place=name
                )
            text = encode(value, name)
            dots = dots or not text.strip(".")
            pieces[index] = text
        url = "".join(pieces)
        if dots and has_dot_segment(url.partition("?")[0]):
            raise FieldInvalid(
                'The values make a path segment of "." or "..", which leads to another place.',
                place=self._slots[0][1],
            )
        if self._open:
            self._judge(url)
        return url

    def _judge(self, url: str) -> None:
        try:
            found = origins.origin_of(url)
        except UrlInvalid as error:
            raise FieldInvalid(error.message, place=self._slots[0][1]) from error
        any_host = origins.ANY_HOST in self.origins and found.startswith(self._scheme())
        if not any_host and not any(origins.covers(each, found) for each in self.origins):
            raise FieldInvalid(
                f"{found} is not one of the hosts that the connector allows.",
                place=self._slots[0][1],
            )

    def _scheme(self) -> str:
        return "http://" if self.source.lower().startswith("http://") else "https://"


def compile_url(text: str, definition: Definition) -> UrlTemplate:
    """Compile a URL member.

    Raises:
        UrlInvalid: the format does not allow it; reading reports this as an error.
    """
    return compile_with(text, HostRules.of(definition))


def compile_endpoint(
    base: str, path: str, definition: Definition, *, url_fields: frozenset[str]
) -> UrlTemplate:
    """Join a base and a path by exactly one slash and compile the whole.

    Path placeholders `{name}`, `{{urlFields.name}}` and `:name` (whole segment, only when `name`
    is in `url_fields`) become names `path.NAME`.

    Raises:
        UrlInvalid: the format does not allow it; reading reports this as an error.
    """
    return join_with(base, path, HostRules.of(definition), url_fields=url_fields)


def compile_with(text: str, rules: HostRules) -> UrlTemplate:
    """Compile a URL member under rules taken beforehand."""
    names: list[str] = []
    return _compile(text, _mark(text, names), names, rules)


def join_with(base: str, path: str, rules: HostRules, *, url_fields: frozenset[str]) -> UrlTemplate:
    """Compile an endpoint under rules taken beforehand."""
    names: list[str] = []
    left, _, left_query = _mark(base, names).partition("?")
    right, _, right_query = _mark_path(path, names, url_fields).partition("?")
    if "#" in base or "#" in path:
        raise UrlInvalid('The address of an endpoint has no "#" part.')
    query = "&".join(each for each in (left_query, right_query) if each)
    joined = f"{left.rstrip('/')}/{right.lstrip('/')}" if right.strip("/") else left
    return _compile(base + path, joined + (f"?{query}" if query else ""), names, rules)


def path_names(path: str, url_fields: frozenset[str]) -> tuple[str, ...]:
    """Return the names of the fields that fill an endpoint's path, in the order they stand."""
    names: list[str] = []
    _mark_path(path, names, url_fields)
    return tuple(each[len(PATH_NAME) :] for each in names if each.startswith(PATH_NAME))


def shown_name(name: str) -> str:
    """Return a placeholder's name as its author knows it."""
    return name.removeprefix(PATH_NAME)


def _mark(text: str, names: list[str]) -> str:
    _refuse_marks(text)
    return PLACEHOLDER.sub(lambda match: _next_mark(match[1].strip(SPACES), names), text)


def _mark_path(path: str, names: list[str], url_fields: frozenset[str]) -> str:
    _refuse_marks(path)

    def replace(match: re.Match[str]) -> str:
        double, single, colon = match.groups()
        if colon is not None and colon not in url_fields:
            return match[0]
        name = (double if double is not None else single or colon or "").strip(SPACES)
        if double is None or name.startswith("urlFields."):
            name = PATH_NAME + name.removeprefix("urlFields.")
        return _next_mark(name, names)

    return _PATH_TOKEN.sub(replace, path)


def _refuse_marks(text: str) -> None:
    if not text.isascii() and MARKS.search(text):
        raise UrlInvalid("A URL may not hold characters of the private use area.")


def _next_mark(name: str, names: list[str]) -> str:
    names.append(name)
    return chr(MARK + min(len(names) - 1, 6000))


def _compile(source: str, skeleton: str, names: list[str], rules: HostRules) -> UrlTemplate:
    match = SKELETON.fullmatch(skeleton)
    if not match:
        raise UrlInvalid("A URL must begin with https:// and a host.")
    if "{{" in skeleton or _UNSAFE.search(skeleton):
        raise UrlInvalid("A URL may hold neither spaces, control characters nor backslashes.")
    if len(names) > 100:  # noqa: PLR2004 - far beyond any URL that was ever seen
        raise UrlInvalid("A URL holds at most 100 placeholders.")
    path = match["path"]
    if has_dot_segment(BROKEN_PERCENT.sub("%25", path)):
        raise UrlInvalid('The path of a URL may not hold "." or ".." as a segment.')
    head = base_head(match, names, rules) if match["base"] else authority_head(match, names, rules)
    if match["base"] is None and not path:
        path = "/"
    cut = _Cut(names)
    cut.head(head)
    cut.rest(path, Place.PATH)
    if match["query"]:
        cut.literal("?")
        cut.rest(match["query"], Place.QUERY)
    fragment = match["fragment"] or ""
    if MARKS.search(fragment):
        raise UrlInvalid('No placeholder may stand after the "#" of a URL.')
    return UrlTemplate(
        source,
        frozenset(names),
        head.origins,
        fragment,
        tuple(cut.pieces),
        tuple(cut.slots),
        head.is_open,
    )


class _Cut:
    """Cuts marked text into literal pieces and slots."""

    def __init__(self, names: list[str]) -> None:
        self._names = names
        self.pieces: list[str] = []
        self.slots: list[_Slot] = []

    def literal(self, text: str) -> None:
        if self.pieces and not (self.slots and self.slots[-1][0] == len(self.pieces) - 1):
            self.pieces[-1] += text
        else:
            self.pieces.append(text)

    def head(self, head: Head) -> None:
        self._cut(head.text, head.encode, str)

    def rest(self, text: str, place: Place) -> None:
        self._cut(text, ENCODERS[place], encoded if place is Place.PATH else _encoded_query)

    def _cut(
        self, text: str, encode: Callable[[Any, str], str], clean: Callable[[str], str]
    ) -> None:
        end = 0
        for match in MARKS.finditer(text):
            if match.start() > end:
                self.literal(clean(text[end : match.start()]))
            self.slots.append((len(self.pieces), self._names[ord(match[0]) - MARK], encode))
            self.pieces.append("")
            end = match.end()
        if end < len(text):
            self.literal(clean(text[end:]))


def _encoded_query(literal: str) -> str:
    return encoded(literal, also="?")
