"""Read a text that is quoted otherwise than in JSON: typographic, single, or never closed."""

import json
import re
from dataclasses import dataclass
from typing import Final

_DOUBLE: Final = '"\u201c\u201d\u201e\u201f\xab\xbb'
_SINGLE: Final = "'\u2018\u2019\u201a\u201b`\xb4"
QUOTES: Final = frozenset(_DOUBLE + _SINGLE) - {'"'}
"""What is typed instead of a double quote, by hand or by a word processor."""

_LONGEST = 8192
"""Characters in which the end of an odd text is looked for; without, bad text would cost much."""
_MOST_EDITS = 500

_DOUBLE_MARKS = re.compile(rf"\\.|[{_DOUBLE}]", re.DOTALL)
_SINGLE_MARKS = re.compile(rf"\\.|[{_SINGLE}]", re.DOTALL)
_DELIMITED = re.compile(r"[ \t]*(?:[:,}\]\r\n]|\Z)")
_CLOSED = re.compile(r'[ \t]*(?:["“”]|[\r\n]|\Z)')
_NEXT_LINE = re.compile(r"\s*[\"}\]“]")
_ODD = re.compile(
    r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})|\\(?P<escaped>.?)|(?P<raw>["\x00-\x1f])', re.DOTALL
)
_CONTROLS = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f", '"': '\\"'}
_TAIL = re.compile(r"[\s,}\]]*\Z")

Edit = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Quoted:
    """A text, where it ends, and the edits that make it JSON; without a code it is JSON."""

    value: str
    end: int
    edits: tuple[Edit, ...]
    code: str
    message: str
    title: str


def read_quoted(text: str, start: int) -> Quoted:
    """Read the text whose opening quote, of whatever kind, is at `start`."""
    close = _closing(text, start)
    edits: list[Edit] = []
    reasons: list[tuple[str, str, str]] = []
    if text[start] != '"' or (close is not None and text[close] != '"'):
        reasons.append(
            ("json_quote", "Text stands in straight double quotes.", "Make them straight")
        )
    if text[start] != '"':
        edits.append((start, start + 1, '"'))
    stop = _open_end(text, start) if close is None else close
    body = _body(text, start + 1, stop, edits)
    if len(edits) > (text[start] != '"'):
        reasons.append(("json_escape", "A character of this text must be escaped.", "Escape it"))
    if close is None:
        edits.append((stop, stop, '"'))
        reasons.append(("json_unclosed", "The closing quote of this text is missing.", "Add it"))
    elif text[close] != '"':
        edits.append((close, close + 1, '"'))
    code, message, title = reasons[-1] if close is None else (reasons or [("", "", "")])[0]
    end = stop if close is None else close + 1
    offered = tuple(edits) if len(edits) <= _MOST_EDITS else ()
    return Quoted(json.loads(f'"{body}"'), end, offered, code, message, title)


def _closing(text: str, start: int) -> int | None:
    """Find the closing quote: on this line if it can be, else in a text over several lines."""
    family = _DOUBLE if text[start] in _DOUBLE else _SINGLE
    line_end = _line_end(text, start)
    quotes = _quotes(text, start + 1, line_end, family)
    straight = [at for at in quotes if text[at] == text[start]]
    if text[start] == '"' and straight and _CLOSED.match(text, straight[0] + 1):
        earlier = [at for at in quotes if at < straight[0] and _DELIMITED.match(text, at + 1)]
        return (
            earlier[0] if earlier and not _DELIMITED.match(text, straight[0] + 1) else straight[0]
        )
    fitting = [at for at in quotes if _DELIMITED.match(text, at + 1)]
    if fitting:
        return fitting[0]
    if quotes:
        return (straight or quotes)[0]
    return _later(text, start, line_end)


def _later(text: str, start: int, line_end: int) -> int | None:
    if text[start] != '"' or line_end == len(text) or _NEXT_LINE.match(text, line_end):
        return None
    end = text.find('"', line_end)
    return end if end > 0 and _DELIMITED.match(text, end + 1) and text[end - 1] != "\\" else None


def _quotes(text: str, start: int, end: int, family: str) -> list[int]:
    """Return where quotes of a family stand that no backslash escapes."""
    marks = _DOUBLE_MARKS if family == _DOUBLE else _SINGLE_MARKS
    return [
        match.start()
        for match in marks.finditer(text, start, min(end, start + _LONGEST))
        if text[match.start()] != "\\"
    ]


def _line_end(text: str, start: int) -> int:
    ends = [at for at in (text.find("\n", start), text.find("\r", start)) if at >= 0]
    return min(ends, default=len(text))


def _open_end(text: str, start: int) -> int:
    """Return where a text that is never closed should have been: before what closes the line."""
    line = text[start + 1 : _line_end(text, start)]
    tail = _TAIL.search(line)
    end = tail.start() if tail else len(line)
    if (len(line[:end]) - len(line[:end].rstrip("\\"))) % 2:
        end = len(line)
    return start + 1 + end


def _body(text: str, start: int, end: int, edits: list[Edit]) -> str:
    """Return the inside as JSON writes it, adding the edits that are needed."""
    pieces: list[str] = []
    at = start
    for match in _ODD.finditer(text, start, end):
        right = _right(match)
        pieces += [text[at : match.start()], right]
        at = match.end()
        if right != match[0]:
            edits.append((match.start(), match.end(), right))
    pieces.append(text[at:end])
    return "".join(pieces)


def _right(match: re.Match[str]) -> str:
    raw, escaped = match["raw"], match["escaped"]
    if raw is not None:
        return _CONTROLS.get(raw) or f"\\u{ord(raw):04x}"
    if escaped is None:
        return match[0]
    if escaped in _SINGLE and escaped:
        return escaped
    return "\\\\" + (
        _CONTROLS.get(escaped)
        or (f"\\u{ord(escaped):04x}" if escaped < " " and escaped else escaped)
    )
