"""Endpoints, the actions that use them, and the test of a connection."""

import re
from typing import Any, Final

from connectsmith.core.definition.checks.fields import Credentials, check_fields
from connectsmith.core.definition.checks.headers import check_header_name, check_headers
from connectsmith.core.definition.checks.placed import IN_CALL, IN_PATH, IN_URL, check_text
from connectsmith.core.definition.checks.requests import owned_by_credentials
from connectsmith.core.definition.checks.scope import Scope
from connectsmith.core.definition.checks.urls import check_http
from connectsmith.core.definition.checks.values import elements, members, text
from connectsmith.core.definition.findings import (
    Path,
    Rename,
    Replace,
    meant,
    nearest,
)
from connectsmith.core.definition.hosts import join_with, path_names
from connectsmith.errors import UrlInvalid

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
MOST_ACTIONS: Final = 1000

_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(?:\s*;[\x20-\x7e]*)?")
_PATH_PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}|\{[^{}/?]+\}")


def check_endpoints(value: Any, scope: Scope) -> None:
    """Check `endpoints`."""
    for method, paths in members(value, "endpoints").items():
        if method not in METHODS:
            near = nearest(method, METHODS)
            scope.findings.warning(
                "method_unknown",
                ("endpoints", method),
                f'"{method}" is not a method that can be used.{meant(near)}',
                on_name=True,
                repair=Rename(near) if near and near not in members(value, "endpoints") else None,
            )
        for path, endpoint in members(paths).items():
            if isinstance(endpoint, dict):
                _check_endpoint(path, endpoint, ("endpoints", method, path), scope)


def _check_endpoint(path: str, endpoint: dict[str, Any], place: Path, scope: Scope) -> None:
    base = text(endpoint, "url")
    is_well = check_text(path, place, IN_PATH, scope, on_name=True)
    is_well = check_text(base, (*place, "url"), IN_URL, scope) and is_well
    rest = _PATH_PLACEHOLDER.sub("", path)
    if is_well and ("{" in rest or "}" in rest):
        message = "A brace in this path is not closed, or holds no name."
        scope.findings.error("placeholder_unclosed", place, message, on_name=True)
    elif is_well and base is not None:
        try:
            template = join_with(base, path, scope.hosts, url_fields=frozenset())
        except UrlInvalid as error:
            scope.findings.error("url_invalid", (*place, "url"), error.message)
        else:
            check_http(template, (*place, "url"), scope.findings)
    check_headers(members(endpoint, "headers"), (*place, "headers"), IN_CALL, scope)
    media = text(endpoint, "contentType")
    if media is not None and not _MEDIA_TYPE.fullmatch(media):
        message = 'A media type is written as in "application/json".'
        scope.findings.error("content_type_invalid", (*place, "contentType"), message)


def check_actions(value: Any, scope: Scope) -> None:
    """Check `actions` and `auth_test`."""
    actions = elements(value, "actions")
    if len(actions) > MOST_ACTIONS:
        message = f"A definition holds at most {MOST_ACTIONS:,} actions."
        scope.findings.error("too_many_actions", ("actions",), message)
        return
    endpoints = members(value, "endpoints")
    credentials = Credentials(*owned_by_credentials(value, scope))
    seen: dict[tuple[str, str], int] = {}
    for index, action in enumerate(actions):
        if isinstance(action, dict):
            place = ("actions", index)
            _check_name(action, place, seen, scope)
            if _check_endpoint_of(action, place, endpoints, scope):
                _check_path(action, place, scope)
            check_fields(action, place, credentials, scope)
            if "idempotencyHeader" in action:
                header = (*place, "idempotencyHeader")
                check_header_name(action["idempotencyHeader"], header, scope.findings)
    test = members(value, "auth_test")
    if test:
        _check_endpoint_of({"method": "GET", **test}, ("auth_test",), endpoints, scope)
        _check_test_path(test, scope)


def _check_name(
    action: dict[str, Any], place: Path, seen: dict[tuple[str, str], int], scope: Scope
) -> None:
    model, name = text(action, "modelId"), text(action, "actionId")
    if model is None or name is None:
        return
    first = seen.setdefault((model, name), int(place[1]))
    if first != place[1]:
        message = f'"{model}.{name}" is already the name of action {first + 1} of this list.'
        scope.findings.error("action_duplicate", (*place, "actionId"), message)


def _check_endpoint_of(
    action: dict[str, Any], place: Path, endpoints: dict[str, Any], scope: Scope
) -> bool:
    """Check that method and endpoint resolve; a lower-case method is only a wrong spelling."""
    method, path = text(action, "method"), text(action, "endpoint")
    if method is not None and method not in METHODS:
        near = nearest(method, METHODS)
        message = f'"{method}" is not a method that can be used.{meant(near)}'
        repair = Replace(near) if near else None
        scope.findings.error("method_unknown", (*place, "method"), message, repair=repair)
        return False
    if method is None or path is None:
        return False
    scope.read.add(((*place, "endpoint"), False))
    if path in members(endpoints, method):
        return True
    others = [each for each in METHODS if path in members(endpoints, each)]
    near = nearest(path, members(endpoints, method))
    if others:
        message = f'endpoints has "{path}" for {", ".join(others)}, not for {method}.'
    else:
        message = f'endpoints has no "{path}" for {method}.{meant(near)}'
    repair = Replace(near) if near and not others else None
    scope.findings.error("endpoint_unknown", (*place, "endpoint"), message, repair=repair)
    return False


def _check_path(action: dict[str, Any], place: Path, scope: Scope) -> None:
    """Check that a field fills each placeholder of the path, and the reverse."""
    path = str(action["endpoint"])
    in_url = _names(action, "urlFields")
    known = in_url | _names(action, "actionFields")
    try:
        names = set(path_names(path, frozenset(in_url)))
    except UrlInvalid:
        return
    for name in sorted(names - known):
        near = nearest(name, known)
        message = f'No field of this action fills "{{{name}}}" in its path.{meant(near)}'
        scope.findings.error("path_field_missing", (*place, "endpoint"), message)
    for kind in ("urlFields", "actionFields"):
        for index, each in enumerate(elements(action, kind)):
            field = members(each)
            if field.get("in") == "path" and not names & {field.get("key"), field.get("name")}:
                message = (
                    'No placeholder of the path has the name of this field; write it as "{name}".'
                )
                scope.findings.error("path_place_missing", (*place, kind, index, "in"), message)


def _check_test_path(test: dict[str, Any], scope: Scope) -> None:
    path = text(test, "endpoint") or ""
    if any(not each.startswith("{{") for each in _PATH_PLACEHOLDER.findall(path)):
        message = "A connection is tested without fields, so this path may hold none."
        scope.findings.error("path_field_missing", ("auth_test", "endpoint"), message)


def _names(action: dict[str, Any], kind: str) -> set[str]:
    return {
        name
        for each in elements(action, kind)
        for member in ("key", "name")
        if (name := text(members(each), member))
    }
