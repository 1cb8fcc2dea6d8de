"""Write checked arguments into a request: path, query, headers, body, each in its encoding."""

import json
from collections.abc import Iterator
from typing import Any

from connectsmith.core.call.arguments import Arguments
from connectsmith.core.call.conversion import File, plain_text
from connectsmith.core.call.encoding import form_body, query_pairs
from connectsmith.core.call.field import FieldPlan, Where
from connectsmith.core.call.multipart import multipart_body
from connectsmith.core.call.plan import ActionPlan, BodyForm
from connectsmith.core.connection.auth_plan import has_control
from connectsmith.core.connection.prepared import Prepared
from connectsmith.errors import FieldInvalid
from connectsmith.values import value_class


@value_class(frozen=True, slots=True)
class _Body:
    content: bytes = b""
    type: str | None = None


def prepare(plan: ActionPlan, arguments: Arguments) -> Prepared:
    """Return the request of a call without its credentials.

    Raises:
        FieldInvalid: a value that may not stand in a header, or no text for a path.
    """
    values = arguments.values
    body = _body(plan, values)
    return Prepared(
        method=plan.method,
        url=plan.url,
        path=dict(_path(values)) if plan.url_fields else {},
        url_fields=plan.url_fields or {},
        fixed_url=plan.fixed_url,
        query=tuple(_query(values)) if values else (),
        headers=tuple(_headers(values)) if values else (),
        templates=plan.headers,
        needs=plan.needs,
        content_type=body.type,
        body=body.content,
        idempotency_header=plan.idempotency_header,
        purpose=plan.purpose,
        timeout=plan.timeout,
    )


_Values = tuple[tuple[FieldPlan, Any], ...]


def _path(values: _Values) -> Iterator[tuple[str, str]]:
    for field, value in values:
        if field.where is Where.PATH:
            yield f"path.{field.wire}", _text(field, value)


def _query(values: _Values) -> Iterator[tuple[str, str]]:
    for field, value in values:
        if field.where is Where.QUERY:
            yield from query_pairs(field.wire, value, field.style)


def _headers(values: _Values) -> Iterator[tuple[str, str]]:
    """Yield headers; a control character would end one and begin another (RFC 9110 section 5.5)."""
    for field, value in values:
        if field.where is Where.HEADER:
            text = _text(field, value)
            if has_control(text):
                raise _refused(field, "holds a control character, which no header may")
            yield field.wire, text


def _text(field: FieldPlan, value: Any) -> str:
    """Return a scalar, or a list of them joined by commas, as text."""
    if isinstance(value, list) and not any(isinstance(each, dict | list) for each in value):
        return ",".join(plain_text(each) for each in value)
    if isinstance(value, dict | list):
        raise _refused(field, "is an object, which cannot stand there")
    return plain_text(value)


def _refused(field: FieldPlan, why: str) -> FieldInvalid:
    message = f'"{field.key}" {why}.'
    fault = {"field": field.key, "code": "field_characters", "message": message}
    return FieldInvalid(message, place=field.key, details={"fields": [fault]})


def _body(plan: ActionPlan, values: _Values) -> _Body:
    match plan.form:
        case BodyForm.NONE:
            return _Body(plan.fixed_body, plan.content_type)
        case BodyForm.JSON:
            return _json(plan, values)
        case BodyForm.FORM:
            return _Body(form_body(_members(values)), plan.content_type)
        case BodyForm.MULTIPART:
            content, boundary = multipart_body(_members(values))
            return _Body(content, f"{plan.content_type}; boundary={boundary}")
        case BodyForm.WHOLE:
            return _whole(plan, values)


def _members(values: _Values) -> Iterator[tuple[str, Any, str]]:
    return (
        (field.wire, value, field.style) for field, value in values if field.where is Where.BODY
    )


def _json(plan: ActionPlan, values: _Values) -> _Body:
    """Write an object of the body's fields; `{}` when none has a value, unless it is a read."""
    members = {field.wire: value for field, value in values if field.where is Where.BODY}
    if not members and plan.method in {"GET", "HEAD", "DELETE"}:
        return _Body()
    return _Body(_json_bytes(members), plan.content_type)


def _json_bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_file_text).encode()


def _file_text(value: object) -> str:
    """Write a file inside JSON as base64."""
    if isinstance(value, File):
        return value.base64
    raise TypeError(type(value).__name__)


def _whole(plan: ActionPlan, values: _Values) -> _Body:
    """Write the one value that is the body: bytes of a file, text as it is, the rest as JSON."""
    found = [value for field, value in values if field.where is Where.WHOLE]
    if not found:
        return _Body()
    match found[0]:
        case File() as file:
            return _Body(file.content, plan.content_type or file.type)
        case str() as text:
            return _Body(text.encode(), plan.content_type or "application/json")
        case value:
            return _Body(_json_bytes(value), plan.content_type or "application/json")
