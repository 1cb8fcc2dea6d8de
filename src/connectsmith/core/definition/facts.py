"""What a definition amounts to: its kind of sign-in, the secrets it names, the hosts it reaches."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from connectsmith.core.definition import origins
from connectsmith.core.definition.authority import HostRules
from connectsmith.core.definition.hosts import UrlTemplate, compile_with, join_with
from connectsmith.core.definition.model import (
    AuthComponents,
    ByRequestTokenRequest,
    Definition,
    FollowUp,
    TokenRequest,
)
from connectsmith.core.definition.placeholders import PLACEHOLDER, SPACES
from connectsmith.core.definition.spelling import sign_in_of
from connectsmith.errors import ValueMissing

NAMESPACES: Final = ("authFields.", "connection.", "oauth.", "urlFields.", "actionFields.")
"""What a placeholder's name begins with when it is no Secret Name."""


def sign_in_kind(definition: Definition) -> str:
    """Return `none`, `oauth2`, or the type as written when it is one we do not carry out."""
    return sign_in_of(definition.auth_components.type)


def is_secret_name(name: str) -> bool:
    """Tell whether a placeholder names a secret: it has no namespace in front."""
    return not name.startswith(NAMESPACES)


def secret_names_of(definition: Definition) -> frozenset[str]:
    """Return the names of all secrets that the definition needs, client ids among them."""
    return client_id_names_of(definition) | _hidden_names(definition.auth_components)


def client_id_names_of(definition: Definition) -> frozenset[str]:
    """Return the names of secrets in `clientID`: the only ones that reach a browser."""
    return frozenset(_secrets([definition.auth_components.client_id or ""]))


def browser_names_of(definition: Definition) -> frozenset[str]:
    """Return the names of secrets that stand in `clientID` and nowhere else."""
    return client_id_names_of(definition) - _hidden_names(definition.auth_components)


def _hidden_names(auth: AuthComponents) -> frozenset[str]:
    texts = [auth.client_secret, auth.private_key, auth.key_id, auth.registration_token]
    texts += [*auth.token_params.values(), *auth.refresh_params.values()]
    for request in _token_requests(auth):
        texts += request.headers.values()
    if auth.assertion:
        texts += _texts(auth.assertion.claims)
    for follow in auth.follow_up:
        texts += [*follow.query.values(), *follow.headers.values(), *_texts(follow.body)]
    return frozenset(_secrets(each for each in texts if each))


def origins_of_auth(
    definition: Definition, fields: Mapping[str, Any] | None = None
) -> tuple[str, ...]:
    """Return where secrets, refresh tokens and fields go when signing in and renewing.

    Those of `tokenURL` and its like, and of follow-up requests that hold secrets, as
    `UrlTemplate.origins` writes them, without `*`: no secret goes to just any host. With
    `fields` (flat, as `UrlTemplate.render` takes them) `*` becomes the one origin that they make.
    """
    return origins_of(urls_of_auth(definition), fields)


def urls_of_auth(definition: Definition) -> tuple[UrlTemplate, ...]:
    """Return the URLs behind `origins_of_auth`, compiled."""
    auth = definition.auth_components
    rules = HostRules.of(definition)
    urls = [auth.token_url, auth.refresh_url, auth.revocation_url]
    urls += [auth.device_authorization_url, auth.par_url, auth.registration_url]
    urls += [each.url for each in auth.follow_up if _shows_secrets(each)]
    return tuple(compile_with(each, rules) for each in urls if each)


def origins_of_api(
    definition: Definition, fields: Mapping[str, Any] | None = None
) -> tuple[str, ...]:
    """Return where access tokens and fields go in calls: the origins of all endpoints.

    `auth_test` names one of them. Follow-up requests without secrets count as calls. `fields` as
    in `origins_of_auth`.
    """
    return origins_of(urls_of_api(definition), fields)


def urls_of_api(definition: Definition) -> tuple[UrlTemplate, ...]:
    """Return the URLs behind `origins_of_api`, compiled."""
    rules = HostRules.of(definition)
    bases = {each.url for paths in definition.endpoints.values() for each in paths.values()}
    templates = [join_with(each, "", rules, url_fields=frozenset()) for each in sorted(bases)]
    follow_ups = definition.auth_components.follow_up
    templates += [compile_with(each.url, rules) for each in follow_ups if not _shows_secrets(each)]
    return tuple(templates)


def _shows_secrets(follow: FollowUp) -> bool:
    """Tell whether a follow-up request holds what only the authorization server may see."""
    texts = [*follow.query.values(), *follow.headers.values(), *_texts(follow.body)]
    refreshes = any("oauth.refresh_token" in each for each in texts)
    return follow.auth == "client" or refreshes or any(_secrets(texts))


def origins_of(
    templates: Iterable[UrlTemplate], fields: Mapping[str, Any] | None
) -> tuple[str, ...]:
    """Return the origins of URLs; see `origins_of_auth`."""
    found: set[str] = set()
    for template in templates:
        found.update(each for each in template.origins if each != origins.ANY_HOST)
        if origins.ANY_HOST in template.origins and fields is not None:
            found.update(_rendered(template, fields))
    return tuple(sorted(found))


def _rendered(template: UrlTemplate, fields: Mapping[str, Any]) -> Iterator[str]:
    try:
        yield origins.origin_of(template.render(fields))
    except ValueMissing:
        return


def _token_requests(auth: AuthComponents) -> tuple[TokenRequest, ...]:
    request = auth.token_request
    if isinstance(request, ByRequestTokenRequest):
        return (request.exchange, request.refresh)
    return (request,)


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for each in value.values() for text in _texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return []


def _secrets(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for match in PLACEHOLDER.finditer(text):
            name = match[1].strip(SPACES)
            if name and is_secret_name(name):
                yield name
