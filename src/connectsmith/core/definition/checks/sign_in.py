"""The rules of `auth_components`."""

import re
from typing import Any, Final

from connectsmith.core.definition import origins
from connectsmith.core.definition.checks.grants import check_grant, client_auth
from connectsmith.core.definition.checks.headers import check_headers
from connectsmith.core.definition.checks.placed import (
    IN_ASSERTION,
    IN_AUTHORIZATION,
    IN_CLAIMS,
    IN_CLIENT,
    IN_FOLLOW_UP,
    IN_TOKEN_REQUEST,
    IN_TOKEN_URL,
    IN_URL,
    check_text,
)
from connectsmith.core.definition.checks.scope import AUTH, NAME, Scope, names_in, secret_texts
from connectsmith.core.definition.checks.urls import check_url
from connectsmith.core.definition.checks.values import elements, members, text, texts
from connectsmith.core.definition.facts import is_secret_name
from connectsmith.core.definition.findings import Path, Remove
from connectsmith.core.definition.hosts import UrlTemplate, compile_with
from connectsmith.core.definition.placeholders import PLACEHOLDER
from connectsmith.errors import UrlInvalid

RESERVED: Final = re.compile(
    r"client_id|client_secret|client_assertion.*|code|code_verifier|refresh_token", re.DOTALL
)
"""Parameters that no definition sets or removes, in any request of OAuth."""
RESERVED_IN_AUTHORIZATION: Final = re.compile(r"state|redirect_uri|code_challenge.*", re.DOTALL)
IMPLICIT: Final = "token"
"""The word of a `response_type` that would bring an access token through the browser."""


def check_sign_in(value: Any, scope: Scope) -> None:
    """Check `auth_components`."""
    auth = members(value, AUTH)
    kind = text(auth, "type")
    if kind is not None and kind not in {"none", "oauth2"}:
        message = f'Sign-in of type "{kind}" is not carried out; use "oauth2" or "none".'
        scope.findings.warning("sign_in_unknown", (AUTH, "type"), message)
    if kind == "oauth2":
        check_grant(auth, scope)
        _check_risks(auth, scope)
    _check_urls(auth, scope)
    _check_client(auth, scope)
    _check_parameters(auth, scope)
    _check_token_requests(auth, scope)
    _check_assertion(auth, scope)
    _check_capture(auth, scope)
    _check_follow_up(auth, scope)


def _check_risks(auth: dict[str, Any], scope: Scope) -> None:
    findings = scope.findings
    if auth.get("pkce") == "off":
        message = "Without PKCE a stolen code can be redeemed; do this only where S256 is refused."
        findings.warning("pkce_off", (AUTH, "pkce"), message, repair=Remove())
    if "both" in client_auth(auth):
        message = "The client secret is sent twice in each token request."
        findings.warning("client_auth_both", (AUTH, "clientAuth"), message)
    in_url = [path for path, request in _token_requests(auth) if _goes_in_url(request)]
    body_secret = client_auth(auth) & {"default", "body", "both"} and "clientSecret" in auth
    parameters = {**members(auth, "tokenParams"), **members(auth, "refreshParams")}
    if in_url and (body_secret or any(_secrets_in(each) for each in parameters.values())):
        message = (
            "A secret in a URL ends up in logs; use POST with a form if the service allows it."
        )
        findings.warning("secret_in_url", (AUTH, *in_url[0]), message)


def _check_urls(auth: dict[str, Any], scope: Scope) -> None:
    page = auth.get("authorizationURL")
    check_url(page, (AUTH, "authorizationURL"), scope, fragment=True)
    _check_masked(page, (AUTH, "authorizationURL"), scope)
    has_secrets = any(_secrets_in(found) for _, found in secret_texts(auth))
    for name in ("tokenURL", "refreshURL", "revocationURL", "parURL", "registrationURL"):
        allowed = IN_TOKEN_URL if name in {"tokenURL", "refreshURL"} else IN_URL
        template = check_url(auth.get(name), (AUTH, name), scope, allowed=allowed)
        if template and origins.ANY_HOST in template.origins and has_secrets:
            message = 'allowedHosts holds "*": no secret of the connector is sent to just any host.'
            scope.findings.error("secret_to_any_host", (AUTH, name), message)
    for name in ("deviceAuthorizationURL", "issuer"):
        check_url(auth.get(name), (AUTH, name), scope)
    issuer = text(auth, "issuer")
    if issuer and "?" in issuer:
        message = "An issuer has no query (RFC 8414 section 2)."
        scope.findings.error("url_invalid", (AUTH, "issuer"), message)


def _check_client(auth: dict[str, Any], scope: Scope) -> None:
    if "registrationToken" in auth and "clientID" in auth:
        message = "A client that has an id does not register itself: leave one of the two out."
        scope.findings.warning("member_without_effect", (AUTH, "registrationToken"), message)
    for name in ("clientID", "clientSecret", "privateKey", "keyID", "registrationToken"):
        found = text(auth, name)
        if found is None:
            continue
        path = (AUTH, name)
        is_well = check_text(found, path, IN_CLIENT, scope)
        if name not in {"clientSecret", "privateKey", "registrationToken"} or not is_well:
            continue
        match = PLACEHOLDER.fullmatch(found)
        if not match:
            message = (
                f'"{name}" must be a placeholder such as "{{{{{name}}}}}"; '
                "enter the value itself as a secret."
            )
            scope.findings.error("secret_in_clear", path, message)
        elif names_in(found)[0].startswith("authFields.") and not scope.is_masked(
            names_in(found)[0]
        ):
            message = f'The field that holds "{name}" should be masked.'
            scope.findings.warning("field_not_masked", path, message)


def _check_parameters(auth: dict[str, Any], scope: Scope) -> None:
    for name, allowed in (
        ("authorizationParams", IN_AUTHORIZATION),
        ("tokenParams", IN_TOKEN_REQUEST),
        ("refreshParams", IN_TOKEN_REQUEST),
    ):
        for parameter, each in members(auth, name).items():
            path = (AUTH, name, parameter)
            check_text(each, path, allowed, scope)
            in_browser = name == "authorizationParams"
            if RESERVED.fullmatch(parameter.lower()) or (
                in_browser and RESERVED_IN_AUTHORIZATION.fullmatch(parameter.lower())
            ):
                message = (
                    f'"{parameter}" is set by the protocol and can be neither set nor removed.'
                )
                scope.findings.error(
                    "parameter_reserved", path, message, on_name=True, repair=Remove()
                )
            if in_browser:
                _check_masked(each, path, scope)
                _check_not_implicit(parameter, each, path, scope)


def _check_not_implicit(parameter: str, found: Any, path: Path, scope: Scope) -> None:
    """Refuse the implicit grant in any mixture (RFC 9700 section 2.1.2)."""
    if parameter.lower() == "response_type" and isinstance(found, str):
        words = found.lower().split()
        if IMPLICIT in words or words == ["id_token"] or "{{" in found:
            message = (
                "An access token never comes through the browser (the implicit grant is not "
                'carried out): use "code", or the word this service has for it.'
            )
            scope.findings.error("grant_implicit", path, message, repair=Remove())


def _check_masked(found: Any, path: Path, scope: Scope) -> None:
    for name in names_in(found) if isinstance(found, str) else ():
        if name.startswith("authFields.") and scope.is_masked(name):
            message = f'"{name}" is masked, and this is shown in the address of a browser.'
            scope.findings.error("masked_field_exposed", path, message)


def _check_token_requests(auth: dict[str, Any], scope: Scope) -> None:
    for path, request in _token_requests(auth):
        headers = members(request, "headers")
        check_headers(headers, (AUTH, *path, "headers"), IN_TOKEN_REQUEST, scope)


def _check_assertion(auth: dict[str, Any], scope: Scope) -> None:
    assertion = members(auth, "assertion")
    for path, found in texts(assertion):
        allowed = IN_CLAIMS if path[0] == "claims" else IN_ASSERTION
        check_text(found, (AUTH, "assertion", *path), allowed, scope)


def _check_capture(auth: dict[str, Any], scope: Scope) -> None:
    for source in ("callback", "token"):
        _check_captures(members(auth, "capture", source), (AUTH, "capture", source), scope)


def _check_captures(captures: dict[str, Any], place: Path, scope: Scope) -> None:
    from_callback = place[-1] == "callback"
    for name, each in captures.items():
        path = (*place, name)
        if not NAME.fullmatch(name):
            message = "The name of a captured value is letters, digits, hyphens and underscores."
            scope.findings.error("name_invalid", path, message, on_name=True)
        found = each.get("from") if isinstance(each, dict) else each
        if not from_callback and isinstance(found, str) and not found.startswith("/"):
            message = 'This must be a JSON Pointer into the answer, beginning with "/".'
            scope.findings.error("value_invalid", path, message)
        if from_callback and isinstance(found, str) and found in {"code", "state"}:
            message = f'"{found}" of a callback is used up by the protocol and never kept.'
            scope.findings.error("parameter_reserved", path, message)


def _check_follow_up(auth: dict[str, Any], scope: Scope) -> None:
    for index, each in enumerate(elements(auth, "followUp")):
        path = (AUTH, "followUp", index)
        url = check_url(members(each).get("url"), (*path, "url"), scope)
        check_headers(members(each, "headers"), (*path, "headers"), IN_FOLLOW_UP, scope)
        _check_captures(members(each, "capture"), (*path, "capture"), scope)
        _check_refresh_token(each, url, text(auth, "tokenURL"), path=path, scope=scope)
        for name in ("query", "body"):
            for below, found in texts(members(each).get(name)):
                check_text(found, (*path, name, *below), IN_FOLLOW_UP, scope)


def _check_refresh_token(
    follow: Any, url: UrlTemplate | None, token_url: str | None, *, path: Path, scope: Scope
) -> None:  # fmt: skip
    """Let a refresh token go to the token endpoint's origin alone."""
    found = (
        each
        for name in ("query", "headers", "body")
        for _, each in texts(members(follow).get(name))
    )
    if url is None or not any("oauth.refresh_token" in names_in(each) for each in found):
        return
    try:
        known = compile_with(token_url, scope.hosts).origins if token_url else ()
    except UrlInvalid:
        return
    if not set(url.origins) <= set(known):
        message = "A refresh token goes to the origin of the tokenURL and nowhere else."
        scope.findings.error("refresh_token_misplaced", (*path, "url"), message)


def _token_requests(auth: dict[str, Any]) -> list[tuple[Path, dict[str, Any]]]:
    request = members(auth, "tokenRequest")
    if request.keys() & {"exchange", "refresh"}:
        return [
            (("tokenRequest", name), members(request, name)) for name in ("exchange", "refresh")
        ]
    return [(("tokenRequest",), request)]


def _goes_in_url(request: dict[str, Any]) -> bool:
    return request.get("method") == "GET" or request.get("format") == "query"


def _secrets_in(found: Any) -> bool:
    return isinstance(found, str) and any(is_secret_name(name) for name in names_in(found))
