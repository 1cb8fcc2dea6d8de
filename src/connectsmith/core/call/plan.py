"""Compile an action once into everything a call of it needs; plans hold no secret."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, Final, final

from connectsmith.core.call.encoding import form_body
from connectsmith.core.call.field import FieldPlan, Where, compile_field
from connectsmith.core.call.pointer import Path, Test, compile_pointer, compile_test
from connectsmith.core.connection.auth_plan import TOKEN, has_control, is_reserved
from connectsmith.core.connection.prepared import Need, needs_of
from connectsmith.core.definition.hosts import UrlTemplate, compile_endpoint
from connectsmith.core.definition.model import (
    Action,
    ActionField,
    ActionResponse,
    AuthTest,
    Definition,
    Endpoint,
)
from connectsmith.core.definition.placeholders import Template, compile_template
from connectsmith.core.message import Purpose
from connectsmith.errors import ActionUnknown, DefinitionError

AUTH_TEST: Final = "auth_test"
"""The name of `auth_test`'s plan; no action's, since those hold a dot."""
FORM: Final = "application/x-www-form-urlencoded"
_PATH: Final = "path."
_BODY_METHODS: Final = frozenset({"POST", "PUT", "PATCH"})
_EFFECTS: Final = {"GET": "read", "HEAD": "read", "DELETE": "destructive"}


class BodyForm(StrEnum):
    """How a body is written."""

    NONE = "none"
    JSON = "json"
    FORM = "form"
    MULTIPART = "multipart"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class ActionPlan:
    """A compiled action, or `auth_test`.

    `known` are the field keys a caller may use. `url_fields` maps path placeholders to the keys
    that fill them. `statuses` are the good ones; empty means every 2xx. `failures` are tests that
    make a good status a failure, with the JSON Pointer `useful` to the part callers want.
    """

    name: str
    method: str
    url: UrlTemplate
    purpose: Purpose = Purpose.ACTION
    fixed_url: str | None = None
    fields: tuple[FieldPlan, ...] = ()
    known: frozenset[str] = frozenset()
    url_fields: Mapping[str, str] | None = None
    form: BodyForm = BodyForm.NONE
    content_type: str | None = None
    fixed_body: bytes = b""
    headers: tuple[tuple[str, Template], ...] = ()
    needs: tuple[Need, ...] = ()
    timeout: timedelta | None = None
    effect: str = "read"
    idempotency_header: str | None = None
    scopes: tuple[str, ...] = ()
    useful: Path = ()
    failures: tuple[Test, ...] = ()
    statuses: frozenset[int] = frozenset()
    account_id: Path | None = None
    account_label: Path | None = None


@final
class ActionPlans(Mapping[str, ActionPlan]):
    """The plans of a definition by `modelId.actionId`, and `auth_test`'s if there is one.

    A plan is compiled when it is first asked for, so that a fault in one action's definition is
    an error of that action alone.
    """

    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self._actions = {action.name: action for action in definition.actions}
        self._test = definition.auth_test
        self._compiled: dict[str, ActionPlan] = {}

    def __getitem__(self, name: str) -> ActionPlan:
        plan = self._compiled.get(name)
        if plan is None:
            plan = self._compiled[name] = self._compile(name)
        return plan

    def __iter__(self) -> Iterator[str]:
        yield from self._actions
        if self._test is not None:
            yield AUTH_TEST

    def __len__(self) -> int:
        return len(self._actions) + (self._test is not None)

    def __contains__(self, name: object) -> bool:
        return name in self._actions or (name == AUTH_TEST and self._test is not None)

    def _compile(self, name: str) -> ActionPlan:
        if name == AUTH_TEST and self._test is not None:
            return compile_auth_test(self._definition, self._test)
        return compile_action(self._definition, self._actions[name])


def plans_of(definition: Definition) -> ActionPlans:
    """Return the plans of a definition."""
    return ActionPlans(definition)


def find_plan(plans: Mapping[str, ActionPlan], name: str) -> ActionPlan:
    """Return the plan of an action.

    Raises:
        ActionUnknown: there is none of that name; the message names the nearest.
        DefinitionError: the action cannot be used as it is defined.
    """
    if name in plans and name != AUTH_TEST:
        return plans[name]
    names = [each for each in plans if each != AUTH_TEST]
    near = get_close_matches(name[:200], names, 1)
    hint = f' Did you mean "{near[0]}"?' if near else ""
    shown = "".join(each if each.isprintable() else "?" for each in name[:80])
    raise ActionUnknown(f'The connector has no action "{shown}".{hint}', place="action")


def effect_of(action: Action) -> str:
    """Return what an action does to the service: `read`, `write` or `destructive`."""
    return action.effect or _EFFECTS.get(action.method.upper(), "write")


def compile_action(definition: Definition, action: Action) -> ActionPlan:
    """Compile one action.

    Raises:
        DefinitionError: no such endpoint, an unknown field type, fields that exclude each other,
            or a header that may not be set.
    """
    method = action.method.upper()
    endpoint = _endpoint(definition, method, action.endpoint, action.name)
    names = frozenset(
        each for field in action.url_fields for each in (field.name, field.key) if each
    )
    url = compile_endpoint(endpoint.url, action.endpoint, definition, url_fields=names)
    open_names = {name.removeprefix(_PATH) for name in url.names if name.startswith(_PATH)}
    placed = list(_placed(action, method, open_names))
    form = _form_of(placed, endpoint, action.name)
    fields = tuple(
        compile_field(
            field, where, nullable=form in {BodyForm.JSON, BodyForm.WHOLE} and where in _BODY
        )
        for field, where in placed
    )
    _check_headers(fields, endpoint, action.name, action.idempotency_header)
    templates = _templates(endpoint)
    return ActionPlan(
        name=action.name,
        method=method,
        url=url,
        fixed_url=None if url.names else url.render({}),
        fields=fields,
        known=frozenset(each.key for each in fields if not each.hidden),
        url_fields=_filled_by(fields, open_names),
        form=form,
        content_type=_content_type(form, endpoint),
        headers=templates,
        needs=_needs(url, templates),
        timeout=_timeout(endpoint),
        effect=effect_of(action),
        idempotency_header=action.idempotency_header,
        scopes=tuple(action.scopes),
        useful=_useful(action.response),
        failures=_failures(definition, action.response),
    )


def compile_auth_test(definition: Definition, test: AuthTest) -> ActionPlan:
    """Compile `auth_test`: no fields, a fixed body, perhaps its own good statuses."""
    method = test.method.upper()
    endpoint = _endpoint(definition, method, test.endpoint, AUTH_TEST)
    url = compile_endpoint(endpoint.url, test.endpoint, definition, url_fields=frozenset())
    templates = _templates(endpoint)
    account = test.account
    return ActionPlan(
        name=AUTH_TEST,
        method=method,
        url=url,
        purpose=Purpose.AUTH_TEST,
        fixed_url=None if url.names else url.render({}),
        content_type=None if test.body is None else endpoint.content_type,
        fixed_body=_fixed_body(test.body, endpoint.content_type),
        headers=templates,
        needs=_needs(url, templates),
        timeout=_timeout(endpoint),
        failures=_failures(definition, None),
        statuses=frozenset(test.expect.status) if test.expect else frozenset(),
        account_id=compile_pointer(account.id) if account and account.id else None,
        account_label=compile_pointer(account.label) if account and account.label else None,
    )


_BODY: Final = frozenset({Where.BODY, Where.WHOLE})


def _endpoint(definition: Definition, method: str, path: str, name: str) -> Endpoint:
    endpoint = definition.endpoints.get(method, {}).get(path)
    if endpoint is None:
        raise DefinitionError(
            f'"{name}" uses {method} {path}, which is not among the endpoints.', place=name
        )
    return endpoint


def _placed(
    action: Action, method: str, open_names: set[str]
) -> Iterator[tuple[ActionField, Where]]:
    """Say where each field goes: as it says, else into the path, else by list and method."""
    unfilled = set(open_names)
    default = Where.BODY if method in _BODY_METHODS else Where.QUERY
    lists = ((action.url_fields, Where.QUERY), (action.action_fields, default))
    for fields, otherwise in lists:
        for field in fields:
            if field.key:
                yield field, _where(field, unfilled, otherwise)


def _where(field: ActionField, unfilled: set[str], otherwise: Where) -> Where:
    match field.in_:
        case "body" | "form" | "file":
            return Where.BODY
        case "query":
            return Where.QUERY
        case "header":
            return Where.HEADER
        case "wholeBody":
            return Where.WHOLE
        case _:
            name = field.name or field.key
            if field.in_ == "path" or name in unfilled:
                unfilled.discard(name or "")
                return Where.PATH
            return otherwise


def _form_of(
    placed: Iterable[tuple[ActionField, Where]], endpoint: Endpoint, name: str
) -> BodyForm:
    """Return how the body is written: as fields say, else as the endpoint's `contentType`."""
    whole = [field for field, where in placed if where is Where.WHOLE]
    members = [field for field, where in placed if where is Where.BODY]
    if whole:
        if members or len(whole) > 1:
            raise DefinitionError(
                f'"{name}" has a wholeBody field beside other fields of the body.', place=name
            )
        return BodyForm.WHOLE
    if not members:
        return BodyForm.NONE
    media = _media(endpoint.content_type)
    if media == "multipart/form-data" or any(field.in_ == "file" for field in members):
        return BodyForm.MULTIPART
    if media == FORM or any(field.in_ == "form" for field in members):
        return BodyForm.FORM
    if media.endswith("json"):
        return BodyForm.JSON
    raise DefinitionError(
        f'"{name}" has fields in a body of the type {media}, which takes one wholeBody field.',
        place=name,
    )


def _media(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _content_type(form: BodyForm, endpoint: Endpoint) -> str | None:
    """Return the header's value; a multipart body adds its boundary, a whole file its own type."""
    match form:
        case BodyForm.NONE:
            return None
        case BodyForm.FORM:
            return endpoint.content_type if _media(endpoint.content_type) == FORM else FORM
        case BodyForm.MULTIPART:
            return "multipart/form-data"
        case BodyForm.WHOLE if "content_type" not in endpoint.model_fields_set:
            return ""
        case _:
            return endpoint.content_type


def _check_headers(
    fields: Iterable[FieldPlan], endpoint: Endpoint, name: str, idempotency: str | None
) -> None:
    """Refuse names that are none or that frame the message (RFC 9110 section 5.1)."""
    ours = [field for field in fields if field.where is Where.HEADER]
    if any(field.type == "object" for field in ours):
        raise DefinitionError(f'"{name}" has an object in a header.', place=name)
    if has_control(endpoint.content_type):
        raise DefinitionError(f'"{name}" has a contentType with a control character.', place=name)
    if any(has_control(text) for text in endpoint.headers.values()):
        raise DefinitionError(f'"{name}" has a header with a control character.', place=name)
    named = [*(field.wire for field in ours), *endpoint.headers]
    for header in [*named, idempotency] if idempotency else named:
        if not TOKEN.fullmatch(header) or is_reserved(header):
            raise DefinitionError(f'"{name}" may not set the header "{header}".', place=name)


def _templates(endpoint: Endpoint) -> tuple[tuple[str, Template], ...]:
    return tuple((name, compile_template(text)) for name, text in endpoint.headers.items())


def _needs(url: UrlTemplate, templates: tuple[tuple[str, Template], ...]) -> tuple[Need, ...]:
    return needs_of(url.names.union(*(template.names for _, template in templates)))


def _filled_by(fields: Iterable[FieldPlan], open_names: set[str]) -> dict[str, str]:
    """Map names of path placeholders to the keys of the fields that fill them."""
    return {
        _PATH + field.wire: field.key
        for field in fields
        if field.where is Where.PATH and field.wire in open_names
    }


def _timeout(endpoint: Endpoint) -> timedelta | None:
    return None if endpoint.timeout is None else timedelta(seconds=endpoint.timeout)


def _useful(response: ActionResponse | None) -> Path:
    return compile_pointer(response.pointer or "") if response else ()


def _failures(definition: Definition, response: ActionResponse | None) -> tuple[Test, ...]:
    written = (
        response.error if response else None,
        definition.policies.error if definition.policies else None,
    )
    return tuple(compile_test(test) for test in written if test is not None)


def _fixed_body(body: Any, content_type: str) -> bytes:
    """Write `auth_test`'s body once, as its endpoint's `contentType` says."""
    if body is None:
        return b""
    if _media(content_type) == FORM and isinstance(body, dict):
        return form_body(tuple((name, value, "repeat") for name, value in body.items()))
    if isinstance(body, str) and not _media(content_type).endswith("json"):
        return body.encode()
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
