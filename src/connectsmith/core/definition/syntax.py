"""Read text that may not be JSON yet: every syntax fault with its place and a repair, and a value.

The value is what the author most likely meant. When every fault has a repair, the text with all
repairs applied is JSON and means that value. It stops at `MOST_FAULTS` and at `MOST_DEPTH`.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from connectsmith.core.definition.findings import Path
from connectsmith.core.definition.quoting import QUOTES, read_quoted
from connectsmith.core.definition.scanned import NOTHING, Edit, Scan, Span, SyntaxFault

MOST_FAULTS: Final = 200
MOST_DEPTH: Final = 32

_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"')
_PLAIN_STRING = re.compile(r'"([^"\\\x00-\x1f]*)"(?=[ \t\r\n]*[,:}\]])')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.+-])")
_ODD_NUMBER = re.compile(r"[+-]?[0-9.][\w.+-]*|[+-][\w.]+")
_WORD = re.compile(r"[^\W\d][\w$.-]*|\$[\w$.-]*")
_COMMENT = re.compile(r"//[^\r\n]*|#[^\r\n]*|/\*.*?(?:\*/|\Z)|```\w*", re.DOTALL)
_ODD_SPACE = re.compile("[\\s\ufeff\u200b-\u200d\u2060]+")
_JUNK = re.compile(r'[^\s"{}\[\],:' + re.escape("".join(sorted(QUOTES))) + "]+|.", re.DOTALL)
_START = re.compile(
    r"""["{\[$]|[+-]?[0-9.]|[+-]\w|[^\W\d]|[""" + re.escape("".join(sorted(QUOTES))) + "]"
)
_HALF_QUOTED = re.compile(r'"[ \t]*:')
_ARROW = re.compile(r"=>?")
_USUAL = frozenset('"{}[],:-0123456789tfn')
"""What follows white space in good text; for speed only."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_WORDS = {"true": True, "false": False, "null": None}
_INFINITE = float("inf")
_MEANT_WORDS = {
    "yes": "true", "on": "true", "no": "false", "off": "false", "none": "null", "nil": "null",
    "undefined": "null",
}  # fmt: skip


def scan(text: str) -> Scan:
    """Read a text; never raises."""
    scanner = _Scanner(text)
    result = Scan(NOTHING, scanner.faults, scanner.spans)
    try:
        result.value = scanner.document()
    except _StoppedError:
        result.stopped = True
    return result


class _StoppedError(Exception):
    pass


@dataclass(slots=True)
class _Scanner:
    text: str
    at: int = 0
    here: Path = ()
    faults: list[SyntaxFault] = field(default_factory=list)
    spans: dict[Path, Span] = field(default_factory=dict)
    closers: list[str] = field(default_factory=list)

    def document(self) -> Any:
        self.skip()
        start = self.at
        value = self.value(())
        while value is NOTHING and self.at < len(self.text):
            self.junk()
            self.skip()
            start = self.at
            value = self.value(())
        if value is NOTHING:
            self.fault("json_empty", "There is no JSON here.", start, start)
        else:
            self.spans[()] = Span(start, self.at, start, start)
            self.skip()
            if self.at < len(self.text):
                end = len(self.text)
                message = "Something follows after the end of the definition."
                edits = ((self.at, end, ""),)
                self.fault("json_extra", message, self.at, end, "Remove the rest", edits)
        return value

    def fault(  # noqa: PLR0917 - in the order of SyntaxFault, on every second line here
        self,
        code: str,
        message: str,
        start: int,
        end: int,
        title: str = "",
        edits: tuple[Edit, ...] = (),
    ) -> None:
        self.faults.append(SyntaxFault(code, message, start, end, title, edits, self.here))
        if len(self.faults) >= MOST_FAULTS:
            self.stop()

    def stop(self) -> NoReturn:
        raise _StoppedError

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def skip(self) -> None:
        """Pass white space, and what people take for it or for comments."""
        text = self.text
        while True:
            self.at = _SPACE.match(text, self.at).end()  # type: ignore[union-attr]  # it matches nothing, too
            char = text[self.at : self.at + 1]
            if char in _USUAL:
                return
            if char in "/#`" and (match := _COMMENT.match(text, self.at)):
                message = "JSON has no comments."
                edits = ((self.at, match.end(), " "),)
                code, title = "json_comment", "Remove the comment"
            elif not (char.isascii() and char.isprintable()) and (
                match := _ODD_SPACE.match(text, self.at)
            ):
                message = "This is a space that JSON does not know."
                edits = ((self.at, match.end(), " "),)
                code, title = "json_space", "Make it an ordinary space"
            else:
                return
            self.at = match.end()
            self.fault(code, message, match.start(), match.end(), title, edits)

    def value(self, path: Path) -> Any:  # noqa: PLR0911 - one for each kind of value
        char = self.peek()
        if char == '"' or char in QUOTES:
            return self.string() if char else NOTHING
        if char == "{":
            return self.object(path)
        if char == "[":
            return self.array(path)
        if match := _NUMBER.match(self.text, self.at):
            return self.number(match)
        if match := _ODD_NUMBER.match(self.text, self.at):
            return self.odd_number(match)
        if match := _WORD.match(self.text, self.at):
            return self.word(match)
        return NOTHING

    def inner(self, path: Path, here: Path) -> Any:
        around, self.here = self.here, here
        value = self.value(path)
        self.here = around
        return value

    def string(self) -> str:
        start = self.at
        plain = _PLAIN_STRING.match(self.text, start)
        if plain:
            self.at = plain.end()
            self.check_pairs(plain[1], start)
            return plain[1]
        match = _STRING.match(self.text, start)
        if match:
            self.at = match.end()
            if self.ends_well():
                raw = match[0]
                text: str = json.loads(raw) if "\\" in raw else raw[1:-1]
                self.check_pairs(text, start)
                return text
        quoted = read_quoted(self.text, start)
        self.at = quoted.end
        if quoted.code:
            self.fault(quoted.code, quoted.message, start, quoted.end, quoted.title, quoted.edits)
        self.check_pairs(quoted.value, start)
        return quoted.value

    def check_pairs(self, text: str, start: int) -> None:
        if not text.isascii() and _SURROGATE.search(text):
            message = "This text holds half of a character pair."
            self.fault("json_surrogate", message, start, self.at)

    def ends_well(self) -> bool:
        """Tell whether a string may have ended here: a comma, colon, bracket or comment follows."""
        after = _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]  # it matches nothing, too
        following = self.text[after : after + 1]
        return following in ",:}]/#" or following == "\ufeff"

    def number(self, match: re.Match[str]) -> Any:
        self.at = match.end()
        if len(match[0]) < 300:  # noqa: PLR2004 - no number people write; Python stops at 4,300
            digits = match[0]
            if digits.lstrip("-").isdigit():
                return int(digits)
            value = float(digits)
            if abs(value) != _INFINITE:
                return value
        self.fault("json_number", "This number is too large.", match.start(), match.end())
        return 0

    def odd_number(self, match: re.Match[str]) -> Any:
        self.at = match.end()
        found = _plain_number(match[0])
        if found is None:
            return self.unquoted(match)
        edits = ((match.start(), match.end(), found),)
        message = "JSON writes this number in another way."
        self.fault("json_number", message, *match.span(), f"Write {found}", edits)
        return json.loads(found)

    def word(self, match: re.Match[str]) -> Any:
        word = match[0]
        self.at = match.end()
        if word in _WORDS:
            return _WORDS[word]
        lower = word.lower()
        right = lower if lower in _WORDS else _MEANT_WORDS.get(lower)
        if right is None:
            return self.unquoted(match)
        edits = ((match.start(), match.end(), right),)
        self.fault(
            "json_word", f"JSON writes this as {right}.", *match.span(), f"Write {right}", edits
        )
        return _WORDS[right]

    def unquoted(self, match: re.Match[str]) -> str:
        quoted = json.dumps(match[0], ensure_ascii=False)
        edits = ((match.start(), match.end(), quoted),)
        message = "Text and names stand in double quotes."
        self.fault("json_unquoted", message, *match.span(), "Put it in double quotes", edits)
        return match[0]

    def junk(self) -> None:
        match = _JUNK.match(self.text, self.at)
        if match:
            self.at = match.end()
            message = "This cannot stand here."
            edits = ((match.start(), match.end(), " "),)
            self.fault("json_unexpected", message, *match.span(), "Remove it", edits)

    def open(self, closer: str) -> None:
        if len(self.closers) >= MOST_DEPTH:
            message = f"A definition is at most {MOST_DEPTH} levels deep."
            self.faults.append(SyntaxFault("too_deep", message, self.at, self.at + 1))
            self.stop()
        self.closers.append(closer)
        self.at += 1

    def object(self, path: Path) -> dict[str, Any]:
        members: dict[str, Any] = {}
        for _ in self.items("}"):
            self.member(path, members)
        return members

    def array(self, path: Path) -> list[Any]:
        elements: list[Any] = []
        for _ in self.items("]"):
            start = self.at
            place = (*path, len(elements))
            elements.append(self.inner(place, place))
            self.spans[place] = Span(start, self.at, start, start)
        return elements

    def items(self, closer: str) -> Iterator[None]:
        """Stop at each item of a container, so that the caller reads it; then close it."""
        opened = self.at
        self.open(closer)
        comma: int | None = None
        end: int | None = None
        while True:
            self.skip()
            char = self.peek()
            if (char and char in "]}") or not char:
                if self.closes(closer, opened, comma):
                    return
            elif char in ",;":
                comma = self.comma(wanted=end is not None and comma is None) or comma
            elif char not in '"{[' and not _START.match(self.text, self.at):
                self.junk()
            else:
                if comma is not None and self.text[comma] == ";":
                    self.semicolon(comma)
                if end is not None and comma is None:
                    self.missing(end, ",", "A comma is missing here.", "Add the comma")
                yield
                comma, end = None, self.at

    def closes(self, closer: str, opened: int, comma: int | None) -> bool:
        """Close a container at a bracket or at the end of the text, if it is its own to close."""
        char = self.peek()
        if char and char != closer and char not in self.closers[:-1]:
            self.junk_bracket()
            return False
        if comma is not None:
            edits = ((comma, comma + 1, ""),)
            message = "JSON has no comma before a closing bracket."
            self.fault("json_comma_trailing", message, comma, comma + 1, "Remove the comma", edits)
        self.closers.pop()
        if char == closer:
            self.at += 1
            return True
        line = self.text.count("\n", 0, opened) + 1
        message = (
            f'The "{closer}" that closes the "{self.text[opened]}" of line {line} is missing here.'
        )
        edits = ((self.at, self.at, closer),)
        self.fault("json_unclosed", message, self.at, self.at, f'Add "{closer}"', edits)
        return True

    def comma(self, *, wanted: bool) -> int | None:
        """Pass a comma; return its place if it separates two items."""
        at = self.at
        self.at += 1
        if not wanted:
            edits = ((at, at + 1, ""),)
            self.fault(
                "json_comma_extra", "This comma is one too many.", at, at + 1, "Remove it", edits
            )
            return None
        return at

    def semicolon(self, at: int) -> None:
        edits = ((at, at + 1, ","),)
        message = "Items are separated by commas."
        self.fault("json_comma_missing", message, at, at + 1, "Write a comma", edits)

    def junk_bracket(self) -> None:
        at = self.at
        self.at += 1
        message = f'Nothing that this "{self.text[at]}" could close is open.'
        self.fault("json_unexpected", message, at, at + 1, "Remove it", ((at, at + 1, ""),))

    def missing(self, at: int, text: str, message: str, title: str) -> None:
        code = "json_comma_missing" if text == "," else "json_colon_missing"
        self.fault(code, message, at, at, title, ((at, at, text),))

    def member(self, path: Path, members: dict[str, Any]) -> None:
        start = self.at
        name = self.name()
        end = self.at
        if name is None:
            self.fault("json_name_missing", "A member needs a name in front.", start, end)
            return
        if not self.colon(end):
            self.fault("json_value_missing", f'"{name}" has no value.', start, end)
            return
        value_start = self.at
        place = (*path, name)
        if name in members:
            message = f'"{name}" is written twice in one object.'
            self.fault("member_duplicate", message, start, end)
            place = (*path, name, 2)
        value = self.inner(place, (*path, name))
        members.setdefault(name, value)
        self.spans[place] = Span(value_start, self.at, start, end)

    def name(self) -> str | None:
        char = self.peek()
        if char == '"' or char in QUOTES:
            return self.string()
        match = _WORD.match(self.text, self.at) or _ODD_NUMBER.match(self.text, self.at)
        if match and _HALF_QUOTED.match(self.text, match.end()):
            self.at = match.end() + 1
            edits = ((match.start(), match.start(), '"'),)
            message = "The opening quote of this name is missing."
            self.fault("json_unquoted", message, match.start(), self.at, "Add it", edits)
            return match[0]
        if match:
            self.at = match.end()
            return self.unquoted(match)
        self.value(("",))
        return None

    def colon(self, name_end: int) -> bool:
        """Pass the colon; tell whether a value follows."""
        self.skip()
        if self.peek() == ":":
            self.at += 1
        elif match := _ARROW.match(self.text, self.at):
            self.at = match.end()
            edits = ((*match.span(), ":"),)
            message = "A colon separates a name from its value."
            self.fault("json_colon_missing", message, *match.span(), "Write a colon", edits)
        elif _START.match(self.text, self.at):
            self.missing(name_end, ":", "A colon is missing here.", "Add the colon")
        self.skip()
        return self.peek() == '"' or _START.match(self.text, self.at) is not None


def _plain_number(text: str) -> str | None:
    """Return a number as JSON writes it, from one that other notations allow."""
    plain = text.lstrip("+").replace("_", "")
    if not plain.isascii() or len(plain) > 300:  # noqa: PLR2004 - no number people write
        return None
    match = re.fullmatch(r"(-?)0*([0-9]*)(?:\.([0-9]*))?([eE][+-]?[0-9]+)?", plain)
    if not match or not (match[2] or match[3] or plain.strip("-.")):
        return None
    found = f"{match[1]}{match[2] or '0'}" + (f".{match[3]}" if match[3] else "") + (match[4] or "")
    return found if abs(float(found)) != float("inf") else None
