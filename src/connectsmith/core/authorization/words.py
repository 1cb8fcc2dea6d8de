"""Words of another server, made fit to be shown: one line, no control characters, not long."""

import re
from typing import Final

LONGEST: Final = 300

_UNFIT = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]+"
)


def one_line(text: str, longest: int = LONGEST) -> str:
    """Return a text without control, direction and half characters, cut to a length."""
    clean = " ".join(_UNFIT.sub(" ", text[: 8 * longest]).split())
    return clean if len(clean) <= longest else f"{clean[: longest - 1]}…"
