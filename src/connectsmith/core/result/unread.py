"""A token answer that nobody could read: only its shape is shown, a token may stand anywhere."""

import json
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from connectsmith.core.message import HttpResponse
from connectsmith.core.result.content import parse_json
from connectsmith.core.secret.redaction import Redactor

SHOWN: Final = 7
"""Characters up to which a text is shown: no token is that short."""


def veiled(response: HttpResponse, redactor: Redactor) -> HttpResponse:
    """Return a good token answer with every longer value masked, whatever its name is.

    A page is left as it is: it is what an author wants to see, and holds no token.
    """
    body = response.body
    if body.lstrip()[:1] == b"<":
        return response
    try:
        shown = json.dumps(_veiled(parse_json(body), redactor), ensure_ascii=False)
    except (ValueError, RecursionError):
        shown = _veiled_form(body, redactor)
    return replace(response, body=shown.encode("utf-8", "replace"))


def _veiled(value: Any, redactor: Redactor) -> Any:
    match value:
        case str():
            return value if len(value) <= SHOWN else _mask(value, redactor)
        case list():
            return [_veiled(each, redactor) for each in value]
        case dict():
            return {name: _veiled(each, redactor) for name, each in value.items()}
        case _:
            return value


def _veiled_form(body: bytes, redactor: Redactor) -> str:
    """Mask the values of a form; what is none either is masked as a whole."""
    text = body.decode("utf-8", "replace").strip()
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True)
    except ValueError:
        return _mask(text, redactor) if text else ""
    return urlencode([(name, _veiled(each, redactor)) for name, each in pairs], safe="[]:")


def _mask(text: str, redactor: Redactor) -> str:
    return redactor.mask(text.encode("utf-8", "surrogatepass"))
