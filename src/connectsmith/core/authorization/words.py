"""Words of another server, made fit to be shown: one line, nothing invisible, not long."""

from typing import Final

LONGEST: Final = 300


def one_line(text: str, longest: int = LONGEST) -> str:
    """Return a text without control, direction and half characters, cut to a length."""
    plain = "".join(each if each.isprintable() else " " for each in text[: 8 * longest])
    clean = " ".join(plain.split())
    return clean if len(clean) <= longest else f"{clean[: longest - 1]}…"
