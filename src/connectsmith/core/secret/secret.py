"""A value that must not be seen: no text form, no pickling, comparison in constant time."""

import hmac
from typing import NoReturn, final


@final
class Secret:
    """Wrap a text that must not be shown, logged or stored in clear.

    `reveal` is called only by the sealer, `connection.apply`, `client_auth`, `grant` and the
    signer; a test counts the places.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __len__(self) -> int:
        return len(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    __hash__ = None  # type: ignore[assignment]  # a secret is never a key; mypy wants a callable here

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled or copied")
