"""Mask what must not be seen, by where it stands and by what it is: best effort, no boundary.

Masked are the values known here, in the encodings of `encodings`, and whatever stands where
credentials stand (`places`). Not caught, because nobody can list what a service may do to a text:
a value that is reversed, re-cased, split in pieces, encoded twice, compressed, hashed, encrypted,
or written in an encoding that is not listed. Values shorter than `SHORTEST` are masked only where
they stand: everywhere else they would be found in innocent text.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, final
from urllib.parse import unquote_to_bytes

from connectsmith.core.secret.encodings import MASK_START, SHORTEST, Forms, forms_of
from connectsmith.core.secret.places import is_secret_header, json_pattern, parameter_pattern
from connectsmith.core.secret.secret import Secret

__all__ = ["SHORTEST", "STRONG", "Fingerprint", "PieceMask", "Redactor"]

STRONG: Final = 8
"""Characters from which a value is masked also in answers that callers go on to use."""

Fingerprint = Callable[[bytes], str]
"""Returns 8 hexadecimal digits of a keyed hash: the same value, the same digits, no way back."""
Headers = tuple[tuple[str, str], ...]

_BASE64: Final = rb"[A-Za-z0-9+/_\-]?"
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9\-]{0,30} +")
_NO_NAMES: Final[frozenset[str]] = frozenset()
_MASKS_KEPT: Final = 64
_SIGHTINGS_KEPT: Final = 16
_INNOCENT_KEPT: Final = 128
_INNOCENT_LENGTH: Final = 1024


@final
@dataclass(frozen=True, slots=True)
class _Sighting:
    """A pattern with a group for each form, and the values that these are forms of."""

    pattern: re.Pattern[bytes] = field(repr=False)
    owners: tuple[bytes, ...] = field(repr=False)


@final
class Redactor:
    """Masks a fixed set of values and everything that stands in a credential's place.

    Immutable; building one costs more than using it, so keep it as long as the values hold.
    `headers` (lower case) and `parameters` are names that this connector uses for credentials.
    """

    def __init__(
        self,
        secrets: Iterable[Secret],
        fingerprint: Fingerprint,
        *,
        headers: frozenset[str] = _NO_NAMES,
        parameters: frozenset[str] = _NO_NAMES,
        shortest: int = SHORTEST,
    ) -> None:
        self._secrets = tuple(secrets)
        self._fingerprint = fingerprint
        self._header_names = headers
        self._parameter_names = parameters
        forms = [form for each in self._secrets if (form := forms_of(each, shortest)) is not None]
        self._forms = sorted(forms, key=lambda each: len(each.value), reverse=True)
        self._needles = _distinct(self._forms)
        self._sightings: dict[tuple[bytes, ...], _Sighting] = {}
        self._strong: Redactor | None = None
        self._masks: dict[bytes, str] = {}
        self._innocent: set[str] = set()
        self._whole_headers: dict[tuple[str, ...], frozenset[int]] = {}

    def __repr__(self) -> str:
        return f"Redactor({len(self._secrets)} secrets)"

    @property
    def strong(self) -> "Redactor":
        """One that masks only values of `STRONG` or more characters: for what callers work with."""
        if self._strong is None:
            self._strong = Redactor(self._secrets, self._fingerprint, shortest=STRONG)
        return self._strong

    @property
    def margin(self) -> int:
        """Bytes that the longest form of a value takes: a cut text may end in a part of one."""
        return max(map(len, self._needles), default=0) + 2

    def adding(self, secrets: Iterable[Secret]) -> "Redactor":
        """Return one that masks these as well."""
        return Redactor(
            (*self._secrets, *secrets),
            self._fingerprint,
            headers=self._header_names,
            parameters=self._parameter_names,
        )

    def mask(self, value: bytes) -> str:
        """Return what stands for a value."""
        known = self._masks.get(value)
        if known is not None:
            return known
        mask = f"{MASK_START.decode()}{self._fingerprint(value)}]"
        if len(self._masks) < _MASKS_KEPT:
            self._masks[value] = mask
        return mask

    def finds(self, content: bytes) -> bool:
        """Tell whether a known value is in there, in any form."""
        length = len(content)
        for needle in self._needles:
            if len(needle) > length:
                break  # the rest is longer still
            # Not `in`, which first tries to read the needle as a number, and formats that error.
            if content.find(needle) >= 0:
                return True
        return False

    def known(self, content: bytes) -> bytes:
        """Mask known values; unchanged, and cheap, when there is none."""
        if not self.finds(content):
            return content
        sighting = self._sighting(content)
        return sighting.pattern.sub(
            lambda match: self.mask(sighting.owners[(match.lastindex or 1) - 1]).encode(), content
        )

    def text(self, text: str) -> str:
        """Mask known values in a text."""
        if not self._is_known(text):
            return text
        return self.known(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def url(self, url: str) -> str:
        """Mask parameters that hold credentials, and known values anywhere."""
        return self.text(self._parameters(url, grant=True) if "=" in url else url)

    def headers(self, headers: Headers) -> Headers:
        """Mask headers that hold credentials, parameters of URLs in headers, and known values."""
        if not headers:
            return headers
        whole = self._whole(tuple([name for name, _ in headers]))
        doubtful = self._doubtful([pair[1] for at, pair in enumerate(headers) if at not in whole])
        if not whole and not doubtful:
            return headers
        masked = list(headers)
        for index, (name, value) in enumerate(headers):
            if index in whole:
                masked[index] = (name, self._header_value(value))
            elif doubtful:
                masked[index] = (name, self.url(value))
        return tuple(masked)

    def _doubtful(self, values: list[str]) -> bool:
        """Tell whether a header's value must be looked at by itself.

        Most values come again with every call: those in which nothing was found are remembered.
        """
        fresh = [value for value in values if value not in self._innocent]
        if not fresh:
            return False
        joined = "\n".join(fresh)
        if "?" in joined or "&" in joined or "#" in joined or self._is_known(joined):
            return True
        if len(self._innocent) < _INNOCENT_KEPT and len(joined) <= _INNOCENT_LENGTH:
            self._innocent.update(fresh)
        return False

    def is_secret_header(self, name: str) -> bool:
        """Tell whether a header's value is masked whole."""
        return is_secret_header(name) or name.lower() in self._header_names

    def body(self, content: bytes, *, grant: bool = False, form: bool = False) -> bytes:
        """Mask members with credentials' names, and known values.

        Args:
            content: A request's or answer's body, perhaps cut off.
            grant: It belongs to a token or revocation request, where `code` and the like are
                credentials too, and forms may come as anything.
            form: It is form-encoded.
        """
        names = self._parameter_names
        masked = content
        if masked.find(b'"') >= 0:
            masked = json_pattern(names, grant=grant).sub(self._json_match, masked)
        if (form or grant) and masked.find(b"=") >= 0:
            text = masked.decode("latin-1")
            masked = self._parameters(text, grant=grant).encode("latin-1")
        return self.known(masked)

    def _is_known(self, text: str) -> bool:
        return self.finds(text.encode("utf-8", "surrogatepass"))

    def _whole(self, names: tuple[str, ...]) -> frozenset[int]:
        """Return which headers are masked whole; services send the same names again and again."""
        found = self._whole_headers.get(names)
        if found is None:
            found = frozenset(at for at, name in enumerate(names) if self.is_secret_header(name))
            if len(self._whole_headers) < _MASKS_KEPT:
                self._whole_headers[names] = found
        return found

    def _parameters(self, text: str, *, grant: bool) -> str:
        pattern = parameter_pattern(self._parameter_names, grant=grant)
        return pattern.sub(self._parameter_match, text)

    def _parameter_match(self, match: re.Match[str]) -> str:
        return match[1] + self.mask(unquote_to_bytes(match[2].replace("+", " ")))

    def _json_match(self, match: re.Match[bytes]) -> bytes:
        text, nested, number = match.group(2, 4, 6)
        if number is not None:
            return b'%b"%b"' % (match[5], self.mask(number).encode())
        before = match[1] if nested is None else match[3]
        return bytes(before + self.mask(text if nested is None else nested).encode())

    def _header_value(self, value: str) -> str:
        """Mask a header's value but for its scheme (RFC 9110 section 11.4)."""
        scheme = _SCHEME.match(value)
        start = scheme.end() if scheme and scheme.end() < len(value) else 0
        return value[:start] + self.mask(value[start:].encode("utf-8", "surrogatepass"))

    def _sighting(self, content: bytes) -> "_Sighting":
        """Return what masks the forms that are in there, the longest value first.

        Only these are compiled: all forms of all values take milliseconds, and most redactors of
        token requests see one value once.
        """
        seen = tuple(needle for needle in self._needles if content.find(needle) >= 0)
        known = self._sightings.get(seen)
        if known is not None:
            return known
        found = [
            (pattern, form.value)
            for form in self._forms
            for needle, pattern in _patterns(form)
            if needle in seen
        ]
        made = _Sighting(
            re.compile(b"|".join(b"(%b)" % pattern for pattern, _ in found)),
            tuple(value for _, value in found),
        )
        if len(self._sightings) < _SIGHTINGS_KEPT:
            self._sightings[seen] = made
        return made


@final
class PieceMask:
    """Masks known values in a body that comes in pieces, also values that two pieces share.

    The last `margin` bytes are held back until it is known what follows them.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._held = b""

    def take(self, piece: bytes) -> bytes:
        """Return what can be passed on once this piece has come."""
        masked = self._redactor.known(self._held + piece)
        sure = max(0, len(masked) - self._redactor.margin)
        self._held = masked[sure:]
        return masked[:sure]

    def rest(self) -> bytes:
        """Return what was held back, when nothing follows."""
        return self._held


def _patterns(forms: Forms) -> Iterable[tuple[bytes, bytes]]:
    """Yield each form with its pattern; of base64 also the characters the value decides in part."""
    for each in forms.literal:
        yield each, re.escape(each)
    for each in forms.base64:
        yield each, b"%b%b%b={0,2}" % (_BASE64, re.escape(each), _BASE64)


def _distinct(forms: Iterable[Forms]) -> tuple[bytes, ...]:
    found = {needle for each in forms for needle in (*each.literal, *each.base64)}
    return tuple(sorted(found, key=len))
