"""A kept request as a command to copy; its credentials are the masks that the transcript holds."""

import shlex
from collections.abc import Iterable, Mapping
from typing import Any, Final

_LEFT_OUT: Final = frozenset({"content-length", "host", "connection", "accept-encoding"})
"""Headers that curl writes itself."""


def curl_command(request: Mapping[str, Any]) -> str:
    """Return a request of a transcript as a `curl` command for a POSIX shell.

    A body that is no text, was cut or was not kept is named in a comment: it has to be put in by
    hand, as the masked credentials have.
    """
    parts = [f"curl --request {shlex.quote(str(request['method']))} {_quoted(request['url'])}"]
    parts += [
        f"--header {_quoted(f'{name}: {value}')}"
        for name, value in request["headers"]
        if name.lower() not in _LEFT_OUT
    ]
    return " \\\n  ".join([*parts, *_body(request["body"])])


def _body(body: Mapping[str, Any]) -> Iterable[str]:
    if not body["size"]:
        return
    if body["content"] is None or body["encoding"] != "text" or body["cut"]:
        yield f"--data-binary @body  # the body of {body['size']:,} bytes is not shown here"
    else:
        yield f"--data-raw {_quoted(body['content'])}"


def _quoted(text: str) -> str:
    """Quote for a shell; what a terminal would act on is written as an escape (bash and zsh)."""
    if text.isprintable() or text.replace("\n", "").replace("\t", "").isprintable():
        return shlex.quote(text)
    return "$'" + "".join(map(_escaped, text)) + "'"


def _escaped(each: str) -> str:
    if each in "'\\":
        return "\\" + each
    if each.isprintable():
        return each
    code = ord(each)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - four digits
