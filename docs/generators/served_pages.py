"""Pages of the documentation that the product serves by itself, as HTML for its templates."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

DOCS: Final = Path(__file__).resolve().parents[1]
TEMPLATES: Final = "../src/connectsmith/web/templates/reference"
_SERVED: Final = {"format.md": "/reference/format", "claris-connect.md": "/reference/limitations"}
"""Pages that links of other pages may lead to; what links lead to else stays text."""
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_NO_WORD = re.compile(r"[^a-z0-9]+")


def _html(text: str) -> str:
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(_COMMENT.sub("", text))
    for heading, content in pairwise(tokens):
        if heading.type == "heading_open":
            heading.attrSet("id", _NO_WORD.sub("-", content.content.lower()).strip("-"))
    for token in tokens:
        if token.children:
            token.children = _led(token.children)
    html: str = reader.renderer.render(tokens, reader.options, {})
    boxed = html.replace("<table>", '<div class="table-box" tabindex="0"><table class="table">')
    return "{% raw %}\n" + boxed.replace("</table>", "</table></div>") + "{% endraw %}\n"


def _led(tokens: list[Token]) -> list[Token]:
    """Let links lead to pages that are served; the text of others stays."""
    kept: list[Token] = []
    leading = True
    for token in tokens:
        if token.type == "link_open":
            name = str(token.attrGet("href")).rpartition("/")[2].partition("#")[0]
            leading = name in _SERVED
            token.attrSet("href", _SERVED.get(name, ""))
        if leading or token.type not in {"link_open", "link_close"}:
            kept.append(token)
    return kept


def _served(path: str) -> str:
    return _html((DOCS / path).read_text(encoding="utf-8"))


PAGES: Mapping[str, Callable[[], str]] = {
    f"{TEMPLATES}/format.html": partial(_served, "reference/format.md"),
    f"{TEMPLATES}/limitations.html": partial(_served, "explanation/claris-connect.md"),
}
