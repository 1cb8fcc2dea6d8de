"""The rules of `auth_request`: how calls carry credentials."""

from typing import Any, Final

from connectsmith.core.definition.checks.headers import check_header_name, check_headers
from connectsmith.core.definition.checks.placed import IN_CALL, check_text
from connectsmith.core.definition.checks.scope import Scope, names_in
from connectsmith.core.definition.checks.values import members, text
from connectsmith.core.definition.findings import meant, nearest

_NEEDED: Final = {
    "none": (),
    "bearer": ("token",),
    "basic": ("username", "password"),
    "header": ("name", "value"),
    "query": ("name", "value"),
    "cookie": ("name", "value"),
    "oauth2": (),
}
_WHERE: Final = "auth_request"


def check_auth_request(value: Any, scope: Scope) -> None:
    """Check `auth_request`."""
    request = members(value, _WHERE)
    kind = text(request, "type")
    if kind is not None and kind not in _NEEDED:
        near = nearest(kind, _NEEDED)
        message = f'Credentials of type "{kind}" are not carried out.{meant(near)}'
        scope.findings.warning("auth_request_unknown", (_WHERE, "type"), message)
    for name in _NEEDED.get(kind or "", ()):
        if name not in request:
            message = f'Credentials of type "{kind}" need a member "{name}".'
            scope.findings.error("member_missing", (_WHERE,), message)
    if kind == "oauth2" and not scope.oauth:
        message = 'This needs a sign-in of type "oauth2" in auth_components.'
        scope.findings.error("auth_request_mismatch", (_WHERE, "type"), message)
    for name in ("token", "username", "password", "value", "prefix"):
        check_text(request.get(name), (_WHERE, name), IN_CALL, scope)
    _check_names(request, kind, scope)
    _check_token_place(request, kind, scope)
    check_headers(members(request, "headers"), (_WHERE, "headers"), IN_CALL, scope)
    for name, each in members(request, "query").items():
        check_text(each, (_WHERE, "query", name), IN_CALL, scope)


def _check_names(request: dict[str, Any], kind: str | None, scope: Scope) -> None:
    if kind == "header" and "name" in request:
        check_header_name(request["name"], (_WHERE, "name"), scope.findings)
    if "header" in request:
        check_header_name(request["header"], (_WHERE, "header"), scope.findings)
    if isinstance(request.get("query"), str) and kind not in {None, "oauth2"}:
        message = 'Only with type "oauth2" may "query" be a name; otherwise it is an object.'
        scope.findings.error("member_type", (_WHERE, "query"), message)


def _check_token_place(request: dict[str, Any], kind: str | None, scope: Scope) -> None:
    """Warn of an access token in an address (RFC 6750 section 2.3)."""
    query = request.get("query")
    in_query = [query] if isinstance(query, str) and kind in {None, "oauth2"} else []
    if isinstance(query, dict):
        in_query += [each for each in query.values() if "oauth.access_token" in _names_of(each)]
    if kind == "query" and "oauth.access_token" in _names_of(request.get("value")):
        in_query.append("value")
    if in_query:
        message = (
            "The access token stands in addresses, which are logged and kept; put it into a "
            "header if the service takes it there."
        )
        scope.findings.warning(
            "token_in_url", (_WHERE, "value" if kind == "query" else "query"), message
        )


def _names_of(found: Any) -> list[str]:
    """Return the placeholders of a value that may be anything."""
    return names_in(found) if isinstance(found, str) else []


def owned_by_credentials(value: Any, scope: Scope) -> tuple[frozenset[str], frozenset[str]]:
    """Return the headers (lower case) and query parameters that no field of an action may set."""
    request = members(value, _WHERE)
    kind = text(request, "type") or ("oauth2" if scope.oauth else "none")
    headers = {name.lower() for name in members(request, "headers")}
    query = set(members(request, "query"))
    if kind in {"bearer", "basic"}:
        headers.add("authorization")
    elif kind == "header":
        headers.add((text(request, "name") or "").lower())
    elif kind == "query":
        query.add(text(request, "name") or "")
    elif kind == "oauth2" and isinstance(request.get("query"), str):
        query.add(request["query"])
    elif kind == "oauth2":
        headers.add((text(request, "header") or "authorization").lower())
    return frozenset(headers), frozenset(query)
