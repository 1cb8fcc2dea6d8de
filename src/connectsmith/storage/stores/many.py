"""One query about many records at once."""

from collections.abc import Sequence
from typing import Final

from connectsmith.storage.database import Value

_LETTERS: Final = str.maketrans("0123456789", "abcdefghij")


def numbered(ids: Sequence[str]) -> dict[str, Value]:
    """Return a parameter for each id; names of parameters hold no digits here."""
    return {f"c_{str(number).translate(_LETTERS)}": each for number, each in enumerate(ids)}
