"""The rules of grants: what each needs, and what is dangerous about some."""

import re
from typing import Any, Final

from connectsmith.core.definition.checks.scope import AUTH, Scope, names_in
from connectsmith.core.definition.checks.values import members, text
from connectsmith.core.definition.sign_in import (
    ALGORITHMS,
    LONGEST_GRANT,
    LONGEST_PROOF,
)

_NEEDED: Final = {
    "authorization_code": ("authorizationURL", "tokenURL", "clientID"),
    "client_credentials": ("tokenURL",),
    "device_code": ("deviceAuthorizationURL", "tokenURL", "clientID"),
    "password": ("tokenURL",),
    "jwt_bearer": ("tokenURL",),
}
_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s#]+")
_WITH_SECRET: Final = frozenset({"basic", "basic_raw", "basic_secret", "body", "both"})


def check_grant(auth: dict[str, Any], scope: Scope) -> None:
    """Check what the grant and the client's authentication need."""
    grant = auth.get("grant", "authorization_code")
    _check_needed(auth, grant, scope)
    if grant == "password":
        _check_password(auth, scope)
    if signs(auth):
        _check_assertion(auth, scope)
    _check_resource(auth, scope)


def client_auth(auth: dict[str, Any]) -> set[str]:
    """Return all ways to authenticate that are written; `default` when none is."""
    found = auth.get("clientAuth", "default")
    values = found.values() if isinstance(found, dict) else [found]
    return {each for each in values if isinstance(each, str)}


def signs(auth: dict[str, Any]) -> bool:
    """Tell whether anything is signed with a private key."""
    return (
        "private_key_jwt" in client_auth(auth)
        or auth.get("grant") == "jwt_bearer"
        or auth.get("signedRequest") is True
    )


def _check_needed(auth: dict[str, Any], grant: Any, scope: Scope) -> None:
    for name in _NEEDED.get(grant, ()) if isinstance(grant, str) else ():
        if name not in auth and not _found_elsewhere(auth, name):
            message = f'Sign-in with OAuth 2 needs a member "{name}".'
            scope.findings.error("member_missing", (AUTH,), message)
    if grant == "authorization_code" and not auth.get("scope"):
        message = 'Without a "scope" most services grant nothing, or everything.'
        scope.findings.warning("scope_missing", (AUTH,), message)
    if client_auth(auth) & _WITH_SECRET and "clientSecret" not in auth and "clientID" in auth:
        message = 'This way to authenticate the client needs a member "clientSecret".'
        scope.findings.error("member_missing", (AUTH, "clientAuth"), message)


def _found_elsewhere(auth: dict[str, Any], name: str) -> bool:
    """Tell whether a member is found by discovery, or is made by registration."""
    issuer = text(auth, "issuer")
    discovered = bool(issuer) and "{{" not in (issuer or "")
    if name == "clientID":
        return discovered or "registrationURL" in auth
    return name.endswith("URL") and discovered


def _check_password(auth: dict[str, Any], scope: Scope) -> None:
    """Warn of the grant itself; see that only the owner's own fields stand for a password."""
    scope.findings.warning(
        "grant_password",
        (AUTH, "grant"),
        "The password grant hands the owner's password to this connector and to everybody who can "
        "change it, and defeats two-factor sign-in; RFC 9700 forbids it. Use authorization_code "
        "or device_code if the service has either.",
    )
    parameters = members(auth, "tokenParams")
    fields = [
        (name, each)
        for name, written in parameters.items()
        if isinstance(written, str)
        for each in names_in(written)
        if each.startswith("authFields.")
    ]
    if not fields:
        message = (
            "The password grant takes user name and password from the owner: write both into "
            'tokenParams, as in "password": "{{authFields.password}}".'
        )
        scope.findings.error("member_missing", (AUTH, "tokenParams"), message)
    for name, written in parameters.items():
        if "pass" in name.lower() and isinstance(written, str) and not names_in(written):
            message = "A password is never written into a definition: ask the owner for it."
            scope.findings.error("secret_in_clear", (AUTH, "tokenParams", name), message)
    if fields and not any(scope.is_masked(each) for _, each in fields):
        message = "The field that holds the password should be masked."
        scope.findings.warning("field_not_masked", (AUTH, "tokenParams"), message)


def _check_resource(auth: dict[str, Any], scope: Scope) -> None:
    """See that each resource is an absolute URI without fragment (RFC 8707 section 2)."""
    written = auth.get("resource")
    listed = written if isinstance(written, list) else [written]
    for index, each in enumerate(listed):
        if isinstance(each, str) and not _ABSOLUTE.fullmatch(each):
            path = (AUTH, "resource", index) if isinstance(written, list) else (AUTH, "resource")
            message = "A resource is an absolute URI without a fragment, as in https://api.example."
            scope.findings.error("value_invalid", path, message)


def _check_assertion(auth: dict[str, Any], scope: Scope) -> None:
    algorithm = members(auth, "assertion").get("alg", "RS256")
    if isinstance(algorithm, str) and algorithm not in ALGORITHMS:
        message = f"Sign with one of {', '.join(ALGORITHMS)}."
        scope.findings.error("value_invalid", (AUTH, "assertion", "alg"), message)
    proves = "private_key_jwt" in client_auth(auth) or auth.get("signedRequest") is True
    longest = LONGEST_PROOF if proves else LONGEST_GRANT
    lifetime = members(auth, "assertion").get("lifetime", 300)
    if isinstance(lifetime, int) and not 0 < lifetime <= longest:
        message = f"An assertion lives for 1 to {longest} seconds here."
        scope.findings.error("value_invalid", (AUTH, "assertion", "lifetime"), message)
    issuer, token_url = text(auth, "issuer"), text(auth, "tokenURL")
    if not issuer and token_url and "aud" not in members(auth, "assertion"):
        message = (
            "Without an issuer the token endpoint's address is the assertion's audience, which "
            'servers refuse more and more. Write the server\'s "issuer".'
        )
        scope.findings.warning("audience_unsure", (AUTH,), message)
