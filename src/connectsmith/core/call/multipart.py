"""Write `multipart/form-data` bodies (RFC 7578), with a boundary that their content cannot hold."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

from connectsmith.core.call.conversion import File
from connectsmith.core.call.encoding import plain_pairs


def multipart_body(values: Iterable[tuple[str, Any, str]]) -> tuple[bytes, str]:
    """Return the body of `(name, value, style)` and its boundary.

    The boundary is a hash over all parts: content that holds it would have to hold its own hash.
    """
    parts = [part for name, value, style in values for part in _parts(name, value, style)]
    boundary = _boundary(parts)
    lines = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    return lines + b"--" + boundary + b"--\r\n", boundary.decode()


def _parts(name: str, value: Any, style: str) -> Iterator[bytes]:
    if isinstance(value, File):
        yield _file(name, value)
    elif isinstance(value, list) and value and all(isinstance(each, File) for each in value):
        wire = f"{name}[]" if style == "brackets" else name
        for each in value:
            yield _file(wire, each)
    else:
        for key, text in plain_pairs(name, value, style):
            yield _head(key) + b"\r\n\r\n" + text.encode()


def _file(name: str, file: File) -> bytes:
    head = _head(name) + f'; filename="{_quoted(file.name)}"\r\n'.encode()
    return head + f"Content-Type: {file.type}\r\n\r\n".encode() + file.content


def _head(name: str) -> bytes:
    return f'Content-Disposition: form-data; name="{_quoted(name)}"'.encode()


def _quoted(text: str) -> str:
    """Escape as browsers do (WHATWG HTML, multipart/form-data encoding algorithm)."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _boundary(parts: list[bytes]) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return b"connectsmith-" + digest.hexdigest()[:40].encode()
