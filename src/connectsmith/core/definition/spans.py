"""Where the parts of a text stand that is known to be JSON.

The scanner knows every place, of bad text too, but looks at each character for that. Here only the
containers around a part that is asked for are looked into; what lies beside is passed at once.
"""

import json
import re
from typing import Final

from connectsmith.core.definition.findings import Path
from connectsmith.core.definition.scanned import Span

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_DECODER: Final = json.JSONDecoder()


class PlainSpans:
    """The places of one text, found when they are asked for."""

    def __init__(self, text: str) -> None:
        self._text = text
        start, end = self._on(0), len(text.rstrip(" \t\r\n"))
        self._known: dict[Path, Span] = {(): Span(start, end, start, start)}
        self._seen: set[Path] = set()

    def get(self, path: Path) -> Span | None:
        """Return where the value at a path stands; None where there is none."""
        if path not in self._known:
            around, parent = self.get(path[:-1]), path[:-1]
            if around is not None and parent not in self._seen:
                self._seen.add(parent)
                self._look_into(parent, around.start)
        return self._known.get(path)

    def _look_into(self, path: Path, start: int) -> None:
        match self._text[start]:
            case "{":
                self._members(path, self._on(start + 1))
            case "[":
                self._elements(path, self._on(start + 1))

    def _members(self, path: Path, at: int) -> None:
        while self._text[at] != "}":
            name, name_end = _DECODER.raw_decode(self._text, at)
            start = self._on(self._on(name_end) + 1)
            end = self._past(start)
            self._known[*path, name] = Span(start, end, at, name_end)
            at = self._next(end)

    def _elements(self, path: Path, at: int) -> None:
        index = 0
        while self._text[at] != "]":
            end = self._past(at)
            self._known[*path, index] = Span(at, end, at, at)
            index, at = index + 1, self._next(end)

    def _past(self, at: int) -> int:
        """Return where the value at a place ends."""
        return _DECODER.raw_decode(self._text, at)[1]

    def _next(self, end: int) -> int:
        """Return where the next item begins, or the closing bracket."""
        at = self._on(end)
        return self._on(at + 1) if self._text[at] == "," else at

    def _on(self, at: int) -> int:
        """Pass white space."""
        return _SPACE.match(self._text, at).end()  # type: ignore[union-attr]  # it matches nothing, too
