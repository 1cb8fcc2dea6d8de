"""Texts that are nearly definitions, for properties of reading."""

from hypothesis import strategies as st
from tests.core.definition.samples import TEXTS

_TOKENS = st.sampled_from(
    [
        *"{}[],:;\"'\u201c\u201d\u2018\u2019 \n\t\\/#`-+.0123eE$",
        "true", "nul", "None", '"a"', '"b":', "//x\n", "/*", "*/", '{"schema":"1.0"', "\U0001f600",
        "\u00a0", "\ud800", "\\ud800", "{{", "}}", "{{authFields.x}}", '"name":', "=>", "1e999",
        '"auth_components":{"type":"oauth2"', '"actions":[',
    ]
)  # fmt: skip

_PIECES = st.lists(_TOKENS, max_size=30).map("".join) | st.text(max_size=40)


@st.composite
def _damaged(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(sorted(TEXTS.values())))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        gone = draw(st.integers(0, 8))
        text = text[:at] + draw(_PIECES | st.just("")) + text[at + gone :]
    return text


TEXTS_LIKE_JSON = _PIECES | _damaged()
"""Any text, fragments of definitions, and definitions with a few places damaged."""
