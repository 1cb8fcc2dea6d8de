"""Write Markdown that GitHub and plain readers show alike."""

from collections.abc import Iterable, Sequence

NOTE = "<!-- Written by make docs from the code; change it there. -->"


def document(title: str, *blocks: str) -> str:
    """Join blocks under a title, with the note that the page is generated."""
    return "\n\n".join([f"# {title}", NOTE, *(block.strip() for block in blocks if block)]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; cells may hold any text."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def code(text: object) -> str:
    """Return a text in code style."""
    shown = str(text)
    fence = "``" if "`" in shown else "`"
    return f"{fence}{shown}{fence}" if shown else ""


def one_line(text: str | None) -> str:
    """Return a docstring's text on one line."""
    return " ".join((text or "").split())


def _cell(text: str) -> str:
    return text.replace("\n", "<br>").replace("|", "\\|")
