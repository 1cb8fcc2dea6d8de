"""The authorization request: the address that a resource owner's browser is sent to."""

from connectsmith.core.authorization.client import OAuthClient
from connectsmith.core.authorization.endpoints import AuthorizationEndpoint
from connectsmith.core.authorization.filling import Filling, client_identity, fill, own_values
from connectsmith.core.authorization.grant import code_challenge, with_parameters
from connectsmith.core.authorization.parameters import Parameters, joined
from connectsmith.core.authorization.values import Values
from connectsmith.core.definition.facts import is_secret_name
from connectsmith.core.definition.placeholders import OMITTED, Place, Template
from connectsmith.core.secret.secret import Secret
from connectsmith.errors import DefinitionError, ValueMissing


def new_challenge(verifier: Secret) -> str:
    """Return the S256 code challenge of a verifier (RFC 7636 section 4.2).

    There is no other method: `plain` would show the verifier to the browser.
    """
    return code_challenge(verifier)


def authorization_request(
    client: OAuthClient, *, redirect_uri: str, state: Secret, verifier: Secret, values: Values
) -> str:
    """Return the URL of an authorization request (RFC 6749 section 4.1.1, RFC 7636 section 4.3).

    The endpoint's own query is kept; where the endpoint has a fragment, the parameters follow it.
    Of all secrets only those of `clientID` can get in.

    Raises:
        SecretMissing, ValueMissing: something the address needs has no value.
    """
    endpoint = _endpoint(client)
    client_id, _ = client_identity(client, values)
    own = own_values(client, client_id, values, redirect_uri=redirect_uri)
    filling = _without_secrets(endpoint, values, own)
    url = endpoint.url.render(filling.texts)
    ours = {
        "response_type": (Secret("code"),),
        "client_id": (client_id,) if client_id else (),
        "redirect_uri": (Secret(redirect_uri),),
        "scope": (Secret(client.scope),),
        "state": (state,),
        "code_challenge": (Secret(new_challenge(verifier)),) if client.pkce else (),
        "code_challenge_method": (Secret("S256"),) if client.pkce else (),
        "resource": tuple(map(Secret, client.resource)),
        "audience": tuple(map(Secret, client.audience)),
    }
    parameters = joined(ours, endpoint.authored, filling.texts, endpoint.renames)
    if endpoint.fragment is None:
        return with_parameters(url, parameters)
    return _after_fragment(url, endpoint.fragment, filling, parameters)


def requested_scopes(client: OAuthClient, values: Values) -> tuple[str, ...]:
    """Return the scopes that the authorization request asks for, to be shown before it is made.

    An author's parameter `scope` replaces the definition's; one of null asks for none.
    """
    endpoint = _endpoint(client)
    if "scope" not in endpoint.authored:
        return client.scopes
    template = endpoint.authored["scope"]
    if template is None:
        return ()
    own = own_values(client, None, values)
    rendered = template.render(_without_secrets(endpoint, values, own).texts)
    if rendered is OMITTED:
        return ()
    return tuple(str(rendered).replace(client.scope_separator, " ").split())


def authorization_endpoint(client: OAuthClient, values: Values) -> str:
    """Return the authorization endpoint's URL without our parameters, for `check_issuer`."""
    endpoint = _endpoint(client)
    return endpoint.url.render(fill(endpoint.url.names, values).texts)


def token_endpoint(client: OAuthClient, values: Values) -> str | None:
    """Return the token endpoint's URL, for `check_issuer`.

    None where a value of the callback itself makes it: that would vouch for its own sender.
    """
    url = client.exchange.url
    if any(name.startswith("connection.") for name in url.names):
        return None
    own = own_values(client, None, values)
    return url.render(fill(url.names, values, own).texts)


def _endpoint(client: OAuthClient) -> AuthorizationEndpoint:
    if client.authorization is None:
        raise DefinitionError(
            f'The grant "{client.grant}" needs nobody to sign in: connect without authorizing.',
            place="/auth_components/grant",
        )
    return client.authorization


def _without_secrets(
    endpoint: AuthorizationEndpoint, values: Values, own: dict[str, Secret | None]
) -> Filling:
    names = endpoint.url.names.union(*(each.names for each in endpoint.authored.values() if each))
    if endpoint.fragment:
        names |= endpoint.fragment.names
    return fill((name for name in names if not is_secret_name(name)), values, own)


def _after_fragment(url: str, fragment: Template, filling: Filling, parameters: Parameters) -> str:
    """Put the parameters behind the fragment: pages that route by it read them there."""
    rendered = fragment.render(filling.texts, Place.QUERY)
    if rendered is OMITTED:
        raise ValueMissing("A placeholder after the # of the authorizationURL has no value.")
    return f"{url}#{with_parameters(str(rendered), parameters)}"
