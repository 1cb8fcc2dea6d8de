"""Bodies read within a budget: compressed bytes never turn into more memory than was agreed to."""

import zlib
from collections.abc import AsyncIterator, Iterator

from connectsmith.egress.limits import MIB
from connectsmith.egress.wire import Arrival
from connectsmith.errors import ResponseTooLarge, ResponseUnreadable

ACCEPTED_CODINGS = "gzip, deflate"

_PIECE = 64 * 1024
_RATIO_COUNTS_FROM = MIB
_MOST_MEMBERS = 64
_GZIP_WINDOW = zlib.MAX_WBITS | 16
_RAW_WINDOW = -zlib.MAX_WBITS
_ZLIB_METHOD = 8


async def read_body(answer: Arrival, *, budget: int, ratio: int) -> tuple[bytes, bool]:
    """Return the body, cut at the budget, and whether it is the whole one.

    Raises:
        ResponseTooLarge: a body that grows like a decompression bomb.
        ResponseUnreadable: a coding we did not offer, or a broken one.
    """
    declared = answer.header("content-length")
    if declared.isdecimal() and int(declared) <= budget and not answer.header("content-encoding"):
        return await answer.content.read(), True
    content: list[bytes] = []
    left = budget
    async for piece in pieces(answer, ratio=ratio):
        content.append(piece[:left])
        if len(piece) > left:
            return b"".join(content), False
        left -= len(piece)
    return b"".join(content), True


async def pieces(answer: Arrival, *, ratio: int) -> AsyncIterator[bytes]:
    """Yield the decompressed body in pieces of bounded size."""
    coding = answer.header("content-encoding").strip().lower()
    content = answer.content
    if coding in {"", "identity"}:
        while chunk := await content.readany():
            yield chunk
        return
    inflater = None
    while chunk := await content.readany():
        inflater = inflater or Inflater(coding, ratio=ratio)
        for piece in inflater.feed(chunk):
            yield piece
    if inflater is not None:
        inflater.end()


class Inflater:
    """Decompress one body (RFC 9110 section 8.4), piece by piece.

    A body of several codings at once is refused: nobody needs it but bombs.
    """

    def __init__(self, coding: str, *, ratio: int) -> None:
        if coding not in {"gzip", "x-gzip", "deflate"}:
            raise ResponseUnreadable(
                "The answer's body is encoded in a way that was not asked for;"
                f" only {ACCEPTED_CODINGS} can be read."
            )
        self._gzip = coding != "deflate"
        self._ratio = ratio
        self._stream = zlib.decompressobj(_GZIP_WINDOW) if self._gzip else None
        self._members = 0
        self._received = 0
        self._returned = 0

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what a chunk decompresses to."""
        rest = chunk
        before = self._received
        self._received += len(chunk)
        while rest:
            stream = self._stream_for(rest)
            try:
                piece = stream.decompress(rest, _PIECE)
            except zlib.error as error:
                raise _broken() from error
            rest = stream.unused_data if stream.eof else stream.unconsumed_tail
            self._count(len(piece), before + len(chunk) - len(rest))
            if piece:
                yield piece

    def end(self) -> None:
        """Refuse a body that stops in the middle."""
        if self._stream is not None and not self._stream.eof:
            raise _broken()

    def _stream_for(self, upcoming: bytes) -> "zlib._Decompress":
        """Return the running stream, or a new one for another member (RFC 1952 section 2.2)."""
        if self._stream is not None and not self._stream.eof:
            return self._stream
        self._members += 1
        if self._members > (_MOST_MEMBERS if self._gzip else 1):
            raise _broken()
        self._stream = zlib.decompressobj(_GZIP_WINDOW if self._gzip else _window_of(upcoming))
        return self._stream

    def _count(self, returned: int, consumed: int) -> None:
        self._returned += returned
        if self._returned > max(_RATIO_COUNTS_FROM, self._ratio * consumed):
            raise ResponseTooLarge(
                f"The answer's body grows to more than {self._ratio} times its size when"
                " decompressed; it was dropped."
            )


def _window_of(start: bytes) -> int:
    """Tell zlib (RFC 1950), which `deflate` means, from raw deflate, which some servers send."""
    return zlib.MAX_WBITS if start[0] & 0x0F == _ZLIB_METHOD else _RAW_WINDOW


def _broken() -> ResponseUnreadable:
    return ResponseUnreadable("The answer's body is compressed, but broken.")
